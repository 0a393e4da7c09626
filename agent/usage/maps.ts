/** What a process has in its memory to be executed, out of /proc/PID/maps. */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { limits } from '../limits.ts'

/** `7f00-7f10 r-xp 00001000 fd:00 1234   /usr/lib/libc.so.6` */
const executable = /^[0-9a-f]+-[0-9a-f]+ [r-][w-]x[ps] [0-9a-f]+ \S+ (\d+)\s+(\/.*)$/

/** A newline in a name. */
const named = (path: string): string => path.replaceAll('\\012', '\n')

/** Files among the mappings that can be executed, each once; those that are gone are left out. */
export const executableFiles = (maps: string): readonly string[] => {
  const found = new Set<string>()
  for (const line of maps.split('\n')) {
    const [, inode, path = ''] = executable.exec(line) ?? []
    if (inode === undefined || inode === '0' || path.endsWith(' (deleted)')) continue
    found.add(named(path))
  }
  return [...found]
}

/** What was read of a process. */
export interface ProcessMaps {
  readonly files: readonly string[]
  /** There is more than is read of one. */
  readonly isCut: boolean
}

/** Kept, since each would be garbage of its size. */
let buffer: Buffer | undefined

const readBounded = (path: string): { readonly text: string; readonly isCut: boolean } => {
  const fd = openSync(path, 'r')
  try {
    const bytes = (buffer ??= Buffer.alloc(limits.mapsBytesMax))
    let end = 0
    // The kernel gives a page at a time, of whole lines.
    while (end < bytes.length) {
      const more = readSync(fd, bytes, end, bytes.length - end, null)
      if (more === 0) break
      end += more
    }
    return { text: bytes.toString('latin1', 0, end), isCut: end === bytes.length }
  } finally {
    closeSync(fd)
  }
}

/** Whether two paths are one directory; false where one cannot be looked at. */
const isSame = (a: string, b: string): boolean => {
  try {
    const [one, other] = [statSync(a), statSync(b)]
    return one.ino === other.ino && one.dev === other.dev
  } catch {
    return false
  }
}

/**
 * What a process of a container runs.
 *
 * @param root  /proc, or a copy of one in tests
 * @returns `undefined` for one that is gone, cannot be looked at, or sees the files of the host
 */
export const readMaps = (root: string, pid: number): ProcessMaps | undefined => {
  try {
    if (isSame(`${root}/${pid}/root/.`, '/')) return undefined
    const { text, isCut } = readBounded(`${root}/${pid}/maps`)
    return { files: executableFiles(text), isCut }
  } catch {
    return undefined
  }
}
