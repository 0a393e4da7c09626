/**
 * In which order the members of a condition are tried, and which of them are one question to a
 * subject (`kept.ts`). The meaning is that of any order: a field that fails makes its rule fail
 * whichever stands before it, and none but `fd.name_changed`, which compares with when it was asked
 * last, has a side effect.
 */
import type { FieldRef } from '@bulwark/schema'
import type { Condition, Operator } from './ir.ts'
import { comparisonOf, conjunction, disjunction, fieldsOf } from './ir.ts'
import type { Subject } from './kept.ts'

/** The smallest subject that all of them are read from; `undefined` when there is none. */
const common = <T, E>(
  all: readonly T[],
  of: (each: T) => Subject<E> | undefined,
): Subject<E> | undefined => {
  let found: Subject<E> | undefined
  for (const each of all) {
    const subject = of(each)
    if (!subject) return undefined
    if (found === undefined || subject.part === found) found = subject
    else if (subject !== found && found.part !== subject) return undefined
  }
  return found
}

/** Operators that take no longer than a look-up. */
const quick: ReadonlySet<Operator> = new Set(['=', '!=', '<', '<=', '>', '>=', 'in'])

/** Neighbours among conditions, of which none holds where the subject meets none of the demands. */
export interface Group<E> {
  /** Index of the first condition, and one past the last. */
  readonly begin: number
  readonly end: number
  /** `undefined`: nothing is known of all of them at once. */
  readonly subject: Subject<E> | undefined
  readonly demands: readonly Condition[]
}

/** Fewer are asked one by one as fast; where one of more is of interest, all of them are tried. */
const groupMin = 3
const groupMax = 8

/** What conditions demand of a subject, one by one, and how many do. */
interface Demands<E> {
  readonly subject: Subject<E>
  readonly demands: readonly (Condition | undefined)[]
  readonly count: number
}

/** Tells what conditions are about. */
export class Plan<E> {
  readonly #ofField: (ref: FieldRef) => Subject<E> | undefined
  readonly #isCheap: (ref: FieldRef) => boolean
  /** `null`: of several subjects, or of none. Trees share their parts: each is looked at once. */
  readonly #known = new WeakMap<Condition, Subject<E> | null>()

  /**
   * @param ofField  what a field is read from, and nothing else
   * @param isCheap  whether a field is read with a few loads
   */
  constructor(
    ofField: (ref: FieldRef) => Subject<E> | undefined,
    isCheap: (ref: FieldRef) => boolean,
  ) {
    this.#ofField = ofField
    this.#isCheap = isCheap
  }

  /** The subject that all fields of a condition are read from; `undefined`: there is none. */
  subjectOf(condition: Condition): Subject<E> | undefined {
    let known = this.#known.get(condition)
    if (known === undefined) {
      known = this.#find(condition) ?? null
      this.#known.set(condition, known)
    }
    return known ?? undefined
  }

  #find(condition: Condition): Subject<E> | undefined {
    switch (condition.is) {
      case 'constant':
        return undefined
      case 'and':
      case 'or':
        return common(condition.members, (member) => this.subjectOf(member))
      case 'not':
        return this.subjectOf(condition.member)
      case 'exists':
        return common(fieldsOf(condition), this.#ofField)
      case 'compare':
        // The addresses of a host name may be others with the next event.
        if (comparisonOf(condition.left) === 'resolved-name') return undefined
        return common(fieldsOf(condition), this.#ofField)
    }
  }

  /** Whether a condition is decided with a few loads. */
  #isQuick(condition: Condition): boolean {
    switch (condition.is) {
      case 'constant':
        return true
      case 'and':
      case 'or':
        return condition.members.every((member) => this.#isQuick(member))
      case 'not':
        return this.#isQuick(condition.member)
      case 'exists':
        return condition.left.is === 'field' && this.#isCheap(condition.left.ref)
      case 'compare': {
        const { left, operator, right } = condition
        const isPlain = left.is === 'field' && this.#isCheap(left.ref)
        return isPlain && quick.has(operator) && right.is === 'constants'
      }
    }
  }

  /**
   * The members of `and` or `or` in the order in which they are tried: what is decided with a few
   * loads; one question to each subject; and the rest as it was written. So nothing that stands
   * before one of the rest comes behind it, on which `asked.ts` relies.
   *
   * @param own  the subject that all of this is a question to: nothing is asked of it again
   */
  members(
    condition: Condition & { readonly is: 'and' | 'or' },
    own?: Subject<E>,
  ): readonly Condition[] {
    const join = condition.is === 'and' ? conjunction : disjunction
    const cheap: Condition[] = []
    const questions = new Map<Subject<E>, Condition[]>()
    const others: Condition[] = []
    for (const member of condition.members) {
      const subject = this.subjectOf(member)
      if (subject && subject !== own)
        questions.set(subject, [...(questions.get(subject) ?? []), member])
      else (this.#isQuick(member) ? cheap : others).push(member)
    }
    return [...cheap, ...Array.from(questions.values(), join), ...others]
  }

  /** What a condition demands of a subject: it holds only where that does. `undefined`: nothing. */
  #demand(condition: Condition, subject: Subject<E>): Condition | undefined {
    const about = this.subjectOf(condition)
    if (about === subject) return condition
    if (condition.is === 'and') {
      const members = condition.members.map((member) => this.#demand(member, subject))
      const demands = members.filter((each) => each !== undefined)
      return demands.length === 0 ? undefined : conjunction(demands)
    }
    // Only of what is kept: of the rest of a rule it would say too little for what it takes.
    if (condition.is !== 'or' || about?.part !== subject) return undefined
    const members = condition.members.map((member) => this.#demand(member, subject))
    const demands = members.filter((each) => each !== undefined)
    return demands.length < members.length ? undefined : disjunction(demands)
  }

  /** The subject that most of them demand something of, with what each demands. */
  #commonest(conditions: readonly Condition[]): Demands<E> | undefined {
    const subjects = new Set<Subject<E>>()
    for (const condition of conditions) {
      for (const each of condition.is === 'and' ? condition.members : [condition]) {
        const subject = this.subjectOf(each)
        if (subject) subjects.add(subject)
      }
    }
    let best: Demands<E> | undefined
    for (const subject of subjects) {
      const demands = conditions.map((condition) => this.#demand(condition, subject))
      const count = demands.filter((each) => each !== undefined).length
      if (count > (best?.count ?? 0)) best = { subject, demands, count }
    }
    return best
  }

  /**
   * Puts neighbours together that demand something of the same subject, which then says with one
   * answer that none of them holds: few processes and files are what any rule looks for.
   */
  groups(conditions: readonly Condition[]): readonly Group<E>[] {
    const shared = this.#commonest(conditions)
    const groups: Group<E>[] = []
    let begin = 0
    while (begin < conditions.length) {
      const rest = shared?.demands.slice(begin, begin + groupMax) ?? []
      const end = rest.findIndex((each) => each === undefined)
      const demands = rest.slice(0, end < 0 ? groupMax : end).filter((each) => each !== undefined)
      const isWorthIt = demands.length >= groupMin
      const length = Math.max(1, demands.length)
      const subject = isWorthIt ? shared?.subject : undefined
      groups.push({ begin, end: begin + length, subject, demands })
      begin += length
    }
    return groups
  }
}
