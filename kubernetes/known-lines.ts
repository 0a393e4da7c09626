/**
 * Tells of a line of a watch that it says nothing new, without reading it: a pod is written each
 * time that its status is, and most of what changes nobody looks at. Compared are bytes; passed
 * over are the version, `managedFields`, `conditions` and what else a follower names, as an API
 * server writes them. Where one writes them otherwise they are compared, too, and the line is read:
 * without its spec where that is as it was, the longest part of it, and without its status where
 * that is, too. Of a line only what is compared is kept. Never throws.
 *
 * In JSON a quote inside a text has a backslash before it, so no mark below stands inside a text.
 * The version is that of the object, and no label of the name, only where no map stands before it
 * in the metadata: API servers write it there.
 */
import type { LineAt, LineKeeper, MakeLineKeeper, Passage } from './line-keeper.ts'
import { lacks as all, plainLineKeeper } from './line-keeper.ts'
import type { Lacks } from './read-object.ts'
import { isNumber } from './version.ts'

const added = Buffer.from('{"type":"ADDED","object":')
const modified = Buffer.from('{"type":"MODIFIED","object":')

const metadataMark = Buffer.from('"metadata":{')
const uidMark = Buffer.from('"uid":"')

const version: Passage = { head: Buffer.from('"resourceVersion":"'), tail: Buffer.from('"') }
/** To the end of the metadata, from which on the spec follows. */
const managed: Passage = {
  head: Buffer.from('"managedFields":[{'),
  tail: Buffer.from('}]},"spec":{'),
}
const conditions: Passage = { head: Buffer.from('"conditions":[{'), tail: Buffer.from('}],"') }
const specEnd = Buffer.from('},"status":{')

/** What is known of a line that is kept. */
interface Kept<Value> {
  value: Value
  /** That it takes up. */
  readonly bytes: number
}

/** What must be read of a line of which a part says what the one did that was kept. */
export interface Rest<Value> {
  /** JSON of its object, without its spec, what else it lacks, and what is passed over once. */
  readonly text: string
  /** What was read of the other. */
  readonly before: Value
  /** What else than the spec it lacks: see `ReadAgain`. */
  readonly lacks: Lacks
  /** Its version is older than `newest` was. */
  readonly isBack: boolean
}

export interface KnownLinesOptions {
  /** Of all that is kept; one more, and the oldest is forgotten. */
  readonly bytesMax: number
  /** Passed over, too: these, in this order, again and again. */
  readonly repeated?: readonly Passage[]
  readonly keeper?: MakeLineKeeper | undefined
}

/** The lines of one watch, each with what was read of it. */
export class KnownLines<Value> {
  readonly #bytesMax: number
  readonly #keeper: LineKeeper
  /** By the keys of their uids, the longest unchanged first. Of two with one key the last. */
  readonly #known = new Map<number, Kept<Value>>()
  #bytes = 0

  constructor({ bytesMax, repeated = [], keeper = plainLineKeeper }: KnownLinesOptions) {
    this.#bytesMax = bytesMax
    const once = [version, managed, conditions]
    const begins = { begin: modified, otherBegin: added }
    const marks = { id: uidMark, head: metadataMark, end: specEnd }
    this.#keeper = keeper({ ...begins, ...marks, once, repeated })
  }

  /** Bytes that what is kept takes up. */
  get bytes(): number {
    return this.#bytes
  }

  /** The version of what was seen last: of a line that passed, or of what was read since. Empty
   * when it is no number. */
  get newest(): string {
    return this.#keeper.newest
  }

  /** Takes the version of a line that was read; returns whether it is older than `newest`. */
  seeVersion(seen: string): boolean {
    return this.#keeper.seeVersion(isNumber(seen) ? seen : '')
  }

  /**
   * Whether a line says of an object what the last one said that was kept, and has a version that
   * is not older than `newest`, which it is from then on. One that does not must be read.
   *
   * @param from, to  where the line is in these bytes
   */
  passes(bytes: Buffer, from = 0, to = bytes.length): boolean {
    return this.#keeper.passes(bytes, from, to)
  }

  /** A line that is all of some bytes, or a part of them. */
  at(bytes: Buffer, from = 0, to = bytes.length): LineAt {
    return { bytes, from, to, key: this.#keeper.key(bytes, from, to) }
  }

  /** As `passes`, for what is read into some bytes, again and again: see `LineKeeper`. */
  chunkGate(bytes: Buffer): (length: number) => number {
    return this.#keeper.chunkGate(bytes)
  }

  /** How long ago a line passed, milliseconds; `undefined`: none has. */
  get passedAgoMs(): number | undefined {
    return this.#keeper.passedAgoMs
  }

  /**
   * Takes a line that did not pass, and its version, in place of the one that was kept of its
   * object. What is not as it was there is to be read, and told to `know`. It is cut at marks:
   * whether it was cut right is known when it is read, and is JSON without a spec; otherwise it
   * must be read as a whole, and told to `keep`.
   *
   * @returns `undefined`: nothing was done, and it must be read as a whole
   */
  takeRest({ bytes, from, to, key }: LineAt): Rest<Value> | undefined {
    const known = this.#known.get(key)
    const text = known ? this.#keeper.takeRest(bytes, from, to) : ''
    if (!known || text === '') return undefined
    const { lacks: sum, isBack, bytes: kept } = this.#keeper.taken
    this.#know(key, known.value, kept)
    const lacks = { status: (sum & all.status) !== 0, metadata: (sum & all.metadata) !== 0 }
    return { text, before: known.value, lacks, isBack }
  }

  /** What was read of a line whose rest was taken. */
  know({ key }: LineAt, value: Value): void {
    const known = this.#known.get(key)
    if (known) known.value = value
  }

  /** The line was read, and what it says is known from now on. The bytes are copied. */
  keep({ bytes, from, to, key }: LineAt, value: Value): void {
    const kept = this.#keeper.keep(bytes, from, to)
    if (kept === 0) this.#forget(key)
    else this.#know(key, value, kept)
  }

  #know(key: number, value: Value, bytes: number): void {
    this.#forget(key)
    this.#known.set(key, { value, bytes })
    this.#bytes += bytes
    for (const oldest of this.#known.keys()) {
      if (this.#bytes <= this.#bytesMax) break
      this.#drop(oldest)
    }
  }

  /** The line tells of an object that is not known any more. */
  forget({ key }: LineAt): void {
    if (this.#known.has(key)) this.#drop(key)
  }

  /** What was said may have changed without a line. */
  clear(): void {
    this.#known.clear()
    this.#keeper.clear()
    this.#bytes = 0
  }

  /** No line is asked for any more. */
  close(): void {
    this.clear()
    this.#keeper.close()
  }

  #drop(key: number): void {
    this.#forget(key)
    this.#keeper.drop(key)
  }

  #forget(key: number): void {
    this.#bytes -= this.#known.get(key)?.bytes ?? 0
    this.#known.delete(key)
  }
}
