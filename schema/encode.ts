/**
 * Writes event records: for tests, for benchmarks, for captures made by hand. It places members
 * by their descriptions alone and knows no generated offset, so that decoding what it wrote proves
 * both sides. Pure.
 */
import type { Member } from './eventtypes.ts'
import { eventKinds, header } from './events.ts'
import { groups } from './members.ts'
import { textLengthUnknown } from './record.ts'

/** A text of which `trueBytes` were meant, or a number that nobody knows. */
export interface CutText {
  readonly text: string
  readonly trueBytes: number | undefined
}

/**
 * Values by the names of the description (`start_ns`); of a group, those of its members. Text is
 * a byte string. What is left out is zero, or no text.
 */
export interface RecordValues {
  readonly [member: string]: number | bigint | string | Uint8Array | CutText | RecordValues
}

const scalarBytes = { u8: 1, u16: 2, u32: 4, i32: 4, u64: 8, i64: 8 } as const
const slotBytes = 8

const sizeOf = ({ storage }: Member): number => {
  switch (storage.as) {
    case 'text':
      return slotBytes
    case 'chars':
    case 'bytes':
      return storage.count
    case 'struct':
      return sizeOfAll(membersOf(storage.name))
    default:
      return scalarBytes[storage.as]
  }
}

const sizeOfAll = (members: readonly Member[]): number =>
  members.reduce((sum, member) => sum + sizeOf(member), 0)

const membersOf = (group: string): readonly Member[] =>
  groups.find(({ name }) => name === group)?.members ?? []

const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from(text, (letter) => letter.charCodeAt(0))

class Writer {
  readonly #view: DataView
  /** Where the next text goes. */
  end: number

  constructor(view: DataView, fixedBytes: number) {
    this.#view = view
    this.end = fixedBytes
  }

  members(members: readonly Member[], start: number, values: RecordValues): void {
    const unknown = Object.keys(values).find((name) => !members.some((each) => each.name === name))
    if (unknown !== undefined) throw new Error(`no member ${unknown} to write`)
    let offset = start
    for (const member of members) {
      const value = values[member.name]
      if (value !== undefined) this.#member(member, offset, value)
      offset += sizeOf(member)
    }
  }

  #member({ storage }: Member, offset: number, value: RecordValues[string]): void {
    switch (storage.as) {
      case 'text':
        this.#text(offset, typeof value === 'string' ? value : (value as CutText))
        return
      case 'chars':
        this.#bytes(offset, bytesOf((value as string).slice(0, storage.count)))
        return
      case 'bytes':
        this.#bytes(offset, (value as Uint8Array).subarray(0, storage.count))
        return
      case 'struct':
        this.members(membersOf(storage.name), offset, value as RecordValues)
        return
      default:
        this.#integer(offset, scalarBytes[storage.as], BigInt(value as number | bigint))
    }
  }

  #integer(offset: number, size: number, value: bigint): void {
    for (let i = 0; i < size; i++) {
      this.#view.setUint8(offset + i, Number((value >> BigInt(8 * i)) & 0xffn))
    }
  }

  #bytes(offset: number, bytes: Uint8Array): void {
    bytes.forEach((byte, i) => this.#view.setUint8(offset + i, byte))
  }

  #text(offset: number, value: string | CutText): void {
    const { text, trueBytes } =
      typeof value === 'string' ? { text: value, trueBytes: value.length } : value
    this.#integer(offset, 2, BigInt(this.end))
    this.#integer(offset + 2, 2, BigInt(text.length))
    this.#integer(offset + 4, 4, BigInt(trueBytes ?? textLengthUnknown))
    this.#bytes(this.end, bytesOf(text))
    this.end += text.length
  }
}

const textBytes = ({ name, storage }: Member, values: RecordValues): number => {
  const value = values[name]
  if (storage.as !== 'text' || value === undefined) return 0
  return typeof value === 'string' ? value.length : (value as CutText).text.length
}

/**
 * The bytes of one record.
 *
 * @param kindName  as in `eventKinds`
 * @param values    members of the header and of the kind; `bytes` and `kind` are filled in
 * @throws Error  there is no such kind or member
 */
export const encodeRecord = (
  kindName: string,
  values: RecordValues = {},
): Uint8Array<ArrayBuffer> => {
  const found = eventKinds.find(({ name }) => name === kindName)
  if (!found) throw new Error(`no kind ${kindName} to write`)
  const members = [...header, ...found.members]
  const fixedBytes = sizeOfAll(members)
  const bytes = members.reduce((sum, member) => sum + textBytes(member, values), fixedBytes)
  const record = new Uint8Array(bytes)
  const writer = new Writer(new DataView(record.buffer), fixedBytes)
  writer.members(members, 0, { syscall: -1, ...values, bytes, kind: found.kind })
  return record
}
