/**
 * The layout of every record, as the compiler wrote it into the object (BTF), against the schema:
 * names, offsets and sizes. Needs no rights; only the object has to be built.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Member } from '@bulwark/schema'
import { eventKinds, groups, header, headerBytes, recordShapes } from '@bulwark/schema'
import type { BpfObject, StructLayout } from '@bulwark/native'
import { openObject } from '@bulwark/native'
import { layOut, readBehindBytesMax } from './inner.ts'
import { readObject } from './recorder.ts'

let object: BpfObject

before(() => {
  object = openObject(readObject(), 'layout')
})

after(() => object.close())

type Place = readonly [name: string, offset: number, bytes: number]

/** Where the schema puts members that begin at byte `start`. */
const placed = (members: readonly Member[], start: number): readonly Place[] =>
  layOut(members, start, groups).members.map(({ member, offset, size }) => [
    member.name,
    offset,
    size,
  ])

const found = ({ members }: StructLayout): readonly Place[] =>
  members.map(({ name, offsetBytes, bytes }) => [name, offsetBytes, bytes])

/** The struct of this name must have these members, and end where the last of them does. */
const check = (name: string, members: readonly Member[], first: readonly Place[]): void => {
  const start = first.reduce((sum, [, , bytes]) => sum + bytes, 0)
  const layout = object.structLayout(name)
  const places = [...first, ...placed(members, start)]
  assert.deepEqual(found(layout), places)
  const [, offset, bytes] = places.at(-1) ?? ['', 0, 0]
  assert.equal(layout.bytes, offset + bytes)
  assert.ok(
    layout.members.every(({ bits }) => bits === 0),
    'no bit fields',
  )
}

test('the header', () => {
  check('event_header', header, [])
  assert.equal(object.structLayout('event_header').bytes, headerBytes)
})

test('a text is u16 offset, u16 bytes, u32 true bytes', () => {
  const places = [
    ['offset', 0, 2],
    ['bytes', 2, 2],
    ['true_bytes', 4, 4],
  ]
  assert.deepEqual(found(object.structLayout('text')), places)
})

for (const { name, members } of groups) test(`the group ${name}`, () => check(name, members, []))

for (const { kind, name, members } of eventKinds) {
  test(`the record of ${name}`, () => {
    check(`event_${name}`, members, [['header', 0, headerBytes]])
    assert.equal(recordShapes[kind]?.name, name)
    assert.equal(recordShapes[kind]?.fixedBytes, object.structLayout(`event_${name}`).bytes)
  })
}

test('there is no other record', () => {
  const records = found(object.structLayout('event')).filter(([name]) => name !== 'header')
  const expected = eventKinds.map(({ name, members }) => [
    `${name}_event`,
    0,
    layOut(members, headerBytes, groups).size,
  ])
  assert.deepEqual(records, expected)
  const structs = object.structLayouts.map(({ name }) => name)
  const known = new Set(['event_header', ...eventKinds.map(({ name }) => `event_${name}`)])
  assert.deepEqual(
    structs.filter((name) => name.startsWith('event_') && !known.has(name)),
    [],
  )
})

test('filters may read behind a record as far as they ever do', () => {
  const { bytes, members } = object.structLayout('scratch')
  const behind = members.find(({ name }) => name === 'read_behind')
  assert.ok(behind && behind.bytes >= readBehindBytesMax)
  assert.equal(behind.offsetBytes + behind.bytes, bytes)
})
