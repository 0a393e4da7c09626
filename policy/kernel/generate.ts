/**
 * Makes the eBPF program of a plan: it looks at a record that a handler has filled, and hands it to
 * the program that sends it, or drops it. Jumps alone, no loops, nothing kept in registers from one
 * test to the next: the verifier visits each instruction about once, and so takes rule sets of any
 * size. What the program cannot decide within its bounds, it lets through. From Linux 5.10 on.
 */
import type { Assembled, Label } from './assembler.ts'
import { Assembler, branchesMax, bytesOf, listingOf } from './assembler.ts'
import type { Choice, Decision, PlainTest } from './decision.ts'
import { Decider } from './decide.ts'
import type { FilterMap } from './maps.ts'
import { MapPool } from './maps.ts'
import { helpers, type Surroundings } from './match-maps.ts'
import { match } from './match.ts'
import { cgroupTest, loadCgroupNumber } from './cgroup-code.ts'
import type { Plan } from './plan.ts'
import { scanText } from './scan.ts'
import { numberTest } from './test-code.ts'
import { weaken } from './weaken.ts'
import { describeDecision } from './words.ts'
export type { FilterMap } from './maps.ts'

/** Where the program finds its record, and what it does with it. */
export interface FilterTarget {
  /**
   * `slot`: in the slot that names this program's context, as handlers do before they tail-call the
   * filter. `test`: in slot 0, for test-runs: the result is 1 to let through and 0 to drop, and
   * nothing else is done.
   */
  readonly find: 'slot' | 'test'
  /** PERCPU_ARRAY (or, for `test`, any array) of struct scratch. */
  readonly slotsMapFd: number
  readonly slots: number
  /** Bytes of struct scratch. */
  readonly slotBytes: number
  /** Offsets in struct scratch: u64 of owners, u64 of the context, the record. */
  readonly ownersAt: number
  readonly contextAt: number
  readonly recordAt: number
  readonly recordBytesMax: number
  /** Prog array: what stands at `exit` takes the record over, and frees the slot. */
  readonly exitsMapFd: number
  readonly exit: number
  /** PERCPU_ARRAY of u64: records that were dropped, by kind. */
  readonly droppedMapFd: number
  readonly kind: number
  /** Index in the same array: records that were lost since they could not be handed over. */
  readonly failedIndex: number
  /** HASH of cgroup ids (u64) to u32: see `cgroupNumbers`. Without it all are unknown. */
  readonly cgroupsMapFd?: number
  /** Offset of the cgroup id (u64) in the record. */
  readonly cgroupIdAt: number
  /** Of a v1 hierarchy; asked where the cgroup above is of the host, and this id is not 0. */
  readonly oldCgroups?: { readonly mapFd: number; readonly idAt: number }
}

export interface GenerateOptions {
  /** Sets of at least so many are looked up in maps, smaller ones compared. */
  readonly mapEntriesMin?: number
}

/** A filter, before it is loaded. */
export interface FilterProgram {
  /** What to make first, in this order. Values are u32, little-endian. */
  readonly maps: readonly FilterMap[]
  /** Instructions, 8 bytes each. `mapFds`: those of `maps`. The licence must be GPL's. */
  readonly build: (target: FilterTarget, mapFds: readonly number[]) => Uint8Array
  /** For people: the instructions with what they are for. */
  readonly listing: string
  readonly instructionCount: number
  /** What of the plan was given up because the program would be too large; it lets more through. */
  readonly weakened: readonly string[]
}

/** A program may use 64 maps (BPF_MAX_USED_MAPS), of which some are not ours. */
const mapsMax = 48
const mapEntriesMinDefault = 33

/**
 * What the kernel takes: the verifier visits a million instructions at most, some of them several
 * times, and remembers 8,192 jumps of a way (BPF_COMPLEXITY_LIMIT_JMP_SEQ).
 */
const limits = { instructions: 100_000, branches: 8_000 } as const
/** Where a program would be too large, of each rule so many tests are kept at first. */
const weakenedTestsMax = 3

/** For the listing: what a sensor has. */
const shownTarget: FilterTarget = {
  find: 'slot',
  slotsMapFd: 100,
  slots: 4,
  slotBytes: 26_624,
  ownersAt: 0,
  contextAt: 8,
  recordAt: 32,
  recordBytesMax: 25_600,
  exitsMapFd: 101,
  exit: 0,
  droppedMapFd: 102,
  kind: 0,
  failedIndex: 0,
  cgroupsMapFd: 103,
  cgroupIdAt: 16,
}

/** The body of a filter: from a record in r7 to one of two labels. */
class Body {
  readonly #at: Surroundings
  readonly #target: FilterTarget

  constructor(at: Surroundings, target: FilterTarget) {
    this.#at = at
    this.#target = target
  }

  emit(decision: Decision, yes: Label, no: Label): void {
    const { assembler } = this.#at
    switch (decision.is) {
      case 'constant':
        return assembler.jump(decision.value ? yes : no)
      case 'and':
      case 'or':
        return this.#junction(decision.is, decision.members, yes, no)
      case 'not':
        assembler.comment(() => describeDecision(decision))
        return this.#choice(decision.member, no, yes)
      case 'test':
        assembler.comment(() => describeDecision(decision))
        return decision.negated
          ? this.#test(decision.test, no, yes)
          : this.#test(decision.test, yes, no)
      case 'choice':
        assembler.comment(() => describeDecision(decision))
        return this.#choice(decision, yes, no)
    }
  }

  #junction(is: 'and' | 'or', members: readonly Decision[], yes: Label, no: Label): void {
    const { assembler } = this.#at
    for (const [i, member] of members.entries()) {
      if (i === members.length - 1) return this.emit(member, yes, no)
      const next = assembler.newLabel(`next of ${is}`)
      if (is === 'and') this.emit(member, next, no)
      else this.emit(member, yes, next)
      assembler.place(next)
    }
    assembler.jump(is === 'and' ? yes : no)
  }

  #choice(choice: Choice, yes: Label, no: Label): void {
    const { assembler } = this.#at
    const labels: Label[] = []
    const open: { decision: Decision; label: Label; otherwise: Label }[] = []
    for (const { decision, otherwise } of choice.blocks) {
      const next = otherwise === undefined ? no : (labels[otherwise] ?? no)
      if (decision.is === 'constant') {
        labels.push(decision.value ? yes : next)
        continue
      }
      const label = assembler.newLabel('what is left')
      labels.push(label)
      open.push({ decision, label, otherwise: next })
    }
    match(this.#at, choice, labels, no)
    // A block goes on to one with a lower index: jumps go forward.
    for (const { decision, label, otherwise } of open.toReversed()) {
      assembler.place(label)
      this.emit(decision, yes, otherwise)
    }
  }

  #test(test: PlainTest, yes: Label, no: Label): void {
    const { assembler } = this.#at
    switch (test.is) {
      case 'number':
      case 'bits':
        return numberTest(assembler, test, yes, no)
      case 'text':
        return scanText(this.#at, test.at, test.values, yes, no)
      case 'cgroup':
        return cgroupTest(assembler, this.#target, test.states, yes, no)
    }
  }
}

/** r7: the slot of this record. Jumps to `missing` when there is none. */
const findSlot = (assembler: Assembler, target: FilterTarget, missing: Label): void => {
  const found = assembler.newLabel('found')
  const slots = target.find === 'test' ? 1 : target.slots
  for (let slot = 0; slot < slots; slot++) {
    assembler.storeConstant(4, 10, -4, slot)
    assembler.loadMap(1, target.slotsMapFd)
    assembler.move(2, { register: 10 })
    assembler.alu('add', 2, { constant: -4 })
    assembler.call(helpers.mapLookup)
    assembler.jumpIf(64, '==', 0, { constant: 0 }, missing)
    assembler.move(7, { register: 0 })
    if (target.find === 'test') return
    assembler.load(8, 1, 7, target.contextAt)
    assembler.jumpIf(64, '==', 1, { register: 6 }, found)
  }
  assembler.jump(missing)
  assembler.place(found)
}

const count = (assembler: Assembler, droppedMapFd: number, index: number, done: Label): void => {
  assembler.storeConstant(4, 10, -4, index)
  assembler.loadMap(1, droppedMapFd)
  assembler.move(2, { register: 10 })
  assembler.alu('add', 2, { constant: -4 })
  assembler.call(helpers.mapLookup)
  assembler.jumpIf(64, '==', 0, { constant: 0 }, done)
  assembler.move(1, { constant: 1 })
  assembler.atomicAdd(8, 0, 0, 1)
}

/** Gives the slot back, with its record in r7. */
const release = (assembler: Assembler, { recordAt, contextAt, ownersAt }: FilterTarget): void => {
  assembler.move(1, { constant: 0 })
  assembler.store(8, 7, contextAt - recordAt, 1)
  assembler.move(1, { constant: -1 })
  assembler.atomicAdd(8, 7, ownersAt - recordAt, 1)
}

const end = (assembler: Assembler, result: number): void => {
  assembler.move(0, { constant: result })
  assembler.exit()
}

const emitEnds = (
  assembler: Assembler,
  target: FilterTarget,
  { accept, drop, missing }: Record<'accept' | 'drop' | 'missing', Label>,
): void => {
  if (target.find === 'test') {
    assembler.place(drop)
    end(assembler, 0)
    assembler.place(accept)
    assembler.place(missing)
    return end(assembler, 1)
  }
  const done = assembler.newLabel('done')
  assembler.place(drop)
  assembler.comment(() => 'drop: count it, and free the slot')
  release(assembler, target)
  count(assembler, target.droppedMapFd, target.kind, done)
  assembler.jump(done)
  assembler.place(accept)
  assembler.comment(() => 'let through: the next program takes over')
  assembler.move(1, { register: 6 })
  assembler.loadMap(2, target.exitsMapFd)
  assembler.move(3, { constant: target.exit })
  assembler.call(helpers.tailCall)
  assembler.comment(() => 'it is not there: lost, and counted')
  release(assembler, target)
  assembler.place(missing)
  count(assembler, target.droppedMapFd, target.failedIndex, done)
  assembler.place(done)
  end(assembler, 0)
}

const assemble = (
  decision: Decision,
  target: FilterTarget,
  maps: MapPool,
  commented: boolean,
): Assembled => {
  const assembler = new Assembler(commented)
  const [accept, drop, missing] = [
    assembler.newLabel('accept'),
    assembler.newLabel('drop'),
    assembler.newLabel('missing'),
  ]
  assembler.comment(() => 'find the slot of this record')
  if (target.find === 'slot') assembler.move(6, { register: 1 })
  findSlot(assembler, target, missing)
  assembler.alu('add', 7, { constant: target.recordAt })
  const { recordBytesMax, recordAt, slotBytes } = target
  const behindBytes = slotBytes - recordAt - recordBytesMax
  const loadScopeClass = (): void => loadCgroupNumber(assembler, target)
  const at = { assembler, maps, undecided: accept, recordBytesMax, behindBytes, loadScopeClass }
  new Body(at, target).emit(decision, accept, drop)
  emitEnds(assembler, target, { accept, drop, missing })
  return assembler.finish()
}

/** A program that is known to fit, and with what. */
interface Fitted {
  readonly decision: Decision
  readonly entriesMin: number
  readonly maps: readonly FilterMap[]
  readonly assembled: Assembled
}

/** Looks up only the largest sets where there would be more maps than a program may have. */
const withFewMaps = (decision: Decision, entriesMin: number): Fitted => {
  const pool = new MapPool(entriesMin, undefined)
  const assembled = assemble(decision, shownTarget, pool, false)
  if (pool.maps.length <= mapsMax) return { decision, entriesMin, maps: pool.maps, assembled }
  const sizes = pool.maps.map(({ entries }) => entries.length).toSorted((a, b) => b - a)
  return withFewMaps(decision, Math.max(entriesMin, sizes[mapsMax - 1] ?? entriesMin) + 1)
}

const isTooLarge = ({ instructions }: Assembled): boolean =>
  instructions.length > limits.instructions || branchesMax(instructions) > limits.branches

/** Makes the filter of a plan. Pure: the same plan gives the same program. */
export const generateFilter = (plan: Plan, options: GenerateOptions = {}): FilterProgram => {
  const decider = new Decider()
  const wanted = options.mapEntriesMin ?? mapEntriesMinDefault
  let fitted = withFewMaps(decider.decide(plan), wanted)
  let weakened: readonly string[] = []
  for (let tests = weakenedTestsMax; tests >= 0 && isTooLarge(fitted.assembled); tests--) {
    const weaker = weaken(decider.optimised(plan), tests)
    fitted = withFewMaps(decider.decide(weaker.plan), wanted)
    weakened = weaker.givenUp
  }
  const { decision, entriesMin, maps, assembled } = fitted
  return {
    maps,
    build: (target, mapFds) => {
      const pool = new MapPool(entriesMin, mapFds)
      return bytesOf(assemble(decision, target, pool, false).instructions)
    },
    get listing() {
      return listingOf(assemble(decision, shownTarget, new MapPool(entriesMin, undefined), true))
    },
    instructionCount: assembled.instructions.length,
    weakened,
  }
}
