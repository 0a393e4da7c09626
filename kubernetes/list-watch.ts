/**
 * One kind of objects of the API server, listed and then watched, for ever. The first list is what
 * the server has at hand, as the kubelet's; a watch that ends is resumed where it ended; one that
 * cannot be resumed (410, garbage) begins with a list again. A server that is away, silent, or lies
 * is counted, said once and now and again, and left alone for longer each time; what was known
 * stays.
 */
import type { Json } from '@bulwark/schema'
import { asObject, asText, parseJson } from '@bulwark/schema'
import type { OnPiece } from './answer-reader.ts'
import { limits } from './limits.ts'
import type { ApiClient, ChunkTaker } from './client.ts'
import { ApiFault } from './client.ts'
import type { Clock } from './clock.ts'
import { machineClock, sleep } from './clock.ts'
import { JsonItems } from './json-items.ts'
import type { Rest } from './known-lines.ts'
import { KnownLines } from './known-lines.ts'
import type { LineAt, MakeLineKeeper, Passage } from './line-keeper.ts'
import type { OnLine } from './lines.ts'
import { Lines } from './lines.ts'
import { namesForms, namesKind } from './names-only.ts'
import type { ReadAgain, ReadObject } from './read-object.ts'
import { isOlder } from './version.ts'

/** What is counted of the API server. */
export type ApiPlace =
  | 'apiFaults'
  | 'apiStalls'
  | 'apiRelists'
  | 'apiBackInTime'
  | 'apiBadObjects'
  | 'apiFlaws'
  | 'apiOverflows'

/** Milliseconds; those of `limits` when not said. */
export interface ListWatchTimes {
  readonly pauseMin: number
  readonly pauseMax: number
  readonly watchSound: number
  readonly watchSilent: number
  readonly listSilent: number
  /** After an answer that the resource is not there. */
  readonly absent: number
  /** How long a list holds, while its watch goes on: see `limits`. */
  readonly relist: number
}

export const ownListWatchTimes: ListWatchTimes = {
  pauseMin: limits.apiPauseMsMin,
  pauseMax: limits.apiPauseMsMax,
  watchSound: limits.apiWatchSoundMs,
  watchSilent: limits.apiWatchSilentMsMax,
  listSilent: limits.apiListSilentMsMax,
  absent: limits.apiAbsentMs,
  relist: limits.apiRelistMs,
}

export interface ListWatchOptions<Value> {
  readonly client: ApiClient
  /** For people: `pods`. */
  readonly what: string
  readonly path: string
  /** Beside those of lists and watches. */
  readonly query: Readonly<Record<string, string>>
  readonly kind: string
  readonly apiVersion: string
  /** Names, labels and annotations are asked for, and nothing else is taken. */
  readonly namesOnly?: boolean
  /** What a server that answers 404 lacks, in words. `undefined`: what all have. */
  readonly absent?: string
  /** What a role must name for it to be asked for: `pods`. */
  readonly resource: string
  /** Where people read which rights are needed. */
  readonly rightsIn?: string
  /** Objects that are kept of one list. */
  readonly valuesMax: number
  /** How long a value is, characters, and how long those of one list may be together. */
  readonly charsOf?: (value: Value) => number
  readonly charsMax?: number
  readonly read: ReadObject<Value>
  /**
   * Told of each value of a list as it comes; what it gives back is kept until the list is at its
   * end. Where it is not given, that is the value.
   */
  readonly listing?: (value: Value) => Value
  /** All that there are now. */
  readonly listed: (values: readonly Value[]) => void
  /** Lines that say nothing new are not read: `read` looks at nothing of what `KnownLines` passes
   * over, nor of these. */
  readonly repeats?: readonly Passage[]
  /** With `repeats`: where the spec is as it was, that is not read again, nor what else is. */
  readonly readAgain?: ReadAgain<Value>
  /** With `repeats`: how lines are kept; in plain JavaScript when not said. */
  readonly keeper?: MakeLineKeeper
  /** Returns whether it is known from now on: there was room for it. */
  readonly changed: (value: Value) => boolean
  readonly gone: (value: Value) => void
  /** It is not to be had for now: refused (403), or not there (404). Called again each time. */
  readonly refused?: (status: number) => void
  readonly count: (place: ApiPlace) => void
  readonly log: (line: string) => void
  /** From 0 to 1, below 1. */
  readonly random: () => number
  readonly clock?: Clock
  readonly times?: ListWatchTimes
}

/** The watch, or the list, cannot go on from where it is asked to. */
const goneStatus = 410
/** Who asks has not the right to; what is asked for is not there. */
const forbiddenStatus = 403
const absentStatus = 404
/** The server is not as far yet as the version that was asked for. */
const notYetStatus = 504

/** What a list asks for: `0` for what the server has at hand, nothing for the newest there is. */
const anyVersion = '0'
const newestVersion = ''

/** The watch cannot be resumed where it was. Never leaves this file. */
class Expired extends ApiFault {}
/**
 * A watch that brought nothing: from a version that the server has not reached, as after a restored
 * backup, it may be silent for ever; where no cache is, it may end at once when the version is too
 * old. Never leaves this file.
 */
class Ended extends ApiFault {}
/** What came is not what an API server says. Never leaves this file. */
class Garbage extends ApiFault {}

export class ListWatch<Value> {
  readonly #options: ListWatchOptions<Value>
  readonly #times: ListWatchTimes
  readonly #clock: Clock
  readonly #stop = new AbortController()
  readonly #said = new Set<string>()
  #lines: KnownLines<Value> | undefined
  /** Where the watch goes on; `undefined`: after a list. */
  #version: string | undefined
  /** The last that was seen. */
  #newest = anyVersion
  #listFrom = anyVersion
  /** From when on a watch that has ended is not resumed. */
  #listAgainMs = 0
  #pauseMs: number
  /** When the server last said something that was understood; `undefined`: not yet. */
  #heardMs: number | undefined
  #isDown = false
  /** Since it is away: what was said of it, and when last. */
  readonly #saidFaults = new Set<string>()
  #saidMs = 0
  /** The watch has brought something. */
  #hasBrought = false

  constructor(options: ListWatchOptions<Value>) {
    this.#options = options
    this.#times = options.times ?? ownListWatchTimes
    this.#clock = options.clock ?? machineClock
    this.#pauseMs = this.#times.pauseMin
    const { repeats: repeated, keeper } = options
    const bytesMax = limits.apiLinesKeptBytesMax
    if (repeated) this.#lines = new KnownLines({ bytesMax, repeated, keeper })
  }

  /**
   * How long ago the server said something, milliseconds: what is known is no older. A quiet server
   * says something each minute. `undefined`: it has not listed yet.
   */
  get ageMs(): number | undefined {
    if (this.#heardMs === undefined) return undefined
    const ageMs = this.#clock.now() - this.#heardMs
    return Math.min(ageMs, this.#lines?.passedAgoMs ?? ageMs)
  }

  /** Lists and watches until it is stopped. Never rejects. */
  async run(): Promise<void> {
    while (!this.#isStopped()) {
      try {
        if (this.#clock.now() >= this.#listAgainMs) this.#version = undefined
        if (this.#version === undefined) await this.#list()
        else await this.#watch(this.#version)
      } catch (error) {
        if (!this.#isStopped()) await this.#leaveAlone(error)
      }
    }
    this.#lines?.close()
    this.#lines = undefined
  }

  stop(): void {
    this.#stop.abort()
  }

  /** Also changes while something is awaited, which the compiler does not expect. */
  #isStopped(): boolean {
    return this.#stop.signal.aborted
  }

  /** What its objects say that they are. */
  get #type(): { readonly kind: string; readonly apiVersion: string } {
    return this.#options.namesOnly === true ? namesKind : this.#options
  }

  async #leaveAlone(error: unknown): Promise<void> {
    const { count, log, what } = this.#options
    const fault = error instanceof ApiFault ? error : new ApiFault(String(error))
    const isList = this.#version === undefined
    if (fault.status === absentStatus || fault.status === forbiddenStatus) {
      this.#options.refused?.(fault.status)
      if (this.#isStopped()) return
    }
    if (fault.status === absentStatus && this.#options.absent !== undefined) {
      return await this.#waitForIt(this.#options.absent)
    }
    const isMute = !isList && (fault.stalled || fault instanceof Ended)
    if (fault instanceof Expired || fault instanceof Garbage || isMute) {
      this.#version = undefined
      this.#listFrom = isList ? newestVersion : this.#newest
      count('apiRelists')
    } else if (isList && fault.status === notYetStatus) this.#listFrom = newestVersion
    if (fault instanceof Expired) log(`${what}: listed again: ${fault.message}`)
    else this.#fault(fault, isList ? 'list' : 'watch')
    const pauseMs = Math.max(this.#withChance(this.#pauseMs), fault.pauseMs)
    this.#pauseMs = Math.min(this.#pauseMs * 2, this.#times.pauseMax)
    await this.#sleep(pauseMs)
  }

  /** The server does not know the resource: that is no fault, and may change. */
  async #waitForIt(absent: string): Promise<void> {
    this.#version = undefined
    this.#listFrom = newestVersion
    this.#sayDown(absent)
    await this.#sleep(this.#withChance(this.#times.absent))
  }

  #fault(fault: ApiFault, verb: string): void {
    const { count, resource, rightsIn = 'docs/kubernetes.md' } = this.#options
    count(fault.stalled ? 'apiStalls' : 'apiFaults')
    const right = `; the right to ${verb} ${resource} is missing: see ${rightsIn}`
    this.#sayDown(fault.message + (fault.status === forbiddenStatus ? right : ''))
  }

  /** Says why nothing is heard: the first time, and again after a while. */
  #sayDown(message: string): void {
    const { log, what, client } = this.#options
    const now = this.#clock.now()
    if (now - this.#saidMs >= limits.apiSayMs) this.#saidFaults.clear()
    this.#isDown = true
    const isSaid = this.#saidFaults.has(message)
    if (isSaid || this.#saidFaults.size >= limits.apiSaidMax) return
    this.#saidFaults.add(message)
    this.#saidMs = now
    const age = this.ageMs
    const known = age === undefined ? 'none are known yet' : `they are as ${ageText(age)} ago`
    log(`${what} of ${client.place}: ${message}; ${known}`)
  }

  #heard(): void {
    const age = this.#isDown ? this.ageMs : undefined
    this.#heardMs = this.#clock.now()
    if (!this.#isDown) return
    const { log, what, client } = this.#options
    this.#isDown = false
    this.#saidFaults.clear()
    const after = age === undefined ? '' : ` after ${ageText(age)}`
    log(`${what} of ${client.place}: it answers again${after}`)
  }

  /** Not all nodes at once. */
  #withChance(ms: number): number {
    return ms * (1 + this.#options.random())
  }

  async #sleep(ms: number): Promise<void> {
    await sleep(this.#clock, ms, this.#stop.signal)
  }

  #pathOf(query: Readonly<Record<string, string>>): string {
    const all = new URLSearchParams({ ...this.#options.query, ...query })
    return `${this.#options.path}?${all.toString()}`
  }

  async #list(): Promise<void> {
    const { listed, log, what, count } = this.#options
    const values = new Values<Value>(this.#options)
    let page: Page = await this.#page(this.#listFrom, '', values)
    const { version } = page
    for (let pages = 1; page.more !== ''; pages++) {
      if (pages === limits.apiPagesMax) throw new Garbage('the list has no end')
      page = await this.#page(newestVersion, page.more, values)
    }
    if (isOlder(version, this.#newest)) {
      count('apiBackInTime')
      log(`${what}: the API server went back in time, from ${this.#newest} to ${version}`)
    }
    this.#heard()
    this.#listAgainMs = this.#clock.now() + this.#withChance(this.#times.relist)
    this.#lines?.clear()
    this.#lines?.seeVersion(version)
    this.#setVersion(version)
    listed(values.all)
  }

  /** A page of the list; what goes on from it has no version of its own. */
  async #page(version: string, more: string, values: Values<Value>): Promise<Page> {
    const { client, count, listing = same, namesOnly = false } = this.#options
    const items = new JsonItems(limits.apiObjectBytesMax, (text) => {
      const value = this.#readText(text)
      if (value === undefined) return
      if (!values.take(value, listing)) count('apiOverflows')
    })
    // With a limit, a version means that one and no newer: a history that is gone already.
    const isPaged = version === anyVersion || version === newestVersion
    const path = this.#pathOf({
      ...(isPaged ? { limit: String(limits.apiPageMax) } : {}),
      ...(more === '' ? {} : { continue: more }),
      ...(version === '' ? {} : { resourceVersion: version }),
    })
    const { listSilent } = this.#times
    const times = { headMsMax: listSilent, silentMsMax: listSilent, msMax: limits.apiListMsMax }
    try {
      const form = namesOnly ? { accept: namesForms.list } : {}
      const { signal } = this.#stop
      const feed = (bytes: Buffer): void => items.feed(bytes)
      // What there is of a node fits into one page. Others share connections.
      if (more !== '') await client.get(path, times, feed, signal, form)
      else await client.getAlone(path, times, piecewise(feed), signal, form)
    } catch (error) {
      throw error instanceof ApiFault && error.status === goneStatus
        ? new Expired(error.message)
        : error
    }
    const list = asObject(parseJson(items.envelope ?? ''))
    const metadata = asObject(list?.['metadata'])
    const listVersion = asText(metadata?.['resourceVersion'])
    const kind = `${this.#type.kind}List`
    if (list?.['kind'] !== kind || listVersion === undefined) {
      throw new Garbage(`the answer is no ${kind}`)
    }
    return { version: listVersion, more: asText(metadata?.['continue']) ?? '' }
  }

  async #watch(version: string): Promise<void> {
    const { client, random, namesOnly = false } = this.#options
    const seconds = Math.ceil(limits.apiWatchSeconds * (1 + random()))
    const path = this.#pathOf({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: version,
      timeoutSeconds: String(seconds),
    })
    const lines = new Lines(limits.apiObjectBytesMax, this.#take)
    const times = {
      headMsMax: this.#times.listSilent,
      silentMsMax: this.#times.watchSilent,
      msMax: seconds * 1000 + limits.apiWatchOverMsMax,
    }
    const begunMs = this.#clock.now()
    this.#hasBrought = false
    try {
      const form = namesOnly ? { accept: namesForms.watch } : {}
      const chunks = this.#lines && this.#chunkTaker(lines, this.#lines)
      await client.getAlone(path, times, lines.feed, this.#stop.signal, { ...form, chunks })
      lines.end()
    } catch (error) {
      throw error instanceof ApiFault && error.status === goneStatus
        ? new Expired(error.message)
        : error
    } finally {
      this.#catchUp()
      if (this.#isSound(this.#clock.now() - begunMs)) this.#pauseMs = this.#times.pauseMin
    }
    const lastedMs = this.#clock.now() - begunMs
    if (!this.#isSound(lastedMs)) throw new Ended('the watch ended at once')
    // Others that are ended as soon as they have brought something follow in good time.
    if (lastedMs < this.#times.watchSound) await this.#sleep(this.#withChance(this.#pauseMs))
  }

  /** A server that ends each watch at once has failed; one that brought something has not. */
  #isSound(lastedMs: number): boolean {
    return this.#hasBrought || lastedMs >= this.#times.watchSound
  }

  /**
   * Takes chunks that are lines which say nothing new. Ten a second come to a node, each when the
   * caches of its processor are cold: all else that such a line means waits for `#catchUp`.
   */
  #chunkTaker(lines: Lines, known: KnownLines<Value>): ChunkTaker {
    return {
      gate: (bytes) => known.chunkGate(bytes),
      onLine: (line) => this.#takeOther(line),
      isReady: () => this.#hasBrought && lines.isAtBegin,
      agoMs: () => this.ageMs,
    }
  }

  /** Goes to the version of the lines that passed. */
  #catchUp(): void {
    const newest = this.#lines?.newest ?? ''
    if (newest !== '' && newest !== this.#newest) this.#setVersion(newest)
  }

  /** A line of the watch. */
  readonly #take: OnLine = (bytes, from, to) => {
    if (bytes === undefined) {
      this.#flaw(`an object of more than ${limits.apiObjectBytesMax} bytes`)
      this.#options.count('apiBadObjects')
      return
    }
    if (this.#lines?.passes(bytes, from, to) === true) {
      this.#heard()
      this.#hasBrought = true
    } else this.#takeOther(this.#lines?.at(bytes, from, to) ?? { bytes, from, to, key: 0 })
  }

  /** A line that did not pass. */
  #takeOther(line: LineAt): void {
    const { readAgain } = this.#options
    const rest = readAgain && this.#lines?.takeRest(line)
    if (rest && this.#takeRest(rest, readAgain, line)) return
    const { bytes, from, to } = line
    const event = asObject(parseJson(bytes.toString('utf8', from, to)))
    const object = asObject(event?.['object'])
    if (!event || !object) throw new Garbage('a line of the watch is no event')
    const type = event['type']
    if (type === 'ERROR') throw statusFault(object)
    if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED' && type !== 'BOOKMARK') {
      throw new Garbage(`an event of the watch has the type ${shown(type)}`)
    }
    this.#heard()
    this.#hasBrought = true
    if (type !== 'BOOKMARK') {
      this.#keep(line, this.#change(object, type === 'DELETED'))
    }
    this.#moveTo(asText(asObject(object['metadata'])?.['resourceVersion']))
  }

  /** Takes what is new in a line; returns whether that is what it seems to be, and sound: what is
   * wrong with an object is told of all of it. */
  #takeRest(rest: Rest<Value>, readAgain: ReadAgain<Value>, line: LineAt): boolean {
    if (rest.isBack) this.#wentBack(this.#lines?.newest)
    const object = asObject(parseJson(rest.text))
    if (!object || object['spec'] !== undefined) return false
    let isSound = true
    const value = readAgain(object, rest.before, rest.lacks, () => (isSound = false))
    if (!isSound || value === undefined) return false
    this.#heard()
    this.#hasBrought = true
    if (this.#options.changed(value)) this.#lines?.know(line, value)
    else this.#lines?.forget(line)
    return true
  }

  /** A line was read: what it says, or that there is nothing to be known of its object. */
  #keep(line: LineAt, value: Value | undefined): void {
    if (value === undefined) this.#lines?.forget(line)
    else this.#lines?.keep(line, value)
  }

  /** Returns what of the object is known from now on. */
  #change(object: Json, isGone: boolean): Value | undefined {
    const { changed, gone, count } = this.#options
    const { kind, apiVersion } = this.#type
    if (object['kind'] !== kind || object['apiVersion'] !== apiVersion) {
      this.#flaw(`an object is ${shown(object['apiVersion'])} ${shown(object['kind'])}`)
      count('apiBadObjects')
      return undefined
    }
    const value = this.#read(object)
    if (value === undefined) return undefined
    if (!isGone) return changed(value) ? value : undefined
    gone(value)
    return undefined
  }

  #moveTo(version: string | undefined): void {
    if (version === undefined) return
    // Lines that passed have moved on from `#newest`.
    const isBack = this.#lines ? this.#lines.seeVersion(version) : isOlder(version, this.#newest)
    if (isBack) this.#wentBack(version)
    this.#setVersion(version)
  }

  #wentBack(version: string | undefined): void {
    this.#options.count('apiBackInTime')
    this.#say(`the API server went back in time, to ${shown(version)}`)
  }

  #setVersion(version: string): void {
    this.#newest = version
    this.#version = version
    this.#listFrom = version
  }

  #readText(text: string | undefined): Value | undefined {
    const object = text === undefined ? undefined : asObject(parseJson(text))
    if (object && !Array.isArray(object)) return this.#read(object)
    this.#options.count('apiBadObjects')
    this.#flaw(`an item of the list is none, or has more than ${limits.apiObjectBytesMax} bytes`)
    return undefined
  }

  #read(object: Json): Value | undefined {
    const { read, count } = this.#options
    const metadata = asObject(object['metadata'])
    const onFlaw = (flaw: string): void => {
      count('apiFlaws')
      this.#flaw(
        `${flaw} (first in ${shown(metadata?.['namespace'])} ${shown(metadata?.['name'])})`,
        flaw,
      )
    }
    const value = read(object, onFlaw)
    if (value === undefined) count('apiBadObjects')
    return value
  }

  /** Says what is wrong with an object, the first time. */
  #flaw(text: string, about = text): void {
    if (this.#said.has(about) || this.#said.size >= limits.apiSaidMax) return
    this.#said.add(about)
    this.#say(text)
  }

  #say(text: string): void {
    this.#options.log(`${this.#options.what}: ${text}`)
  }
}

const same = <Value>(value: Value): Value => value

/** The values of one list, as far as there is room. */
class Values<Value> {
  readonly all: Value[] = []
  readonly #bounds: Pick<ListWatchOptions<Value>, 'valuesMax' | 'charsOf' | 'charsMax'>
  #chars = 0

  constructor(bounds: Pick<ListWatchOptions<Value>, 'valuesMax' | 'charsOf' | 'charsMax'>) {
    this.#bounds = bounds
  }

  /** Whether there was room; if so, it is told, and what that gives back is kept. */
  take(value: Value, listing: (value: Value) => Value): boolean {
    const { valuesMax, charsOf, charsMax = Infinity } = this.#bounds
    const chars = charsOf?.(value) ?? 0
    if (this.all.length >= valuesMax || this.#chars + chars > charsMax) return false
    this.all.push(listing(value))
    this.#chars += chars
    return true
  }
}

const piecewise =
  (feed: (bytes: Buffer) => void): OnPiece =>
  (bytes, from, to) =>
    feed(bytes.subarray(from, to))

/** What a page of a list says of itself. */
interface Page {
  readonly version: string
  /** Where it goes on; empty at the end. */
  readonly more: string
}

/** An ERROR of a watch: its object is a Status. */
const statusFault = (status: Json): ApiFault => {
  const message = (asText(status['message']) ?? 'no reason').slice(0, limits.apiMessageCharsMax)
  if (status['code'] === goneStatus) return new Expired(message)
  return new ApiFault(`the watch ended with an error: ${message}`)
}

/** A stranger's text in a line for people. */
const shown = (value: unknown): string =>
  (JSON.stringify(value) ?? 'nothing').slice(0, limits.apiMessageCharsMax)

const ageText = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
