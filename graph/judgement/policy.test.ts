/** The example of a severity policy that the docs show. Faults are in `cases/policies.txt`. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { readSeverityPolicies } from './policy.ts'
import { defaultSettings } from './settings.ts'

const file = join(import.meta.dirname, '../../docs/examples/severity.yaml')
const example: unknown = parse(readFileSync(file, 'utf8'))

test('the example is sound', () => {
  const { settings, faults } = readSeverityPolicies([{ name: 'severity.yaml', value: example }])
  assert.deepEqual(faults, [])
  assert.deepEqual(
    settings.overrides.map(({ name, effect, weight }) => [name, effect, weight]),
    [
      ['debug-pods', 'suppress', 10],
      ['card-data', 'raise', 10],
    ],
  )
  assert.equal(settings.weights.get('exposure.private'), 5)
})

test('of several policies the last counts, and overrides of all', () => {
  const value = (spec: unknown): unknown => ({
    apiVersion: 'bulwark.dev/v1alpha1',
    kind: 'SeverityPolicy',
    spec,
  })
  const { settings, faults } = readSeverityPolicies([
    { name: 'a', value: value({ staleDays: 7, indicators: { tags: ['a'] } }) },
    { name: 'b', value: value({ staleDays: 9, indicators: { tags: ['b'] } }) },
    { name: 'c', value: value({}) },
  ])
  assert.deepEqual(faults, [])
  assert.equal(settings.staleDays, 9)
  assert.deepEqual(settings.indicators.tags, ['a', 'b'])
  assert.deepEqual(settings.development, defaultSettings.development)
})
