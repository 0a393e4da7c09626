/**
 * The programs of a sensor. The first object has the maps; programs that it has not are loaded in
 * others, with the same maps: half of them at the start, at the same time, and what later rules
 * need while everything goes on. Nothing is loaded twice, and what was loaded stays until the
 * sensor ends: whether a program runs is a matter of slots and links.
 */
import { availableParallelism } from 'node:os'
import type { BpfMap, BpfObject, Link } from '@bulwark/native'
import { skippedRuns } from '@bulwark/native'

/** A program that is to be there. */
export interface WantedProgram {
  /** Tells forms of one program apart: see `keyOf`. */
  readonly key: string
  readonly program: string
  /** The kernel function that it is loaded for, in place of its section's. */
  readonly aim?: string
  /** The prototype of what it attaches to; programs that share the maps of `tied` have one. */
  readonly prototype?: number
}

/** Maps that the kernel ties to the prototype of the programs that use them: one set for each. */
const tied = ['filters', 'filter_exits'] as const

/** A program that tells nothing apart. */
export const wantedProgram = (program: string): WantedProgram => ({ key: program, program })

const isTied = (name: string): boolean => tied.some((each) => each === name)

/** Whether a map is of constants, which are those of its object: `.rodata` behind the object's
 * name, or the compiler's own, such as `.rodata.cst32`. */
const isConstant = (name: string): boolean => /\.rodata(?:$|\.)/.test(name)

/** The one that programs of an object have. */
const prototypeOf = (programs: Iterable<WantedProgram>): number | undefined => {
  for (const { prototype } of programs) if (prototype !== undefined) return prototype
  return undefined
}

/**
 * Instructions that the verifier walks of a program, by its name, where they are many times its
 * length: loops, and functions that do not count in it. By `node bench/verifier.ts`; they need not
 * be exact.
 */
const walked: ReadonlyMap<string, number> = new Map([
  ['on_uring_submit_req', 19_000],
  ['on_uring_submit_sqe', 19_000],
  ['on_uring_complete', 14_000],
  ['on_uring_complete_cqe', 14_000],
  ['on_uring_overflow', 14_000],
  ['on_open', 19_000],
  ['on_openat', 16_500],
  ['on_openat2', 16_500],
  ['on_sendmmsg', 17_500],
  ['on_sendmsg', 7_000],
])

/** Programs that are loaded one after the other. */
class Half {
  readonly programs: WantedProgram[] = []
  work = 0
}

export class Programs {
  readonly first: BpfObject
  readonly #open: () => BpfObject
  readonly #objects: BpfObject[] = []
  readonly #byKey = new Map<string, { readonly object: BpfObject; readonly program: string }>()
  /** Each map of the object, in its newest form. */
  readonly #maps = new Map<string, BpfMap>()
  /** Objects that such maps are of. */
  readonly #sharing = new Set<BpfObject>()
  /** Whose maps of `tied` are those of a prototype. */
  readonly #tied = new Map<number, BpfObject>()
  /** Those that were attached: of no others does the kernel leave out a run, since whoever is
   * tail-called runs already. */
  readonly #attached = new Set<string>()
  /** Of the programs of `#attached`, when somebody has asked. */
  #fds: Int32Array<ArrayBuffer> | undefined
  /** What `prepare` chose, and `endLoad` has not waited for. */
  readonly #chosen: { readonly object: BpfObject; readonly batch: readonly WantedProgram[] }[] = []
  /** Loads what has other maps, after that. */
  #later: (() => void)[] = []
  #closed = false

  /** @param open  reads the object once more */
  constructor(open: () => BpfObject) {
    this.#open = open
    this.first = open()
    this.#objects.push(this.first)
  }

  /**
   * Chooses what is wanted at first, and makes the maps. The verifier takes most of the time, and
   * works for each thread that asks it: so where there are more processors than one, and one object
   * would do, there is a second one with the same maps, which has half of the programs.
   *
   * @param setUp  sets the knobs of each object before it is loaded
   * @throws NativeError  the kernel refuses
   */
  prepare(wanted: readonly WantedProgram[], setUp: (object: BpfObject) => void): void {
    const [now = [], ...others] = this.#batches(wanted)
    const isSplit = others.length === 0 && availableParallelism() > 1
    const [own = [], ...beside] = isSplit ? this.#halves(now) : [now]
    this.#choose(this.first, own)
    setUp(this.first)
    this.first.makeMaps()
    this.#tie(this.first, prototypeOf(now))
    this.#chosen.push({ object: this.first, batch: own })
    for (const batch of beside) this.#chosen.push({ object: this.#beside(batch, setUp, []), batch })
    this.#later = others.map((batch) => () => this.#loadBeside(batch, setUp))
  }

  /** Begins to load what was chosen, on other threads: until `endLoad` nothing else may be. */
  beginLoad(): void {
    for (const { object } of this.#chosen) object.beginLoad()
  }

  /**
   * Waits until all that is wanted at first is loaded.
   *
   * @throws NativeError  the kernel refuses
   */
  endLoad(): void {
    for (const { object, batch } of this.#chosen.splice(0)) {
      if (object !== this.first) this.#objects.push(object)
      object.endLoad()
      this.#keep(object, batch)
    }
    for (const load of this.#later.splice(0)) load()
  }

  #loadBeside(batch: readonly WantedProgram[], setUp: (object: BpfObject) => void): void {
    const object = this.#beside(batch, setUp, [])
    this.#objects.push(object)
    object.load()
    this.#keep(object, batch)
    this.#tie(object, prototypeOf(batch))
  }

  /** Two batches of one, which give the verifier about the same work. */
  #halves(batch: readonly WantedProgram[]): readonly (readonly WantedProgram[])[] {
    const lengths = new Map(this.first.programs.map((facts) => [facts.name, facts.instructions]))
    const workOf = ({ program }: WantedProgram): number =>
      walked.get(program) ?? lengths.get(program) ?? 0
    const [one, other] = [new Half(), new Half()]
    for (const each of batch.toSorted((a, b) => workOf(b) - workOf(a))) {
      const half = one.work <= other.work ? one : other
      half.programs.push(each)
      half.work += workOf(each)
    }
    return [one.programs, other.programs].filter((programs) => programs.length > 0)
  }

  /** The maps of an object that was just loaded are those of a prototype, if that has none yet. */
  #tie(object: BpfObject, prototype: number | undefined): void {
    if (prototype === undefined || this.#tied.has(prototype)) return
    this.#tied.set(prototype, object)
    this.#sharing.add(object)
  }

  /**
   * Loads what is not there yet, while everything goes on.
   *
   * @param own  maps that the new programs have for themselves: those of the others are too small
   * @returns `false` when all was unloaded meanwhile, and this with it
   */
  async add(
    wanted: readonly WantedProgram[],
    setUp: (object: BpfObject) => void,
    own: readonly string[],
  ): Promise<boolean> {
    let missing = own
    for (const batch of this.#batches(wanted.filter(({ key }) => !this.#byKey.has(key)))) {
      const object = this.#beside(batch, setUp, missing)
      try {
        await object.loadAside()
      } catch (error) {
        object.close()
        throw error
      }
      if (this.#closed) {
        object.close()
        return false
      }
      this.#objects.push(object)
      this.#keep(object, batch)
      this.#tie(object, prototypeOf(batch))
      for (const name of missing) this.#maps.set(name, object.map(name))
      if (missing.length > 0) this.#sharing.add(object)
      missing = []
    }
    return true
  }

  /** One object has one form of each program, and one prototype. */
  #batches(wanted: readonly WantedProgram[]): readonly (readonly WantedProgram[])[] {
    const batches: Map<string, WantedProgram>[] = []
    const seen = new Set<string>()
    for (const each of wanted) {
      if (seen.has(each.key)) continue
      seen.add(each.key)
      const { prototype } = each
      const batch = batches.find((programs) => {
        const other = prototypeOf(programs.values())
        const fits = prototype === undefined || other === undefined || prototype === other
        return fits && !programs.has(each.program)
      })
      if (batch) batch.set(each.program, each)
      else batches.push(new Map([[each.program, each]]))
    }
    return batches.map((batch) => Array.from(batch.values()))
  }

  #choose(object: BpfObject, batch: readonly WantedProgram[]): void {
    const names = new Set(batch.map(({ program }) => program))
    for (const { name } of object.programs) object.setAutoload(name, names.has(name))
    for (const { program, aim } of batch) {
      if (aim !== undefined) object.setAttachTarget(program, aim)
    }
  }

  #beside(
    batch: readonly WantedProgram[],
    setUp: (object: BpfObject) => void,
    own: readonly string[],
  ): BpfObject {
    const object = this.#open()
    try {
      this.#choose(object, batch)
      setUp(object)
      for (const { name } of object.maps) {
        const isOwn = isConstant(name) || own.includes(name) || isTied(name)
        if (!isOwn) object.reuseMap(name, this.map(name))
      }
      const prototype = prototypeOf(batch)
      const before = prototype === undefined ? undefined : this.#tied.get(prototype)
      if (before) for (const name of tied) object.reuseMap(name, before.map(name))
      return object
    } catch (error) {
      object.close()
      throw error
    }
  }

  #keep(object: BpfObject, batch: readonly WantedProgram[]): void {
    for (const { key, program } of batch) this.#byKey.set(key, { object, program })
  }

  /** Attaches a program to what its section says. */
  attach(key: string): Link {
    const { object, program } = this.at(key)
    const link = object.attach(program)
    this.#attached.add(key)
    this.#fds = undefined
    return link
  }

  /** Lets a program be loaded anew when it is wanted again; one that is attached must not be. */
  forget(key: string): void {
    const { object } = this.at(key)
    this.#byKey.delete(key)
    this.#attached.delete(key)
    this.#fds = undefined
    const isUsed = [...this.#byKey.values()].some((each) => each.object === object)
    if (object === this.first || isUsed || this.#sharing.has(object)) return
    object.close()
    this.#objects.splice(this.#objects.indexOf(object), 1)
  }

  /** A map that the programs share. */
  map(name: string): BpfMap {
    let map = this.#maps.get(name)
    if (!map) this.#maps.set(name, (map = this.first.map(name)))
    return map
  }

  /** A map of those that a prototype has for itself, of which a program is loaded. */
  tiedMap(name: (typeof tied)[number], prototype: number): BpfMap {
    const object = this.#tied.get(prototype)
    if (!object) throw new Error(`no program of prototype ${prototype} is loaded`)
    return object.map(name)
  }

  /** Whether a program is loaded. */
  has(key: string): boolean {
    return this.#byKey.has(key)
  }

  /** Where a loaded program is. */
  at(key: string): { readonly object: BpfObject; readonly program: string } {
    const found = this.#byKey.get(key)
    if (!found) throw new Error(`program ${key} is not loaded`)
    return found
  }

  /** For prog arrays. */
  of(key: string): { readonly fd: number } {
    const { object, program } = this.at(key)
    return { fd: object.programFd(program) }
  }

  /** Runs that the kernel left out because a program was running already, by name. */
  get skipped(): readonly (readonly [program: string, count: number])[] {
    return Array.from(this.#attached, (key) => {
      const { object, program } = this.at(key)
      return [program, object.info(program).recursionMisses]
    })
  }

  /** All of them together, for a look that costs little. */
  get skippedRuns(): number {
    this.#fds ??= Int32Array.from(this.#attached, (key) => this.of(key).fd)
    return skippedRuns(this.#fds)
  }

  /** Detaches and unloads everything. */
  close(): void {
    this.#closed = true
    for (const { object } of this.#chosen) if (object !== this.first) object.close()
    for (const object of this.#objects.toReversed()) object.close()
  }
}
