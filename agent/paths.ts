/** Paths as text. Pure; byte strings in, byte strings out. */

/** Joins a path to the directory it starts from, and takes `.` and `..` out. */
export const resolvePath = (base: string, path: string): string => {
  const kept: string[] = []
  for (const part of (path.startsWith('/') ? path : `${base}/${path}`).split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') kept.pop()
    else kept.push(part)
  }
  return `/${kept.join('/')}`
}

/** All before the last `/`; `/` for what lies in the root. */
export const directoryOf = (path: string): string => {
  const slash = path.lastIndexOf('/')
  return slash <= 0 ? '/' : path.slice(0, slash)
}

/** All after the last `/`. */
export const fileNameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
