/** IP addresses: from the 16 bytes of a record to a value of the rule language, and to text. */
import type { IpAddress } from '@bulwark/schema'

const familyInet6 = 10
const mappedWord = 0xffff

/**
 * The address at an offset: IPv4 in the first 4 bytes, or IPv6 in 16. A mapped IPv4 address becomes
 * IPv4.
 */
export const addressAt = (family: number, data: DataView, at: number): IpAddress => {
  if (family !== familyInet6) return data.getUint32(at)
  const high = data.getBigUint64(at)
  const low = data.getUint32(at + 8)
  if (high === 0n && low === mappedWord) return data.getUint32(at + 12)
  return (high << 64n) | data.getBigUint64(at + 8)
}

/** @param bytes16  as they lie in a record */
export const addressFrom = (family: number, bytes16: Uint8Array): IpAddress =>
  addressAt(family, new DataView(bytes16.buffer, bytes16.byteOffset, bytes16.byteLength), 0)

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
