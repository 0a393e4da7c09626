/**
 * From the text of a constant to a value of a field's type, as Falco reads it: integers are
 * decimal and wrap, ports may be service names, networks need a prefix length. Pure.
 */
import type { FieldType } from '@bulwark/schema'
import { networkOf, parseAddress } from '@bulwark/schema'
import type { Constant } from './ir.ts'
import { portsByService } from './services.ts'

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

const least = -(2n ** 63n)
const most = 2n ** 63n - 1n
const mostUnsigned = 2n ** 64n - 1n

/** The value of 64 bits that strtol gives, or strtoul: what is too large is the most to both. */
const limit = (value: bigint, signed: boolean): bigint => {
  if (!signed) return value > mostUnsigned || -value > mostUnsigned ? mostUnsigned : value
  return value < least ? least : value > most ? most : value
}

/** Digits, as scanf reads them: blanks may stand before, and a sign. */
const digits = /^[ \t\n\v\f\r]*[+-]?\d+$/

/** Decimal digits: the nearest value of 64 bits, and of that as many bits as the type has. */
export const integer = (text: string, bits: number, signed: boolean): Literal => {
  if (!digits.test(text)) return { ok: false, message: `${text} is not a valid number` }
  const value = BigInt(text.trim().replace('+', ''))
  const wide = limit(value, signed)
  const wrapped = signed ? BigInt.asIntN(bits, wide) : BigInt.asUintN(bits, wide)
  return { ok: true, value: asScalar(wrapped) }
}

/** Digits, cut to 16 bits, or the name of a service. */
const port = (text: string): Literal => {
  if (/^\d*$/.test(text)) {
    const value = Number(text)
    // The message is the engine's, bare as it is.
    return value < 2 ** 31 ? { ok: true, value: value % 65_536 } : { ok: false, message: 'stoi' }
  }
  const value = portsByService.get(text)
  if (value === undefined) return { ok: false, message: `unrecognized protocol ${text}` }
  return { ok: true, value }
}

/** A network in CIDR form. The engine takes no `::/0`. */
const network = (text: string): Literal => {
  const version = text.includes('.') ? 4 : 6
  const fail = (message: string): Literal => ({ ok: false, message })
  const slash = text.indexOf('/')
  if (slash < 0) {
    return fail(`${version === 4 ? 'unrecognized IP network' : 'invalid v6 netmask:'} ${text}`)
  }
  const [addressText, prefixText] = [text.slice(0, slash), text.slice(slash + 1)]
  const address = parseAddress(addressText)
  if (address === undefined || (typeof address === 'number') !== (version === 4)) {
    return fail(`unrecognized ${version === 4 ? 'IP' : 'IPv6'} address ${text}`)
  }
  const length = integer(prefixText, 8, false)
  if (!length.ok) return length
  const prefix = Number(length.value)
  const bits = version === 4 ? 32 : 128
  if (prefix > bits || (version === 6 && prefix === 0)) {
    return fail(`invalid ${version === 4 ? 'netmask' : 'v6 netmask'} ${prefixText}`)
  }
  return { ok: true, value: networkOf(address, prefix) }
}

const bytesOfHex = (text: string): Literal =>
  /^(?:[0-9a-fA-F]{2})*$/.test(text)
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
  const bits = integerBits[type]
  if (bits) return integer(text, ...bits)
  switch (type) {
    case 'port':
      return port(text)
    case 'bool':
      if (text === 'true' || text === 'false') return { ok: true, value: text === 'true' }
      return { ok: false, message: `filter error: unrecognized boolean value ${text}` }
    case 'ip': {
      const value = parseAddress(text)
      if (value !== undefined) return { ok: true, value }
      const what = text.includes('.') ? 'IPv4' : 'IPv6'
      return { ok: false, message: `unrecognized ${what} address ${text}` }
    }
    case 'net':
      return network(text)
    default:
      return { ok: true, value: text }
  }
}
