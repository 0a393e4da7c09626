/** SeverityPolicies of a cluster as they come and go. The table of laws is `tests/laws.md`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { limits } from '../limits.ts'
import { OperatorSettings } from './operator.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['TEST_RUNS'] ?? 500)

const objectOf = (spec: unknown): unknown => ({
  apiVersion: 'bulwark.dev/v1alpha1',
  kind: 'SeverityPolicy',
  metadata: { name: 'of the server' },
  spec,
})

const spec = fc.record(
  {
    staleDays: fc.integer({ min: 1, max: 9 }),
    nearSteps: fc.integer({ min: 1, max: 9 }),
    weights: fc.dictionary(
      fc.constantFrom('exposure.none', 'cve.open'),
      fc.integer({ min: 0, max: 50 }),
    ),
    overrides: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('a', 'b'),
        effect: fc.constantFrom('raise', 'suppress'),
        reason: fc.constant('x'),
        when: fc.constant({ namespaces: ['x'] }),
      }),
      { selector: ({ name }) => name },
    ),
  },
  { requiredKeys: [] },
)
const faulty = fc.constantFrom({ staleDays: 0 }, { stale: 1 }, { overrides: [{}] }, 7)
const name = fc.constantFrom('a', 'b', 'c')
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ name, sound: spec }) },
  fc.record({ name, faulty }),
  fc.record({ name }),
)

const shown = ({ now }: OperatorSettings): unknown => ({
  ...now,
  weights: [...now.weights].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  overrides: now.overrides.map(({ name: each, effect, origin }) => [each, effect, origin]),
})

test('what holds is what the last sound policies give, in whatever order they came', (context) => {
  context.diagnostic(`TEST_SEED=${seed}`)
  let kept = 0
  const file = [{ name: 'file', value: objectOf({ nearSteps: 50 }) }]
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), fc.boolean(), (changes, isReversed) => {
      const settings = new OperatorSettings(file)
      const sound = new Map<string, unknown>()
      const broken = new Map<string, unknown>()
      for (const each of changes) {
        if ('sound' in each) {
          const { faults } = settings.putSeverityPolicy(each.name, objectOf(each.sound))
          assert.deepEqual(faults, [])
          sound.set(each.name, each.sound)
          broken.delete(each.name)
        } else if ('faulty' in each) {
          const taken = settings.putSeverityPolicy(each.name, objectOf(each.faulty))
          assert.ok(taken.faults.length > 0)
          assert.equal(taken.isKept, sound.has(each.name))
          if (taken.isKept) kept++
          else broken.set(each.name, each.faulty)
        } else {
          settings.deleteSeverityPolicy(each.name)
          sound.delete(each.name)
          broken.delete(each.name)
        }
      }
      const fresh = new OperatorSettings(file)
      const left = [...sound, ...broken]
      for (const [each, value] of isReversed ? left.toReversed() : left) {
        fresh.putSeverityPolicy(each, objectOf(value))
      }
      assert.deepEqual(shown(settings), shown(fresh))
      assert.equal(settings.now.nearSteps, 50, 'a file counts')
    }),
    { seed, numRuns },
  )
  context.diagnostic(`${kept} faulty ones left what was before`)
  assert.ok(kept > numRuns / 5)
})

test('one over the bound is told and counted, and goes in when there is room', () => {
  const settings = new OperatorSettings()
  for (let i = 0; i < limits.severityPoliciesMax; i++) {
    settings.putSeverityPolicy(`p${i}`, objectOf({}))
  }
  const { faults } = settings.putSeverityPolicy('z', objectOf({ staleDays: 1 }))
  assert.match(faults[0]?.message ?? '', /is not kept: there are \d+ others/)
  assert.deepEqual([settings.notKept, settings.now.staleDays], [1, 30])
  settings.deleteSeverityPolicy('p0')
  settings.putSeverityPolicy('z', objectOf({ staleDays: 1 }))
  assert.equal(settings.now.staleDays, 1)
})
