/**
 * Runs rules over a capture: the pipeline of the live agent, with the records, the answers and what
 * it was told from the file. The same rules give the same alerts.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { IpAddress } from '@bulwark/schema'
import { eventKinds } from '@bulwark/schema'
import type { Rule } from '@bulwark/policy'
import type { Alert } from './alert.ts'
import type { Conversion } from './capture/convert.ts'
import { convertRecord, planConversion } from './capture/convert.ts'
import { eachEntry } from './capture/entries.ts'
import { captureLimits } from './capture/format.ts'
import type { CaptureHead } from './capture/head.ts'
import type { Note } from './capture/notes.ts'
import { decodeNote } from './capture/notes.ts'
import { hierarchiesOf } from './capture/recording.ts'
import type { CapturePart, Source } from './capture/reader.ts'
import { CaptureError, readCapture } from './capture/reader.ts'
import type { Folding } from './fold.ts'
import type { RuleMatching } from './engine.ts'
import { activeRules } from './engine.ts'
import type { Outside, Question } from './outside.ts'
import { payloadBytesOf } from './network/payload.ts'
import { Pipeline, asksForEnvironment, wantedTypes } from './pipeline.ts'

/** The tables live on them. */
const alwaysRecorded = eventKinds.flatMap(({ state, types }) => (state ? types : []))

export interface ReplayOptions {
  readonly source: Source
  readonly rules: readonly Rule[]
  readonly matching: RuleMatching
  /** Equal alerts that become one; none when not said. */
  readonly folding?: Folding
  readonly onAlert: (alert: Alert) => void
  readonly log: (line: string) => void
  /** Ends it early. */
  readonly signal?: AbortSignal
}

/** What a replay found. */
export interface Replayed {
  readonly head: CaptureHead
  readonly events: number
  readonly badRecords: number
  readonly blocks: number
  /** Blocks that were damaged, and records that are known to be missing with them. */
  readonly damages: number
  readonly missingRecords: number
  /** Records of kinds that this build does not know. */
  readonly unknownRecords: number
  /** Entries that were no notes, or could not be written when it was recorded. */
  readonly lostNotes: number
  /** The end is there. */
  readonly whole: boolean
  /** Time in the pipeline and in the reader, seconds. */
  readonly seconds: number
}

/** The answers of the capture: those to one question in the order in which they were given. */
class Answers implements Outside {
  readonly #waiting = new Map<string, unknown[]>()
  readonly #names = new Map<string, unknown>()

  add({ question, about, answer }: Note & { readonly is: 'answer' }): void {
    if (question === 'names') {
      this.#names.set(String(about), answer)
      return
    }
    const key = `${question} ${about}`
    const waiting = this.#waiting.get(key)
    if (waiting) waiting.push(answer)
    else this.#waiting.set(key, [answer])
  }

  /** What needed them was handled: they were for nobody else. */
  done(): void {
    if (this.#waiting.size > 0) this.#waiting.clear()
  }

  ask<Answer>(question: Question<Answer>, about: string | number): Answer | undefined {
    const answer =
      question.name === 'names'
        ? this.#names.get(String(about))
        : this.#waiting.get(`${question.name} ${about}`)?.shift()
    // Checked when it was decoded.
    return answer as Answer | undefined
  }
}

const readCounts = {
  blocks: 0,
  damages: 0,
  missingRecords: 0,
  unknownRecords: 0,
  lostNotes: 0,
}

class Replay {
  readonly counts = { ...readCounts }
  whole = false
  readonly #options: ReplayOptions
  readonly #head: CaptureHead
  readonly #conversion: Conversion
  /** By kind: its records lie as this build has them. */
  readonly #isSame: boolean[] = []
  readonly #answers = new Answers()
  readonly #resolved = new Map<string, ReadonlySet<IpAddress>>()
  readonly #unresolved = new Set<string>()
  /** A block, and behind it room for one record in our layout. */
  readonly #memory: Buffer
  readonly #data: DataView
  #pipeline: Pipeline | undefined
  #recordsSeen = 0

  /** @param memory  where the blocks with records are */
  constructor(options: ReplayOptions, head: CaptureHead, memory: Buffer) {
    this.#options = options
    this.#head = head
    this.#memory = memory
    this.#data = new DataView(memory.buffer, memory.byteOffset, memory.byteLength)
    this.#conversion = planConversion(head.layouts)
    for (const [kind, { same }] of this.#conversion.byKind) this.#isSame[kind] = same
    this.#explain()
  }

  /** Says what of the capture means something else here. */
  #explain(): void {
    const { log, rules } = this.#options
    const { missing, changed, unknownKinds } = this.#conversion
    const layout = `the capture's records have layout ${this.#head.layoutVersion}`
    if (changed.length > 0) {
      throw new CaptureError(
        `${layout}, which this Bulwark cannot read: ${changed.join(', ')}`,
        'replay it with the Bulwark that recorded it, or record it again',
      )
    }
    if (unknownKinds.length > 0) log(`${layout}; not known here: ${unknownKinds.join(', ')}`)
    if (missing.length > 0) log(`${layout}; absent in it: ${missing.join(', ')}`)
    const { types, environment, payloadBytes } = this.#head
    const active = activeRules(rules)
    if (asksForEnvironment(active) && !environment) {
      log('rules ask for the environment of programs, which was not recorded')
    }
    if (payloadBytesOf(active) > payloadBytes) {
      log(`rules ask for payloads, of which ${payloadBytes} bytes were recorded`)
    }
    const wanted = wantedTypes(active)
    if (types === 'all' || wanted === 'all') return
    const kept = new Set([...types, ...alwaysRecorded])
    const lacking = [...wanted].filter((type) => !kept.has(type))
    if (lacking.length > 0) log(`rules want events that were not recorded: ${lacking.join(', ')}`)
  }

  /** Made with the first record: its tables are filled from the notes before it. */
  #begin(): Pipeline {
    return this.#pipeline ?? this.#makePipeline()
  }

  #makePipeline(): Pipeline {
    const { rules, matching, folding, onAlert, log } = this.#options
    const { machine, hostname, hierarchies, wallOffsetNs } = this.#head
    this.#pipeline = new Pipeline({
      data: this.#data,
      machine,
      hostname,
      cgroups: hierarchiesOf(hierarchies),
      wallOffsetNs,
      rules,
      matching,
      folding,
      onAlert,
      log,
      outside: this.#answers,
      resolve: (name) => {
        if (!this.#resolved.has(name)) this.#unresolved.add(name)
        return () => this.#resolved.get(name) ?? new Set()
      },
    })
    return this.#pipeline
  }

  /** Takes the next part in. */
  part(part: CapturePart): void {
    switch (part.is) {
      case 'block':
        this.#block(part)
        return
      case 'damage':
        this.counts.damages++
        this.#options.log(`warning: ${part.bytes} bytes at ${part.at} are lost: ${part.why}`)
        return
      case 'end':
        this.whole = part.whole
    }
  }

  #block({ head, raw }: CapturePart & { readonly is: 'block' }): void {
    this.counts.blocks++
    const missing = head.recordsBefore - this.#recordsSeen
    if (missing > 0) {
      this.counts.missingRecords += missing
      this.#begin().passOver(missing)
    }
    this.#recordsSeen = Math.max(this.#recordsSeen, head.recordsBefore) + head.records
    const rest = eachEntry(raw, {
      onRecord: (offset, lengthBytes) => {
        if (head.records > 0) this.#record(offset, lengthBytes)
      },
      onNote: (text) => this.#note(text),
    })
    if (rest > 0) this.counts.lostNotes++
  }

  #record(offset: number, lengthBytes: number): void {
    const pipeline = this.#begin()
    const kind = lengthBytes < 6 ? 0 : this.#data.getUint16(offset + 4, true)
    if (this.#isSame[kind] === true) pipeline.onRecord(offset, lengthBytes)
    else this.#otherRecord(pipeline, kind, offset, lengthBytes)
    this.#answers.done()
  }

  #otherRecord(pipeline: Pipeline, kind: number, offset: number, lengthBytes: number): void {
    const plan = this.#conversion.byKind.get(kind)
    if (plan) {
      const room = this.#memory.subarray(captureLimits.blockBytesMax)
      const record = this.#memory.subarray(offset, offset + lengthBytes)
      pipeline.onRecord(captureLimits.blockBytesMax, convertRecord(plan, record, room))
    } else if (this.#isTheirs(kind)) this.counts.unknownRecords++
    else pipeline.onRecord(offset, lengthBytes)
  }

  /** Whether the capture names the kind: what nobody names is a bad record. */
  #isTheirs(kind: number): boolean {
    return this.#head.layouts.some((layout) => layout.kind === kind)
  }

  #note(text: string): void {
    const note = decodeNote(text)
    switch (note?.is) {
      case undefined:
        this.counts.lostNotes++
        return
      case 'gap':
        this.counts.lostNotes += note.entries
        return
      case 'answer':
        this.#answers.add(note)
        if (note.question === 'names') this.#pipeline?.forgetNames(String(note.about))
        return
      case 'told':
        if (note.told.told === 'resolved') {
          this.#resolved.set(note.told.name, new Set(note.told.addresses))
        }
        this.#begin().tell(note.told)
        this.#answers.done()
    }
  }

  /** Closes the books. */
  end(seconds: number): Replayed {
    const pipeline = this.#begin()
    // Harmless the second time; a capture that was cut has not told it.
    pipeline.tell({ told: 'end' })
    const { counters } = pipeline
    const unknown = [...this.#unresolved].filter((name) => !this.#resolved.has(name))
    if (unknown.length > 0) {
      this.#options.log(
        `the capture does not know the addresses of ${unknown.join(', ')}: no rule matched them`,
      )
    }
    return {
      head: this.#head,
      ...this.counts,
      events: counters.events - this.counts.missingRecords,
      badRecords: counters.badRecords,
      whole: this.whole,
      seconds,
    }
  }
}

/**
 * Replays a capture to its end.
 *
 * @throws CaptureError  nothing of it can be read
 */
export const replay = async (options: ReplayOptions): Promise<Replayed> => {
  const begin = performance.now()
  const memory = Buffer.alloc(captureLimits.blockBytesMax + captureLimits.recordBytesMax)
  const { head, parts } = readCapture(options.source, memory)
  const run = new Replay(options, head, memory)
  for (const part of parts) {
    if (options.signal?.aborted === true) break
    run.part(part)
    await nextTurn()
  }
  return run.end((performance.now() - begin) / 1000)
}
