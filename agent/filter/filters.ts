/**
 * The filters in the kernel: for each kind of record, a program made from the rules that drops what
 * none of them can match. They are loaded and verified beside what runs, and change from one set to
 * none and to another by slots of prog arrays: so no record is dropped by a filter of rules that do
 * not judge it. A filter that the kernel refuses leaves its kind unfiltered, which is said.
 *
 * Where rules ask for the ancestors of a process, a kind has two: the first looks at the record
 * alone, and what it lets through goes to the second by way of a program that asks for them.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { CGROUP_IS_CONTAINER, CGROUP_IS_HOST, LOST_KINDS_MAX, eventKinds } from '@bulwark/schema'
import type { BpfMap, NativeError, RawProgram } from '@bulwark/native'
import { isNativeError, possibleCpus } from '@bulwark/native'
import type {
  FilterPlan,
  FilterProgram,
  FilterTarget,
  KernelFacts,
  ProgramLimits,
  Rule,
} from '@bulwark/policy'
import {
  FilterGenerator,
  asksLateFacts,
  firstLook,
  maySaveFacts,
  needsSecondLook,
  plansByKind,
  programLimits,
} from '@bulwark/policy'
import type { CgroupId, CgroupState } from '../container/cgroup-index.ts'
import { CgroupNumbers, makeCgroupWords } from '../container/cgroup-numbers.ts'
import { rootCgroup, unifiedNumber } from '../container/cgroups.ts'
import type { Container } from '../container/container.ts'
import { activeRules } from '../engine.ts'
import { askingRules, effectsOf, withEffects } from './filter-effects.ts'
import { FilterNames } from './filter-names.ts'
import type { LoadedParts, PartMaps } from './filter-parts.ts'
import { loadPartsAside, makePartMaps } from './filter-parts.ts'
import type { FilterBase, FilterPlace } from './filter-places.ts'
import { exitSlots, secondLook } from './filter-places.ts'
import { lacksRoom } from './filter-waits.ts'
import { Scopes } from '../container/scopes.ts'
import { license } from '../sensor/stub.ts'
import type { Containers, KnownClasses } from '../container/told-classes.ts'
import { ToldClasses, knownClasses, toldClassesOf } from '../container/told-classes.ts'
import { inTurns } from '../turns.ts'

/** Stands for any v1 hierarchy. */
const oldNumber = unifiedNumber + 1
/** The slot of `filtered` that is no kind. */
const failedIndex = 0
/** Lines of the verifier that are worth a look. */
const verifierLines = 6

/** Which of the looks at a record, and whether another one follows. */
type Look = 'only' | 'first' | 'second'

/** A filter that is loaded. */
interface LoadedFilter {
  readonly place: FilterPlace
  readonly kind: number
  readonly look: Look
  readonly program: RawProgram
  /** Its records may come without what filters ask seldom. */
  readonly takesShort: boolean
}

/** Programs, and the maps that they look into. */
interface Loaded {
  readonly filters: readonly LoadedFilter[]
  readonly maps: readonly BpfMap[]
}

/** The filter of a kind, before it is loaded. */
interface MadeFilter {
  readonly kind: number
  readonly plan: FilterPlan
  readonly places: readonly FilterPlace[]
  readonly looks: readonly (readonly [Look, FilterProgram])[]
}

/** Filters that are being loaded. */
interface Loading extends Loaded {
  readonly filters: LoadedFilter[]
  readonly maps: BpfMap[]
  readonly states: FilterState[]
}

/** Filters that are loaded and verified, for `install` or `discard`. */
export interface PreparedFilters extends Loaded {
  readonly states: readonly FilterState[]
  /** Those that they are made of. */
  readonly rules: readonly Rule[]
  /** The classes of scopes that they know; `undefined`: of no rules. */
  readonly known: KnownClasses | undefined
  /** The names that they know, as `FilterNames.stamp` has them. */
  readonly names: string | undefined
}

/** What became of the filter of one kind. */
export interface FilterState {
  readonly kind: number
  /** By the name of its kind. */
  readonly name: string
  readonly instructions: number
  /** Programs that it is: one for each look, and more where one look is too large for one. */
  readonly programs: number
  /** Why its records are not filtered: what the kernel says. */
  readonly refused?: string
  /** There may be room for it another time. */
  readonly lacksRoom?: boolean
  /** What of the plan was given up, so that the program is not too large. */
  readonly weakened: readonly string[]
  /** A second filter drops by the ancestors of the process what the first lets through. */
  readonly looksTwice: boolean
}

/** What the kernel says of a filter that it refuses. */
type Refusal = Required<Pick<FilterState, 'refused' | 'lacksRoom'>>

/** How many filters there may be room for another time. */
export const lackingRoom = (states: readonly FilterState[]): number =>
  states.filter((state) => state.lacksRoom).length

/** What filters did with records, since the sensor was loaded. */
export interface FilterCounts {
  /** By the name of their kind. */
  readonly dropped: ReadonlyMap<string, number>
}

const none: PreparedFilters = {
  filters: [],
  maps: [],
  states: [],
  rules: [],
  known: undefined,
  names: undefined,
}

/** Where the kernel refuses programs that should fit, it is asked once more, with such ones. */
const smallerLimits: ProgramLimits = {
  instructions: programLimits.instructions / 4,
  branches: programLimits.branches / 4,
}

const noContainers: Containers = { cgroups: () => [], expected: () => [] }
/** Containers whose classes are found in one go: 1,000 policies are asked of each. */
const classesAtOnce = 8

export const kindName = (kind: number): string =>
  eventKinds.find((each) => each.kind === kind)?.name ?? `kind ${kind}`

const closeAll = ({ filters, maps }: Loaded): void => {
  for (const { program } of filters) program.close()
  for (const map of maps) map.close()
}

const stateOf = ({ kind, looks }: MadeFilter): FilterState => ({
  kind,
  name: kindName(kind),
  instructions: looks.reduce((sum, [, { instructionCount }]) => sum + instructionCount, 0),
  programs: looks.reduce((sum, [, { parts }]) => sum + parts.length, 0),
  weakened: [...new Set(looks.flatMap(([, { weakened }]) => weakened))],
  looksTwice: looks.length > 1,
})

const slotOf = (kind: number, look: Look): number => (look === 'second' ? secondLook : 0) + kind

/** What filters work with, beside what the kernel has. */
export interface FilterOptions {
  readonly log: (line: string) => void
  /** None when not said. */
  readonly containers?: Containers
  /** A container is, or will be, in scopes together that none was in when the filters were made:
   * those made next can decide its events. */
  readonly onNewClass?: () => void
  /** Those of the machine's users, and of no hosts, when not said. */
  readonly names?: FilterNames
  /** What programs may have at first; what the kernel takes when not said. */
  readonly limits?: ProgramLimits
}

export class KernelFilters {
  readonly #base: FilterBase
  readonly #facts: KernelFacts
  readonly #log: (line: string) => void
  readonly #containers: Containers
  readonly #classes: ToldClasses
  readonly #names: FilterNames
  readonly #words = makeCgroupWords()
  readonly #unified: CgroupNumbers
  readonly #old: CgroupNumbers
  readonly #limits: ProgramLimits
  #installed: PreparedFilters = none
  #cgroupsFull = 0
  #closed = false
  #lastCounts: FilterCounts | undefined

  /** @param facts  `tellsCgroups`: `tellCgroup` is called for each cgroup that there is */
  constructor(base: FilterBase, facts: KernelFacts, options: FilterOptions) {
    this.#base = base
    this.#facts = facts
    this.#log = options.log
    this.#containers = options.containers ?? noContainers
    this.#classes = new ToldClasses(options.onNewClass ?? ((): void => {}))
    this.#names = options.names ?? new FilterNames()
    this.#limits = options.limits ?? programLimits
    this.#unified = new CgroupNumbers(base.cgroups, this.#words)
    this.#old = new CgroupNumbers(base.oldCgroups)
    // Of every hierarchy, whether a mount shows it or not.
    for (const hierarchy of [unifiedNumber, oldNumber])
      this.tellCgroup(hierarchy, rootCgroup, 'host')
  }

  /** What became of the filters that are in place. */
  get states(): readonly FilterState[] {
    return this.#installed.states
  }

  /** The rules whose filters are in place. */
  get rules(): readonly Rule[] {
    return this.#installed.rules
  }

  /**
   * Whether filters, those that are in place when not said, know the names that the agent does.
   *
   * @param hostNames  see `FilterNames.stamp`
   */
  knowNames({ names } = this.#installed, hostNames?: string): boolean {
    return names === undefined || names === this.#names.stamp(hostNames)
  }

  /** Cgroups that found no room in the kernel's map: filters let their records through. */
  get cgroupsUntold(): number {
    return this.#cgroupsFull
  }

  /**
   * Loads filters beside those that run, a kind at a time, so that the ring is emptied meanwhile.
   * Never throws for what the kernel refuses: see `states`. Ends early once it is closed.
   *
   * @param rules   those that cannot run are passed over
   * @param scopes  theirs, where they run already, or will
   * @param say     takes lines about what the kernel refuses
   */
  async prepare(
    rules: readonly Rule[],
    places: readonly FilterPlace[],
    scopes = new Scopes(activeRules(rules)),
    say = this.#log,
  ): Promise<PreparedFilters> {
    const active = activeRules(rules)
    const known = await this.#knownClasses(scopes)
    if (!known) return none
    // Before they are read: what changes meanwhile is seen as a change after it.
    const names = this.#names.stamp()
    const facts = {
      ...this.#facts,
      ...this.#names.facts(),
      scopeClasses: toldClassesOf(known),
    }
    const isThere = (kind: number): boolean => places.some(({ kinds }) => kinds?.has(kind) ?? true)
    const plans = plansByKind([...active, ...askingRules(active)], facts, isThere)
    const effects = effectsOf(active)
    const loading: Loading = { filters: [], maps: [], states: [] }
    const loaded = { ...loading, rules: active, known, names }
    // The verifier works on one kind while the next one is made.
    let last: Promise<void> = Promise.resolve()
    try {
      for (;;) {
        await nextTurn()
        const next = this.#closed ? undefined : plans.next()
        if (!next || next.done === true) break
        if (!next.value) continue
        const [kind, own] = next.value
        const made = await this.#make(kind, withEffects(kind, own, effects), places)
        await last
        if (made) last = this.#loadKind(made, loading, say)
        // It is waited for below.
        last.catch(() => {})
      }
      await last
    } catch (error) {
      await last.catch(() => {})
      closeAll(loaded)
      throw error
    }
    return loaded
  }

  /** `undefined`: it was closed meanwhile. */
  async #knownClasses(scopes: Scopes): Promise<KnownClasses | undefined> {
    const found = knownClasses(scopes, this.#containers)
    return await inTurns(found, () => this.#closed, classesAtOnce)
  }

  /** Makes what one kind needs. `undefined`: nothing, all of it is wanted; or it was closed. */
  async #make(
    kind: number,
    plan: FilterPlan,
    places: readonly FilterPlace[],
    limits = this.#limits,
  ): Promise<MadeFilter | undefined> {
    const there = places.filter(({ kinds }) => kinds?.has(kind) ?? true)
    const looksTwice = needsSecondLook(plan) && there.every((place) => place.looksTwice)
    const first = firstLook(plan)
    if (!looksTwice && first.is === 'constant' && first.value) return undefined
    const wanted: readonly (readonly [Look, FilterPlan])[] = looksTwice
      ? [
          ['second', plan],
          ['first', first],
        ]
      : [['only', first]]
    const generator = new FilterGenerator({ limits })
    const looks: [Look, FilterProgram][] = []
    for (const [look, of] of wanted) {
      const program = await inTurns(generator.generate(of), () => this.#closed)
      if (!program) return undefined
      looks.push([look, program])
    }
    return { kind, plan, places: there, looks }
  }

  /** Loads it, in smaller programs where the kernel refuses those that it is. */
  async #loadKind(made: MadeFilter, into: Loading, say: (line: string) => void): Promise<void> {
    const refused = await this.#tryKind(made, into)
    if (!refused) return
    const smaller = lacksRoom(refused)
      ? undefined
      : await this.#make(made.kind, made.plan, made.places, smallerLimits)
    const name = kindName(made.kind)
    if (smaller) {
      say(`warning: the filter for events of ${name} is made anew, of smaller programs`)
      say(`  ${refused.message}`)
    }
    const again = smaller ? await this.#tryKind(smaller, into) : refused
    if (!again || this.#closed) return
    into.states.push({ ...stateOf(smaller ?? made), ...this.#refusal(name, again, say) })
  }

  /** Loads it. Returns why the kernel refuses it; nothing is left of it then. */
  async #tryKind(made: MadeFilter, into: Loading): Promise<NativeError | undefined> {
    const loaded: Loaded[] = []
    try {
      for (const [look, program] of made.looks) {
        const filter = await this.#load(made, look, program)
        if (filter) loaded.push(filter)
      }
    } catch (error) {
      loaded.forEach(closeAll)
      if (isNativeError(error)) return error
      throw error
    }
    for (const { filters, maps } of loaded) {
      into.filters.push(...filters)
      into.maps.push(...maps)
    }
    into.states.push(stateOf(made))
    return undefined
  }

  #refusal(name: string, error: NativeError, say: (line: string) => void): Refusal {
    const lines = error.log.split('\n').filter((line) => line !== '')
    const said = lines.slice(-verifierLines)
    say(`warning: no filter for events of ${name}: all of them are delivered`)
    say(`  ${error.message}`)
    for (const line of said) say(`  ${line}`)
    return { refused: [error.message, ...said].join('\n'), lacksRoom: lacksRoom(error) }
  }

  /**
   * `undefined` once it is closed.
   *
   * @throws NativeError  the kernel refuses; nothing is left of it
   */
  async #load(filter: MadeFilter, look: Look, made: FilterProgram): Promise<Loaded | undefined> {
    const { kind, plan, places } = filter
    const takesShort = maySaveFacts(kind) && !asksLateFacts(plan)
    const filters: LoadedFilter[] = []
    const maps: BpfMap[] = []
    try {
      const looked = makePartMaps(made)
      maps.push(...looked.flat())
      for (const place of places) {
        const loaded = await this.#loadFor(place, filter, look, made, looked)
        if (!loaded) break
        filters.push({ place, kind, look, program: loaded.program, takesShort })
        if (loaded.others) maps.push(loaded.others)
      }
      if (!this.#closed) return { filters, maps }
      closeAll({ filters, maps })
      return undefined
    } catch (error) {
      closeAll({ filters, maps })
      throw error
    }
  }

  async #loadFor(
    { exits, form, isHeld }: FilterPlace,
    { kind, plan }: MadeFilter,
    look: Look,
    made: FilterProgram,
    looked: PartMaps,
  ): Promise<LoadedParts | undefined> {
    const { slots, filtered, cgroups, oldCgroups, oldCgroupIdAt, late, layout } = this.#base
    const told = { cgroupsMapFd: cgroups.facts.fd, cgroupWordsFd: this.#words.facts.fd }
    const target: FilterTarget = {
      ...layout,
      find: 'slot',
      slotsMapFd: slots.facts.fd,
      exitsMapFd: exits.facts.fd,
      exit: look === 'first' ? exitSlots.look : exitSlots.send,
      droppedMapFd: filtered.facts.fd,
      kind,
      failedIndex,
      isHeld,
      ...(maySaveFacts(kind) ? { late: { ...late, asksFacts: asksLateFacts(plan) } } : {}),
      ...(this.#facts.tellsCgroups ? told : {}),
      oldCgroups: { mapFd: oldCgroups.facts.fd, idAt: oldCgroupIdAt },
    }
    const name = look === 'second' ? `look_${kind}` : `filter_${kind}`
    const spec = { ...form, name, license }
    return await loadPartsAside(() => this.#closed, made, looked, target, spec)
  }

  /**
   * Lets filters run that were prepared; those that ran before are gone already: see `remove`.
   *
   * @param afterMs  for how long everything was delivered before
   */
  install(prepared: PreparedFilters, afterMs: number): void {
    if (this.#closed) return this.discard(prepared)
    this.remove()
    // No filter is there to read what stands for something else than it knows.
    this.#classes.use(prepared.known)
    for (const { hierarchy, id, container } of this.#containers.cgroups()) {
      this.tellCgroup(hierarchy, id, 'container', container)
    }
    const refusals = this.#fill(prepared)
    const isShort = prepared.filters.some(({ takesShort }) => takesShort)
    Atomics.store(this.#base.shortOpens, 0, Number(isShort))
    const states = prepared.states.map((state) => {
      const refusal = state.refused === undefined ? refusals.get(state.kind) : undefined
      return refusal ? { ...state, ...refusal } : state
    })
    this.#installed = { ...prepared, states }
    const filtered = states.filter(({ refused }) => refused === undefined)
    const names = filtered.map(({ name }) => name).join(', ') || 'none'
    this.#log(`filters in place after ${Math.round(afterMs)} ms: ${names}`)
    for (const { name, weakened } of filtered) {
      if (weakened.length > 0) this.#log(`  ${name} lets more through: ${weakened.join('; ')}`)
    }
  }

  /** Puts filters into their slots. Returns what the kernel said, by kind, of those it refused. A
   * second look is there before the first, without which nothing comes to it. */
  #fill({ filters }: PreparedFilters): ReadonlyMap<number, Refusal> {
    const refusals = new Map<number, Refusal>()
    for (const { place, kind, look, program } of filters) {
      if (refusals.has(kind)) continue
      try {
        place.filters.setTailCall(slotOf(kind, look), program)
      } catch (error) {
        if (!isNativeError(error)) throw error
        refusals.set(kind, this.#refusal(kindName(kind), error, this.#log))
      }
    }
    return refusals
  }

  /** Takes all filters away: from now on everything is delivered. */
  remove(): void {
    Atomics.store(this.#base.shortOpens, 0, 0)
    const key = new Uint32Array(1)
    for (const { place, kind, look } of this.#installed.filters.toReversed()) {
      key[0] = slotOf(kind, look)
      place.filters.delete(new Uint8Array(key.buffer))
    }
    closeAll(this.#installed)
    this.#installed = none
  }

  /** Unloads filters that will not be installed. */
  discard(prepared: PreparedFilters | undefined): void {
    if (prepared) closeAll(prepared)
  }

  /** Containers will be made that are this: filters are made ahead that know their classes. */
  expect(containers: Iterable<Container>): void {
    if (!this.#closed) this.#classes.expect(containers)
  }

  /** Something else is known of a container than before: of its scopes, maybe. */
  tellContainer(container: Container): void {
    if (this.#closed || !this.#classes.hasChanged(container)) return
    for (const each of this.#containers.cgroups()) {
      if (each.container !== container) continue
      this.tellCgroup(each.hierarchy, each.id, 'container', container)
    }
  }

  /** Tells the kernel what a cgroup of a hierarchy is, or that it is gone. */
  tellCgroup(hierarchy: number, id: CgroupId, state: CgroupState, container?: Container): void {
    if (!this.#facts.tellsCgroups || this.#closed) return
    const told = hierarchy === unifiedNumber ? this.#unified : this.#old
    if (state === undefined) return told.forget(BigInt(id))
    const ofContainer = container ? this.#classes.numberOf(container) : CGROUP_IS_CONTAINER
    const number = state === 'host' ? CGROUP_IS_HOST : ofContainer
    if (!told.tell(BigInt(id), number)) this.#cgroupsFull++
  }

  /**
   * How many records were dropped. Those that could not be handed over are among the losses of the
   * sensor. Asks the kernel, until it is closed.
   */
  counts(): FilterCounts {
    return this.#lastCounts ?? this.#count()
  }

  #count(): FilterCounts {
    const cpus = possibleCpus()
    const value = new Uint8Array(8 * cpus)
    const numbers = new BigUint64Array(value.buffer)
    const key = new Uint32Array(1)
    const dropped = new Map<string, number>()
    for (let kind = failedIndex + 1; kind < LOST_KINDS_MAX; kind++) {
      key[0] = kind
      this.#base.filtered.lookup(new Uint8Array(key.buffer), value)
      const sum = Number(numbers.reduce((all, each) => all + each, 0n))
      if (sum > 0) dropped.set(kindName(kind), sum)
    }
    return { dropped }
  }

  /** Takes all away for good. Harmless the second time. */
  close(): void {
    if (this.#closed) return
    this.remove()
    this.#lastCounts = this.#count()
    this.#closed = true
    this.#words.close()
  }
}
