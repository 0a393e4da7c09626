/**
 * When the filters of a running agent are made, and made anew: at first, when names or classes that
 * they know change, when there may be room for more of them, and for other rules. One set is made
 * at a time; whenever there is none, everything is delivered.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { KernelFacts, Rule } from '@bulwark/policy'
import type { Engine } from '../engine.ts'
import { FilterNames } from './filter-names.ts'
import { ClassWait, RoomWait } from './filter-waits.ts'
import type { PreparedFilters } from './filters.ts'
import { KernelFilters, lackingRoom } from './filters.ts'
import type { Resolver } from '../network/resolver.ts'
import type { Scopes } from '../container/scopes.ts'
import type { Sensor, SensorChange } from '../sensor/sensor.ts'
import type { Containers } from '../container/told-classes.ts'

/** What filters are made of, and where they go. */
export interface FilterMakingOptions {
  readonly sensor: Sensor
  readonly kernel: KernelFacts
  readonly resolver: Resolver
  readonly containers: Containers
  /** What runs now. */
  readonly engine: () => Engine
  readonly log: (line: string) => void
}

export class FilterMaking {
  readonly filters: KernelFilters
  readonly #sensor: Sensor
  readonly #engine: () => Engine
  readonly #log: (line: string) => void
  readonly #classes = new ClassWait(() => this.#makeAnew('all'))
  readonly #room = new RoomWait(() => this.#makeAnew('more'))
  #inPlace: Promise<void> = Promise.resolve()
  /** None are in place, since those that were made knew other names. */
  #lacksNames = false
  /** Other rules are being put in place, and bring their own. */
  #changing = false
  #closed = false

  constructor({ sensor, kernel, resolver, containers, engine, log }: FilterMakingOptions) {
    this.#sensor = sensor
    this.#engine = engine
    // What is being loaded while the agent ends is refused, and missed by nobody.
    this.#log = (line) => {
      if (!this.#closed) log(line)
    }
    this.filters = new KernelFilters(sensor.filterBase, kernel, {
      log: this.#log,
      containers,
      onNewClass: () => this.#classes.ask(),
      names: new FilterNames(resolver),
    })
  }

  /** Resolves when the filters that are being made are in place, or never will be. Never rejects:
   * what is wrong is logged. */
  get inPlace(): Promise<void> {
    return this.#inPlace
  }

  /** Has the first filters made. What is wrong with them costs time, and no event. */
  begin(): void {
    this.#inPlace = this.#installFirst()
  }

  async #installFirst(): Promise<void> {
    const begun = performance.now()
    // Whoever waits for the start goes first.
    await nextTurn()
    if (this.#closed) return
    try {
      await this.#loadLookers(this.#sensor)
      await this.#loadExecEnds()
      if (this.#closed) return
      await this.#refresh(begun)
    } catch (error) {
      this.remove()
      this.#sayNone(error)
    }
  }

  #sayNone(error: unknown): void {
    this.#log(`warning: no filters in the kernel, everything is delivered: ${String(error)}`)
  }

  /** Lets filters look twice, if the kernel does: else they let more through. */
  async #loadLookers(to: Pick<Sensor, 'loadLookers'>): Promise<void> {
    const refused = await to.loadLookers()
    if (refused === undefined) return
    this.#log(`warning: filters do not ask for ancestors: ${refused}`)
  }

  /** Lets execs be filtered, if the kernel does: else each is told that a rule may be about. */
  async #loadExecEnds(): Promise<void> {
    const refused = await this.#sensor.loadExecEnds()
    if (refused !== undefined) this.#log(`warning: execs are not filtered: ${refused}`)
  }

  /** Filters for the rules that run, and the containers that there are; or only if there are more
   * of them than before. */
  async #refresh(begun: number, which: 'all' | 'more' = 'all'): Promise<void> {
    const { filters } = this
    const { active, scopes } = this.#engine()
    const say = which === 'more' ? (): void => {} : this.#log
    const prepared = await filters.prepare(active, this.#sensor.filterPlaces, scopes, say)
    // Other rules, which have come meanwhile, bring their own.
    if (this.#engine().scopes !== scopes) return filters.discard(prepared)
    if (which === 'more' && lackingRoom(prepared.states) >= lackingRoom(filters.states)) {
      filters.discard(prepared)
      this.#waitForRoom()
      return
    }
    this.install(prepared, performance.now() - begun)
  }

  #waitForRoom(): number | undefined {
    return this.#closed ? undefined : this.#room.after(lackingRoom(this.filters.states) > 0)
  }

  /** All of them; or more than there are, which else stay in place. */
  #makeAnew(which: 'all' | 'more'): void {
    if (this.#closed || this.#changing) return
    const askedMs = performance.now()
    this.#afterOthers(
      async () => {
        if (which === 'all') return await this.#refresh(this.#classes.begin())
        return this.#changing ? undefined : await this.#refresh(askedMs, which)
      },
      (error) => this.#log(`warning: filters stay as they are: ${String(error)}`),
    )
  }

  /** Makes filters once no others are being made. */
  #afterOthers(make: () => Promise<void>, onError: (error: unknown) => void): void {
    this.#inPlace = this.#inPlace.then(make).catch(onError)
  }

  /** Filters go by names of users and hosts: where these have changed, all is delivered until there
   * are filters that know the new ones. See `FilterNames.stamp`. */
  watchNames(hostNames?: string): void {
    if (this.#closed) return
    if (this.filters.knowNames(undefined, hostNames) && (this.#changing || !this.#lacksNames))
      return
    this.remove()
    // A change of rules brings its own; where it does not, that is seen at a later look.
    this.#lacksNames = this.#changing
    if (this.#changing) return
    this.#afterOthers(
      async () => {
        if (!this.#changing) return await this.#refresh(performance.now())
        this.#lacksNames = true
        return undefined
      },
      (error) => this.#sayNone(error),
    )
  }

  /** Has nothing made anew while rules change. */
  async duringChange<T>(change: () => Promise<T>): Promise<T> {
    this.#changing = true
    try {
      return await change()
    } finally {
      this.#changing = false
    }
  }

  /** Loads filters for other rules beside those that run; for `install` or `discard`. */
  async prepare(
    rules: readonly Rule[],
    scopes: Scopes,
    hooks: SensorChange,
  ): Promise<PreparedFilters | undefined> {
    await this.#loadLookers(hooks)
    if (this.#closed) return undefined
    return await this.filters.prepare(rules, hooks.places(), scopes)
  }

  /**
   * Only where filters say what rules ask for can the kernel side hold the rest back. Those that
   * know other names than the agent does by now are made anew at the next look.
   *
   * @param afterMs  for how long everything was delivered before
   */
  install(prepared: PreparedFilters, afterMs: number): void {
    const { filters } = this
    this.#lacksNames = !filters.knowNames(prepared)
    if (this.#lacksNames) return filters.discard(prepared)
    if (!this.#closed) this.#sensor.holdBack(true)
    filters.install(prepared, afterMs)
    const pauseMs = this.#waitForRoom()
    if (pauseMs === undefined) return
    this.#log(`  tried again in ${pauseMs / 1_000} s, and less and less often`)
  }

  /** From now on everything is delivered, and all that is new is told. */
  remove(): void {
    if (this.#closed) return
    this.#sensor.holdBack(false)
    this.filters.remove()
  }

  /** Takes all away for good. Harmless the second time. */
  close(): void {
    this.#closed = true
    this.#classes.stop()
    this.#room.stop()
    this.filters.close()
  }
}
