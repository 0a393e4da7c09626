/** Runs every case of the Falco language that the real engine answered, and counts. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, test } from 'node:test'
import { caseFolder } from './cases.ts'
import { officialFieldCheck, officialFields } from './official-fields.ts'
import { loadOfficial, officialEvents } from './official.ts'
import type { GroupResult } from './suite.ts'
import { fieldResult, runSuite } from './suite.ts'
import { isTableCurrent } from './table.ts'

/** Fails on each case that failed, and where there was none. */
const expectAll = ({ name, passed, failed, skipped, missing }: GroupResult): void => {
  test(name, (context) => {
    context.diagnostic(
      `${name}: ${passed} passed, ${failed.length} failed, ${skipped.length} skipped`,
    )
    assert.equal(missing, undefined)
    assert.deepEqual(failed, [])
    assert.deepEqual(skipped, [])
    assert.ok(passed > 0)
  })
}

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
      const types = rule.falcoEventTypes
      const events = types === 'all' ? ['all'] : [...types].sort()
      const text = wanted.get(rule.name)
      const isCount = text?.endsWith(' events') === true
      assert.equal(isCount ? `${events.length} events` : events.join(', '), text, rule.name)
    }
    for (const { name: rule, reasons } of loaded.disabled) {
      context.diagnostic(`disabled: ${rule}: ${reasons.map(({ message }) => message).join('; ')}`)
    }
  })
}

const reason = existsSync(caseFolder) ? false : `no case files: ${caseFolder}`

describe('conformance with Falco', { skip: reason }, () => {
  if (reason !== false) return
  const groups = [...runSuite(caseFolder), fieldResult()]
  for (const group of groups) expectAll(group)
  test('the table of the README is current', () => {
    assert.ok(isTableCurrent(groups), 'run `make conformance`, and commit README.md')
  })
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
