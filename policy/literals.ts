/**
 * From the text of a constant to a value of a field's type, as Falco reads it: integers are
 * decimal and wrap, ports may be service names, networks need a prefix length. Pure.
 */
import type { FieldType, IpAddress } from '@bulwark/schema'
import type { Constant, Network } from './ir.ts'

/** A value, or why the text is none. */
export type Literal =
  { readonly ok: true; readonly value: Constant } | { readonly ok: false; readonly message: string }

const integerBits: Partial<Record<FieldType, readonly [bits: number, signed: boolean]>> = {
  i16: [16, true],
  i32: [32, true],
  i64: [64, true],
  u32: [32, false],
  u64: [64, false],
  reltime: [64, false],
  abstime: [64, false],
  f64: [32, true], // no other numbers are read
}

/** A number where it is a safe integer, else a bigint: as events give them. */
export const asScalar = (value: bigint): number | bigint =>
  value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? Number(value) : value

/** Names of ports that rule files use in place of numbers; from IANA's list. */
const services: Readonly<Record<string, number>> = {
  ftp: 21,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  domain: 53,
  http: 80,
  pop3: 110,
  ntp: 123,
  imap2: 143,
  snmp: 161,
  ldap: 389,
  https: 443,
  submission: 587,
  ldaps: 636,
  imaps: 993,
  pop3s: 995,
  mysql: 3306,
  postgresql: 5432,
  redis: 6379,
}

const limit = (value: bigint, low: bigint, high: bigint): bigint =>
  value < low ? low : value > high ? high : value

/** Decimal digits: the nearest value of 64 bits, and of that as many bits as the type has. */
const integer = (text: string, bits: number, signed: boolean): Literal => {
  if (!/^[+-]?\d+$/.test(text)) return { ok: false, message: `${text} is not a valid number` }
  const value = BigInt(text.replace('+', ''))
  const wide = signed
    ? limit(value, -(2n ** 63n), 2n ** 63n - 1n)
    : limit(value, -(2n ** 64n - 1n), 2n ** 64n - 1n)
  const wrapped = signed ? BigInt.asIntN(bits, wide) : BigInt.asUintN(bits, wide)
  return { ok: true, value: asScalar(wrapped) }
}

/** Digits, cut to 16 bits, or the name of a service. */
const port = (text: string): Literal => {
  if (/^\d*$/.test(text)) {
    const value = Number(text)
    if (value < 2 ** 31) return { ok: true, value: value % 65_536 }
    return { ok: false, message: `${text} is not a valid port` }
  }
  const value = services[text]
  if (value === undefined) return { ok: false, message: `unrecognized protocol ${text}` }
  return { ok: true, value }
}

/** An IPv4 address in dotted quads. */
const parseIpv4 = (text: string): number | undefined => {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) {
    return undefined
  }
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0)
}

const parseIpv6 = (text: string): bigint | undefined => {
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

/** An address: IPv4 when the text has a dot. */
export const parseAddress = (text: string): IpAddress | undefined =>
  text.includes('.') && !text.includes(':') ? parseIpv4(text) : parseIpv6(text)

const parseNetwork = (text: string): Network | undefined => {
  const slash = text.indexOf('/')
  const addressText = text.slice(0, slash)
  const prefixText = slash < 0 ? undefined : text.slice(slash + 1)
  const address = parseAddress(addressText)
  if (address === undefined || prefixText === undefined || !/^\d{1,3}$/.test(prefixText)) {
    return undefined
  }
  const version = typeof address === 'number' ? 4 : 6
  const bits = version === 4 ? 32 : 128
  const prefix = Number(prefixText)
  if (prefix > bits) return undefined
  const free = BigInt(bits - prefix)
  return { version, base: (BigInt(address) >> free) << free, prefix }
}

const bytesOfHex = (text: string): Literal =>
  /^(?:[0-9a-fA-F]{2})+$/.test(text)
    ? {
        ok: true,
        value: text.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16))),
      }
    : {
        ok: false,
        message: 'filter error: bcontains and bstartswith operator support hex strings only',
      }

/**
 * Reads a constant.
 *
 * @param text      a byte string
 * @param operator  `bcontains` and `bstartswith` take hexadecimal digits
 */
export const parseLiteral = (text: string, type: FieldType, operator: string): Literal => {
  if (operator === 'bcontains' || operator === 'bstartswith') return bytesOfHex(text)
  if (type === 'bytes') return { ok: true, value: text }
  if (text.includes('\0')) {
    return { ok: false, message: 'filter error: filter value cannot contain a NUL byte (\\x00)' }
  }
  const found = (value: Constant | undefined, what: string): Literal =>
    value === undefined
      ? { ok: false, message: `unrecognized ${what} ${text}` }
      : { ok: true, value }
  const bits = integerBits[type]
  if (bits) return integer(text, ...bits)
  switch (type) {
    case 'port':
      return port(text)
    case 'bool':
      if (text === 'true' || text === 'false') return { ok: true, value: text === 'true' }
      return { ok: false, message: `filter error: unrecognized boolean value ${text}` }
    case 'ip':
      return found(parseAddress(text), text.includes('.') ? 'IPv4 address' : 'IPv6 address')
    case 'net':
      return found(parseNetwork(text), 'IP network')
    default:
      return { ok: true, value: text }
  }
}
