/**
 * How lines are kept and compared, but for some passages of them: in plain JavaScript, as all of it
 * is meant. An agent brings one that does the same in fewer steps of the processor.
 *
 * What is kept of a line is: how many pieces it has, of each its length and the number of the
 * passage behind it, and the bytes of all. Numbers have four bytes, the lowest first.
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

/** What is looked for in lines. */
export interface LineTable {
  /** What a line begins with that is compared, and is no part of what is kept. */
  readonly begin: Buffer
  /** Behind it stands, up to a quote, what tells lines of one object from those of others. */
  readonly id: Buffer
  /** Behind it stands the version, and no map between. */
  readonly head: Buffer
  /** Where what may be left out of a line ends, with a byte that closes it. */
  readonly end: Buffer
  /** They stand once each, in this order, or not; but for the first, the version. What may be left
   * out follows the second. */
  readonly once: readonly Passage[]
  /** They follow these, again and again. */
  readonly repeated: readonly Passage[]
}

/** Keeps lines of one table, each by where it is in some bytes, and compares others with them. */
export interface LineComparer {
  /**
   * Writes what is to be kept of a line into bytes: as many as it has, and `keptBytesMore`.
   *
   * @returns how many were written; 0: the line is not written as is expected
   */
  keep(bytes: Buffer, from: number, to: number, into: Buffer): number
  /**
   * Where the version of a line stands that says what was kept.
   *
   * @returns the place times `placeStep`, and its length; below 0: the line says something else
   */
  same(bytes: Buffer, from: number, to: number, kept: Buffer): number
  /**
   * What tells the object of a line from others, nearly always: a hash of its id.
   *
   * @returns below 0: it has no id, or one of more than 128 bytes
   */
  key(bytes: Buffer, from: number, to: number): number
  /**
   * The same where the bytes are one chunk of an HTTP answer and nothing else, and that chunk is
   * one line, with its end, that begins as one does that is compared.
   *
   * @param length  of the bytes that count
   * @returns as `key`; below 0: they are something else, too
   */
  chunkKey(bytes: Buffer, length: number): number
  /** As `same`, of the line of such a chunk, behind what it begins with. */
  sameChunk(bytes: Buffer, length: number, kept: Buffer): number
  /**
   * Of a line that has what may be left out as it was kept: where the second passage begins, and
   * where the line goes on, with the byte that closes what is left out.
   *
   * @returns as `same`
   */
  without(bytes: Buffer, from: number, to: number, kept: Buffer): number
}

export type MakeLineComparer = (table: LineTable) => LineComparer

/** Two places in a line are one number. */
export const placeStep = 2 ** 24

const numberBytes = 4
/** Of one line: more than of any pod with a few containers. */
const passagesMax = 64
/** Of the last piece. */
const noPassage = 0xffffffff
/** What is kept may have so many bytes more than the line. */
export const keptBytesMore = numberBytes * (1 + 2 * (passagesMax + 1))
const openBrace = 0x7b
const quote = Buffer.from('"')
const idBytesMax = 128
const none = -1
const nothing: readonly Buffer[] = []

interface Piece {
  readonly from: number
  readonly to: number
  readonly passage: number
}

/** What was kept of a line. */
interface Kept {
  readonly pieces: readonly { readonly length: number; readonly passage: number }[]
  readonly bytes: Buffer
}

const readKept = (kept: Buffer): Kept => {
  const at = (i: number): number => kept.readUInt32LE(i * numberBytes)
  const pieces = Array.from({ length: at(0) }, (_, i) => ({
    length: at(1 + 2 * i),
    passage: at(2 + 2 * i),
  }))
  return { pieces, bytes: kept.subarray(numberBytes * (1 + 2 * pieces.length)) }
}

/** Where a mark stands, from there on and before an end; below 0: nowhere. */
const find = (bytes: Buffer, mark: Buffer, from: number, end: number): number => {
  const at = bytes.subarray(from, end).indexOf(mark)
  return at < 0 ? none : from + at
}

/** Where a passage ends that begins there, in a line with an end; below 0: it is none. */
const endOf = (
  bytes: Buffer,
  { tail, without = nothing, bytesMax = Infinity }: Passage,
  from: number,
  end: number,
): number => {
  const to = find(bytes, tail, from, Math.min(end, from + bytesMax + tail.length))
  if (to < 0) return none
  const isOther = without.some((mark) => {
    const at = find(bytes, mark, from, end)
    return at >= 0 && at < to
  })
  return isOther ? none : to
}

/** Where a passage begins and ends, from there on. */
const passageIn = (
  bytes: Buffer,
  passage: Passage,
  from: number,
  end: number,
): readonly [number, number] | undefined => {
  const head = find(bytes, passage.head, from, end)
  const begin = head + passage.head.length
  const to = head < 0 ? none : endOf(bytes, passage, begin, end)
  return to < 0 ? undefined : [begin, to]
}

const equals = (bytes: Buffer, from: number, to: number, others: Buffer): boolean =>
  to <= bytes.length && bytes.subarray(from, to).equals(others)

/** The size of a chunk, behind which it begins. */
const chunkHead = /^([0-9a-fA-F]{1,8})\r\n/
const chunkTail = Buffer.from('\n\r\n')
const newline = 0x0a

/** Where the line of a chunk is, behind its beginning; `undefined`: the bytes are other ones. */
const lineOfChunk = (
  bytes: Buffer,
  length: number,
  begin: Buffer,
): readonly [number, number] | undefined => {
  const [head = '', digits = ''] = chunkHead.exec(bytes.toString('latin1', 0, 16)) ?? []
  const from = head.length
  const size = parseInt(digits, 16)
  const to = from + size - 1
  if (!(size > 0) || length !== to + chunkTail.length) return undefined
  const isOne = equals(bytes, to, length, chunkTail) && bytes.indexOf(newline, from) === to
  const isKind = from + begin.length <= to && equals(bytes, from, from + begin.length, begin)
  return isOne && isKind ? [from + begin.length, to] : undefined
}

/** FNV-1a, without its lowest bit. */
const hashOf = (bytes: Buffer): number => {
  let hash = 2166136261
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 16777619)
  return hash >>> 1
}

/** One that needs nothing but JavaScript. */
export const plainLineComparer: MakeLineComparer = (table) => {
  const { begin, id, head, end: mark, once, repeated } = table
  const passages = [...once, ...repeated]

  const keyOf = (bytes: Buffer, from: number, to: number): number => {
    const at = find(bytes, id, from, to)
    const first = at + id.length
    const last = at < 0 ? none : find(bytes, quote, first, Math.min(to, first + idBytesMax + 1))
    return last < 0 ? none : hashOf(bytes.subarray(first, last))
  }

  const same = (bytes: Buffer, from: number, to: number, kept: Buffer): number => {
    const { pieces, bytes: known } = readKept(kept)
    let [at, knownAt] = [from, 0]
    let version = none
    for (const { length, passage: i } of pieces) {
      const others = known.subarray(knownAt, knownAt + length)
      if (at + length > to || !equals(bytes, at, at + length, others)) return none
      at += length
      knownAt += length
      const passage = passages[i]
      if (!passage) break
      const end = endOf(bytes, passage, at, to)
      if (end < 0) return none
      if (version < 0) version = at * placeStep + end - at
      at = end
    }
    return at === to ? version : none
  }

  /** The pieces of a line; `undefined` when it has no version. */
  const piecesOf = (bytes: Buffer, from: number, to: number): readonly Piece[] | undefined => {
    const pieces: Piece[] = []
    let after = from
    const pass = (i: number): boolean => {
      const passage = passages[i]
      const found = passage && passageIn(bytes, passage, after, to)
      if (!found || pieces.length === passagesMax) return false
      pieces.push({ from: after, to: found[0], passage: i })
      after = found[1]
      return true
    }
    if (!pass(0)) return undefined
    const version = pieces[0]?.to ?? from
    const map = find(bytes, head, from, version)
    if (map < 0 || bytes.subarray(map + head.length, version).includes(openBrace)) return undefined
    for (let i = 1; i < once.length; i++) pass(i)
    while (repeated.length > 0 && repeated.every((_, i) => pass(once.length + i)));
    return [...pieces, { from: after, to, passage: noPassage }]
  }

  return {
    keep(bytes, from, to, into) {
      const pieces = piecesOf(bytes, from, to)
      if (!pieces) return 0
      let at = into.writeUInt32LE(pieces.length)
      for (const piece of pieces) {
        at = into.writeUInt32LE(piece.to - piece.from, at)
        at = into.writeUInt32LE(piece.passage, at)
      }
      for (const piece of pieces) at += bytes.copy(into, at, piece.from, piece.to)
      return at
    },

    same,
    key: keyOf,

    chunkKey(bytes, length) {
      const line = lineOfChunk(bytes, length, begin)
      return line ? keyOf(bytes, ...line) : none
    },

    sameChunk(bytes, length, kept) {
      const line = lineOfChunk(bytes, length, begin)
      return line ? same(bytes, ...line, kept) : none
    },

    without(bytes, from, to, kept) {
      const { pieces, bytes: known } = readKept(kept)
      const [first, second, third] = pieces
      const passage = once[1]
      if (!passage || !first || second?.passage !== 1 || !third) return none
      const part = first.length + second.length
      const partEnd = find(known, mark, part, part + third.length)
      const found = partEnd < 0 ? undefined : passageIn(bytes, passage, from, to)
      if (!found) return none
      const [managedAt, tail] = found
      const length = partEnd + mark.length - part
      const others = known.subarray(part, part + length)
      if (tail + length > to || !equals(bytes, tail, tail + length, others)) return none
      return managedAt * placeStep + tail + length - mark.length + 1
    },
  }
}
