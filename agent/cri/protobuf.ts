/**
 * Protocol buffers, as far as a CRI client needs them: the wire form of proto3, written and read.
 * Pure. What is read comes from another program: reading never throws, and every loop is bounded by
 * the bytes there are. Numbers of fields and their meaning are in `messages.ts`.
 */

const wire = { varint: 0, eight: 1, bytes: 2, four: 5 } as const

/** Ten groups of seven bits hold 64. */
const varintBytesMax = 10

/** One field: its number, and a number or bytes. */
type Field = readonly [number, bigint | Uint8Array]

const varint = (value: bigint): readonly number[] => {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  do {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    bytes.push(rest === 0n ? low : low | 0x80)
  } while (rest !== 0n)
  return bytes
}

const utf8 = new TextEncoder()

/** A field with a text, a message or bytes. */
export const bytesField = (number: number, value: string | Uint8Array): Uint8Array => {
  const bytes = typeof value === 'string' ? utf8.encode(value) : value
  const head = [...varint(BigInt((number << 3) | wire.bytes)), ...varint(BigInt(bytes.length))]
  return joined([Uint8Array.from(head), bytes])
}

/** A field with an integer, an enum or a bool. */
export const numberField = (number: number, value: number | bigint): Uint8Array =>
  Uint8Array.from([...varint(BigInt((number << 3) | wire.varint)), ...varint(BigInt(value))])

/** A message of these fields. */
export const joined = (parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Reads varints and fields out of bytes, front to back. */
class Cursor {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  varint(): bigint | undefined {
    let value = 0n
    for (let i = 0; i < varintBytesMax; i++) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) return undefined
      value |= BigInt(byte & 0x7f) << BigInt(7 * i)
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    return undefined
  }

  take(length: number): Uint8Array | undefined {
    if (length > this.#bytes.length - this.#at) return undefined
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  /** The next field; `undefined` when the bytes are none. */
  field(): Field | undefined {
    const tag = this.varint()
    if (tag === undefined || tag >> 3n === 0n || tag >= 1n << 32n) return undefined
    const value = this.#value(Number(tag & 7n))
    return value === undefined ? undefined : [Number(tag >> 3n), value]
  }

  #value(type: number): bigint | Uint8Array | undefined {
    if (type === wire.varint) return this.varint()
    if (type === wire.eight) return this.take(8)
    if (type === wire.four) return this.take(4)
    const length = type === wire.bytes ? this.varint() : undefined
    return length === undefined || length > BigInt(Number.MAX_SAFE_INTEGER)
      ? undefined
      : this.take(Number(length))
  }
}

/** Whether a message, or one in it, was none. Shared by all that are read out of one answer. */
interface Health {
  broken: boolean
}

/** A message that was read: its fields, by number. What is absent has proto3's default. */
export class Message {
  readonly #fields: ReadonlyMap<number, readonly (bigint | Uint8Array)[]>
  readonly #health: Health

  private constructor(bytes: Uint8Array, health: Health) {
    this.#health = health
    const fields = new Map<number, (bigint | Uint8Array)[]>()
    this.#fields = fields
    const cursor = new Cursor(bytes)
    while (!cursor.atEnd) {
      const field = cursor.field()
      if (!field) {
        health.broken = true
        return
      }
      const values = fields.get(field[0])
      if (values) values.push(field[1])
      else fields.set(field[0], [field[1]])
    }
  }

  static read(bytes: Uint8Array): Message {
    return new Message(bytes, { broken: false })
  }

  /** Whether anything that was read so far was not what it should be. */
  get isBroken(): boolean {
    return this.#health.broken
  }

  #bytesOf(value: bigint | Uint8Array | undefined): Uint8Array {
    if (value instanceof Uint8Array) return value
    if (value !== undefined) this.#health.broken = true
    return new Uint8Array()
  }

  /** A text; empty when there is none. What is no UTF-8 in it reads as U+FFFD. */
  text(number: number): string {
    const bytes = this.#bytesOf(this.#fields.get(number)?.at(-1))
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  }

  /** An unsigned integer; 0 when there is none. */
  number(number: number): bigint {
    const value = this.#fields.get(number)?.at(-1)
    if (value instanceof Uint8Array) this.#health.broken = true
    return typeof value === 'bigint' ? value : 0n
  }

  /** A message; one without fields when there is none. */
  message(number: number): Message {
    return new Message(this.#bytesOf(this.#fields.get(number)?.at(-1)), this.#health)
  }

  messages(number: number): readonly Message[] {
    const values = this.#fields.get(number) ?? []
    return values.map((value) => new Message(this.#bytesOf(value), this.#health))
  }

  /** A map of texts, as pairs. */
  pairs(number: number): readonly (readonly [string, string])[] {
    return this.messages(number).map((entry) => [entry.text(1), entry.text(2)] as const)
  }
}
