/** Runs every case of the Falco language that the real engine answered, and counts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { caseFolder, readCases } from './cases.ts'
import { runCompile, runEval } from './conditions.ts'
import { expectedFailures } from './expected-failures.ts'
import { fieldCases, runField } from './fields.ts'
import { runLoad } from './loading.ts'
import { officialFieldCheck, officialFields } from './official-fields.ts'
import { loadOfficial, officialEvents } from './official.ts'
import { runParse } from './parse.ts'

/** Runs cases; fails on what was not expected, in either direction. */
const runAll = <C extends { readonly id: string }>(
  name: string,
  cases: readonly C[],
  run: (wanted: C) => string | undefined,
): void => {
  test(name, (context) => {
    let passed = 0
    const expected: string[] = []
    const surprises: string[] = []
    for (const wanted of cases) {
      const reason = expectedFailures[wanted.id]
      const fault = run(wanted)
      if (fault === undefined && reason === undefined) passed++
      else if (fault !== undefined && reason !== undefined) expected.push(wanted.id)
      else if (fault === undefined) surprises.push(`${wanted.id} passes, and is listed to fail`)
      else surprises.push(`${wanted.id} ${fault}`)
    }
    context.diagnostic(
      `${name}: ${cases.length} cases, ${passed} passed, ${expected.length} failed as expected`,
    )
    assert.deepEqual(surprises, [])
  })
}

/** Rules that are for fewer events here. */
const narrowed: ReadonlyMap<string, string> = new Map([
  // It asks for `k8s.ns.name in ()` until its user fills the list: it can match nothing.
  ['Network Connection outside Local Subnet', ''],
])

/** A rule file of Falco: all its rules load without a word, for the events that they are for. */
const runOfficial = (name: string, heading: string, rules: number, disabled: number): void => {
  test(name, (context) => {
    const loaded = loadOfficial(name)
    assert.deepEqual(
      loaded.files.map(({ errors, warnings }) => [...errors, ...warnings]),
      [[]],
    )
    assert.equal(loaded.rules.length, rules)
    assert.equal(loaded.disabled.length, disabled)
    const wanted = officialEvents(heading)
    for (const rule of loaded.rules) {
      const events = rule.eventTypes === 'all' ? ['all'] : [...rule.eventTypes].sort()
      const text = narrowed.get(rule.name) ?? wanted.get(rule.name)
      const isCount = text?.endsWith(' events') === true
      assert.equal(isCount ? `${events.length} events` : events.join(', '), text, rule.name)
    }
    for (const { name: rule, reasons } of loaded.disabled) {
      context.diagnostic(`disabled: ${rule}: ${reasons.map(({ message }) => message).join('; ')}`)
    }
  })
}

const cases = readCases()

describe('conformance with Falco', { skip: cases ? false : `no case files: ${caseFolder}` }, () => {
  if (!cases) return
  runAll('parse', cases.parse, runParse)
  runAll('compile', cases.compile, runCompile)
  runAll('eval', cases.eval, runEval)
  runAll('load', cases.load, runLoad)
  runAll('fields', fieldCases(), runField)
  test('every field of the official rules is carried, and tried with a value and without', () => {
    const names = officialFields()
    assert.equal(names.length, 91)
    const faultOf = officialFieldCheck()
    const faults = names.flatMap((name) => faultOf(name) ?? [])
    assert.deepEqual(faults, [])
  })
  runOfficial('falco_rules.yaml', 'stable', 25, 0)
  runOfficial('falco-incubating_rules.yaml', 'incubating', 31, 0)
})
