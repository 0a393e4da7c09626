/** Single tests: brought into one form, and several of one place made one. */
import type { CgroupState, Plan, Test, TextOperator } from './plan.ts'
import { textPlaceKey } from './plan-key.ts'

/** The bytes of a record that a test reads, but for texts behind its fixed part. */
export interface BytesRead {
  readonly offset: number
  readonly bytes: number
}

const slotBytes = 8

const bytesRead = (test: Test): BytesRead => {
  switch (test.is) {
    case 'number':
    case 'bits':
      return test.at
    case 'text':
      return { offset: test.at.offset, bytes: test.at.is === 'chars' ? test.at.bytes : slotBytes }
    case 'network':
      return { offset: test.offset, bytes: test.base.length }
    case 'cgroup':
    case 'scope':
      return { offset: 0, bytes: 0 }
  }
}

/** Whether some test of a plan reads such bytes. */
export const someTest = (plan: Plan, isAsked: (read: BytesRead) => boolean): boolean => {
  switch (plan.is) {
    case 'constant':
      return false
    case 'and':
    case 'or':
      return plan.members.some((member) => someTest(member, isAsked))
    case 'not':
      return isAsked(bytesRead(plan.member))
    default:
      return isAsked(bytesRead(plan))
  }
}

type TextTest = Extract<Test, { is: 'text' }>

const cgroupStates: readonly CgroupState[] = ['host', 'container', 'unknown']

/** Whether a part of `value` that begins (`starts`) or ends it is among `values`. */
const hasPart = (value: string, values: ReadonlySet<string>, operator: TextOperator): boolean => {
  for (let bytes = 0; bytes < value.length; bytes++) {
    const part = operator === 'ends' ? value.slice(value.length - bytes) : value.slice(0, bytes)
    if (operator === 'below' && value[bytes] !== '/') continue
    if (values.has(part)) return true
  }
  return false
}

const isWithin = (part: string, value: string): boolean => part !== value && value.includes(part)

/** The values without those that another one makes needless. */
const neededValues = ({ operator, values, at }: TextTest): readonly string[] => {
  const once = new Set(values)
  if (operator === 'equals') {
    if (at.is === 'slot') return [...once]
    return [...once].filter((value) => value.length <= at.bytes && !value.includes('\0'))
  }
  if (operator === 'resembles') return [...once]
  if (operator === 'contains') {
    return [...once].filter((value) => ![...once].some((other) => isWithin(other, value)))
  }
  return [...once].filter((value) => !hasPart(value, once, operator))
}

const simplifyText = (test: TextTest): Test | boolean => {
  const values = neededValues(test)
  if (values.length === 0) return false
  const unlimited = ['starts', 'ends', 'contains'].includes(test.operator)
  if (unlimited && values.includes('')) return true
  return { ...test, values: values.toSorted() }
}

/** The same test in its shortest form; a truth value where it does not depend on the record. */
export const simplifyTest = (test: Test): Test | boolean => {
  switch (test.is) {
    case 'number': {
      if (test.operator !== 'in') return test
      const values = [...new Set(test.values)].toSorted((a, b) => (a < b ? -1 : 1))
      return { ...test, values }
    }
    case 'bits': {
      const mask = BigInt.asUintN(8 * test.at.bytes, test.mask)
      return mask === 0n ? false : { ...test, mask }
    }
    case 'text':
      return simplifyText(test)
    case 'network':
      return test.prefix === 0 ? true : test
    case 'cgroup': {
      const states = cgroupStates.filter((state) => test.states.includes(state))
      if (states.length === 0) return false
      return states.length === cgroupStates.length ? true : { is: 'cgroup', states }
    }
    case 'scope': {
      const numbers = [...new Set(test.numbers)].toSorted((a, b) => a - b)
      return numbers.length > 0 && { is: 'scope', numbers }
    }
  }
}

/** How tests of one place become one. */
interface Merging {
  /** Tests with the same text can be merged; `undefined`: not this one. */
  readonly placeOf: (test: Test) => string | undefined
  /** Of tests of one place, in the form of `simplifyTest`; at least one. */
  readonly merge: (tests: readonly Test[]) => Test | boolean
}

const numberPlace = (test: Extract<Test, { is: 'number' | 'bits' }>): string =>
  `${test.at.offset}.${test.at.bytes}${test.at.signed ? 's' : 'u'}`

const uniteTwo = (one: Test, other: Test): Test => {
  if (one.is === 'number' && other.is === 'number') {
    return { ...one, values: [...one.values, ...other.values] }
  }
  if (one.is === 'bits' && other.is === 'bits') return { ...one, mask: one.mask | other.mask }
  if (one.is === 'text' && other.is === 'text') {
    return { ...one, values: [...one.values, ...other.values] }
  }
  if (one.is === 'cgroup' && other.is === 'cgroup') {
    return { is: 'cgroup', states: [...one.states, ...other.states] }
  }
  throw new Error('tests of different places are not united')
}

/** Of many tests with values at once: joining them one by one would take quadratic time. */
const uniteAll = (tests: readonly Test[]): Test => {
  const [first] = tests
  if (first === undefined) throw new Error('nothing to unite')
  if (first.is === 'text') {
    return { ...first, values: tests.flatMap((test) => (test.is === 'text' ? test.values : [])) }
  }
  if (first.is === 'number') {
    return { ...first, values: tests.flatMap((test) => (test.is === 'number' ? test.values : [])) }
  }
  if (first.is === 'scope') {
    return {
      is: 'scope',
      numbers: tests.flatMap((test) => (test.is === 'scope' ? test.numbers : [])),
    }
  }
  return tests.reduce(uniteTwo)
}

/** One test that holds where any of them does. */
export const unite: Merging = {
  placeOf: (test) => {
    switch (test.is) {
      case 'number':
        return test.operator === 'in' ? `n${numberPlace(test)}` : undefined
      case 'bits':
        return `b${numberPlace(test)}`
      case 'text':
        return `t${textPlaceKey(test.at)}${test.operator}`
      case 'cgroup':
        return 'c'
      case 'scope':
        return 's'
      case 'network':
        return undefined
    }
  },
  merge: (tests) => simplifyTest(uniteAll(tests)),
}

const intersectTwo = (one: Test | boolean, other: Test): Test | boolean => {
  if (typeof one === 'boolean') return one
  if (one.is === 'number' && other.is === 'number') {
    const values = one.values.filter((value) => other.values.includes(value))
    return values.length > 0 && { ...one, values }
  }
  if (one.is === 'text' && other.is === 'text') {
    const theirs = new Set(other.values)
    const values = one.values.filter((value) => theirs.has(value))
    return values.length > 0 && { ...one, values }
  }
  if (one.is === 'cgroup' && other.is === 'cgroup') {
    return simplifyTest({
      is: 'cgroup',
      states: one.states.filter((state) => other.states.includes(state)),
    })
  }
  if (one.is === 'scope' && other.is === 'scope') {
    const theirs = new Set(other.numbers)
    return simplifyTest({ is: 'scope', numbers: one.numbers.filter((each) => theirs.has(each)) })
  }
  throw new Error('tests of different places are not intersected')
}

/** One test that holds where all of them do. */
export const intersect: Merging = {
  placeOf: (test) => {
    switch (test.is) {
      case 'number':
        return test.operator === 'in' ? `n${numberPlace(test)}` : undefined
      case 'text':
        return test.operator === 'equals' ? `t${textPlaceKey(test.at)}` : undefined
      case 'cgroup':
        return 'c'
      case 'scope':
        return 's'
      case 'bits':
      case 'network':
        return undefined
    }
  },
  merge: (tests) => tests.slice(1).reduce(intersectTwo, tests[0] ?? false),
}
