/**
 * Tells of a line of a watch that it says nothing new, without reading it: a pod is written each
 * time that its status is, and most of what changes nobody looks at. Compared are bytes; passed
 * over are the version, `managedFields`, `conditions` and what else a follower names, as an API
 * server writes them. Where one writes them otherwise they are compared, too, and the line is
 * read: without its spec where that is as it was, the longest part of it. Of a line only what is
 * compared is kept. Never throws.
 *
 * In JSON a quote inside a text has a backslash before it, so no mark below stands inside a text.
 * The version is that of the object, and no label of the name, only where no map stands before it
 * in the metadata: API servers write it there.
 */
import type { LineComparer, MakeLineComparer, Passage } from './line-comparer.ts'
import { keptBytesMore, placeStep, plainLineComparer } from './line-comparer.ts'

const added = Buffer.from('{"type":"ADDED","object":')
const modified = Buffer.from('{"type":"MODIFIED","object":')

const metadataMark = Buffer.from('"metadata":{')
const openBrace = 0x7b
const uidMark = Buffer.from('"uid":"')

const version: Passage = { head: Buffer.from('"resourceVersion":"'), tail: Buffer.from('"') }
/** To the end of the metadata, from which on the spec follows. */
const managed: Passage = {
  head: Buffer.from('"managedFields":[{'),
  tail: Buffer.from('}]},"spec":{'),
}
const conditions: Passage = { head: Buffer.from('"conditions":[{'), tail: Buffer.from('}],"') }
const specEnd = Buffer.from('},"status":{')

/** Room is in steps: most lines of an object are about as long, a digit more or less. */
const roomStep = 256
/** Where lines are cut for good is kept when it is no larger. */
const cutBytesMax = 64 * 1024

/** What is kept of a line: what was compared, without what was passed over between. */
interface Kept<Value> {
  readonly value: Value
  readonly bytes: Buffer
}

/** A line that says of a spec what the one did that was kept. */
export interface SameSpec<Value> {
  /** Its text, without spec and `managedFields`. */
  readonly text: string
  /** What was read of the other. */
  readonly value: Value
}

/** Whether a line begins so. */
const begins = (line: Buffer, from: number, to: number, mark: Buffer): boolean =>
  from + mark.length <= to && line.compare(mark, 0, mark.length, from, from + mark.length) === 0

/** Whether that is in the metadata, before any map in them. */
const isInHead = (line: Buffer, at: number): boolean => {
  const metadata = line.indexOf(metadataMark)
  const from = metadata + metadataMark.length
  return metadata >= 0 && from <= at && line.subarray(from, at).indexOf(openBrace) < 0
}

/** Bytes that are taken up by what is kept. */
const roomOf = ({ bytes }: Kept<unknown>): number => bytes.buffer.byteLength

/** So many bytes, where those were that are not needed any more, if they take up as much room. */
const roomFor = (bytes: number, before: Kept<unknown> | undefined): Buffer => {
  const room = roomStep * Math.ceil(bytes / roomStep)
  // Each that is made outside of V8's heap has it collect garbage the sooner.
  if (before && roomOf(before) === room) return Buffer.from(before.bytes.buffer, 0, bytes)
  return Buffer.allocUnsafeSlow(room).subarray(0, bytes)
}

/** The version at a place that was found, with its length. */
const versionAt = (bytes: Buffer, places: number): string => {
  const at = Math.floor(places / placeStep)
  return bytes.toString('latin1', at, at + (places % placeStep))
}

export interface KnownLinesOptions {
  /** Of all that is kept; one more, and the oldest is forgotten. */
  readonly bytesMax: number
  /** Passed over, too: these, in this order, again and again. */
  readonly repeated?: readonly Passage[]
  readonly comparer?: MakeLineComparer | undefined
}

/** The lines of one watch, each with what was read of it. */
export class KnownLines<Value> {
  readonly #bytesMax: number
  readonly #comparer: LineComparer
  /** By the keys of their uids, the longest unchanged first. Of two with one key the last. */
  readonly #known = new Map<number, Kept<Value>>()
  /** Of the object in the line that was asked for last. */
  #last: Kept<Value> | undefined
  #bytes = 0
  /** What is to be kept, before its length is known. */
  #cut = Buffer.alloc(0)

  constructor({ bytesMax, repeated = [], comparer = plainLineComparer }: KnownLinesOptions) {
    this.#bytesMax = bytesMax
    const once = [version, managed, conditions]
    const marks = { begin: modified, id: uidMark, head: metadataMark, end: specEnd }
    this.#comparer = comparer({ ...marks, once, repeated })
  }

  /** Bytes that what is kept takes up. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * The version in a line that says of an object what the last one said that was kept.
   *
   * @param from, to  where the line is in these bytes
   * @returns `undefined`: it must be read
   */
  versionOfSame(bytes: Buffer, from = 0, to = bytes.length): string | undefined {
    this.#last = undefined
    if (this.#known.size === 0 || !begins(bytes, from, to, modified)) return undefined
    const begin = from + modified.length
    const known = this.#known.get(this.#comparer.key(bytes, begin, to))
    this.#last = known
    const places = known ? this.#comparer.same(bytes, begin, to, known.bytes) : -1
    if (places < 0) return undefined
    return versionAt(bytes, places)
  }

  /**
   * The same where bytes are a chunk of an HTTP answer, and that is one such line: as they mostly
   * are, so that nothing else need look at them.
   *
   * @returns `undefined`: they are something else, or must be read
   */
  versionOfChunk(bytes: Buffer, length: number): string | undefined {
    const known = this.#known.get(this.#comparer.chunkKey(bytes, length))
    const places = known ? this.#comparer.sameChunk(bytes, length, known.bytes) : -1
    return places < 0 ? undefined : versionAt(bytes, places)
  }

  /**
   * The line that `versionOfSame` was asked for last, where its spec is as it was. It is cut at
   * marks: whether it was cut right is known when it is read, and is JSON without a spec.
   */
  sameSpec(bytes: Buffer, from = 0, to = bytes.length): SameSpec<Value> | undefined {
    const known = this.#last
    const places = known ? this.#comparer.without(bytes, from, to, known.bytes) : -1
    if (!known || places < 0) return undefined
    const head = bytes.toString('utf8', from, Math.floor(places / placeStep))
    return {
      text: `${head}}]}${bytes.toString('utf8', places % placeStep, to)}`,
      value: known.value,
    }
  }

  /** The line was read, and what it says is known from now on. The bytes are copied. */
  keep(line: Buffer, value: Value): void {
    const head = [added, modified].find((each) => begins(line, 0, line.length, each))
    if (!head || !isInHead(line, line.indexOf(uidMark))) return
    const key = this.#comparer.key(line, head.length, line.length)
    const before = this.#known.get(key)
    this.#remove(key)
    const cut = this.#cutOf(line, head.length)
    if (key < 0 || !cut) return
    const kept = { value, bytes: roomFor(cut.length, before) }
    if (roomOf(kept) > this.#bytesMax) return
    cut.copy(kept.bytes)
    this.#known.set(key, kept)
    this.#bytes += roomOf(kept)
    for (const oldest of this.#known.keys()) {
      if (this.#bytes <= this.#bytesMax) break
      this.#remove(oldest)
    }
  }

  /** The line tells of an object that is not known any more. */
  forget(line: Buffer): void {
    this.#remove(this.#comparer.key(line, 0, line.length))
  }

  /** What was said may have changed without a line. */
  clear(): void {
    this.#known.clear()
    this.#last = undefined
    this.#bytes = 0
  }

  /** What is to be kept of a line behind its first bytes, valid until the next. */
  #cutOf(line: Buffer, begin: number): Buffer | undefined {
    const bytesMax = line.length + keptBytesMore
    let cut = this.#cut
    if (cut.length < bytesMax)
      cut = Buffer.allocUnsafeSlow(roomStep * Math.ceil(bytesMax / roomStep))
    if (cut.length <= cutBytesMax) this.#cut = cut
    const bytes = this.#comparer.keep(line, begin, line.length, cut)
    return bytes === 0 ? undefined : cut.subarray(0, bytes)
  }

  #remove(key: number): void {
    const known = this.#known.get(key)
    if (!known) return
    this.#known.delete(key)
    if (this.#last === known) this.#last = undefined
    this.#bytes -= roomOf(known)
  }
}
