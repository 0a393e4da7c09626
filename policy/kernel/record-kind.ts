/** A kind of record, as fields are read from it; and readings that several of them share. */
import type { IpAddress, Machine } from '@bulwark/schema'
import { EventNumber, errorNames } from '@bulwark/schema'
import { allOf, bitsAre, inverse, numberBelow, textIs } from './make-plan.ts'
import { Places } from './places.ts'
import type { NumberAt, Plan } from './plan.ts'
import { everything } from './plan.ts'
import type { Case, Possible, Reading } from './reading.ts'
import { changed } from './reading.ts'

/** What a filter can rely on, on one node. */
export interface KernelFacts {
  readonly machine: Machine
  /** The kernel is told which cgroups are of containers and which are not. */
  readonly tellsCgroups: boolean
  /** Names of the host's users, by number; not known when not said. */
  readonly hostUsers?: ReadonlyMap<number, string>
  /** Addresses of host names, as the agent goes by them; of one that is missing none are known. */
  readonly hostAddresses?: ReadonlyMap<string, ReadonlySet<IpAddress>>
  /** The classes of scopes that containers may be told to be in; none when not said. */
  readonly scopeClasses?: readonly ToldClass[]
}

/** A class of scopes: what containers have in common that are in the same ones. */
export interface ToldClass {
  /** What the kernel is told of the cgroups of such a container: from `scopeClassMin` on. */
  readonly number: number
  /** Whether a rule with a scope of this key is judged on them. */
  readonly isJudged: (scopeKey: string) => boolean
}

/** The records of one kind whose events have one type. */
export class RecordKind {
  readonly kind: number
  readonly #type: string
  /** Something that was read depends on the type. */
  usesType = false
  readonly facts: KernelFacts
  readonly places: Places
  /** The call has failed; or has not. */
  readonly failed: Plan
  readonly done: Plan
  /** It is a system call. */
  readonly isSyscall: Plan

  constructor(kind: number, type: string, facts: KernelFacts) {
    this.kind = kind
    this.#type = type
    this.facts = facts
    this.places = new Places(kind)
    this.failed = numberBelow(this.places.number('result'), 0n)
    this.done = inverse(this.failed)
    const isNone = numberBelow(this.places.number('syscall'), 0n)
    this.isSyscall = kind === EventNumber.exec ? everything : inverse(isNone)
  }

  /** `evt.type` of the events. */
  get type(): string {
    this.usesType = true
    return this.#type
  }
}

/** Gives the reading of a field on a kind of record. */
export type ReadField = (of: RecordKind) => Reading

/** Fields and how they are read. */
export type Readings = Readonly<Record<string, ReadField | undefined>>

/** A reading, where a plan holds. */
export const where = (plan: Plan, reading: Reading): Reading =>
  reading.map((each) => changed(each, each.value, allOf([plan, each.when])))

/** A field that is true where a plan holds, and else false. */
export const truth = (plan: Plan): Reading => [
  { when: plan, value: { is: 'constant', value: true } },
  { when: inverse(plan), value: { is: 'constant', value: false } },
]

/** A value on all records: the number of that name. */
export const numberOf =
  (name: string): ReadField =>
  ({ places }) => [{ when: everything, value: { is: 'number', at: places.number(name) } }]

const formatBits = 0o170000

/** The type of a file, in the bits of its mode. */
export const hasFormat = (mode: NumberAt, format: number): Plan => bitsAre(mode, formatBits, format)

/** Cases in order: each where none before it holds. */
export const firstOf = (
  cases: readonly (readonly [when: Plan, value: Possible | undefined])[],
): Reading => {
  const before: Plan[] = []
  return cases.flatMap(([when, value]) => {
    const all = allOf([...before, when])
    before.push(inverse(when))
    return value === undefined ? [] : [{ when: all, value }]
  })
}

/** A text of the record has no bytes. */
export const isEmpty = ({ places }: RecordKind, name: string): Plan =>
  textIs(places.text(name), 'equals', [''])

/** A text of the record. */
export const textOfRecord = ({ places }: RecordKind, name: string): Reading => [
  { when: everything, value: { is: 'text', at: places.text(name), isPath: false } },
]

/** What becomes of a path as given, from a directory. */
export const resolvedFrom = ({ places }: RecordKind, raw: string, base: string): Possible => ({
  is: 'resolved',
  raw: places.text(raw),
  base: places.text(base),
})

/** The path that the kernel has resolved, else what becomes of the one as given. */
export const resolvedOr = (
  of: RecordKind,
  resolved: string,
  raw: string,
  base: string,
): readonly [told: Case, untold: Case] => {
  const isUntold = isEmpty(of, resolved)
  return [
    {
      when: inverse(isUntold),
      value: { is: 'text', at: of.places.text(resolved), isPath: true },
    },
    { when: isUntold, value: resolvedFrom(of, raw, base) },
  ]
}

const errorWords: ReadonlyMap<number, string> = new Map(
  Array.from(errorNames, ([number, name]) => [-number, name]),
)

/** The name of the error of a call that has failed. */
export const errorReading = ({ failed, places }: RecordKind): Reading => [
  {
    when: failed,
    value: { is: 'word', at: places.number('result'), words: errorWords, else: 'opposite' },
  },
]
