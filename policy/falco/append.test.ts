/** What an operator adds to outputs: which rules get it, in which order, and what is no format. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { syscallNames } from '@bulwark/schema'
import type { FieldRef, FieldValue } from '@bulwark/schema'
import type { OutputAppend } from '../output.ts'
import { fieldsOfOutput, renderOutput } from '../output.ts'
import { schemaCatalog } from './fields.ts'
import type { LoadResult } from './load.ts'
import { loadRuleFiles } from './load.ts'

const text = `
- rule: A
  desc: d
  condition: evt.type = execve
  output: a %proc.name
  priority: INFO
  tags: [t1, t2]
- rule: B
  desc: d
  condition: evt.type = execve
  output: b %container.id
  priority: INFO
`

const load = (appendOutput?: readonly OutputAppend[]): LoadResult =>
  loadRuleFiles([{ name: 'f.yaml', text }], {
    catalog: schemaCatalog,
    eventNames: syscallNames,
    sources: new Set(['syscall']),
    suggestedOutput: [['container_id', 'container.id']],
    ...(appendOutput ? { appendOutput } : {}),
  })

const append = (
  more: Partial<OutputAppend>,
  match: Partial<OutputAppend['match']> = {},
): OutputAppend => ({
  match: { rule: undefined, source: undefined, tags: [], ...match },
  extraOutput: undefined,
  extraFields: [],
  suggestedOutput: false,
  ...more,
})

const event: Readonly<Record<string, FieldValue>> = {
  'proc.name': 'sh',
  'proc.pid': 12,
  'fd.types': ['file', 'ipv4'],
  'container.id': 'c',
}
const reader = {
  field: ({ field }: FieldRef): FieldValue => event[field.name],
  resolve: () => new Set<number>(),
}

/** Each rule's text and fields on the event. */
const rendered = (
  appends?: readonly OutputAppend[],
): readonly (readonly [text: string, fields: Readonly<Record<string, unknown>>])[] =>
  load(appends).rules.map(({ output }) => {
    const { text: line, fields: found } = renderOutput(output, reader, (value) => value)
    return [line, Object.fromEntries(found)]
  })

const texts = (appends?: readonly OutputAppend[]): readonly string[] =>
  rendered(appends).map(([line]) => line)

test('what is suggested is added where the output does not have it', () => {
  assert.deepEqual(texts(), ['a sh container_id=c', 'b c'])
  assert.deepEqual(texts([]), ['a sh', 'b c'])
  assert.deepEqual(texts([append({ suggestedOutput: true }, { rule: 'A' })]), [
    'a sh container_id=c',
    'b c',
  ])
})

test('by rule, source and tags, in order', () => {
  const x = (match: Partial<OutputAppend['match']>): readonly string[] =>
    texts([append({ extraOutput: 'x=%proc.pid' }, match)])
  const [none, first, second, both] = [
    ['a sh', 'b c'],
    ['a sh x=12', 'b c'],
    ['a sh', 'b c x=12'],
    ['a sh x=12', 'b c x=12'],
  ]
  assert.deepEqual(x({}), both)
  assert.deepEqual(x({ rule: 'B' }), second)
  assert.deepEqual(x({ source: 'syscall' }), both)
  assert.deepEqual(x({ source: 'k8s_audit' }), none)
  assert.deepEqual(x({ tags: ['t1'] }), first)
  assert.deepEqual(x({ tags: ['t2', 't1'] }), first)
  assert.deepEqual(x({ tags: ['t1', 't3'] }), none)
  assert.deepEqual(x({ rule: 'B', tags: ['t1'] }), none)
  assert.deepEqual(
    texts([
      append({ extraOutput: 'one', suggestedOutput: true }),
      append({ extraOutput: 'two=%container.id' }),
    ]),
    ['a sh one container_id=c two=c', 'b c one two=c'],
  )
})

test('fields that stand in no text: raw ones with their type', () => {
  const extraFields = [
    { name: 'fd.types', format: '%fd.types', raw: true },
    { name: 'proc.pid', format: '%proc.pid', raw: true },
    { name: 'proc.tty', format: '%proc.tty', raw: true },
    { name: 'who', format: 'pid %proc.pid of %proc.tty', raw: false },
  ]
  assert.deepEqual(rendered([append({ extraFields }, { rule: 'A' })]), [
    [
      'a sh',
      {
        'proc.name': 'sh',
        'fd.types': ['file', 'ipv4'],
        'proc.pid': 12,
        'proc.tty': null,
        who: 'pid 12 of <NA>',
      },
    ],
    ['b c', { 'container.id': 'c' }],
  ])
  const [rule] = load([append({ extraFields })]).rules
  assert.ok(rule)
  const read = fieldsOfOutput(rule.output).map(({ field }) => field.name)
  assert.deepEqual(read, ['proc.name', 'fd.types', 'proc.pid', 'proc.tty', 'proc.pid', 'proc.tty'])
})

test('of two fields with one name the later counts', () => {
  const one = (format: string): OutputAppend =>
    append({ extraFields: [{ name: 'x', format, raw: false }] }, { rule: 'A' })
  assert.equal(rendered([one('1'), one('2')])[0]?.[1]['x'], '2')
})

test('what is no format is an error of each rule that gets it', () => {
  const check = (wrong: Partial<OutputAppend>): void => {
    const { files, rules } = load([append(wrong, { rule: 'B' })])
    assert.deepEqual(
      files.flatMap(({ errors }) => errors.map(({ code }) => code)),
      ['LOAD_ERR_COMPILE_OUTPUT'],
    )
    assert.deepEqual(
      rules.map(({ name }) => name),
      ['A'],
    )
  }
  check({ extraOutput: '%no.such' })
  check({ extraFields: [{ name: 'x', format: '%no.such', raw: false }] })
})
