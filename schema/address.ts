/** Addresses and networks of the internet protocols, from text and to questions. */
import type { IpAddress } from './fieldtypes.ts'

/** A network: the addresses whose first `prefix` bits are those of `base`. */
export interface Network {
  readonly version: 4 | 6
  /** The bits after the prefix are zero. */
  readonly base: bigint
  readonly prefix: number
}

/** An IPv4 address in dotted quads, without zeros before a number. */
const parseIpv4 = (text: string): number | undefined => {
  const parts = text.split('.')
  const isPart = (part: string): boolean => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256
  if (parts.length !== 4 || !parts.every(isPart)) return undefined
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0)
}

const parseIpv6 = (text: string): bigint | undefined => {
  // The last two groups may be written as an IPv4 address.
  const [, before = '', quads] = /^(.*:)([^:]*\.[^:]*)$/.exec(text) ?? []
  if (quads !== undefined) {
    const last = parseIpv4(quads)
    if (last === undefined) return undefined
    const groups = [last >>> 16, last & 0xffff].map((group) => group.toString(16))
    return parseIpv6(before + groups.join(':'))
  }
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const groups = (half: string): readonly string[] => (half === '' ? [] : half.split(':'))
  const [head, tail] = [groups(halves[0] ?? ''), groups(halves[1] ?? '')]
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  const all = [...head, ...Array.from({ length: missing }, () => '0'), ...tail]
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  return all.reduce((sum, group) => sum * 0x10000n + BigInt(`0x${group}`), 0n)
}

/** An address: IPv4 when the text has a dot, a number; else IPv6, a bigint. */
export const parseAddress = (text: string): IpAddress | undefined =>
  text.includes('.') ? parseIpv4(text) : parseIpv6(text)

/** The network of an address; `prefix` is within the address's bits. */
export const networkOf = (address: IpAddress, prefix: number): Network => {
  const version = typeof address === 'number' ? 4 : 6
  const free = BigInt((version === 4 ? 32 : 128) - prefix)
  return { version, base: (BigInt(address) >> free) << free, prefix }
}

/** A network as CIDR writes it: an address, a slash, a number of bits. */
export const parseNetwork = (text: string): Network | undefined => {
  const [, addressText = '', prefixText = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  const address = parseAddress(addressText)
  const prefix = Number(prefixText)
  if (address === undefined || prefix > (typeof address === 'number' ? 32 : 128)) return undefined
  return networkOf(address, prefix)
}

/** Whether an address lies in a network. */
export const inNetwork = (address: IpAddress, network: Network): boolean => {
  const bits = network.version === 4 ? 32 : 128
  if ((typeof address === 'number') !== (network.version === 4)) return false
  const free = BigInt(bits - network.prefix)
  return BigInt(address) >> free === network.base >> free
}
