/** Paths as text. Pure; byte strings in, byte strings out. */

/** Whether that is plain to see. */
const isResolved = (path: string): boolean =>
  path.startsWith('/') && !path.endsWith('/') && !path.includes('//') && !path.includes('/.')

/** Joins a path to the directory it starts from, and takes `.` and `..` out. */
export const resolvePath = (base: string, path: string): string => {
  const whole = path.startsWith('/') ? path : `${base}/${path}`
  if (isResolved(whole)) return whole
  const kept: string[] = []
  for (const part of whole.split('/')) {
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
