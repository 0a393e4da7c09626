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

/** A part of a line: from behind its head to its tail, which are marks that stand in no text. */
export interface Passage {
  readonly head: Buffer
  readonly tail: Buffer
  /** Where one of these stands within it, it is another part than that. */
  readonly without?: readonly Buffer[]
  /** A longer one is another part than that. */
  readonly bytesMax?: number
}

const added = Buffer.from('{"type":"ADDED","object":')
const modified = Buffer.from('{"type":"MODIFIED","object":')

/** What is longer is compared by Buffer's own, which is a way through much code that other work has
 * driven out of the processor's caches: a watch brings a line now and then. */
const loopBytesMax = 256

const none: readonly Buffer[] = []

const metadataMark = Buffer.from('"metadata":{')
const openBrace = 0x7b
const uidMark = Buffer.from('"uid":"')
const version: Passage = { head: Buffer.from('"resourceVersion":"'), tail: Buffer.from('"') }
const quote = 0x22
const uidBytesMax = 128
/** Of one line: more than of any pod with a few containers. */
const passagesMax = 64

/** The end of the metadata, from which on the spec follows; and of that. */
const managed: Passage = {
  head: Buffer.from('"managedFields":[{'),
  tail: Buffer.from('}]},"spec":{'),
}
const specEnd = Buffer.from('},"status":{')

/** What nobody reads, of any object. */
const ofAll: readonly Passage[] = [
  managed,
  { head: Buffer.from('"conditions":[{'), tail: Buffer.from('}],"') },
]

/** What is kept of a line: what was compared, without what was passed over between. */
interface Kept<Value> {
  readonly value: Value
  readonly bytes: Buffer
  /** Of the bytes, how many come before each passage, and behind the last. */
  readonly lengths: readonly number[]
  readonly passages: readonly Passage[]
}

/** A line that says of a spec what the one did that was kept. */
export interface SameSpec<Value> {
  /** Its text, without spec and `managedFields`. */
  readonly text: string
  /** What was read of the other. */
  readonly value: Value
}

/** Whether bytes of a line are so many of others. */
const isAt = (line: Buffer, at: number, bytes: Buffer, from: number, length: number): boolean => {
  if (length > loopBytesMax) return line.compare(bytes, from, from + length, at, at + length) === 0
  for (let i = 0; i < length; i++) if (line[at + i] !== bytes[from + i]) return false
  return true
}

/** Whether a mark stands there, before an end. */
const standsAt = (line: Buffer, at: number, mark: Buffer, end: number): boolean =>
  line[at] === mark[0] && at + mark.length <= end && isAt(line, at, mark, 0, mark.length)

/** Where the uid of a line begins and ends; `undefined` when there is none. */
const uidIn = (line: Buffer, begin: number, end: number): readonly [number, number] | undefined => {
  const from = behind(line, begin, end, uidMark)
  const last = Math.min(end, from + uidBytesMax + 1)
  for (let to = from; to < last; to++) if (line[to] === quote) return [from, to]
  return undefined
}

/** Where a line goes on behind a mark, from there on; behind its end when there is none. */
const behind = (line: Buffer, from: number, end: number, mark: Buffer): number => {
  let at = from
  while (at < end && !standsAt(line, at, mark, end)) at++
  return at + mark.length
}

/** Whether that is in the metadata, before any map in them. */
const isInHead = (line: Buffer, at: number): boolean => {
  const metadata = line.indexOf(metadataMark)
  const from = metadata + metadataMark.length
  return metadata >= 0 && from <= at && line.subarray(from, at).indexOf(openBrace) < 0
}

/** Where a passage ends that begins there, in a line with an end; below 0: it is none. */
const endOf = (
  line: Buffer,
  { tail, without = none, bytesMax = Infinity }: Passage,
  from: number,
  end: number,
): number => {
  const last = Math.min(end, from + bytesMax + 1)
  for (let at = from; at < last; at++) {
    if (standsAt(line, at, tail, end)) return at
    for (const mark of without) if (standsAt(line, at, mark, end)) return -1
  }
  return -1
}

/** Room is in steps: most lines of an object are about as long, a digit more or less. */
const roomStep = 256

/** Bytes that are taken up by what is kept. */
const roomOf = ({ bytes }: Kept<unknown>): number => bytes.buffer.byteLength

/** So many bytes, where those were that are not needed any more, if they take up as much room. */
const roomFor = (bytes: number, before: Kept<unknown> | undefined): Buffer => {
  const room = roomStep * Math.ceil(bytes / roomStep)
  // Each that is made outside of V8's heap has it collect garbage the sooner.
  if (before && roomOf(before) === room) return Buffer.from(before.bytes.buffer, 0, bytes)
  return Buffer.allocUnsafeSlow(room).subarray(0, bytes)
}

/**
 * What is kept of a line behind its first bytes; `undefined`: it is not written as is expected.
 *
 * @param before  what was kept of the last line of the object: its bytes are overwritten
 */
const keptOf = <Value>(
  line: Buffer,
  begin: number,
  repeated: readonly Passage[],
  value: Value,
  before: Kept<Value> | undefined,
): Kept<Value> | undefined => {
  const passages: Passage[] = []
  const lengths: number[] = []
  /** Where each part begins, and its length: what is between two passages. */
  const starts = [begin]
  let after = begin
  const pass = (passage: Passage): boolean => {
    const from = behind(line, after, line.length, passage.head)
    const to = from > line.length ? -1 : endOf(line, passage, from, line.length)
    if (to < 0 || passages.length === passagesMax) return false
    lengths.push(from - after)
    passages.push(passage)
    starts.push(to)
    after = to
    return true
  }
  if (!pass(version) || !isInHead(line, begin + (lengths[0] ?? 0))) return undefined
  for (const passage of ofAll) pass(passage)
  while (repeated.length > 0 && repeated.every(pass));
  lengths.push(line.length - after)
  const bytes = roomFor(
    lengths.reduce((sum, length) => sum + length, 0),
    before,
  )
  let filled = 0
  for (const [i, length] of lengths.entries()) {
    const start = starts[i] ?? 0
    filled += line.copy(bytes, filled, start, start + length)
  }
  return { value, bytes, lengths, passages }
}

/** The version in a line that says what is kept, behind its first bytes; else `undefined`. */
const versionOf = (
  line: Buffer,
  begin: number,
  end: number,
  { bytes, lengths, passages }: Kept<unknown>,
): string | undefined => {
  let at = begin
  let from = 0
  let versionAt = 0
  let versionEnd = 0
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i] ?? 0
    if (at + length > end || !isAt(line, at, bytes, from, length)) return undefined
    at += length
    from += length
    const passage = passages[i]
    if (!passage) break
    const to = endOf(line, passage, at, end)
    if (to < 0) return undefined
    if (i === 0) [versionAt, versionEnd] = [at, to]
    at = to
  }
  return at === end ? line.toString('latin1', versionAt, versionEnd) : undefined
}

/** What is to be read of a line whose spec is as it was, of which one part was kept. */
const withoutSpec = (
  line: Buffer,
  begin: number,
  end: number,
  { bytes, lengths, passages }: Kept<unknown>,
): string | undefined => {
  if (passages[1] !== managed) return undefined
  const from = (lengths[0] ?? 0) + (lengths[1] ?? 0)
  const to = bytes.indexOf(specEnd, from) + specEnd.length
  if (to < from || to > from + (lengths[2] ?? 0)) return undefined
  const head = behind(line, begin, end, managed.head)
  const tail = endOf(line, managed, head, end)
  if (tail < 0 || tail + to - from > end || !isAt(line, tail, bytes, from, to - from)) {
    return undefined
  }
  // Of the tail what is of the metadata, and of the spec's end all but its brace.
  const status = tail + to - from - specEnd.length + 1
  return `${line.toString('utf8', begin, head)}}]}${line.toString('utf8', status, end)}`
}

/** The lines of one watch, each with what was read of it. */
export class KnownLines<Value> {
  readonly #bytesMax: number
  readonly #repeated: readonly Passage[]
  /** By uid, the longest unchanged first. */
  readonly #known = new Map<string, Kept<Value>>()
  /** Of the object in the line that was asked for last. */
  #last: Kept<Value> | undefined
  #bytes = 0

  /**
   * @param bytesMax  of all that is kept; one more, and the oldest is forgotten
   * @param repeated  passed over, too: these, in this order, again and again
   */
  constructor(bytesMax: number, repeated: readonly Passage[] = []) {
    this.#bytesMax = bytesMax
    this.#repeated = repeated
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
    if (this.#known.size === 0 || !standsAt(bytes, from, modified, to)) return undefined
    const begin = from + modified.length
    const uid = uidIn(bytes, begin, to)
    const known = uid && this.#known.get(bytes.toString('latin1', uid[0], uid[1]))
    this.#last = known || undefined
    return known && versionOf(bytes, begin, to, known)
  }

  /**
   * The line that `versionOfSame` was asked for last, where its spec is as it was. It is cut at
   * marks: whether it was cut right is known when it is read, and is JSON without a spec.
   */
  sameSpec(bytes: Buffer, from = 0, to = bytes.length): SameSpec<Value> | undefined {
    const known = this.#last
    const text = known && withoutSpec(bytes, from, to, known)
    return text === undefined || !known ? undefined : { text, value: known.value }
  }

  /** The line was read, and what it says is known from now on. The bytes are copied. */
  keep(line: Buffer, value: Value): void {
    const head = [added, modified].find((each) => standsAt(line, 0, each, line.length))
    const uidAt = head && uidIn(line, 0, line.length)
    if (!head || !uidAt || !isInHead(line, uidAt[0])) return
    const uid = line.toString('latin1', ...uidAt)
    const before = this.#known.get(uid)
    this.#remove(uid)
    const kept = keptOf(line, head.length, this.#repeated, value, before)
    if (!kept || roomOf(kept) > this.#bytesMax) return
    this.#known.set(uid, kept)
    this.#bytes += roomOf(kept)
    for (const oldest of this.#known.keys()) {
      if (this.#bytes <= this.#bytesMax) break
      this.#remove(oldest)
    }
  }

  /** The line tells of an object that is not known any more. */
  forget(line: Buffer): void {
    const uid = uidIn(line, 0, line.length)
    if (uid) this.#remove(line.toString('latin1', ...uid))
  }

  /** What was said may have changed without a line. */
  clear(): void {
    this.#known.clear()
    this.#last = undefined
    this.#bytes = 0
  }

  #remove(uid: string): void {
    const known = this.#known.get(uid)
    if (!known) return
    this.#known.delete(uid)
    if (this.#last === known) this.#last = undefined
    this.#bytes -= roomOf(known)
  }
}
