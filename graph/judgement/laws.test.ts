/** What must hold of any factors. The table of laws is `tests/laws.md`. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parse } from 'yaml'
import type { ContextEffect } from '@bulwark/schema'
import { anomalyRules } from './anomalies.ts'
import { contextParts } from './context.ts'
import type { Factor } from './factor.ts'
import { indicatorGroups, indicatorTag } from './indicators.ts'
import type { Judgement } from './judge.ts'
import { combine, judge } from './judge.ts'
import { overridesOfPolicies } from './overrides.ts'
import { readSeverityPolicies } from './policy.ts'
import { defaultSettings } from './settings.ts'
import { levels, rankOf } from './severity.ts'
import { factorTable, scale } from './table.ts'
import { alertOf, contextOf } from './testdata/contexts.ts'
import { judgementJson, judgementLines } from './words.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['TEST_RUNS'] ?? 2000)

const factor = (direction: Factor['direction'], isOwn: boolean): fc.Arbitrary<Factor> =>
  fc.record({
    id: isOwn ? fc.constant('override.x') : fc.constantFrom(...factorTable.map(({ id }) => id)),
    direction: fc.constant(direction),
    weight: fc.nat({ max: scale.weightMost }),
    text: fc.constant('x'),
    facts: fc.constant([]),
  })
const raise = fc.oneof(factor('raise', false), factor('raise', true))
const lower = fc.oneof(factor('lower', false), factor('lower', true))
const factors = fc.array(fc.oneof(raise, lower, factor('none', false)), { maxLength: 8 })
const level = fc.constantFrom(...levels)
const indicator = fc.option(fc.constant('a reverse shell'), { nil: undefined })

test('a raising factor never lowers, and a lowering one never raises', (context) => {
  context.diagnostic(`TEST_SEED=${seed}`)
  fc.assert(
    fc.property(level, factors, raise, lower, indicator, (detection, all, more, less, why) => {
      const rank = (each: readonly Factor[]): number =>
        rankOf(combine(detection, each, why).effective)
      assert.ok(rank([...all, more]) >= rank(all))
      assert.ok(rank([...all, less]) <= rank(all))
    }),
    { seed, numRuns },
  )
})

test('factors have no order', (context) => {
  context.diagnostic(`TEST_SEED=${seed}`)
  const shuffled = factors.chain((all) =>
    fc.tuple(
      fc.constant(all),
      fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
    ),
  )
  fc.assert(
    fc.property(level, shuffled, indicator, (detection, [one, other], why) => {
      assert.deepEqual(combine(detection, one, why), combine(detection, other, why))
    }),
    { seed, numRuns },
  )
})

test('an indicator ends high, or where it began; the table takes two levels, and leaves low', (context) => {
  context.diagnostic(`TEST_SEED=${seed}`)
  let lowered = 0
  const ofTable = fc.array(fc.oneof(factor('raise', false), factor('lower', false)))
  fc.assert(
    fc.property(level, factors, ofTable, (detection, all, own) => {
      const marked = combine(detection, all, 'an indicator')
      assert.ok(rankOf(marked.effective) >= Math.min(rankOf(detection), rankOf('high')))
      const plain = rankOf(combine(detection, own, undefined).effective)
      assert.ok(plain >= rankOf(detection) - 2)
      assert.ok(plain >= Math.min(rankOf(detection), rankOf('low')))
      if (plain < rankOf(detection)) lowered++
    }),
    { seed, numRuns },
  )
  context.diagnostic(`${lowered} were lowered`)
  assert.ok(lowered > numRuns / 40)
})

/** `context` of policies, some of another policy or of another rule. */
const effect: fc.Arbitrary<ContextEffect> = fc
  .record({
    policy: fc.constantFrom('a', 'a', 'a', 'b'),
    rule: fc.constantFrom(undefined, undefined, 'shell', 'other'),
    at: fc.nat({ max: 9 }),
    effect: fc.constantFrom('raise', 'lower', 'suppress'),
    weight: fc.option(fc.integer({ min: 1, max: scale.weightMost }), { nil: undefined }),
    answer: fc.constantFrom(true, true, false, undefined),
  })
  .map(({ policy, rule, at, effect: word, weight, answer }) => ({
    policy,
    rule,
    effect: word,
    weight,
    path: `spec.context[${at}]`,
    reason: 'because',
    when: 'graph.secrets > 0',
    holds: () => answer,
  }))

test('what policies ask for has no order, is never silent, and leaves indicators high', (context) => {
  context.diagnostic(`TEST_SEED=${seed}`)
  const seen = { suppressed: 0, refused: 0, unknown: 0 }
  const effects = fc.uniqueArray(effect, {
    selector: ({ policy, path }) => policy + path,
    maxLength: 6,
  })
  const shuffled = effects.chain((all) =>
    fc.tuple(
      fc.constant(all),
      fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
    ),
  )
  const priority = fc.constantFrom('Critical', 'Warning', 'Informational')
  const pod = contextOf({ exposure: { level: 6, certainty: 'certain' } })
  fc.assert(
    fc.property(shuffled, priority, fc.boolean(), ([one, other], word, isIndicator) => {
      const alert = alertOf({
        rule: 'shell',
        policy: 'a',
        priority: word,
        tags: isIndicator ? [indicatorTag] : [],
      })
      const judged = (all: readonly ContextEffect[]): Judgement =>
        judge(alert, pod, { ...defaultSettings, overrides: overridesOfPolicies(all) })
      const judgement = judged(one)
      const { effective, detection, suppression, notes, unknown } = judgement
      assert.deepEqual(judgementJson(judged(other)), judgementJson(judgement))
      const own = one.filter(
        ({ policy, rule }) => policy === 'a' && (rule === undefined || rule === 'shell'),
      )
      const nameOf = ({ policy, path }: ContextEffect): string => policy + path.replace('spec', '')
      const lines = judgementLines(judgement).join('\n')
      for (const each of own) {
        const answer = each.holds(() => undefined)
        const name = nameOf(each)
        const isFactor = judgement.factors.some(({ id }) => id === `override.${name}`)
        assert.equal(isFactor, answer === true && each.effect !== 'suppress')
        if (answer === undefined) seen.unknown++
        assert.equal(
          unknown.some((text) => text.includes(` ${name} `)),
          answer === undefined,
        )
        if (answer === true && each.effect === 'suppress') {
          if (isIndicator) seen.refused++
          else seen.suppressed++
          if (isIndicator) assert.ok(notes.some((note) => note.startsWith(name)))
          else assert.ok(lines.includes(`suppressed by ${name} (because)`), lines)
        }
      }
      assert.ok(!one.some((each) => !own.includes(each) && lines.includes(nameOf(each))))
      const isSuppressed = own.some(
        (each) => each.effect === 'suppress' && each.holds(() => undefined) === true,
      )
      assert.equal(suppression !== undefined, isSuppressed && !isIndicator)
      if (isIndicator) {
        assert.ok(rankOf(effective) >= Math.min(rankOf(detection), rankOf('high')))
      }
    }),
    { seed, numRuns },
  )
  context.diagnostic(JSON.stringify(seen))
  assert.ok(Object.values(seen).every((count) => count > numRuns / 20))
})

test('any value is a severity policy, or is told', (context) => {
  context.diagnostic(`TEST_SEED=${seed}`)
  const spec = fc.record(
    {
      weights: fc.oneof(fc.jsonValue(), fc.constant({ 'exposure.internet': 3 })),
      indicators: fc.jsonValue(),
      epssLikely: fc.jsonValue(),
      development: fc.array(fc.jsonValue()),
      overrides: fc.oneof(
        fc.jsonValue(),
        fc.array(
          fc.record(
            {
              name: fc.oneof(fc.string(), fc.jsonValue()),
              effect: fc.oneof(fc.constantFrom('raise', 'lower', 'suppress'), fc.jsonValue()),
              by: fc.oneof(fc.nat(), fc.jsonValue()),
              reason: fc.oneof(fc.string(), fc.jsonValue()),
              when: fc.oneof(
                fc.jsonValue(),
                fc.record({ namespaces: fc.array(fc.string()), tags: fc.jsonValue() }),
              ),
            },
            { requiredKeys: [] },
          ),
        ),
      ),
    },
    { requiredKeys: [] },
  )
  const document = fc.oneof(
    fc.jsonValue(),
    spec.map((each) => ({
      apiVersion: 'bulwark.dev/v1alpha1',
      kind: 'SeverityPolicy',
      spec: each,
    })),
  )
  fc.assert(
    fc.property(document, (value) => {
      const { settings } = readSeverityPolicies([{ name: 'policy', value }])
      const judgement = judge(alertOf({}), contextOf({}), settings)
      assert.ok(judgementLines(judgement).length > 0)
      JSON.stringify(judgementJson(judgement))
    }),
    { seed, numRuns: numRuns / 2 },
  )
})

test('the same input gives the same words, and alters nothing', () => {
  const context = contextOf({
    exposure: { level: 6, certainty: 'certain' },
    cves: [{ findings: ['CVE-1 in a 1 high open kev', 'CVE-2 in b 1 high open kev'] }],
  })
  const words = (): string =>
    judgementLines(judge(alertOf({}), context, defaultSettings)).join('\n')
  const before = JSON.stringify(context)
  assert.equal(words(), words())
  assert.equal(JSON.stringify(context), before)
})

test('ids of the table are there once, and each part of a context has a factor', () => {
  const ids = factorTable.map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length)
  const parts = new Set(factorTable.map(({ part }) => part))
  for (const part of Object.keys(contextParts)) assert.ok(parts.has(part as 'cves'), part)
  for (const { id, direction, weight } of factorTable) {
    assert.equal(direction === 'none', weight === 0, id)
  }
})

test("indicators and anomalies of Bulwark's own pack are rules of it, and none is both", () => {
  const folder = join(import.meta.dirname, '../../rules')
  const names = new Set(
    globSync('*.yaml', { cwd: folder }).flatMap((file) =>
      (parse(readFileSync(join(folder, file), 'utf8')) as { rule?: string }[]).map(
        ({ rule }) => rule,
      ),
    ),
  )
  const indicators = indicatorGroups.flatMap(({ rules }) => rules)
  for (const rule of indicators) assert.ok(names.has(rule), rule)
  for (const rule of anomalyRules) {
    assert.ok(names.has(rule), rule)
    assert.ok(!indicators.includes(rule), rule)
  }
})
