/**
 * Tells of a line of a watch that it says nothing new, without reading it: a pod is written each
 * time that its status is, and most of what changes nobody looks at. Compared are bytes; passed
 * over are the version, `managedFields`, `conditions` and what else a follower names, as an API
 * server writes them. Where one writes them otherwise they are compared, too, and the line is
 * read. Of a line only what is compared is kept. Never throws.
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

const metadataMark = Buffer.from('"metadata":{')
const openBrace = 0x7b
const uidMark = Buffer.from('"uid":"')
const version: Passage = { head: Buffer.from('"resourceVersion":"'), tail: Buffer.from('"') }
const quote = 0x22
const uidBytesMax = 128
/** Of one line: more than of any pod with a few containers. */
const passagesMax = 64

/** What nobody reads, of any object. */
const ofAll: readonly Passage[] = [
  { head: Buffer.from('"managedFields":[{'), tail: Buffer.from('}]},"spec":{') },
  { head: Buffer.from('"conditions":[{'), tail: Buffer.from('}],"') },
]

/** What is kept of a line: what was compared, without what was passed over between. */
interface Kept {
  readonly bytes: Buffer
  /** Of the bytes, how many come before each passage, and behind the last. */
  readonly lengths: readonly number[]
  readonly passages: readonly Passage[]
}

const startsWith = (line: Buffer, head: Buffer): boolean =>
  line.length > head.length && head.compare(line, 0, head.length) === 0

/** Where the uid begins and ends; `undefined` when there is none. */
const uidIn = (line: Buffer): readonly [number, number] | undefined => {
  const at = line.indexOf(uidMark)
  if (at < 0) return undefined
  const from = at + uidMark.length
  const to = line.indexOf(quote, from)
  return to < 0 || to - from > uidBytesMax ? undefined : [from, to]
}

/** Whether that is in the metadata, before any map in them. */
const isInHead = (line: Buffer, at: number): boolean => {
  const metadata = line.indexOf(metadataMark)
  const from = metadata + metadataMark.length
  return metadata >= 0 && from <= at && line.subarray(from, at).indexOf(openBrace) < 0
}

/** Where a passage ends that begins there; below 0: it is none. */
const endOf = (
  line: Buffer,
  { tail, without = [], bytesMax = Infinity }: Passage,
  from: number,
): number => {
  const to = line.indexOf(tail, from)
  if (to < 0 || to - from > bytesMax) return -1
  return without.some((mark) => line.subarray(from, to).includes(mark)) ? -1 : to
}

/** Where the next one begins and ends. */
const find = (
  line: Buffer,
  passage: Passage,
  after: number,
): readonly [number, number] | undefined => {
  const at = line.indexOf(passage.head, after)
  const from = at + passage.head.length
  const to = at < 0 ? -1 : endOf(line, passage, from)
  return to < 0 ? undefined : [from, to]
}

/** What is kept of a line behind its first bytes; `undefined`: it is not written as is expected. */
const keptOf = (line: Buffer, begin: number, repeated: readonly Passage[]): Kept | undefined => {
  const versionAt = find(line, version, begin)
  if (!versionAt || !isInHead(line, versionAt[0])) return undefined
  const parts = [line.subarray(begin, versionAt[0])]
  const passages = [version]
  let [, after] = versionAt
  const pass = (passage: Passage): boolean => {
    const found = passages.length < passagesMax ? find(line, passage, after) : undefined
    if (!found) return false
    parts.push(line.subarray(after, found[0]))
    passages.push(passage)
    after = found[1]
    return true
  }
  for (const passage of ofAll) pass(passage)
  while (repeated.length > 0 && repeated.every(pass));
  parts.push(line.subarray(after))
  return { bytes: Buffer.concat(parts), lengths: parts.map(({ length }) => length), passages }
}

/** The version in a line that says what is kept, behind its first bytes; else `undefined`. */
const versionOf = (
  line: Buffer,
  begin: number,
  { bytes, lengths, passages }: Kept,
): string | undefined => {
  let at = begin
  let from = 0
  let found: string | undefined
  for (const [i, length] of lengths.entries()) {
    if (at + length > line.length) return undefined
    if (line.compare(bytes, from, from + length, at, at + length) !== 0) return undefined
    at += length
    from += length
    const passage = passages[i]
    if (!passage) break
    const to = endOf(line, passage, at)
    if (to < 0) return undefined
    found ??= line.toString('latin1', at, to)
    at = to
  }
  return at === line.length ? found : undefined
}

export class KnownLines {
  readonly #bytesMax: number
  readonly #repeated: readonly Passage[]
  /** By uid, the longest unchanged first. */
  readonly #known = new Map<string, Kept>()
  #bytes = 0

  /**
   * @param bytesMax  of all that is kept; one more, and the oldest is forgotten
   * @param repeated  passed over, too: these, in this order, again and again
   */
  constructor(bytesMax: number, repeated: readonly Passage[] = []) {
    this.#bytesMax = bytesMax
    this.#repeated = repeated
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * The version in a line that says of an object what the last one said that was kept.
   *
   * @returns `undefined`: it must be read
   */
  versionOfSame(line: Buffer): string | undefined {
    if (this.#known.size === 0 || !startsWith(line, modified)) return undefined
    const uid = uidIn(line)
    const known = uid && this.#known.get(line.toString('latin1', ...uid))
    return known && versionOf(line, modified.length, known)
  }

  /** The line was read, and what it says is known from now on. The bytes are copied. */
  keep(line: Buffer): void {
    const head = [added, modified].find((each) => startsWith(line, each))
    const uidAt = head && uidIn(line)
    if (!head || !uidAt || !isInHead(line, uidAt[0])) return
    const uid = line.toString('latin1', ...uidAt)
    this.#remove(uid)
    const kept = keptOf(line, head.length, this.#repeated)
    if (!kept || kept.bytes.length > this.#bytesMax) return
    this.#known.set(uid, kept)
    this.#bytes += kept.bytes.length
    for (const oldest of this.#known.keys()) {
      if (this.#bytes <= this.#bytesMax) break
      this.#remove(oldest)
    }
  }

  /** What was said may have changed without a line. */
  clear(): void {
    this.#known.clear()
    this.#bytes = 0
  }

  #remove(uid: string): void {
    const known = this.#known.get(uid)
    if (!known) return
    this.#known.delete(uid)
    this.#bytes -= known.bytes.length
  }
}
