/** What conditions of `context` mean where something is not known. Table of laws: tests/laws.md. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { FieldValue, ReadFact } from '@bulwark/schema'
import { checkCondition } from '../falco/check.ts'
import { contextCatalog } from '../falco/fields.ts'
import { parseCondition } from '../falco/parse.ts'
import { evaluate } from '../evaluate.ts'
import type { Condition } from '../ir.ts'
import { answerOf } from './context.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['TEST_RUNS'] ?? 3000)

const conditionOf = (text: string): Condition => {
  const parsed = parseCondition(text)
  assert.ok(parsed.ok, text)
  const checked = checkCondition(parsed.node, contextCatalog)
  assert.ok(checked.ok, text)
  return checked.condition
}

/** Facts with all that each can be, and what is asked of them. */
const facts: readonly {
  readonly key: string
  readonly can: readonly FieldValue[]
  readonly asked: readonly string[]
}[] = [
  {
    key: 'graph.internet_exposed',
    can: [true, false],
    asked: ['= true', '= false', '!= true', 'exists'],
  },
  {
    key: 'graph.exposure_level',
    can: [0, 1, 2, 3, 4, 5, 6],
    asked: ['>= 4', '< 2', '= 6', 'in (1, 2)', '!= 3'],
  },
  {
    key: 'graph.token_reaches',
    can: ['cluster-admin', 'secrets', 'other', 'nothing'],
    asked: ['= cluster-admin', 'in (other, nothing)', '!= secrets', 'startswith clus'],
  },
  {
    key: 'k8s.pod.label[app]',
    can: [undefined, 'web', 'db', ''],
    asked: ['exists', '= web', '!= web', 'contains b'],
  },
  { key: 'graph.factor[cve.exploited]', can: [true, false], asked: ['= true', '= false'] },
]

type Known = ReadonlyMap<string, FieldValue>

const keyOf = (name: string, argument: number | string | undefined): string =>
  argument === undefined ? name : `${name}[${argument}]`

const readerOf =
  (known: Known): ReadFact =>
  (name, argument) => {
    const key = keyOf(name, argument)
    return known.has(key) ? { value: known.get(key) } : undefined
  }

/** What a condition is when everything is known. */
const decided = (condition: Condition, all: Known): boolean =>
  evaluate(condition, {
    field: ({ field, argument }) => all.get(keyOf(field.name, argument)),
    resolve: () => new Set(),
  })

/** Everything that can be, where that much is known. */
const completions = (known: Known): readonly Known[] =>
  facts.reduce<readonly Known[]>(
    (all, { key, can }) =>
      known.has(key)
        ? all
        : all.flatMap((each) => can.map((value) => new Map([...each, [key, value]]))),
    [known],
  )

const someKnown: fc.Arbitrary<Known> = fc
  .tuple(...facts.map(({ can }) => fc.option(fc.constantFrom(...can.map((value) => ({ value }))))))
  .map(
    (values) =>
      new Map(facts.flatMap(({ key }, i) => (values[i] ? [[key, values[i].value] as const] : []))),
  )

const leafOf = ({ key, asked }: (typeof facts)[number]): fc.Arbitrary<string> =>
  fc.constantFrom(...asked).map((rest) => `${key} ${rest}`)

const anyText = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(...facts.map(leafOf)),
    tie('condition').map((each) => `not (${each})`),
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `(${a} and ${b})`),
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `(${a} or ${b})`),
  ),
})).condition

/** Conditions that ask for each fact once at the most. */
const onceText = fc
  .tuple(
    fc
      .shuffledSubarray([...facts], { minLength: 1 })
      .chain((some) => fc.tuple(...some.map(leafOf))),
    fc.array(fc.tuple(fc.constantFrom('and', 'or'), fc.boolean()), {
      minLength: facts.length,
      maxLength: facts.length,
    }),
  )
  .map(([leaves, joints]) =>
    leaves.reduce((all, leaf, i) => {
      const [joint, isNot] = joints[i] ?? ['and', false]
      return isNot ? `(not (${all}) ${joint} ${leaf})` : `(${all} ${joint} ${leaf})`
    }),
  )

test('what is said without knowing all stays so, whatever the rest is', (context) => {
  context.diagnostic(`TEST_SEED=${seed}`)
  let open = 0
  let said = 0
  fc.assert(
    fc.property(anyText, someKnown, (text, known) => {
      const condition = conditionOf(text)
      const answer = answerOf(condition, readerOf(known))
      if (answer === undefined) open++
      else said++
      for (const all of completions(known)) {
        assert.equal(answerOf(condition, readerOf(all)), decided(condition, all))
        if (answer !== undefined) assert.equal(decided(condition, all), answer)
      }
    }),
    { seed, numRuns: numRuns / 3 },
  )
  context.diagnostic(`${said} were decided, ${open} were not`)
  assert.ok(said > numRuns / 30 && open > numRuns / 30)
})

test('what is not said could be either, where no fact is asked for twice', (context) => {
  context.diagnostic(`TEST_SEED=${seed}`)
  fc.assert(
    fc.property(onceText, someKnown, (text, known) => {
      const condition = conditionOf(text)
      const answers = new Set(completions(known).map((all) => decided(condition, all)))
      const answer = answerOf(condition, readerOf(known))
      // A comparison that nothing or everything fulfils is not known without its fact, either.
      if (answers.size === 2) assert.equal(answer, undefined)
      else if (answer !== undefined) assert.ok(answers.has(answer))
    }),
    { seed, numRuns: numRuns / 3 },
  )
})

test('a label that is not there is known; one that nobody has told of is not', () => {
  const condition = conditionOf('not k8s.pod.label[app] = web')
  assert.equal(answerOf(condition, readerOf(new Map([['k8s.pod.label[app]', undefined]]))), true)
  assert.equal(answerOf(condition, readerOf(new Map())), undefined)
})
