/**
 * How lines are kept and compared, but for some passages of them: in plain JavaScript, as all of it
 * is meant. An agent brings one that does the same in fewer steps of the processor.
 */
import { isNumber, isOlder } from './version.ts'

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
  /** What a line begins with that is compared, and what one does that is kept and not compared.
   * They are no part of what is kept. */
  readonly begin: Buffer
  readonly otherBegin: Buffer
  /** Behind it stands, up to a quote, what tells lines of one object from those of others. */
  readonly id: Buffer
  /** Behind it stands the version, and no map between. */
  readonly head: Buffer
  /** Where what may be left out of a line ends, with a byte that closes it, and a comma. Passages
   * but the first two stand behind it. */
  readonly end: Buffer
  /** They stand once each, in this order, or not; but for the first, the version. What may be left
   * out follows the second. A line without what they hold is JSON, too. */
  readonly once: readonly Passage[]
  /** They follow these, again and again. */
  readonly repeated: readonly Passage[]
}

/** Keeps lines of one table, and tells which others say what was kept. */
export interface LineKeeper {
  /**
   * Keeps what is to be compared of a line, in place of what was kept of its object.
   *
   * @returns bytes that it takes up; 0: it is not written as is expected, and nothing is kept
   */
  keep(bytes: Buffer, from: number, to: number): number
  /**
   * What tells the object of a line from others, nearly always: a hash of its id.
   *
   * @returns below 0: it has no id, or one of more than 128 bytes
   */
  key(bytes: Buffer, from: number, to: number): number
  /** Forgets what is kept by a key. */
  drop(key: number): void
  /** Forgets all that is kept. */
  clear(): void
  /** Whether a line says what was kept, and has a version that is a number and not below `newest`,
   * which it is from then on. */
  passes(bytes: Buffer, from: number, to: number): boolean
  /**
   * A function that looks whether so many of some bytes are one chunk of an HTTP answer and nothing
   * else, and that chunk is one line with its end, which has a key.
   *
   * @param bytes  looked at each time, fewer than 16 Mi; they must stay where they are
   * @returns of it: -2: they are something else; -1: it passes; else its key, times 16, and where
   *   it begins: it ends three bytes before they do
   */
  chunkGate(bytes: Buffer): (length: number) => number
  /** How long ago a line passed, milliseconds; `undefined`: none has. */
  readonly passedAgoMs: number | undefined
  /**
   * Keeps a line of an object of which one is kept, in place of that, and takes its version. What
   * it did is told by `taken`.
   *
   * @returns JSON of its object, without what may be left out and is as it was kept, nor what is
   *   passed over once: all behind its metadata; or what stands behind them up to its end, and,
   *   where they are the same, its metadata. Empty: nothing was done, it must be read as a whole
   */
  takeRest(bytes: Buffer, from: number, to: number): string
  /** Of the line whose rest was taken last. */
  readonly taken: TakenRest
  /** Takes the version of a line that was read, empty where that is no number; returns whether it
   * is older than `newest`. */
  seeVersion(version: string): boolean
  /** The version of what was seen last: a number; empty: it is none, or nothing was seen. */
  readonly newest: string
  /** What is kept is given back. */
  close(): void
}

export type MakeLineKeeper = (table: LineTable) => LineKeeper

/** What was made of a line whose rest was taken. */
export interface TakenRest {
  /** A sum of `lacks`. */
  readonly lacks: number
  /** Its version is older than the one before. */
  readonly isBack: boolean
  /** Bytes that it takes up. */
  readonly bytes: number
}

/** What an object lacks. */
export const lacks = { spec: 1, status: 2, metadata: 4 } as const

/** What a chunk is, where that is no line to be read. */
export const chunkIs = { noLine: -2, passed: -1 } as const
const beginStep = 16

/** Where a line is, valid as long as the bytes are. */
export interface LineAt {
  readonly bytes: Buffer
  readonly from: number
  readonly to: number
  /** What tells its object from others: see `LineKeeper`. */
  readonly key: number
}

/** The line of a chunk that is so many bytes, of which a gate has told the places. */
export const lineInChunk = (bytes: Buffer, length: number, places: number): LineAt => ({
  bytes,
  from: places % beginStep,
  to: length - chunkTail.length,
  key: Math.floor(places / beginStep),
})

/** Of one line: more than of any pod with a few containers. */
const passagesMax = 64
/** What is kept takes up room in steps, and some for its pieces. */
const roomStep = 256
const pieceBytes = 8
const openBrace = 0x7b
/** What the objects end with that a line is made of: that of the API, and the event. */
const closing = Buffer.from('}}')
const quote = Buffer.from('"')
const idBytesMax = 128
const none = -1
const nothing: readonly Buffer[] = []

/** A part of a line that is compared, and the passage behind it; the last one has none. */
interface Piece {
  readonly from: number
  readonly to: number
  readonly passage: number | undefined
}

/** A part of a line that was kept. */
interface KeptPiece {
  readonly bytes: Buffer
  readonly passage: number | undefined
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

/** Where the line of a chunk is; `undefined`: the bytes are other ones. */
const lineOfChunk = (bytes: Buffer, length: number): readonly [number, number] | undefined => {
  const [head = '', digits = ''] = chunkHead.exec(bytes.toString('latin1', 0, 16)) ?? []
  const from = head.length
  const size = parseInt(digits, 16)
  const to = from + size - 1
  if (!(size > 0) || length !== to + chunkTail.length) return undefined
  const isOne = equals(bytes, to, length, chunkTail) && bytes.indexOf(newline, from) === to
  return isOne ? [from, to] : undefined
}

/** FNV-1a, without its lowest bit. */
const hashOf = (bytes: Buffer): number => {
  let hash = 2166136261
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 16777619)
  return hash >>> 1
}

/** One that needs nothing but JavaScript. */
export const plainLineKeeper: MakeLineKeeper = (table) => {
  const { begin, otherBegin, id, head, end: mark, once, repeated } = table
  const passages = [...once, ...repeated]
  const all = new Map<number, readonly KeptPiece[]>()
  let newest = ''
  let taken: TakenRest = { lacks: 0, isBack: false, bytes: 0 }
  let passedMs: number | undefined

  const key = (bytes: Buffer, from: number, to: number): number => {
    const at = find(bytes, id, from, to)
    const first = at + id.length
    const last = at < 0 ? none : find(bytes, quote, first, Math.min(to, first + idBytesMax + 1))
    return last < 0 ? none : hashOf(bytes.subarray(first, last))
  }

  /** Where a line goes on behind a beginning; below 0: it has another. */
  const behind = (bytes: Buffer, from: number, to: number, what: Buffer): number => {
    const at = from + what.length
    return at <= to && equals(bytes, from, at, what) ? at : none
  }

  /** The version of a line that says, from a place on, what was kept; empty: it has none;
   * `undefined`: it says otherwise. */
  const versionOf = (
    bytes: Buffer,
    from: number,
    to: number,
    pieces: readonly KeptPiece[],
  ): string | undefined => {
    let at = from
    let version = ''
    for (const { bytes: known, passage: i } of pieces) {
      if (at + known.length > to || !equals(bytes, at, at + known.length, known)) return undefined
      at += known.length
      const passage = i === undefined ? undefined : passages[i]
      if (!passage) break
      const end = endOf(bytes, passage, at, to)
      if (end < 0) return undefined
      if (i === 0) version = bytes.toString('latin1', at, end)
      at = end
    }
    return at === to ? version : undefined
  }

  /** Whether that is in the metadata, before any map in them. */
  const isInHead = (bytes: Buffer, from: number, to: number, at: number): boolean => {
    const metadata = find(bytes, head, from, to)
    const first = metadata + head.length
    return metadata >= 0 && first <= at && !bytes.subarray(first, at).includes(openBrace)
  }

  /** The pieces of a line; `undefined`: id or version are not where they are expected. */
  const piecesOf = (bytes: Buffer, from: number, to: number): readonly Piece[] | undefined => {
    const pieces: Piece[] = []
    let after = from
    let least = from
    const pass = (i: number): boolean => {
      const passage = passages[i]
      const found = passage && passageIn(bytes, passage, Math.max(after, least), to)
      if (!found || pieces.length === passagesMax) return false
      pieces.push({ from: after, to: found[0], passage: i })
      after = found[1]
      return true
    }
    const idAt = find(bytes, id, from, to)
    if (idAt < 0 || !isInHead(bytes, from, to, idAt) || !pass(0)) return undefined
    if (!isInHead(bytes, from, to, pieces[0]?.to ?? from)) return undefined
    if (once.length > 1) pass(1)
    // What may be left out is compared as a whole.
    const end = find(bytes, mark, after, to)
    least = end < 0 ? to : end + mark.length
    for (let i = 2; i < once.length; i++) pass(i)
    while (repeated.length > 0 && repeated.every((_, i) => pass(once.length + i)));
    return [...pieces, { from: after, to, passage: undefined }]
  }

  /** Keeps the pieces of a line; returns bytes that they take up. */
  const store = (of: number, bytes: Buffer, pieces: readonly Piece[]): number => {
    const cut = ({ from, to, passage }: Piece): KeptPiece => ({
      bytes: Buffer.from(bytes.subarray(from, to)),
      passage,
    })
    all.set(of, pieces.map(cut))
    const length = pieces.reduce((sum, piece) => sum + piece.to - piece.from, 0)
    return roomStep * Math.ceil(length / roomStep) + pieceBytes * pieces.length
  }

  /** See `takeRest`: its text, empty or not, and what it lacks. */
  const restOf = (
    bytes: Buffer,
    to: number,
    pieces: readonly Piece[],
    kept: readonly KeptPiece[],
  ): readonly [string, number] => {
    const other = ['', 0] as const
    const [first, second, third] = pieces
    const [was, secondWas, thirdWas] = kept
    if (!first || !was || !third || !thirdWas) return other
    if (second?.passage !== 1 || secondWas?.passage !== 1) return other
    if (!equals(bytes, to - closing.length, to, closing)) return other
    const metadata = find(bytes, head, first.from, first.to)
    const before = was.bytes.subarray(0, metadata - first.from)
    if (!equals(bytes, first.from, metadata, before)) return other
    const isSame = (firstOne: number, end = pieces.length): boolean =>
      (end < pieces.length || end === kept.length) &&
      pieces.slice(firstOne, end).every((piece, i) => {
        const known = kept[firstOne + i]
        const isAlike = known !== undefined && known.passage === piece.passage
        return isAlike && equals(bytes, piece.from, piece.to, known.bytes)
      })
    const isBehindSame = isSame(2)
    const lacksMetadata = !isBehindSame && isSame(0, 2)
    const text = lacksMetadata ? '' : `${bytes.toString('utf8', metadata, second.to)}}]}`
    if (isBehindSame) return [`{${text}}`, lacks.spec + lacks.status]
    const partEnd = thirdWas.bytes.indexOf(mark)
    const part = thirdWas.bytes.subarray(0, partEnd + mark.length)
    if (partEnd < 0 || !equals(bytes, third.from, third.from + part.length, part)) return other
    // Behind the byte that closes it, and the comma.
    const behindPart = third.from + partEnd + 2
    if (behindPart > to - 1) return other
    const behindIt = pieces
      .slice(2)
      .map((piece, i, { length }) => {
        const from = i === 0 ? behindPart : piece.from
        const isKept = piece.passage !== undefined && piece.passage >= once.length
        const next = isKept ? pieces[3 + i]?.from : undefined
        return bytes.toString('utf8', from, i === length - 1 ? to - 1 : (next ?? piece.to))
      })
      .join('')
    const sum = lacks.spec + (lacksMetadata ? lacks.metadata : 0)
    return [`{${text}${text === '' ? '' : ','}${behindIt}`, sum]
  }

  const keeper: LineKeeper = {
    get newest() {
      return newest
    },

    key,

    keep(bytes, from, to) {
      const of = key(bytes, from, to)
      const at = Math.max(...[begin, otherBegin].map((each) => behind(bytes, from, to, each)))
      if (of < 0) return 0
      all.delete(of)
      const pieces = at < 0 ? undefined : piecesOf(bytes, at, to)
      return pieces ? store(of, bytes, pieces) : 0
    },

    drop: (of) => void all.delete(of),

    clear: () => all.clear(),

    passes(bytes, from, to) {
      const at = behind(bytes, from, to, begin)
      const kept = at < 0 ? undefined : all.get(key(bytes, at, to))
      const version = kept && versionOf(bytes, at, to, kept)
      if (version === undefined || !isNumber(version)) return false
      if (isOlder(version, newest)) return false
      newest = version
      passedMs = performance.now()
      return true
    },

    chunkGate: (bytes) => (length) => {
      const line = lineOfChunk(bytes, length)
      if (!line) return chunkIs.noLine
      if (keeper.passes(bytes, ...line)) return chunkIs.passed
      const of = key(bytes, ...line)
      return of < 0 ? chunkIs.noLine : of * beginStep + line[0]
    },

    get passedAgoMs() {
      return passedMs === undefined ? undefined : performance.now() - passedMs
    },

    takeRest(bytes, from, to) {
      const of = key(bytes, from, to)
      const kept = all.get(of)
      const at = behind(bytes, from, to, begin)
      const pieces = kept && at >= 0 ? piecesOf(bytes, at, to) : undefined
      const [first, second] = pieces ?? []
      if (!kept || !pieces || !first || !second) return ''
      const version = bytes.toString('latin1', first.to, second.from)
      const [text, sum] = isNumber(version) ? restOf(bytes, to, pieces, kept) : ['', 0]
      if (text === '') return ''
      taken = { lacks: sum, isBack: isOlder(version, newest), bytes: store(of, bytes, pieces) }
      newest = version
      return text
    },

    get taken() {
      return taken
    },

    seeVersion(version) {
      const isBack = isOlder(version, newest)
      newest = version
      return isBack
    },

    close: () => all.clear(),
  }
  return keeper
}
