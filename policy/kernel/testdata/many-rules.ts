/** Plans as many rules on opened files make them: the same ones for the same seed. */
import type { Plan, Test, TextAt } from '../plan.ts'

const syllables = 'ba co di fa ge ho ki lu me no pa qui ro sy ta ux ve wo xi zu'.split(' ')
const tops = ['/etc', '/opt', '/srv', '/usr/lib', '/usr/share', '/var/lib', '/var/log', '/home']
const endings = ['.conf', '.key', '.pem', '.sock', '.db', '.so', '.yaml', '.log']
const path: TextAt = { is: 'slot', offset: 136 }
const comm: TextAt = { is: 'chars', offset: 112, bytes: 16 }
const result = { offset: 64, bytes: 8, signed: true } as const
const flags = { offset: 76, bytes: 4, signed: false } as const

/** A linear congruential generator: enough for words. */
class Words {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  below(count: number): number {
    this.#state = (Math.imul(this.#state, 1_103_515_245) + 12_345) >>> 0
    return (this.#state >>> 8) % count
  }

  one(of: readonly string[]): string {
    return of[this.below(of.length)] ?? ''
  }

  readonly word = (): string =>
    Array.from({ length: 2 + this.below(3) }, () => this.one(syllables)).join('')

  readonly folder = (): string => `${this.one(tops)}/${this.word()}`

  readonly file = (): string => `${this.folder()}/${this.word()}${this.one(endings)}`

  some(make: () => string, max: number): readonly string[] {
    return [...new Set(Array.from({ length: 1 + this.below(max) }, make))]
  }
}

const onPath = (
  operator: 'equals' | 'starts' | 'ends' | 'below',
  values: readonly string[],
): Test => ({
  is: 'text',
  at: path,
  operator,
  values,
})
const onName = (values: readonly string[]): Test => ({
  is: 'text',
  at: comm,
  operator: 'equals',
  values,
})

const file = (words: Words): Plan => {
  switch (words.below(5)) {
    case 0:
      return onPath('equals', words.some(words.file, 12))
    case 1:
      return onPath('starts', [`${words.folder()}/`])
    case 2: {
      const members = [onPath('starts', [`${words.folder()}/`]), onPath('equals', [words.file()])]
      return { is: 'or', members }
    }
    case 3:
      return onPath('ends', [`/${words.word()}${words.one(endings)}`])
    default:
      return onPath('below', words.some(words.folder, 6))
  }
}

const who = (words: Words): readonly Plan[] => {
  switch (words.below(4)) {
    case 0:
      return [{ is: 'not', member: onName(words.some(words.word, 10)) }]
    case 1:
      return [onName(words.some(words.word, 6))]
    case 2:
      return [{ is: 'cgroup', states: ['container', 'unknown'] }]
    default:
      return []
  }
}

/** What so many rules let through. */
export const planOfRules = (count: number, seed: number): Plan => {
  const words = new Words(seed)
  const members = Array.from({ length: count }, (): Plan => ({
    is: 'and',
    members: [
      { is: 'number', at: result, operator: '>=', values: [0n] },
      { is: 'bits', at: flags, mask: words.below(2) === 0 ? 1n : 2n },
      file(words),
      ...who(words),
    ],
  }))
  return { is: 'or', members }
}

/** Rules that nothing can look up: each must be asked. */
export const planOfRanges = (count: number, seed: number): Plan => {
  const words = new Words(seed)
  const range = (offset: number): readonly Plan[] => {
    const from = words.below(1_000_000)
    const at = { offset, bytes: 4, signed: false } as const
    return [
      { is: 'number', at, operator: '>', values: [BigInt(from)] },
      { is: 'number', at, operator: '<', values: [BigInt(from + 1 + words.below(9))] },
    ]
  }
  const members = Array.from({ length: count }, (): Plan => ({
    is: 'and',
    members: [...range(76), ...range(80), ...range(84)],
  }))
  return { is: 'or', members }
}
