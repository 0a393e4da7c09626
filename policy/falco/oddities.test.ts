/** Where the engine's answer is not what one would expect, and is followed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { syscallNames } from '@bulwark/schema'
import { evaluate } from '../evaluate.ts'
import { checkCondition } from './check.ts'
import { falcoEventsOf } from './event-codes.ts'
import { schemaCatalog } from './fields.ts'
import { loadRuleFiles } from './load.ts'
import { parseCondition } from './parse.ts'

const parse = (text: string) => {
  const parsed = parseCondition(text)
  assert.ok(parsed.ok, text)
  return parsed.node
}

test('a text at the end of a transformer is taken for names of events where it is negated', () => {
  const check = (text: string, wanted: number): void => {
    const found = falcoEventsOf(parse(text), syscallNames)
    assert.ok('types' in found, text)
    assert.equal(found.codes, wanted, text)
  }
  check('toupper("z") = a', 454)
  check('not toupper("z") = a', 0)
  check('not concat(proc.name, "z") != a', 0)
  check('not join("z", ()) in (a)', 0)
  check('not concat("z", proc.name) = a', 454)
  check('not concat(proc.name, "z") contains a', 454)
})

test('a field that is compared in its own way stays so behind transformers', () => {
  const checked = checkCondition(parse('basename(fd.types) in val(fd.types)'), schemaCatalog)
  assert.ok(!checked.ok)
  assert.equal(checked.fault.message, "field 'fd.types' doesn't support right-hand side fields")
})

test('a list whose texts were changed has nothing in common with one as it was', () => {
  const check = (text: string, wanted: boolean): void => {
    const checked = checkCondition(parse(text), schemaCatalog)
    assert.ok(checked.ok, text)
    const found = evaluate(checked.condition, { field: () => ['a'], resolve: () => new Set() })
    assert.equal(found, wanted, text)
  }
  check('k8smeta.pod.labels intersects val(k8smeta.pod.labels)', true)
  check('k8smeta.pod.labels intersects tolower(k8smeta.pod.labels)', false)
  check('tolower(k8smeta.pod.labels) intersects (a)', false)
  check('tolower(k8smeta.pod.labels) intersects tolower(k8smeta.pod.labels)', true)
})

test('what stands before a fault in an item that appends stays, for the answer of later files', () => {
  const append = (lines: string): string =>
    `- rule: r\n  exceptions:\n${lines}\n  override: {exceptions: append}\n`
  const files = [
    '- rule: r\n  desc: d\n  condition: evt.type = open\n  output: x\n  priority: INFO\n' +
      '  exceptions: [{name: e, fields: [proc.name]}]\n',
    append('    - {name: e, values: [a]}\n    - {name: e, fields: [fd.name], values: [[b]]}'),
    '# nothing',
  ]
  const loaded = loadRuleFiles(
    files.map((text, i) => ({ name: `${i}.yaml`, text })),
    {
      catalog: schemaCatalog,
      eventNames: syscallNames,
      sources: new Set(['syscall']),
      suggestedOutput: [],
    },
  )
  assert.deepEqual(
    loaded.files.map(({ errors }) => errors.map(({ message }) => message).join()),
    [
      '',
      'Can not append exception fields to existing exception, only values',
      'Fields and values lists must have equal length',
    ],
  )
})

test('a loop of macros is told before one that is not there', () => {
  const text = (condition: string): string => `- macro: m\n  condition: ${condition}\n`
  const loaded = loadRuleFiles(
    [text('evt.type = open'), text('nowhere or m')].map((each, i) => ({
      name: `${i}`,
      text: each,
    })),
    {
      catalog: schemaCatalog,
      eventNames: syscallNames,
      sources: new Set(['syscall']),
      suggestedOutput: [],
    },
  )
  assert.equal(loaded.files[1]?.errors[0]?.message, "reference loop in macro 'm'")
})
