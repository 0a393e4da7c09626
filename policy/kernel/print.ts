/** Plans in words: an outline, a test a line, with the members of the record by their names. */
import { recordLayouts } from '@bulwark/schema'
import { ancestorNameAt, ancestorsMax, knownAt, moreAt } from './ancestors.ts'
import { Places } from './places.ts'
import type { NumberAt, Plan, Test, TextOperator } from './plan.ts'
import { cgroupNumbers } from './plan.ts'

/** How much of a plan is printed. */
export interface PrintOptions {
  /** Values of a set that are listed; all when not said. */
  readonly valuesMax?: number
}

/** What filters are told of ancestors. */
const ancestorNames: readonly (readonly [offset: number, name: string])[] = [
  [knownAt.offset, 'ancestors known'],
  [moreAt.offset, 'ancestors unknown'],
  ...Array.from({ length: ancestorsMax }, (_, i) => {
    const name = i === 0 ? 'parent' : `ancestor ${i + 1}`
    return [ancestorNameAt(i + 1).offset, name] as const
  }),
]

/** What stands at an offset of a kind of record, or behind it. */
const namesByOffset = (kind: number): ReadonlyMap<number, string> => {
  const places = new Places(kind)
  const members = recordLayouts.find((layout) => layout.kind === kind)?.members ?? []
  const own = members.map(({ name }) => [places.offset(name), name] as const)
  const lengths = members
    .filter(({ storage }) => storage === 'text')
    .map(({ name }) => [places.trueBytes(name).offset, `true length of ${name}`] as const)
  return new Map([...own, ...lengths, ...ancestorNames])
}

/** Words of the operators, and of their opposites. */
const textWords: Readonly<Record<TextOperator, readonly [string, string]>> = {
  equals: ['is', 'is not'],
  starts: ['starts with', 'does not start with'],
  ends: ['ends with', 'does not end with'],
  contains: ['contains', 'does not contain'],
  resembles: ['contains, in any case,', 'does not contain, in any case,'],
  below: ['is or lies below', 'is not and does not lie below'],
}

const opposites = { '<': '>=', '<=': '>', '>': '<=', '>=': '<', in: 'is not' } as const

/** A text, in quotes where it has other letters than most. */
export const shownText = (text: string): string =>
  /^[\x21-\x7e]+$/.test(text) && !/[",]/.test(text) ? text : JSON.stringify(text)

/** What a number that the kernel was told of a cgroup stands for. */
export const scopeText = (number: number): string => {
  const state = Object.entries(cgroupNumbers).find(([, each]) => each === number)?.[0]
  return state ?? String(number)
}

/** An address of 4 or of 16 bytes. */
export const addressText = (base: Uint8Array): string => {
  if (base.length === 4) return base.join('.')
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((base[2 * i] ?? 0) << 8) | (base[2 * i + 1] ?? 0)).toString(16),
  )
  return groups.join(':').replace(/(?:^|:)0(?::0)+(?::|$)/, '::')
}

class Printer {
  readonly #names: ReadonlyMap<number, string>
  readonly #valuesMax: number

  constructor(kind: number, { valuesMax = Infinity }: PrintOptions) {
    this.#names = namesByOffset(kind)
    this.#valuesMax = valuesMax
  }

  #list(values: readonly string[]): string {
    const shown = values.slice(0, this.#valuesMax).join(', ')
    const more = values.length - this.#valuesMax
    return more > 0 ? `${shown}, and ${more} more` : shown
  }

  /** A member by its name; one within another by its bits. */
  #place({ offset, bytes }: Pick<NumberAt, 'offset' | 'bytes'>): string {
    const name = this.#names.get(offset)
    return name ?? `the ${bytes} bytes at ${offset}`
  }

  #test(test: Test, isNegated: boolean): string {
    switch (test.is) {
      case 'number': {
        const word = isNegated ? opposites[test.operator] : test.operator
        const values = this.#list(test.values.map(String))
        return `${this.#place(test.at)} ${word === 'in' ? 'is' : word} ${values}`
      }
      case 'bits': {
        const isOne = (test.mask & (test.mask - 1n)) === 0n
        const what = isNegated ? 'has none of' : isOne ? 'has' : 'has any of'
        return `${this.#place(test.at)} ${what} 0x${test.mask.toString(16)}`
      }
      case 'text': {
        const word = textWords[test.operator][isNegated ? 1 : 0]
        const name = this.#place({ offset: test.at.offset, bytes: 8 })
        return `${name} ${word} ${this.#list(test.values.map(shownText))}`
      }
      case 'network': {
        const bytes = test.base.length === 4 ? 4 : 8
        const name = this.#place({ offset: test.offset, bytes })
        return `${name} ${isNegated ? 'not in' : 'in'} ${addressText(test.base)}/${test.prefix}`
      }
      case 'cgroup':
        return `cgroup ${isNegated ? 'is not' : 'is'} ${test.states.join(' or ')}`
      case 'scope':
        return `scope ${isNegated ? 'is not' : 'is'} ${this.#list(test.numbers.map(scopeText))}`
    }
  }

  lines(plan: Plan): readonly string[] {
    switch (plan.is) {
      case 'constant':
        return [plan.value ? 'everything' : 'nothing']
      case 'and':
      case 'or': {
        const title = plan.is === 'and' ? 'all of' : 'any of'
        const members = plan.members.flatMap((member) => this.lines(member))
        return [title, ...members.map((line) => `  ${line}`)]
      }
      case 'not':
        return [this.#test(plan.member, true)]
      default:
        return [this.#test(plan, false)]
    }
  }
}

/** A plan for a kind of record as an outline: a line of each test, indented by what joins them. */
export const printPlan = (plan: Plan, kind: number, options: PrintOptions = {}): string =>
  new Printer(kind, options).lines(plan).join('\n')
