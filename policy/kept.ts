/**
 * Answers that are kept: whether a condition holds on what many events have in common (their
 * process, their file) is worked out once for each, and found again with the next event of it.
 *
 * Two bits a condition, fifteen conditions a number, so that numbers stay small integers and a
 * thousand processes cost little: 0 not known yet, 1 it holds, 2 it does not.
 */
import { sameCondition } from './condition-key.ts'
import type { Condition } from './ir.ts'

/** The answers of one process or file; made by `Subject.blank`, passed on to the compiled code. */
export type Answers = number[]

const answersPerNumber = 15

/** Where a condition's answer stands. */
export interface AnswerPlace {
  readonly index: number
  readonly shift: number
}

/**
 * A thing that events have in common, and the conditions that are about nothing else. They are
 * numbered as they are compiled; the same condition of several rules, or of rules for several types
 * of events, has one number.
 */
export class Subject<E> {
  /** The answers of what an event is about; blank ones where it is about no such thing. */
  readonly answersOf: (event: E) => Answers
  /** A smaller subject: what is read from that is read from this one, too. */
  readonly part: Subject<E> | undefined
  readonly #places = new Map<string, number>()
  #blank: Answers = []

  /** @param answersOf  gives blank ones again when a field of the thing has changed */
  constructor(answersOf: (event: E, subject: Subject<E>) => Answers, part?: Subject<E>) {
    this.answersOf = (event) => answersOf(event, this)
    this.part = part
  }

  /** Answers of which none is known. */
  blank(): Answers {
    return this.#blank.slice()
  }

  /** Conditions that have a number. */
  get size(): number {
    return this.#places.size
  }

  placeOf(condition: Condition): AnswerPlace {
    const key = sameCondition(condition)
    const number = this.#places.get(key) ?? this.#places.size
    this.#places.set(key, number)
    const index = Math.floor(number / answersPerNumber)
    if (index === this.#blank.length) this.#blank.push(0)
    return { index, shift: 2 * (number % answersPerNumber) }
  }
}
