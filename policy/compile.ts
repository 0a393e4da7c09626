/**
 * Compiles conditions to JavaScript. Several conditions become one function that reads each field
 * once an event at the most, and only when what was tested before did not decide. What it must mean
 * is in `evaluate.ts`; how one constant is tested, in `prepared.ts`; which parts of a condition are
 * asked once for each process or file, and what is tested first, in `plan.ts`.
 *
 * Nothing of a rule's text gets into the code but constants, written by JSON; fields, sets and
 * prepared patterns are parameters of it, by number.
 */
import type { FieldRef, FieldValue, IpAddress, Scalar } from '@bulwark/schema'
import { fieldKey, sameCondition } from './condition-key.ts'
import { needsEvery } from './evaluate.ts'
import { callFunction } from './functions.ts'
import type { Compare, Condition, Right, Value } from './ir.ts'
import { comparisonOf, disjunction, isNetwork, textOf } from './ir.ts'
import type { AnswerPlace, Subject } from './kept.ts'
import { Plan } from './plan.ts'
import { constantTest, valueTest } from './prepared.ts'
import type { Steps } from './steps.ts'
import { atOnce } from './steps.ts'

/** How the code gets at an event of type `E`. */
export interface Binding<E> {
  /** Called once for each field; what it returns is called for each event that asks. */
  field(ref: FieldRef): (event: E) => FieldValue
  /** Called once for each host name; the set may change over time. */
  resolve(hostname: string): () => ReadonlySet<IpAddress>
  /** What a field is read from, and nothing else, where many events have that in common. */
  subjectOf?(ref: FieldRef): Subject<E> | undefined
  /** Whether a field is read with a few loads: what is about such fields alone is tried first. */
  isCheap?(ref: FieldRef): boolean
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

/** Code that several functions are made of, and the values that it refers to by number. */
class Unit<E> {
  readonly binding: Binding<E>
  /** Parameters of the code: `h0`, `h1`, and so on. */
  readonly #parameters: unknown[] = []
  /** Names of the parameters that read fields, by the field with its argument. */
  readonly #accessors = new Map<string, string>()
  /** Names of the functions that answer conditions. */
  readonly #questions = new Map<string, string>()
  /** Names of the parameters that give the answers of subjects. */
  readonly #subjects = new Map<Subject<E>, string>()
  #functions = ''

  constructor(binding: Binding<E>) {
    this.binding = binding
  }

  parameter(value: unknown): string {
    return `h${this.#parameters.push(value) - 1}`
  }

  accessor(ref: FieldRef, key: string): string {
    const known = this.#accessors.get(key) ?? this.parameter(this.binding.field(ref))
    this.#accessors.set(key, known)
    return known
  }

  /** The name of the parameter that gives the answers of a subject. */
  answersOf(subject: Subject<E>): string {
    const known = this.#subjects.get(subject) ?? this.parameter(subject.answersOf)
    this.#subjects.set(subject, known)
    return known
  }

  /**
   * The name of a function that works an answer out, and keeps it among the answers `a`. What is
   * about a part of the subject alone is asked of that part.
   */
  question(condition: Condition, subject: Subject<E>, plan: Plan<E>): string {
    return this.#answering(sameCondition(condition), subject.placeOf(condition), () => {
      const emitter = new Emitter(this, plan, subject)
      return { code: emitter.condition(condition), emitter }
    })
  }

  /** The name of a function that asks several questions, and keeps whether any has a yes. */
  anyOf(questions: readonly Condition[], subject: Subject<E>, plan: Plan<E>): string {
    const any = disjunction(questions)
    return this.#answering(`any of ${sameCondition(any)}`, subject.placeOf(any), () => {
      const emitter = new Emitter(this, plan)
      const code = questions.map((each) => emitter.condition(each)).join(' || ')
      return { code: `(${code})`, emitter }
    })
  }

  #answering(
    key: string,
    { index, shift }: AnswerPlace,
    write: () => { readonly code: string; readonly emitter: Emitter<E> },
  ): string {
    const known = this.#questions.get(key)
    if (known !== undefined) return known
    const name = `k${this.#questions.size}`
    this.#questions.set(key, name)
    const { code, emitter } = write()
    this.#functions += `function ${name}(e, a) { ${emitter.declarations} t = ${code} ? 1 : 2;
      a[${index}] |= t << ${shift}; return t }\n`
    return name
  }

  /** Makes the function of a body, with everything that the body refers to. */
  build(parameters: string, declarations: string, body: string): unknown {
    const names = this.#parameters.map((_, i) => `h${i}`)
    const run = `return function (${parameters}) { ${declarations} ${body} }`
    // oxlint-disable-next-line typescript/no-implied-eval -- compiling is what this file is for
    const make = new Function('no', ...names, `'use strict'; ${this.#functions} ${run}`) as (
      ...values: unknown[]
    ) => unknown
    return make(Symbol('not read'), ...this.#parameters)
  }
}

/** The code of one function. */
class Emitter<E> {
  readonly #unit: Unit<E>
  /** `undefined` where no answers are kept, and all is tried as it was written. */
  readonly #plan: Plan<E> | undefined
  /** What the function answers for: the answer is worked out there, and not asked for. */
  readonly #own: Subject<E> | undefined
  /** Code that reads each field, by the field with its argument. */
  readonly #fields = new Map<string, string>()
  /** Variable of the answers of each subject. */
  readonly #answers = new Map<Subject<E>, string>()

  constructor(unit: Unit<E>, plan?: Plan<E>, own?: Subject<E>) {
    this.#unit = unit
    this.#plan = plan
    this.#own = own
  }

  /** Declares the variables: one a field, one a subject, one for the value that is being tested. */
  get declarations(): string {
    const fields = Array.from(this.#fields, (_, i) => `v${i} = no`)
    const answers = Array.from(this.#answers, (_, i) => `a${i} = no`)
    return `let ${[...fields, ...answers, 't'].join(', ')};`
  }

  #parameter(value: unknown): string {
    return this.#unit.parameter(value)
  }

  /** Code that reads a field, once an event. */
  #read(ref: FieldRef): string {
    const key = fieldKey(ref)
    const known = this.#fields.get(key)
    if (known !== undefined) return known
    const variable = `v${this.#fields.size}`
    const accessor = this.#unit.accessor(ref, key)
    const code = `(${variable} === no ? (${variable} = ${accessor}(e)) : ${variable})`
    this.#fields.set(key, code)
    return code
  }

  /** Code that asks a subject: for the answer that it keeps, or else for a new one. */
  #ask(subject: Subject<E>, { index, shift }: AnswerPlace, question: string): string {
    let answers = this.#answers.get(subject)
    if (answers === undefined) {
      answers = `a${this.#answers.size}`
      this.#answers.set(subject, answers)
    }
    const answersOf = this.#unit.answersOf(subject)
    const all = `(${answers} === no ? (${answers} = ${answersOf}(e)) : ${answers})`
    return `((${all}[${index}] >> ${shift} & 3 || ${question}(e, ${answers})) === 1)`
  }

  /** Code that asks a subject whether any of several questions to it has a yes. */
  anyOf(questions: readonly Condition[], subject: Subject<E>, plan: Plan<E>): string {
    const place = subject.placeOf(disjunction(questions))
    return this.#ask(subject, place, this.#unit.anyOf(questions, subject, plan))
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
    const plan = this.#plan
    const subject = plan?.subjectOf(condition)
    if (plan && subject && subject !== this.#own) {
      const question = this.#unit.question(condition, subject, plan)
      return this.#ask(subject, subject.placeOf(condition), question)
    }
    switch (condition.is) {
      case 'constant':
        return String(condition.value)
      case 'and':
      case 'or': {
        const members = plan?.members(condition, this.#own) ?? condition.members
        const word = condition.is === 'and' ? ' && ' : ' || '
        return `(${members.map((each) => this.condition(each)).join(word)})`
      }
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
      const sets = right.values.map((name) => this.#unit.binding.resolve(textOf(name)))
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
        for (const each of values) if (one(each) !== every) return !every
        return every && (isEmptyTrue || values.length > 0)
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
}

const planOf = <E>(binding: Binding<E>): Plan<E> | undefined =>
  binding.subjectOf &&
  new Plan(
    (ref) => binding.subjectOf?.(ref),
    (ref) => binding.isCheap?.(ref) ?? false,
  )

/** Conditions that are compiled in one step. */
const conditionsAtOnce = 100

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
    onMatch: (index: number, event: E) => boolean,
    onFault: (index: number, error: unknown) => void,
  ): void
}

/**
 * Compiles several conditions into one function that shares what they read.
 *
 * @param binding  called while compiling, and never after
 */
export function* compileRulesInSteps<E>(
  conditions: readonly Condition[],
  binding: Binding<E>,
): Steps<CompiledRules<E>> {
  const unit = new Unit(binding)
  const plan = planOf(binding)
  const emitter = new Emitter(unit, plan)
  const codes: string[] = []
  for (const [i, condition] of conditions.entries()) {
    if (i % conditionsAtOnce === 0) yield
    const code = emitter.condition(condition)
    codes.push(`t = false; try { t = ${code} } catch (error) { fault(${i}, error); t = false }
      if (t && on(${i}, e)) return;`)
  }
  yield
  const body = plan
    ? plan.groups(conditions).map(({ begin, end, subject, demands }) => {
        const code = codes.slice(begin, end).join('\n')
        if (!subject) return code
        // What fails says so when it is tried by itself.
        return `t = true; try { t = ${emitter.anyOf(demands, subject, plan)} } catch {}
          if (t) { ${code} }`
      })
    : codes
  yield
  const parameters = 'e, on, fault'
  return unit.build(parameters, emitter.declarations, body.join('\n')) as CompiledRules<E>
}

/** The same at once. */
export const compileRules = <E>(
  conditions: readonly Condition[],
  binding: Binding<E>,
): CompiledRules<E> => atOnce(compileRulesInSteps(conditions, binding))

/** Compiles one condition. The function throws what an accessor throws. */
export const compileCondition = <E>(
  condition: Condition,
  binding: Binding<E>,
): ((event: E) => boolean) => {
  const unit = new Unit(binding)
  const emitter = new Emitter(unit, planOf(binding))
  const code = emitter.condition(condition)
  return unit.build('e', emitter.declarations, `return ${code}`) as (event: E) => boolean
}
