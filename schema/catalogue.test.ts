/** The catalogues hold together: fields, kinds of events, and what was generated from them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as schema from './index.ts'

const duplicates = (names: readonly (string | number)[]): readonly (string | number)[] =>
  names.filter((name, i) => names.indexOf(name) !== i)

test('a field has one entry, and a carried one says what it is and when it is absent', () => {
  assert.deepEqual(duplicates(schema.fields.map(({ name }) => name)), [])
  for (const field of schema.fields) {
    assert.equal(schema.fieldNamed(field.name), field)
    const isCarried = field.unsupported === undefined
    assert.ok(!isCarried || (field.meaning !== '' && field.absent !== ''), field.name)
  }
  assert.equal(schema.fieldNamed('proc.nme'), undefined)
  assert.equal(schema.fieldNamed('constructor'), undefined)
})

test('kinds, members and types have one meaning each', () => {
  const { eventKinds, groups, header } = schema
  assert.deepEqual(duplicates(eventKinds.map(({ kind }) => kind)), [])
  assert.deepEqual(duplicates(eventKinds.map(({ name }) => name)), [])
  const types = eventKinds.flatMap((kind) => kind.types)
  assert.deepEqual(duplicates(types), ['execve', 'execveat'], 'done, or failed')
  for (const { members } of [...groups, ...eventKinds]) {
    const names = [...header, ...members].map(({ name }) => name)
    assert.deepEqual(duplicates(names.filter((name) => name !== 'padding')), [])
  }
  for (const type of types) {
    assert.ok(schema.isEventName(type), type)
  }
  assert.ok(!schema.isEventName('constructor'))
})

test('what was generated is what is described', () => {
  const { EventNumber, eventKinds, placeNames, places, recordShapes } = schema
  const numbers = Object.fromEntries(eventKinds.map(({ name, kind }) => [name, kind]))
  assert.deepEqual({ ...EventNumber }, numbers)
  assert.deepEqual(
    [...placeNames],
    places.map(({ name }) => name),
  )
  assert.equal(Object.keys(recordShapes).length, eventKinds.length)
  for (const [name, value] of Object.entries(schema.constants)) {
    assert.equal((schema as unknown as Record<string, unknown>)[name], value, name)
  }
})

test('no record is larger than its bound', () => {
  const { pathBytesMax, recordBytesMax, ...limits } = schema.recordLimits
  const bytesMax = (name: string): number => {
    if (name === 'arguments') return limits.argumentsBytesMax
    if (name === 'environment') return limits.environmentBytesMax
    if (name === 'type' || name === 'type_heard') return limits.typeBytesMax
    return name === 'unix_path' ? limits.unixPathBytesMax : pathBytesMax
  }
  for (const { kind, name, members } of schema.eventKinds) {
    const texts = members.filter(({ storage }) => storage.as === 'text')
    const sum = texts.reduce((total, text) => total + bytesMax(text.name), 0)
    const fixedBytes = schema.recordShapes[kind]?.fixedBytes ?? 0
    assert.ok(fixedBytes + sum <= recordBytesMax, name)
  }
  assert.ok(recordBytesMax < 2 ** 16, 'a text is found by 16 bits')
})
