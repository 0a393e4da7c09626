/**
 * Makes the eBPF program of a plan: it looks at a record that a handler has filled, and hands it to
 * the program that sends it, or drops it. Jumps forward alone, but for the loops of
 * `scan-alike.ts`; nothing is kept in registers from one test to the next: the verifier visits each
 * other instruction about once, and so takes rule sets of any size. What the program cannot decide
 * within its bounds, it lets through. From Linux 5.10 on.
 */
import type { Assembled, Label } from './assembler.ts'
import { Assembler, branchesMax, bytesOf, listingOf } from './assembler.ts'
import type { Choice, Decision, PlainTest } from './decision.ts'
import { Decider } from './decide.ts'
import type { LateTarget } from './late.ts'
import { passLackingFacts } from './late.ts'
import type { FilterMap } from './maps.ts'
import { MapPool } from './maps.ts'
import { helpers, type Surroundings } from './match-maps.ts'
import { match } from './match.ts'
import { CgroupCode } from './cgroup-code.ts'
import { cut, sizeOf } from './cut.ts'
import type { Plan } from './plan.ts'
import { scanAlike } from './scan-alike.ts'
import { scanText } from './scan.ts'
import type { Steps } from '../steps.ts'
import { atOnce } from '../steps.ts'
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
  /** ARRAY of one value, where many of the same are found sooner: see `cgroup-words.ts`. */
  readonly cgroupWordsFd?: number
  /** Offset of the cgroup id (u64) in the record. */
  readonly cgroupIdAt: number
  /** What the record may lack; offsets in struct scratch. */
  readonly late?: LateTarget
  /** Nothing preempts the program, nor those that share its slots on the same CPU while it runs: it
   * needs no locked additions, each of which takes as long as ten loads. */
  readonly isHeld?: boolean
  /** Prog array: at `index` stands the next part, which looks at what this one would drop. */
  readonly next?: { readonly mapFd: number; readonly index: number }
  /** Of a v1 hierarchy; asked where the cgroup above is of the host, and this id is not 0. */
  readonly oldCgroups?: { readonly mapFd: number; readonly idAt: number }
}

/** What one program may have. */
export interface ProgramLimits {
  readonly instructions: number
  /** Conditional jumps of the longest way through it. */
  readonly branches: number
}

export interface GenerateOptions {
  /** Sets of at least so many are looked up in maps, smaller ones compared. */
  readonly mapEntriesMin?: number
  readonly limits?: ProgramLimits
}

/** One program of a filter. */
export interface FilterPart {
  /** What to make first, in this order. Values are u32, little-endian. */
  readonly maps: readonly FilterMap[]
  /** Instructions, 8 bytes each. `mapFds`: those of `maps`. The licence must be GPL's. */
  readonly build: (target: FilterTarget, mapFds: readonly number[]) => Steps<Uint8Array>
  readonly instructionCount: number
}

/** A filter, before it is loaded. */
export interface FilterProgram {
  /** At least one, `partsMax` at the most. Each but the last must be given the next one. */
  readonly parts: readonly FilterPart[]
  /** For people: the instructions with what they are for. */
  readonly listing: string
  /** Of all parts. */
  readonly instructionCount: number
  /** What of the plan was given up because the program would be too large; it lets more through. */
  readonly weakened: readonly string[]
}

/**
 * Parts of a filter at the most. The kernel follows 32 tail calls from a hook (33 from Linux 5.17
 * on), of which five are to the handler, the two looks, what is between them, and what sends.
 */
export const partsMax = 14

/** A program may use 64 maps (BPF_MAX_USED_MAPS), of which some are not ours. */
const mapsMax = 48
const mapEntriesMinDefault = 33

/**
 * What the kernel takes: the verifier visits a million instructions at most, some of them several
 * times, and remembers 8,192 jumps of a way (BPF_COMPLEXITY_LIMIT_JMP_SEQ).
 */
export const programLimits: ProgramLimits = { instructions: 100_000, branches: 8_000 }
/** Of these the turns of loops take no more than so many. */
const revisitedMax = 500_000
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
  cgroupWordsFd: 105,
  cgroupIdAt: 16,
}
const shownParts = 104
/** After each try at parts that fit, they are made smaller by this. */
const smaller = 0.8

/** Instructions that are written in one step. */
const instructionsAtOnce = 2_000

/** The body of a filter: from a record in r7 to one of two labels. */
class Body {
  readonly #at: Surroundings
  #pauseAt = instructionsAtOnce

  constructor(at: Surroundings) {
    this.#at = at
  }

  *emit(decision: Decision, yes: Label, no: Label): Steps<void> {
    const { assembler } = this.#at
    if (assembler.count >= this.#pauseAt) {
      this.#pauseAt = assembler.count + instructionsAtOnce
      yield
    }
    switch (decision.is) {
      case 'constant':
        return assembler.jump(decision.value ? yes : no)
      case 'and':
      case 'or':
        return yield* this.#junction(decision.is, decision.members, yes, no)
      case 'not':
        assembler.comment(() => describeDecision(decision))
        return yield* this.#choice(decision.member, no, yes)
      case 'test':
        assembler.comment(() => describeDecision(decision))
        return decision.negated
          ? this.#test(decision.test, no, yes)
          : this.#test(decision.test, yes, no)
      case 'choice':
        assembler.comment(() => describeDecision(decision))
        return yield* this.#choice(decision, yes, no)
    }
  }

  *#junction(is: 'and' | 'or', members: readonly Decision[], yes: Label, no: Label): Steps<void> {
    const { assembler } = this.#at
    for (const [i, member] of members.entries()) {
      if (i === members.length - 1) return yield* this.emit(member, yes, no)
      const next = assembler.newLabel(`next of ${is}`)
      if (is === 'and') yield* this.emit(member, next, no)
      else yield* this.emit(member, yes, next)
      assembler.place(next)
    }
    assembler.jump(is === 'and' ? yes : no)
  }

  *#choice(choice: Choice, yes: Label, no: Label): Steps<void> {
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
      yield* this.emit(decision, yes, otherwise)
    }
  }

  #test(test: PlainTest, yes: Label, no: Label): void {
    const { assembler } = this.#at
    switch (test.is) {
      case 'number':
      case 'bits':
        return numberTest(assembler, test, yes, no)
      case 'text':
        return test.operator === 'resembles'
          ? scanAlike(this.#at, test.at, test.values, yes, no)
          : scanText(this.#at, test.at, test.values, yes, no)
      case 'cgroup':
        return this.#at.cgroups.test(test.states, yes, no)
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

const count = (
  assembler: Assembler,
  { droppedMapFd, isHeld = false }: FilterTarget,
  index: number,
  done: Label,
): void => {
  assembler.storeConstant(4, 10, -4, index)
  assembler.loadMap(1, droppedMapFd)
  assembler.move(2, { register: 10 })
  assembler.alu('add', 2, { constant: -4 })
  assembler.call(helpers.mapLookup)
  assembler.jumpIf(64, '==', 0, { constant: 0 }, done)
  if (isHeld) {
    assembler.load(8, 1, 0, 0)
    assembler.alu('add', 1, { constant: 1 })
    assembler.store(8, 0, 0, 1)
  } else {
    assembler.move(1, { constant: 1 })
    assembler.atomicAdd(8, 0, 0, 1)
  }
}

/** Gives the slot back, with its record in r7. */
const release = (
  assembler: Assembler,
  { recordAt, contextAt, ownersAt, isHeld = false }: FilterTarget,
): void => {
  assembler.move(1, { constant: 0 })
  assembler.store(8, 7, contextAt - recordAt, 1)
  if (isHeld) return assembler.store(8, 7, ownersAt - recordAt, 1)
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
  const { next } = target
  if (next) {
    assembler.place(drop)
    assembler.comment(() => 'the next part may want it; if it is not there, let through')
    assembler.move(1, { register: 6 })
    assembler.loadMap(2, next.mapFd)
    assembler.move(3, { constant: next.index })
    assembler.call(helpers.tailCall)
  }
  if (target.find === 'test') {
    if (!next) {
      assembler.place(drop)
      end(assembler, 0)
    }
    assembler.place(accept)
    assembler.place(missing)
    return end(assembler, 1)
  }
  const done = assembler.newLabel('done')
  if (!next) {
    assembler.place(drop)
    assembler.comment(() => 'drop: count it, and free the slot')
    release(assembler, target)
    count(assembler, target, target.kind, done)
    assembler.jump(done)
  }
  assembler.place(accept)
  assembler.comment(() => 'let through: the next program takes over')
  assembler.move(1, { register: 6 })
  assembler.loadMap(2, target.exitsMapFd)
  assembler.move(3, { constant: target.exit })
  assembler.call(helpers.tailCall)
  assembler.comment(() => 'it is not there: lost, and counted')
  release(assembler, target)
  assembler.place(missing)
  count(assembler, target, target.failedIndex, done)
  assembler.place(done)
  end(assembler, 0)
}

const lateFromRecord = ({ late, recordAt }: FilterTarget): LateTarget | undefined =>
  late && {
    ...late,
    lacksAt: late.lacksAt - recordAt,
    usedAt: late.usedAt - recordAt,
    userPathAt: late.userPathAt - recordAt,
  }

function* assemble(
  decision: Decision,
  target: FilterTarget,
  maps: MapPool,
  commented: boolean,
): Steps<Assembled> {
  const assembler = new Assembler(commented)
  const [accept, drop, missing] = [
    assembler.newLabel('accept'),
    assembler.newLabel('drop'),
    assembler.newLabel('missing'),
  ]
  assembler.comment(() => 'find the slot of this record')
  if (target.find === 'slot' || target.next) assembler.move(6, { register: 1 })
  findSlot(assembler, target, missing)
  assembler.alu('add', 7, { constant: target.recordAt })
  const { recordBytesMax, recordAt, slotBytes } = target
  const behindBytes = slotBytes - recordAt - recordBytesMax
  const cgroups = new CgroupCode(assembler, target)
  const late = lateFromRecord(target)
  const at: Surroundings = {
    assembler,
    maps,
    undecided: accept,
    recordBytesMax,
    behindBytes,
    cgroups,
    ...(late && { late }),
  }
  passLackingFacts(at)
  yield* new Body(at).emit(decision, accept, drop)
  emitEnds(assembler, target, { accept, drop, missing })
  return assembler.finish()
}

/** A program that is known to fit, and with what. */
interface Fitted {
  readonly decision: Decision
  readonly entriesMin: number
  readonly maps: readonly FilterMap[]
  /** As `MadeMaps` has it. */
  readonly asked: readonly number[]
  readonly instructionCount: number
  /** Conditional jumps of its longest way. */
  readonly branches: number
  /** As `Assembled` has it. */
  readonly revisited: number
}

/** Looks up only the largest sets where there would be more maps than a program may have. */
function* withFewMaps(decision: Decision, entriesMin: number): Steps<Fitted> {
  const pool = new MapPool(entriesMin)
  const { instructions, revisited } = yield* assemble(decision, shownTarget, pool, false)
  const { maps, asked } = pool
  const instructionCount = instructions.length
  const branches = branchesMax(instructions)
  if (maps.length <= mapsMax) {
    return { decision, entriesMin, maps, asked, instructionCount, branches, revisited }
  }
  const sizes = maps.map(({ entries }) => entries.length).toSorted((a, b) => b - a)
  return yield* withFewMaps(decision, Math.max(entriesMin, sizes[mapsMax - 1] ?? entriesMin) + 1)
}

/** How many times the size of a program that may be. */
const excessOf = (
  { instructionCount, branches, revisited }: Fitted,
  limits: ProgramLimits,
): number =>
  Math.max(
    instructionCount / limits.instructions,
    branches / limits.branches,
    revisited / revisitedMax,
  )

/** Programs that fit, and what of the plan they do not ask. */
interface FittedParts {
  readonly parts: readonly Fitted[]
  readonly weakened: readonly string[]
}

/** Makes programs that fit, of plans that have much in common. */
class Fitter {
  readonly #decider = new Decider()
  readonly #entriesMin: number
  readonly #limits: ProgramLimits

  constructor({ mapEntriesMin = mapEntriesMinDefault, limits = programLimits }: GenerateOptions) {
    this.#entriesMin = mapEntriesMin
    this.#limits = limits
  }

  *#fit(plan: Plan): Steps<Fitted> {
    const decision = yield* this.#decider.decideInSteps(plan)
    yield
    return yield* withFewMaps(decision, this.#entriesMin)
  }

  #excess(fitted: Fitted): number {
    return excessOf(fitted, this.#limits)
  }

  /** One program; less is asked of each rule where it is too large. */
  *#weakened(plan: Plan): Steps<FittedParts> {
    for (let tests = weakenedTestsMax; ; tests--) {
      const weaker = weaken(yield* this.#decider.optimised(plan), tests)
      const part = yield* this.#fit(weaker.plan)
      if (tests === 0 || this.#excess(part) <= 1) return { parts: [part], weakened: weaker.givenUp }
    }
  }

  /** As many programs as it takes; `undefined` where that is too many. */
  *#inParts(plan: Plan): Steps<FittedParts | undefined> {
    const best = yield* this.#decider.optimised(plan)
    yield
    const whole = yield* this.#fit(best)
    const excess = this.#excess(whole)
    if (excess <= 1) return { parts: [whole], weakened: [] }
    for (let size = sizeOf(best) / excess; ; size *= smaller) {
      const plans = cut(best, size)
      if (plans.length > partsMax) return undefined
      const pieces: { readonly piece: Plan; readonly part: Fitted }[] = []
      for (const piece of plans) pieces.push({ piece, part: yield* this.#fit(piece) })
      const tooLarge = pieces.filter(({ part }) => this.#excess(part) > 1)
      if (tooLarge.some(({ piece }) => sizeOf(piece) <= size)) continue
      const parts: Fitted[] = []
      const weakened: string[] = []
      for (const { piece, part } of pieces) {
        const fitted = this.#excess(part) > 1 ? yield* this.#weakened(piece) : undefined
        parts.push(...(fitted?.parts ?? [part]))
        weakened.push(...(fitted?.weakened ?? []))
      }
      return { parts, weakened }
    }
  }

  *fit(plan: Plan): Steps<FittedParts> {
    const wanted = yield* this.#inParts(plan)
    if (wanted) return wanted
    const best = yield* this.#decider.optimised(plan)
    for (let tests = weakenedTestsMax; ; tests--) {
      const { plan: weaker, givenUp } = weaken(best, tests)
      const parts = yield* this.#inParts(weaker)
      if (parts) return { parts: parts.parts, weakened: [...givenUp, ...parts.weakened] }
    }
  }
}

/** The target of a listing's part. */
const shownTargetOf = (index: number, parts: number): FilterTarget =>
  index === parts - 1
    ? shownTarget
    : { ...shownTarget, next: { mapFd: shownParts, index: index + 1 } }

const listingOfParts = (parts: readonly Fitted[]): string =>
  parts
    .map(({ decision, entriesMin }, i) => {
      const target = shownTargetOf(i, parts.length)
      const text = listingOf(atOnce(assemble(decision, target, new MapPool(entriesMin), true)))
      return parts.length === 1 ? text : `; part ${i + 1} of ${parts.length}\n${text}`
    })
    .join('')

const partOf = ({ decision, entriesMin, maps, asked, instructionCount }: Fitted): FilterPart => ({
  maps,
  *build(target, fds) {
    const pool = new MapPool(entriesMin, { asked, fds })
    return bytesOf((yield* assemble(decision, target, pool, false)).instructions)
  },
  instructionCount,
})

/** Makes the filters of plans that have much in common, such as those of both looks at a record. */
export class FilterGenerator {
  readonly #fitter: Fitter

  constructor(options: GenerateOptions = {}) {
    this.#fitter = new Fitter(options)
  }

  /** Pure: the same plans in the same order give the same programs. */
  *generate(plan: Plan): Steps<FilterProgram> {
    const { parts, weakened } = yield* this.#fitter.fit(plan)
    return {
      parts: parts.map(partOf),
      get listing() {
        return listingOfParts(parts)
      },
      instructionCount: parts.reduce((sum, part) => sum + part.instructionCount, 0),
      weakened,
    }
  }
}

/** Makes the filter of one plan, at once. */
export const generateFilter = (plan: Plan, options: GenerateOptions = {}): FilterProgram =>
  atOnce(new FilterGenerator(options).generate(plan))
