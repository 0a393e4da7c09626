/** Lines of text that are compared with what was kept of an earlier one, but for some passages. */
import { addon } from './addon.ts'

/** A part of a line: from behind its head to its tail. */
export interface LinePassage {
  readonly head: Uint8Array
  readonly tail: Uint8Array
  /** Where one of these stands within it, it is another part than that. */
  readonly without?: readonly Uint8Array[]
  /** A longer one is another part than that. */
  readonly bytesMax?: number
}

/** What is looked for in lines. No text of it is empty, and there are 64 passages at the most. */
export interface LineTable {
  /** What a line begins with that is compared, and is no part of what is kept. */
  readonly begin: Uint8Array
  /** Behind it stands, up to a quote, what tells lines of one object from those of others. */
  readonly id: Uint8Array
  /** Behind it stands the version, and no `{` between. */
  readonly head: Uint8Array
  /** Where what may be left out of a line ends, with a byte that closes it. */
  readonly end: Uint8Array
  /** They stand once each, in this order, or not; but for the first, the version. What may be left
   * out follows the second. */
  readonly once: readonly LinePassage[]
  /** They follow these, again and again. */
  readonly repeated: readonly LinePassage[]
}

const numberBytes = 4
const noBoundBytes = 0xffffffff

const numberOf = (value: number): Uint8Array => {
  const bytes = new Uint8Array(numberBytes)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

const textOf = (text: Uint8Array): readonly Uint8Array[] => [numberOf(text.length), text]

const passageOf = (passage: LinePassage): readonly Uint8Array[] => {
  const { head, tail, without = [], bytesMax = noBoundBytes } = passage
  const bounds = [numberOf(Math.min(bytesMax, noBoundBytes)), numberOf(without.length)]
  return [...textOf(head), ...textOf(tail), ...bounds, ...without.flatMap(textOf)]
}

/** Begin, id, head, end, how many passages stand once; then each: head, tail, bound, count, what it
 * is without. Numbers have four bytes, the lowest first; before a text stands its length. */
const tableOf = ({ begin, id, head, end, once, repeated }: LineTable): Uint8Array =>
  Buffer.concat([
    ...textOf(begin),
    ...textOf(id),
    ...textOf(head),
    ...textOf(end),
    numberOf(once.length),
    ...[...once, ...repeated].flatMap(passageOf),
  ])

/**
 * Keeps lines of one table, and compares others with what was kept. All that it is given is bytes
 * and where the line is in them, which are fewer than 16 Mi.
 *
 * @throws NativeError  BAD_ARGUMENT: what was kept is of another table, or no place is in the bytes
 */
export class LineComparer {
  readonly #table: Uint8Array

  constructor(table: LineTable) {
    this.#table = tableOf(table)
  }

  /**
   * Writes what is to be kept of a line into bytes.
   *
   * @param into  as long as the line, and 524 bytes
   * @returns how many were written; 0: the line is not written as is expected
   */
  keep(bytes: Uint8Array, from: number, to: number, into: Uint8Array): number {
    return addon().keepLine(this.#table, bytes, from, to, into)
  }

  /**
   * Where the version of a line stands that says what was kept.
   *
   * @returns the place times 2 ** 24, and its length; below 0: the line says something else
   */
  same(bytes: Uint8Array, from: number, to: number, kept: Uint8Array): number {
    return addon().sameLine(this.#table, bytes, from, to, kept)
  }

  /**
   * What tells the object of a line from others, nearly always: a hash of its id.
   *
   * @returns below 0: it has no id, or one of more than 128 bytes
   */
  key(bytes: Uint8Array, from: number, to: number): number {
    return addon().lineKey(this.#table, bytes, from, to)
  }

  /**
   * The same where the bytes are one chunk of an HTTP answer and nothing else, and that chunk is
   * one line, with its end, that begins as one does that is compared.
   *
   * @param length  of the bytes that count
   * @returns as `key`; below 0: they are something else, too
   */
  chunkKey(bytes: Uint8Array, length: number): number {
    return addon().chunkKey(this.#table, bytes, length)
  }

  /** As `same`, of the line of such a chunk, behind what it begins with. */
  sameChunk(bytes: Uint8Array, length: number, kept: Uint8Array): number {
    return addon().sameChunk(this.#table, bytes, length, kept)
  }

  /**
   * Of a line that has what may be left out as it was kept: where the second passage begins, and
   * where the line goes on, with the byte that closes what is left out.
   *
   * @returns as `same`
   */
  without(bytes: Uint8Array, from: number, to: number, kept: Uint8Array): number {
    return addon().lineWithout(this.#table, bytes, from, to, kept)
  }
}
