/**
 * Tells of a line of a watch that it says nothing new, without reading it: a pod is written each
 * time that its status is, and most of what changes nobody looks at. Compared are bytes; left out
 * are the version, `managedFields` and `conditions`, as an API server writes them. Where one writes
 * them otherwise they are compared, too, and the line is read. Never throws.
 *
 * In JSON a quote inside a text has a backslash before it, so no mark below stands inside a text.
 * The version is that of the object, and no label of the name, only where no map stands before it
 * in the metadata: API servers write it there.
 */

const added = Buffer.from('{"type":"ADDED","object":')
const modified = Buffer.from('{"type":"MODIFIED","object":')

const metadataMark = Buffer.from('"metadata":{')
const openBrace = 0x7b
const uidMark = Buffer.from('"uid":"')
const versionMark = Buffer.from('"resourceVersion":"')
const quote = 0x22
const uidBytesMax = 128

/** What nobody reads, from its first bytes to its last. */
const passedOver = [
  [Buffer.from('"managedFields":[{'), Buffer.from('}]},"spec":{')],
  [Buffer.from('"conditions":[{'), Buffer.from('}],"')],
] as const

/** A line, and where what is compared of it begins and ends: offsets, in pairs. */
interface Marked {
  readonly line: Buffer
  readonly uid: string
  readonly version: string
  readonly compared: readonly number[]
}

const startsWith = (line: Buffer, head: Buffer): boolean =>
  line.length > head.length && head.compare(line, 0, head.length) === 0

/** Where the text behind a mark begins and ends; `undefined` when it is not there. */
const textBehind = (line: Buffer, mark: Buffer): readonly [number, number] | undefined => {
  const at = line.indexOf(mark)
  if (at < 0) return undefined
  const from = at + mark.length
  const to = line.indexOf(quote, from)
  return to < 0 ? undefined : [from, to]
}

/** Whether that is in the metadata, before any map in them. */
const isInHead = (line: Buffer, at: number): boolean => {
  const metadata = line.indexOf(metadataMark)
  const from = metadata + metadataMark.length
  return metadata >= 0 && from <= at && line.subarray(from, at).indexOf(openBrace) < 0
}

const marked = (line: Buffer, begin: number): Marked | undefined => {
  const uid = textBehind(line, uidMark)
  const version = textBehind(line, versionMark)
  if (!uid || !version || uid[1] - uid[0] > uidBytesMax) return undefined
  if (!isInHead(line, uid[0]) || !isInHead(line, version[0])) return undefined
  const compared = [begin, version[0], version[1]]
  for (const [head, tail] of passedOver) {
    const after = compared.at(-1) ?? 0
    const from = line.indexOf(head, after)
    const to = from < 0 ? -1 : line.indexOf(tail, from)
    if (to >= 0) compared.push(from, to)
  }
  compared.push(line.length)
  return {
    line,
    uid: line.toString('latin1', uid[0], uid[1]),
    version: line.toString('latin1', version[0], version[1]),
    compared,
  }
}

const isSame = (a: Marked, b: Marked): boolean => {
  if (a.compared.length !== b.compared.length) return false
  for (let i = 0; i < a.compared.length; i += 2) {
    const [from = 0, to = 0] = [a.compared[i], a.compared[i + 1]]
    const [otherFrom = 0, otherTo = 0] = [b.compared[i], b.compared[i + 1]]
    if (to - from !== otherTo - otherFrom) return false
    if (a.line.compare(b.line, otherFrom, otherTo, from, to) !== 0) return false
  }
  return true
}

export class KnownLines {
  readonly #bytesMax: number
  /** By uid, the longest unchanged first. */
  readonly #known = new Map<string, Marked>()
  #bytes = 0

  /** @param bytesMax  of all lines that are kept; one more, and the oldest is forgotten */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
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
    const now = marked(line, modified.length)
    const known = now && this.#known.get(now.uid)
    return known && isSame(now, known) ? now.version : undefined
  }

  /** The line was read, and what it says is known from now on. The bytes are copied. */
  keep(line: Buffer): void {
    const head = [added, modified].find((each) => startsWith(line, each))
    const found = head && marked(line, head.length)
    if (!found) return
    this.#remove(found.uid)
    if (line.length > this.#bytesMax) return
    this.#known.set(found.uid, { ...found, line: Buffer.from(line) })
    this.#bytes += line.length
    for (const uid of this.#known.keys()) {
      if (this.#bytes <= this.#bytesMax) break
      this.#remove(uid)
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
    this.#bytes -= known.line.length
  }
}
