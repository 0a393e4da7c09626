/** Lines of text that are kept, and compared with others but for some passages. */
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
  /** What a line begins with that is compared, and what one does that is kept and not compared.
   * They are no part of what is kept. */
  readonly begin: Uint8Array
  readonly otherBegin: Uint8Array
  /** Behind it stands, up to a quote, what tells lines of one object from those of others. */
  readonly id: Uint8Array
  /** Behind it stands the version, and no `{` between. */
  readonly head: Uint8Array
  /** Where what may be left out of a line ends, with a byte that closes it, and a comma. Passages
   * but the first two stand behind it. */
  readonly end: Uint8Array
  /** They stand once each, in this order, or not; but for the first, the version. What may be left
   * out follows the second. */
  readonly once: readonly LinePassage[]
  /** They follow these, again and again. */
  readonly repeated: readonly LinePassage[]
}

/** What was made of a line whose rest was taken. */
export interface TakenRest {
  /** What its object lacks, a sum: 1 its spec, 2 its status, 4 its metadata. */
  readonly lacks: number
  /** Its version is older than the one before. */
  readonly isBack: boolean
  /** Bytes that it takes up. */
  readonly bytes: number
}

const lacksMask = 7
const isBackFlag = 8
const bytesStep = 16

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

/** Begin, other begin, id, head, end, how many passages stand once; then each: head, tail, bound,
 * count, what it is without. Numbers have four bytes, the lowest first; before a text stands its
 * length. */
const tableOf = ({ begin, otherBegin, id, head, end, once, repeated }: LineTable): Uint8Array =>
  Buffer.concat([
    ...textOf(begin),
    ...textOf(otherBegin),
    ...textOf(id),
    ...textOf(head),
    ...textOf(end),
    numberOf(once.length),
    ...[...once, ...repeated].flatMap(passageOf),
  ])

/**
 * Keeps lines of one table, and tells which others say what was kept. Lines are given by bytes,
 * fewer than 16 Mi, and where they are in them.
 *
 * @throws NativeError  BAD_ARGUMENT: no such place is in the bytes; CLOSED
 */
export class LineKeeper {
  readonly #handle: ReturnType<ReturnType<typeof addon>['openKeeper']>

  constructor(table: LineTable) {
    this.#handle = addon().openKeeper(tableOf(table))
  }

  /**
   * Keeps what is to be compared of a line, in place of what was kept of its object.
   *
   * @returns bytes that it takes up; 0: it is not written as is expected, and nothing is kept
   */
  keep(bytes: Uint8Array, from: number, to: number): number {
    return addon().keepLine(this.#handle, bytes, from, to)
  }

  /**
   * What tells the object of a line from others, nearly always: a hash of its id.
   *
   * @returns below 0: it has no id, or one of more than 128 bytes
   */
  key(bytes: Uint8Array, from: number, to: number): number {
    return addon().lineKey(this.#handle, bytes, from, to)
  }

  /** Forgets what is kept by a key. */
  drop(key: number): void {
    addon().dropLine(this.#handle, key)
  }

  /** Forgets all that is kept. */
  clear(): void {
    addon().dropLines(this.#handle)
  }

  /** Whether a line says what was kept, and has a version that is a number and not below `newest`,
   * which it is from then on. */
  passes(bytes: Uint8Array, from: number, to: number): boolean {
    return addon().passesLine(this.#handle, bytes, from, to)
  }

  /**
   * A function that looks whether so many of some bytes are one chunk of an HTTP answer and nothing
   * else, and that chunk is one line with its end, which has a key.
   *
   * @param bytes  looked at each time, fewer than 16 Mi; they must stay where they are
   * @returns of it: -2: they are something else; -1: it passes; else its key, times 16, and where
   *   it begins: it ends three bytes before they do
   */
  chunkGate(bytes: Uint8Array): (length: number) => number {
    return addon().chunkGate(this.#handle, bytes)
  }

  /** How long ago a line passed, milliseconds; `undefined`: none has. */
  get passedAgoMs(): number | undefined {
    const ms = addon().passedAgo(this.#handle)
    return ms < 0 ? undefined : ms
  }

  /**
   * Keeps a line of an object of which one is kept, in place of that, and takes its version. What
   * it did is told by `taken`.
   *
   * @returns JSON of its object, without what may be left out and is as it was kept, nor what is
   *   passed over once: all behind its metadata; or what stands behind them up to its end, and,
   *   where they are the same, its metadata. Empty: nothing was done, it must be read as a whole
   */
  takeRest(bytes: Uint8Array, from: number, to: number): string {
    return addon().takeRest(this.#handle, bytes, from, to)
  }

  /** Of the line whose rest was taken last. */
  get taken(): TakenRest {
    const told = addon().restTaken(this.#handle)
    return {
      lacks: told & lacksMask,
      isBack: (told & isBackFlag) !== 0,
      bytes: Math.floor(told / bytesStep),
    }
  }

  /** Takes the version of a line that was read, empty where that is no number; returns whether it
   * is older than `newest`. */
  seeVersion(version: string): boolean {
    return addon().seeVersion(this.#handle, version)
  }

  /** The version of what was seen last: a number; empty: it is none, or nothing was seen. */
  get newest(): string {
    return addon().newestVersion(this.#handle)
  }

  /** What is kept is given back. */
  close(): void {
    addon().close(this.#handle)
  }
}
