/** Scenario files: what is read, and how faults are told. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readScenarios } from './scenarios.ts'

const whole = `
- scenario: one
  rule: A rule
  container: { image: registry.example/a/b:1 }
  attack: { does: something, steps: [{ exec: [/bin/true], tty: true }, { host: [nmap, say, hi] }] }
  twin:
    does: something else
    container: { privileged: true }
    steps: [{ listen: 192.0.2.1 443, sends: hello }, { entrypoint: ends, code: 3 }]
  alert: { priority: Notice, process: sh, words: [] }
`

const check = (text: string, ...expected: readonly string[]): void => {
  const { scenarios, faults } = readScenarios(text)
  assert.deepEqual(faults, expected)
  assert.deepEqual(scenarios, [])
}

test('a scenario is read', () => {
  const { scenarios, faults } = readScenarios(whole)
  assert.deepEqual(faults, [])
  assert.deepEqual(scenarios[0], {
    name: 'one',
    rule: 'A rule',
    attack: {
      does: 'something',
      container: { image: 'registry.example/a/b:1' },
      steps: [
        { kind: 'exec', argv: ['/bin/true'], code: 0, tty: true },
        { kind: 'host', argv: ['nmap', 'say', 'hi'], code: 0 },
      ],
    },
    twin: {
      does: 'something else',
      container: { privileged: true },
      steps: [
        { kind: 'listen', address: '192.0.2.1', port: 443, text: 'hello' },
        { kind: 'entrypoint', code: 3 },
      ],
    },
    alert: { priority: 'Notice', process: 'sh', words: [] },
  })
})

test('faults name their place', () => {
  check('scenarios: 1', 'scenarios: expected a list')
  check(whole.replace('something,', '1,'), 'one.attack.does: expected text')
  check(
    whole.replace('tty: true', 'tty: yes please'),
    'one.attack.steps[0].tty: expected true or false',
  )
  check(whole.replace('192.0.2.1 443', '443'), 'one.twin.steps[0].listen: expected text')
  check(
    whole.replace('192.0.2.1 443', 'here'),
    'one.twin.steps[0].listen: expected an address and a port',
  )
  check(whole.replace('process:', 'proc:'), 'one.alert.proc: expected priority, process, words')
  check(whole + whole.trimStart(), 'one: this name is taken')
})

test('the scenarios of the rule pack can be read', () => {
  const files = globSync(join(import.meta.dirname, '../../rules/scenarios/*.yaml'))
  const names = files.flatMap((file) => {
    const { scenarios, faults } = readScenarios(readFileSync(file, 'utf8'))
    assert.deepEqual(faults, [])
    return scenarios.map(({ name }) => name)
  })
  assert.equal(new Set(names).size, names.length, 'a name is taken twice')
})
