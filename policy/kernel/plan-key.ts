/** What tells plans apart. */
import type { Plan, Test, TextAt } from './plan.ts'

/** Tests that look for values anywhere in a text: nothing can be looked up for them. */
export const isScan = ({ operator }: Test & { readonly is: 'text' }): boolean =>
  operator === 'contains' || operator === 'resembles'

export const textPlaceKey = (at: TextAt): string => `${at.is}${at.offset}`

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

const testKey = (test: Test): string => {
  switch (test.is) {
    case 'number': {
      const { offset, bytes, signed } = test.at
      const values = test.values.toSorted((a, b) => (a < b ? -1 : 1)).join()
      return `n${offset}.${bytes}${signed ? 's' : 'u'}${test.operator}${values}`
    }
    case 'bits':
      return `b${test.at.offset}.${test.at.bytes}&${test.mask}`
    case 'text':
      return `t${textPlaceKey(test.at)}${test.operator}${JSON.stringify(test.values.toSorted())}`
    case 'network':
      return `w${test.offset}=${hex(test.base)}/${test.prefix}`
    case 'cgroup':
      return `c${test.states.toSorted().join()}`
    case 'scope':
      return `s${test.numbers.toSorted((a, b) => a - b).join()}`
  }
}

/** Numbers plans, so that two with the same number mean the same. */
export class PlanKeys {
  readonly #numbers = new WeakMap<Plan, number>()
  /** By what tells a plan apart: the text of a test, the numbers of members. */
  readonly #known = new Map<string, number>()

  of(plan: Plan): number {
    const known = this.#numbers.get(plan)
    if (known !== undefined) return known
    const text = this.#textOf(plan)
    const number = this.#known.get(text) ?? this.#known.size
    this.#known.set(text, number)
    this.#numbers.set(plan, number)
    return number
  }

  #textOf(plan: Plan): string {
    switch (plan.is) {
      case 'constant':
        return `${plan.value}`
      case 'and':
      case 'or': {
        const members = plan.members.map((member) => this.of(member))
        return `${plan.is}${members.sort((a, b) => a - b).join()}`
      }
      case 'not':
        return `!${this.of(plan.member)}`
      default:
        return testKey(plan)
    }
  }
}

const texts = new WeakMap<Plan, string>()

const newText = (plan: Plan): string => {
  switch (plan.is) {
    case 'constant':
      return `${plan.value}`
    case 'and':
    case 'or':
      return `${plan.is}(${plan.members.map(keyOf).sort().join()})`
    case 'not':
      return `!${keyOf(plan.member)}`
    default:
      return testKey(plan)
  }
}

/** One text for each plan, as long as the plan: for many plans of one kind, see `PlanKeys`. */
export const keyOf = (plan: Plan): string => {
  const known = texts.get(plan)
  if (known !== undefined) return known
  const key = newText(plan)
  texts.set(plan, key)
  return key
}

/** A plan that is one test, or the contrary of one. */
export const asTest = (plan: Plan): { test: Test; negated: boolean } | undefined => {
  switch (plan.is) {
    case 'constant':
    case 'and':
    case 'or':
      return undefined
    case 'not':
      return { test: plan.member, negated: true }
    default:
      return { test: plan, negated: false }
  }
}
