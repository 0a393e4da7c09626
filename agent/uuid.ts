/**
 * Random UUIDs (RFC 9562, version 4), of the kernel's randomness. Not by `node:crypto`: loading it
 * takes ten milliseconds of the start.
 */
import { closeSync, openSync, readSync } from 'node:fs'

const uuidBytes = 16
/** So many are asked of the kernel at once. */
const poolUuids = 64
const source = '/dev/urandom'

const uuidDigits = 2 * uuidBytes
/** Hexadecimal digits. */
let pool = ''
let used = 0

/** @throws Error  the machine has no /dev/urandom */
const fill = (): void => {
  const bytes = Buffer.alloc(uuidBytes * poolUuids)
  const fd = openSync(source, 'r')
  try {
    for (let at = 0; at < bytes.length;) {
      const read = readSync(fd, bytes, at, bytes.length - at, null)
      if (read === 0) throw new Error(`${source} is empty`)
      at += read
    }
  } finally {
    closeSync(fd)
  }
  for (let at = 0; at < bytes.length; at += uuidBytes) {
    bytes[at + 6] = ((bytes[at + 6] ?? 0) & 0x0f) | 0x40
    bytes[at + 8] = ((bytes[at + 8] ?? 0) & 0x3f) | 0x80
  }
  pool = bytes.toString('hex')
  used = 0
}

export const randomUuid = (): string => {
  if (used === pool.length) fill()
  const part = (from: number, to: number): string => pool.slice(used + from, used + to)
  const groups = `${part(8, 12)}-${part(12, 16)}-${part(16, 20)}`
  const uuid = `${part(0, 8)}-${groups}-${part(20, uuidDigits)}`
  used += uuidDigits
  return uuid
}
