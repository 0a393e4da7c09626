/** The table of accessors against the catalogue, and every accessor on any event. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FieldRef, FieldValue, RecordValues } from '@bulwark/schema'
import {
  checkRecord,
  eventKinds,
  fieldNamed,
  fields,
  rawParameterType,
  recordShapes,
} from '@bulwark/schema'
import * as fc from 'fast-check'
import { unknownProcess } from '../process.ts'
import { eventOf } from '../testdata/events.ts'
import { surroundings } from '../testdata/fields.ts'
import { accessibleFields, accessorFaults, accessorOf, printable } from './index.ts'

test('every field that the catalogue calls carried is read, and no other', () => {
  assert.deepEqual(accessorFaults(), [])
  const refs = fields.filter(({ unsupported }) => unsupported !== undefined)
  assert.ok(refs.length > 0)
  const event = eventOf('open')
  for (const field of refs) {
    assert.equal(accessorOf({ field, argument: undefined }, surroundings)(event), undefined)
  }
})

/** Every carried field, also with each form of argument that it takes. */
const refs: readonly FieldRef[] = fields
  .filter(({ name }) => accessibleFields.includes(name))
  .flatMap((field) => {
    const form = field.argument?.form ?? ''
    const indexes = form.includes('index') ? [0, 1, 2, 1e9] : []
    const keys = form.includes('key') ? ['fd', 'path', 'flags', 'nothing', ''] : []
    return [undefined, ...indexes, ...keys].map((argument) => ({ field, argument }))
  })

const bytes = fc
  .array(fc.constantFrom(0, 47, 46, 97, 255, 58), { maxLength: 12 })
  .map((each) => String.fromCharCode(...each))

/** An event whose numbers are any at all. */
const anyEvent = fc
  .record({
    kind: fc.constantFrom(...eventKinds),
    text: bytes,
    noise: fc.uint8Array({ minLength: 216, maxLength: 216 }),
    ancestors: fc.nat(3),
  })
  .map(({ kind, text, noise, ancestors }) => {
    const texts = kind.members.filter(({ storage }) => storage.as === 'text')
    const values: RecordValues = Object.fromEntries(texts.map(({ name }) => [name, text]))
    let process = unknownProcess(1, 0)
    for (let i = 0; i < ancestors; i++) process = { ...unknownProcess(2 + i, 1), parent: process }
    const event = eventOf(kind.name, values, { process })
    const { data } = event.record
    const slots = recordShapes[kind.kind]?.texts ?? []
    const fixedBytes = recordShapes[kind.kind]?.fixedBytes ?? 0
    for (let at = 8; at < fixedBytes; at++) {
      const isInSlot = slots.some((slot) => at >= slot && at < slot + 8)
      if (!isInSlot) data.setUint8(at, noise[at] ?? 0)
    }
    return event
  })

const typesOf: Readonly<Record<string, readonly string[]>> = {
  bool: ['boolean'],
  string: ['string'],
  path: ['string'],
  bytes: ['string'],
}

test('any event has values of the types of the catalogue, or none', (t) => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`TEST_SEED=${seed}`)
  const law = fc.property(anyEvent, (event) => {
    checkRecord(event.record, event.record.data.byteLength)
    for (const ref of refs) {
      const value = accessorOf(ref, surroundings)(event)
      const { name, comparison } = ref.field
      const type = name === 'evt.rawarg' ? rawParameterType(ref.argument) : ref.field.type
      // Host names are compared by address; they are addresses until they are printed.
      if (comparison === 'resolved-name') continue
      const expected = typesOf[type] ?? ['number', 'bigint']
      for (const each of Array.isArray(value) ? value : [value]) {
        assert.ok(each === undefined || expected.includes(typeof each), `${name}: ${typeof each}`)
        assert.ok(!Number.isNaN(each), name)
      }
      const shown = printable(value, { is: 'field', ref, type, list: ref.field.list })
      assert.equal(shown === undefined, value === undefined)
    }
  })
  fc.assert(law, { seed, numRuns: 300 })
})

test('what is printed otherwise than it is compared', () => {
  const check = (name: string, value: FieldValue, expected: FieldValue): void => {
    const field = fieldNamed(name)
    assert.ok(field)
    const ref = { field, argument: undefined }
    const shown = printable(value, { is: 'field', ref, type: field.type, list: field.list })
    assert.deepEqual(shown, expected, name)
  }
  check('fd.dev', 0x80_0003, '800003')
  check('fd.dev', 0xfe00, 'FE00')
  check('evt.buffer', 'a\0b\xff\n~', 'a.b..~')
  check('fd.sip', 0x7f00_0001, '127.0.0.1')
  check('fd.ip', [1, 2n], ['0.0.0.1', '::2'])
  check('fd.sip.name', 0x0a00_0001, '10.0.0.1')
  check('proc.name', 'a\n', 'a\n')
  check('fd.dev', undefined, undefined)
})
