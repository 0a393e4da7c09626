/**
 * Compiles conditions to JavaScript. Several conditions become one function that reads each field
 * once an event at the most, from left to right, and only when what stands before did not decide.
 * What it must mean is in `evaluate.ts`; how one constant is tested, in `prepared.ts`.
 *
 * Nothing of a rule's text gets into the code but constants, written by JSON; fields, sets and
 * prepared patterns are parameters of it, by number.
 */
import type { FieldRef, FieldValue, IpAddress, Scalar } from '@bulwark/schema'
import { needsEvery } from './evaluate.ts'
import { callFunction } from './functions.ts'
import type { Compare, Condition, Right, Value } from './ir.ts'
import { comparisonOf, isNetwork, textOf } from './ir.ts'
import { constantTest, valueTest } from './prepared.ts'

/** How the code gets at an event of type `E`. */
export interface Binding<E> {
  /** Called once for each field; what it returns is called for each event that asks. */
  field(ref: FieldRef): (event: E) => FieldValue
  /** Called once for each host name; the set may change over time. */
  resolve(hostname: string): () => ReadonlySet<IpAddress>
}

type Constants = Right & { readonly is: 'constants' }

/** The code of a constant; `undefined` for a network. */
const literal = (value: Constants['values'][number]): string | undefined => {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'bigint':
      return `${value}n`
    case 'number':
    case 'boolean':
      return String(value)
    default:
      return undefined
  }
}

/** Methods of strings that test one constant. */
const methods: Partial<Record<Compare['operator'], string>> = {
  contains: 'includes',
  startswith: 'startsWith',
  endswith: 'endsWith',
}

/** The value of a list in a transformer: absent when one of its members is. */
const joinValues = (...members: readonly FieldValue[]): FieldValue =>
  members.includes(undefined)
    ? undefined
    : members.flatMap((each) => each as Scalar | readonly Scalar[])

/** Code under construction, and the values that it refers to by number. */
class Emitter<E> {
  /** Parameters of the code: `h0`, `h1`, and so on. */
  readonly parameters: unknown[] = []
  readonly #binding: Binding<E>
  /** Variable of each field that was read, by the field with its argument. */
  readonly #fields = new Map<string, string>()

  constructor(binding: Binding<E>) {
    this.#binding = binding
  }

  /** Declares the variables: one a field, and one for the value that is being tested. */
  get declarations(): string {
    const fields = [...this.#fields.keys()].map((_, i) => `v${i} = no`)
    return `let ${[...fields, 't'].join(', ')};`
  }

  #parameter(value: unknown): string {
    return `h${this.parameters.push(value) - 1}`
  }

  /** Code that reads a field, once an event. */
  #read(ref: FieldRef): string {
    const key = `${ref.field.name}[${typeof ref.argument}:${String(ref.argument)}]`
    const known = this.#fields.get(key)
    if (known !== undefined) return known
    const variable = `v${this.#fields.size}`
    const accessor = this.#parameter(this.#binding.field(ref))
    const code = `(${variable} === no ? (${variable} = ${accessor}(e)) : ${variable})`
    this.#fields.set(key, code)
    return code
  }

  #value(value: Value): string {
    switch (value.is) {
      case 'field':
        return this.#read(value.ref)
      case 'constant':
        return literal(value.value) ?? 'undefined'
      case 'values':
        return `${this.#parameter(joinValues)}(${this.#values(value.values)})`
      case 'call': {
        const { name, option } = value
        const call = (...values: FieldValue[]): FieldValue => callFunction(name, values, option)
        return `${this.#parameter(call)}(${this.#values(value.values)})`
      }
    }
  }

  #values(values: readonly Value[]): string {
    return values.map((each) => this.#value(each)).join(', ')
  }

  condition(condition: Condition): string {
    switch (condition.is) {
      case 'constant':
        return String(condition.value)
      case 'and':
        return `(${condition.members.map((each) => this.condition(each)).join(' && ')})`
      case 'or':
        return `(${condition.members.map((each) => this.condition(each)).join(' || ')})`
      case 'not':
        return `!${this.condition(condition.member)}`
      case 'exists': {
        const { left } = condition
        const isSeveral = !left.list && comparisonOf(left) !== 'plain'
        const more = isSeveral ? ' && (!Array.isArray(t) || t.length > 0)' : ''
        return `((t = ${this.#value(left)}) !== undefined${more})`
      }
      case 'compare':
        return this.#compare(condition)
    }
  }

  #compare(node: Compare): string {
    const { left, operator, right } = node
    const x = this.#value(left)
    const tested = (code: string): string => `((t = ${x}) !== undefined && ${code})`
    if (right.is === 'value') {
      return tested(`${this.#parameter(valueTest(node))}(t, ${this.#value(right.value)})`)
    }
    const comparison = comparisonOf(left)
    if (comparison === 'resolved-name') {
      const sets = right.values.map((name) => this.#binding.resolve(textOf(name)))
      const known = (address: IpAddress): boolean => sets.some((set) => set().has(address))
      return tested(`${operator === '!=' ? '!' : ''}${this.#parameter(known)}(t)`)
    }
    if (comparison !== 'plain' || left.list) {
      const one = constantTest(operator, right)
      const every = needsEvery(left, operator)
      const isEmptyTrue = left.list
      const all = (value: Scalar | readonly Scalar[]): boolean => {
        if (!Array.isArray(value)) return one(value as Scalar)
        const values = value as readonly Scalar[]
        if (!every) return values.some(one)
        return (isEmptyTrue || values.length > 0) && values.every(one)
      }
      return tested(`${this.#parameter(all)}(t)`)
    }
    return this.#compareOne(x, operator, right) ?? tested(`${this.#test(operator, right)}(t)`)
  }

  #test(operator: Compare['operator'], right: Constants): string {
    return this.#parameter(constantTest(operator, right))
  }

  /** The commonest comparisons of one value, without a call where there is none needed. */
  #compareOne(x: string, operator: Compare['operator'], right: Constants): string | undefined {
    const { values } = right
    if (operator === 'in' && !values.some(isNetwork)) {
      return `${this.#parameter(new Set(values))}.has(${x})`
    }
    const [only] = values
    const code = only === undefined || values.length !== 1 ? undefined : literal(only)
    if (code === undefined) return undefined
    const method = methods[operator]
    if (method !== undefined) return `((t = ${x}) !== undefined && t.${method}(${code}))`
    switch (operator) {
      case '=':
        return `(${x} === ${code})`
      case '!=':
        return `((t = ${x}) !== undefined && t !== ${code})`
      case '<':
      case '<=':
      case '>':
      case '>=':
        return `((t = ${x}) !== undefined && t ${operator} ${code})`
      default:
        return undefined
    }
  }

  /** Makes the function of a body, with everything that the body refers to. */
  build(parameters: string, body: string): unknown {
    const names = this.parameters.map((_, i) => `h${i}`)
    const code = `'use strict'; return function (${parameters}) { ${this.declarations} ${body} }`
    // oxlint-disable-next-line typescript/no-implied-eval -- compiling is what this file is for
    const make = new Function('no', ...names, code) as (...values: unknown[]) => unknown
    return make(Symbol('not read'), ...this.parameters)
  }
}

/** Conditions that were compiled together. */
export interface CompiledRules<E> {
  /**
   * Tries the conditions in order.
   *
   * @param onMatch  called with the index of each that holds; true ends the trying
   * @param onFault  called with the index of one that threw; it counts as not holding
   */
  (
    event: E,
    onMatch: (index: number) => boolean,
    onFault: (index: number, error: unknown) => void,
  ): void
}

/**
 * Compiles several conditions into one function that shares what they read.
 *
 * @param binding  called while compiling, and never after
 */
export const compileRules = <E>(
  conditions: readonly Condition[],
  binding: Binding<E>,
): CompiledRules<E> => {
  const emitter = new Emitter(binding)
  const body = conditions.map((condition, i) => {
    const code = emitter.condition(condition)
    return `t = false; try { t = ${code} } catch (error) { fault(${i}, error); t = false }
      if (t && on(${i})) return;`
  })
  return emitter.build('e, on, fault', body.join('\n')) as CompiledRules<E>
}

/** Compiles one condition. The function throws what an accessor throws. */
export const compileCondition = <E>(
  condition: Condition,
  binding: Binding<E>,
): ((event: E) => boolean) => {
  const emitter = new Emitter(binding)
  const code = emitter.condition(condition)
  return emitter.build('e', `return ${code}`) as (event: E) => boolean
}
