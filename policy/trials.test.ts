/**
 * Trials: the language's own golden cases in `trials/`, and what a file of trials can say wrong.
 * `bulwark rules test` runs the same ones.
 */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fieldNamed, fields, isEventName, isParameterName, syscallNames } from '@bulwark/schema'
import type { FieldValue } from '@bulwark/schema'
import { loadRuleFiles } from './falco/load.ts'
import type { Value } from './ir.ts'
import { readTrials } from './trial.ts'
import { judge, runTrial } from './trial-run.ts'

const folder = join(import.meta.dirname, 'trials')
const fieldNames = fields.map((field) => field.name)
const catalog = { field: fieldNamed, fieldNames, isEventName, isParameterName }
const options = {
  catalog,
  eventNames: syscallNames,
  sources: new Set(['syscall']),
  suggestedOutput: [],
}

/** The agent's prints all addresses. */
const print = (value: FieldValue, { type }: Value): FieldValue =>
  type === 'ip' && value === 0x0a000001 ? '10.0.0.1' : value

const read = (name: string): string => readFileSync(join(folder, name), 'utf8')

for (const name of readdirSync(folder).filter((each) => each.endsWith('.test.yaml'))) {
  test(name, () => {
    const file = readTrials(name, read(name), catalog)
    assert.deepEqual(file.faults, [])
    const texts = file.rules.map((path) => ({ name: path, text: read(path) }))
    const { rules, files } = loadRuleFiles(texts, options)
    assert.deepEqual(
      files.flatMap(({ errors }) => errors),
      [],
    )
    for (const trial of file.trials) {
      const came = runTrial(trial, rules, file.matching, print)
      assert.deepEqual(judge(trial, came, rules), [], trial.name)
    }
  })
}

const rule =
  '- rule: A\n  desc: d\n  condition: evt.type = openat\n  output: a %fd.name\n  priority: INFO\n'

test('what a file of trials says wrong is told with its place', () => {
  const check = (text: string, wanted: RegExp): void => {
    const { faults } = readTrials('t', text, catalog)
    const said = faults.map(({ message, help, place }) => `${place.line}: ${message}; ${help}`)
    assert.match(said.join('\n'), wanted, text)
  }
  const trial = (more: string): string => `trials:\n  - name: n\n${more}`
  check('- a', /^1: a file of trials is no mapping/)
  check('{', /error at line 1/)
  check('trails: []', /unknown key `trails`.*did you mean `trials`/)
  check('matching: some', /neither `first` nor `all`/)
  check(trial('    alerts: []'), /^2: a trial has either `events` or a `capture`/)
  check(trial('    events: []'), /^2: a trial has no `alerts`/)
  check(trial('    events: [{ proc.name: a }]\n    alerts: []'), /^3: an event has no evt\.type/)
  check(trial('    events: [{ evt.type: nope }]\n    alerts: []'), /unknown event type nope/)
  const event = (more: string): string =>
    trial(`    events: [{ evt.type: openat, ${more} }]\n    alerts: []`)
  check(event('proc.nme: a'), /^3: .*nonexistent field proc\.nme; did you mean `proc\.name`/)
  check(event('proc.pid: a'), /proc\.pid: a is not a valid number/)
  check(event('proc.name: [a, b]'), /proc\.name has one value/)
  check(event('"= x": a'), /`= x` is no field/)
  check(trial('    capture: c\n    alerts: [{ count: 1 }]'), /an alert has no `rule`/)
  check(trial('    capture: c\n    alerts: [{ rule: A, priority: x }]'), /unknown priority x/)
  check(trial('    capture: c\n    alerts: [{ rule: A, count: x }]'), /count is no whole number/)
  assert.deepEqual(readTrials('t', '', catalog).faults, [])
})

test('what differs is told with its reason', () => {
  const second = rule.replace('rule: A', 'rule: B')
  const off = `${rule.replace('rule: A', 'rule: Off')}  enabled: false\n`
  const { rules } = loadRuleFiles([{ name: 'r', text: rule + second + off }], options)
  const check = (alerts: string, wanted: readonly string[]): void => {
    const events = '[{ evt.type: openat, fd.name: x }, { evt.type: close }]'
    const text = `trials:\n  - events: ${events}\n    alerts: ${alerts}\n`
    const { trials, faults } = readTrials('t', text, catalog)
    assert.deepEqual(faults, [])
    const [trial] = trials
    assert.ok(trial)
    const running = rules.filter(({ enabled }) => enabled)
    const came = runTrial(trial, running, 'first', print)
    const all = runTrial(trial, running, 'all', print)
    const found = judge(trial, came, rules, all).map(
      ({ sign, text: what, help }) => `${sign} ${what}${help === undefined ? '' : `: ${help}`}`,
    )
    assert.deepEqual(found, wanted, alerts)
  }
  const came = '+ event 1: A (Informational) "a x"'
  check('[A]', [])
  check('[{ rule: A, count: any }]', [])
  check('[{ rule: A, event: 1, output: [a, x], priority: info }]', [])
  check('[]', [came])
  check('[{ rule: A, count: 2 }]', ['- A 2 times: it came 1 times'])
  check('[{ rule: A, event: 2 }]', ['- event 2: A: its condition does not hold', came])
  const asIs = 'it came as event 1: A (Informational) "a x"'
  check('[{ rule: A, output: y }]', [`- A "y": ${asIs}`, came])
  check('[{ rule: A, priority: error }]', [`- A (Error): ${asIs}`, came])
  check('[A, B]', ['- B: "A" was told of that event first'])
  check('[A, Off]', ['- Off: the rule is not enabled'])
  check('[A, Offf]', ['- Offf: there is no such rule; did you mean "Off"?'])
})
