/**
 * Random UUIDs (RFC 9562, version 4), of the kernel's randomness. Not by `node:crypto`: loading it
 * takes ten milliseconds of the start.
 */
import { closeSync, openSync, readSync } from 'node:fs'

const uuidBytes = 16
/** So many are asked of the kernel at once. */
const poolUuids = 64
const source = '/dev/urandom'

const pool = Buffer.alloc(uuidBytes * poolUuids)
let used = pool.length

/** @throws Error  the machine has no /dev/urandom */
const fill = (): void => {
  const fd = openSync(source, 'r')
  try {
    for (let at = 0; at < pool.length;) {
      const bytes = readSync(fd, pool, at, pool.length - at, null)
      if (bytes === 0) throw new Error(`${source} is empty`)
      at += bytes
    }
    used = 0
  } finally {
    closeSync(fd)
  }
}

export const randomUuid = (): string => {
  if (used === pool.length) fill()
  const at = used
  used += uuidBytes
  pool[at + 6] = ((pool[at + 6] ?? 0) & 0x0f) | 0x40
  pool[at + 8] = ((pool[at + 8] ?? 0) & 0x3f) | 0x80
  const hex = pool.toString('hex', at, used)
  const [a, b, c, d] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)]
  return `${a}-${b}-${c}-${d}-${hex.slice(20)}`
}
