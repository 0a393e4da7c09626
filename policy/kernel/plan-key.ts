/** What tells plans apart: one text for each, so that two with the same text mean the same. */
import type { Plan, Test, TextAt } from './plan.ts'

const keys = new WeakMap<Plan, string>()

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
  }
}

const newKey = (plan: Plan): string => {
  switch (plan.is) {
    case 'constant':
      return `${plan.value}`
    case 'and':
    case 'or':
      return `${plan.is}(${plan.members.map(keyOf).toSorted().join()})`
    case 'not':
      return `!${keyOf(plan.member)}`
    default:
      return testKey(plan)
  }
}

export const keyOf = (plan: Plan): string => {
  const known = keys.get(plan)
  if (known !== undefined) return known
  const key = newKey(plan)
  keys.set(plan, key)
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
