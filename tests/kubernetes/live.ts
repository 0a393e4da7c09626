/** A cluster that is watched on the lab's API server, by a clock that a test lets run. */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ApiAccess, ApiPlace } from '@bulwark/kubernetes'
import { ClusterInput, LiveCluster, askedTypes } from '@bulwark/server'
import { policyGroup } from '@bulwark/schema'
import type { NewObject, Resource } from '@bulwark/tools'
import { ApiServer } from '@bulwark/tools'
import { accessTo } from './heard.ts'
import { VirtualClock } from './virtual-clock.ts'

type Json = Readonly<Record<string, unknown>>
type Options = NonNullable<Parameters<typeof ApiServer.start>[0]>

/** As their definitions name them; Gatekeeper names its own like the kind. */
const pluralOf = (kind: string): string => {
  const word = kind.toLowerCase()
  if (word.startsWith('k8spsp') || word === 'endpoints') return word
  if (word.endsWith('s')) return `${word}es`
  return /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`
}

/** Groups that every API server has by itself. */
const ownGroups = /^(?:|apps|batch|.*\.k8s\.io)$/
const customGroups = /^(?:gateway\.networking|policy\.networking)\.k8s\.io$/

/** Every kind that is read, as API servers have it that know all of them. */
export const allResources: readonly Resource[] = askedTypes
  .filter(({ group, kind }) => group !== '' || (kind !== 'Pod' && kind !== 'Namespace'))
  .map(({ group, versions: [version = ''], kind, isNamespaced }) => ({
    name: pluralOf(kind),
    group,
    apiVersion: group === '' ? version : `${group}/${version}`,
    kind,
    singular: kind.toLowerCase(),
    shortNames: [],
    namespaced: isNamespaced,
    isCustom: !ownGroups.test(group) || customGroups.test(group),
  }))

/** The resource of an object. */
export const resourceOf = (server: ApiServer, { apiVersion, kind }: Json): Resource => {
  const found = server.resources.find(
    (each) => each.apiVersion === apiVersion && each.kind === kind,
  )
  assert.ok(found, `${String(apiVersion)} ${String(kind)}`)
  return found
}

/** The objects of the sample cluster, and reports about its images. */
export const shopObjects: readonly NewObject[] = (() => {
  const folder = join(import.meta.dirname, '../clusters/shop')
  const lists = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as { items?: NewObject[] })
  return lists.flatMap(({ items = [] }) => items)
})()

/** JSON also of what JSON has not. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`
    return part instanceof Map || part instanceof Set ? [...(part as Iterable<unknown>)] : part
  })

/** What is known, each object as a text: two clusters are the same where these are. */
export const factsOf = (input: ClusterInput): readonly string[] => {
  const { cluster, cves } = input
  const facts = askedTypes.flatMap(({ group, versions: [version = ''], kind }) => {
    const apiVersion = group === '' ? version : `${group}/${version}`
    return `${kind} ${group}: ${input.count({ apiVersion, kind })}`
  })
  const objects = [...cluster.objects.kinds()].flatMap((kind) =>
    [...cluster.objects.all(kind)].map((object) => `${kind} ${textOf(object)}`),
  )
  const faults = cluster.diagnostics.faults().map((fault) => JSON.stringify(fault))
  return [...facts, ...objects.sort(), ...faults, JSON.stringify(cves.counts), ...input.unmatched]
}

/** The same, of a fresh list of all that a server has. */
export const storedFacts = (server: ApiServer): readonly string[] => {
  const input = new ClusterInput(32)
  for (const resource of server.resources.filter(({ group }) => group !== policyGroup)) {
    for (const object of server.listOf(resource)) {
      const { apiVersion, kind, metadata } = object
      const isNames = kind === 'Secret' || kind === 'ConfigMap'
      input.take({ file: '', item: '' }, isNames ? { apiVersion, kind, metadata } : object)
    }
  }
  return factsOf(input)
}

const untilMsMax = 30_000

/**
 * How much time passes in a turn of the event loop: little while requests are under way, which take
 * some turns, so that none seems to be slow; much when nothing has been asked for so many turns.
 */
const busyMsPerTurn = 50
const calmMsPerTurn = 1_000
const calmTurns = 25
/** How often a server says how far it is. */
const bookmarkMs = 60_000

export class Live {
  readonly clock: VirtualClock
  readonly log: string[] = []
  readonly server: ApiServer
  readonly cluster: LiveCluster

  #asked = 0
  #calmTurns = 0
  #bookmarkedMs = 0

  private constructor(
    server: ApiServer,
    clock: VirtualClock,
    access: ApiAccess,
    random: () => number,
  ) {
    this.server = server
    this.clock = clock
    this.cluster = new LiveCluster({
      access,
      clock,
      random,
      log: (line) => this.log.push(line),
    })
  }

  /** A server with the sample cluster, if nothing else is said, and what watches it. */
  static async start(
    t: TestContext | undefined,
    {
      objects = shopObjects,
      access = {},
      random = () => 0.5,
      ...options
    }: Options & {
      readonly objects?: readonly NewObject[]
      readonly access?: Partial<ApiAccess>
      readonly random?: () => number
    } = {},
  ): Promise<Live> {
    const clock = new VirtualClock()
    const own = { resources: allResources, after: clock.after }
    const server = await ApiServer.start({ ...own, ...options })
    for (const object of objects) server.put(resourceOf(server, object), object)
    const live = new Live(server, clock, accessTo(server, access), random)
    t?.after(() => live.stop())
    return live
  }

  async stop(): Promise<void> {
    this.cluster.stop()
    await this.server.stop()
  }

  count(place: ApiPlace): number {
    return this.cluster.counts.get(place) ?? 0
  }

  /** What is said of a kind now. */
  kind(name: string): ReturnType<LiveCluster['kinds']['at']> {
    return this.cluster.kinds.find(({ path }) => path.endsWith(`/${name}`))
  }

  /** One turn of the event loop, in which some time passes. */
  async turn(): Promise<void> {
    await nextTurn()
    const { length } = this.server.asked
    if (this.clock.now() - this.#bookmarkedMs >= bookmarkMs) {
      this.#bookmarkedMs = this.clock.now()
      this.server.watches.bookmark()
    }
    this.#calmTurns = length === this.#asked ? this.#calmTurns + 1 : 0
    this.#asked = length
    this.clock.pass(this.#calmTurns < calmTurns ? busyMsPerTurn : calmMsPerTurn)
  }

  /** Lets time pass until something holds. */
  async until(what: string, holds: () => boolean): Promise<void> {
    for (const end = Date.now() + untilMsMax; !holds();) {
      if (Date.now() > end) assert.fail(`${what}: not in time\n${this.log.join('\n')}`)
      await this.turn()
    }
  }

  /** Lets time pass until there are sources. */
  async untilListed(): Promise<void> {
    await this.until('it is listed', () => this.cluster.sources !== undefined)
  }

  /** Lets time pass until what is known is what the server has. */
  async untilSame(): Promise<void> {
    const expected = storedFacts(this.server).join('\n')
    const known = (): string => factsOf(this.cluster.known).join('\n')
    try {
      await this.until('what is known is what there is', () => known() === expected)
    } catch (error) {
      assert.equal(known(), expected, String(error))
    }
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    for (const end = this.clock.now() + ms; this.clock.now() < end;) await this.turn()
  }
}
