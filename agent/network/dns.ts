/**
 * The question of a DNS message (RFC 1035, 4.1): the first one, as one process asks it. The bytes
 * are an attacker's: whatever they are, the answer is a question or none, and no loop is longer
 * than a name may be.
 */

/** What is asked for. */
export interface Question {
  /** Labels with dots between, in lower case, because names have no case; the root is `.`. */
  readonly name: string
  /** `A`, `TXT` and so on; `TYPE65280` where it has no name (RFC 3597). */
  readonly type: string
}

const headerBytes = 12
const labelBytesMax = 63
const nameBytesMax = 255
/** Set in answers. */
const responseBit = 0x80

const typeNames: Readonly<Record<number, string | undefined>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  10: 'NULL',
  12: 'PTR',
  13: 'HINFO',
  15: 'MX',
  16: 'TXT',
  24: 'SIG',
  25: 'KEY',
  28: 'AAAA',
  29: 'LOC',
  33: 'SRV',
  35: 'NAPTR',
  37: 'CERT',
  39: 'DNAME',
  41: 'OPT',
  43: 'DS',
  44: 'SSHFP',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  50: 'NSEC3',
  52: 'TLSA',
  64: 'SVCB',
  65: 'HTTPS',
  99: 'SPF',
  249: 'TKEY',
  250: 'TSIG',
  251: 'IXFR',
  252: 'AXFR',
  255: 'ANY',
  256: 'URI',
  257: 'CAA',
}

const u16 = (bytes: string, at: number): number =>
  (bytes.charCodeAt(at) << 8) | bytes.charCodeAt(at + 1)

/** A dot inside a label is no border between two, and is written with a `\` before it. */
const labelText = (label: string): string =>
  label.replace(/[.\\]/g, '\\$&').replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/**
 * Reads the first question of a message.
 *
 * @param message  byte string; may be cut behind the question
 * @returns `undefined` when it is an answer, asks nothing, or is no message. A pointer in place of
 *   a label is refused: nothing stands before a first question that it could point to.
 */
export const questionOf = (message: string): Question | undefined => {
  if (message.length < headerBytes || (message.charCodeAt(2) & responseBit) !== 0) return undefined
  const questions = u16(message, 4)
  if (questions === 0) return undefined
  const labels: string[] = []
  let at = headerBytes
  for (;;) {
    const size = message.charCodeAt(at)
    const end = at + 1 + size
    // NaN behind the end: no comparison with it is true.
    if (!(size <= labelBytesMax) || end - headerBytes > nameBytesMax) return undefined
    if (size === 0) break
    if (end > message.length) return undefined
    labels.push(labelText(message.slice(at + 1, end)))
    at = end
  }
  if (at + 5 > message.length) return undefined
  const type = u16(message, at + 1)
  return { name: labels.join('.') || '.', type: typeNames[type] ?? `TYPE${type}` }
}
