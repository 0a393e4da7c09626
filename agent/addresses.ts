/** IP addresses: from the 16 bytes of a record to a value of the rule language, and to text. */
import type { IpAddress } from '@bulwark/schema'

const familyInet6 = 10
const mappedWord = 0xffff

/** Four bytes, the highest first. */
const word = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] ?? 0) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)) >>>
  0

/** @param bytes16  IPv4 in the first 4 bytes, or IPv6. A mapped IPv4 address becomes IPv4. */
export const addressFrom = (family: number, bytes16: Uint8Array): IpAddress => {
  if (family !== familyInet6) return word(bytes16, 0)
  const high = (BigInt(word(bytes16, 0)) << 32n) | BigInt(word(bytes16, 4))
  const low = word(bytes16, 8)
  if (high === 0n && low === mappedWord) return word(bytes16, 12)
  return (high << 64n) | (BigInt(low) << 32n) | BigInt(word(bytes16, 12))
}

/** Dotted quads, or the shortest form of RFC 5952. */
export const addressText = (address: IpAddress): string => {
  if (typeof address === 'number') {
    return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.')
  }
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((address >> BigInt(112 - 16 * i)) & 0xffffn).toString(16),
  )
  let best = { start: -1, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (groups[start + length] === '0') length++
    if (length > best.length) best = { start, length }
  }
  if (best.start < 0) return groups.join(':')
  const before = groups.slice(0, best.start).join(':')
  return `${before}::${groups.slice(best.start + best.length).join(':')}`
}
