/** Records of another layout: what both have comes over, the rest is said. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordLayout } from '@bulwark/schema'
import { encodeRecord, openOf, recordLayouts, storageBytes } from '@bulwark/schema'
import { recordOf } from '../testdata/records.ts'
import { convertRecord, planConversion } from './convert.ts'
import { captureLimits } from './format.ts'

const change = (
  kind: string,
  to: (names: readonly string[]) => readonly string[],
): readonly RecordLayout[] =>
  recordLayouts.map((layout) => {
    if (layout.name !== kind) return layout
    const names = to(layout.members.map(({ name, storage }) => `${name}:${storage}`))
    const members = names.map((text) => {
      const [name = '', storage = ''] = text.split(':')
      return { name, storage, bytes: storageBytes(storage) ?? 0 }
    })
    return { ...layout, members }
  })

test('the layouts of this build are those that records have', () => {
  for (const { name, members } of recordLayouts) {
    const bytes = members.reduce((sum, member) => sum + member.bytes, 0)
    assert.equal(encodeRecord(name).length, bytes, name)
  }
})

test('the same layout needs no conversion', () => {
  const { byKind, missing, changed, unknownKinds } = planConversion(recordLayouts)
  assert.deepEqual([missing, changed, unknownKinds], [[], [], []])
  assert.equal(byKind.size, recordLayouts.length)
  for (const plan of byKind.values()) assert.ok(plan.same)
})

test('differences are told apart', () => {
  const check = (
    layouts: readonly RecordLayout[],
    expected: readonly [string[], string[], string[]],
  ): void => {
    const { missing, changed, unknownKinds } = planConversion(layouts)
    assert.deepEqual([missing, changed, unknownKinds], expected)
  }
  const without = change('open', (names) => names.filter((name) => !name.startsWith('open_mode')))
  check(without, [['open.open_mode'], [], []])
  const wider = change('open', (names) =>
    names.map((name) => name.replace('open_mode:u32', 'open_mode:u64')),
  )
  check(wider, [[], ['open.open_mode (u64, here u32)'], []])
  check(
    change('open', (names) => [...names, 'more:u32', 'padding9:u32']),
    [[], [], []],
  )
  check([...recordLayouts, { kind: 999, name: 'news', members: [] }], [[], [], ['news']])
})

test('a record of a layout with other members becomes ours', () => {
  const values = { path: '/etc/a', raw_path: 'a', open_flags: 7, result: 3, pid: 5, comm: 'cat' }
  const record = Buffer.from(encodeRecord('open', values))
  // The capture's schema: `open_mode` is not there, others are, in another order.
  const kind = recordLayouts.find(({ name }) => name === 'open')
  assert.ok(kind)
  const theirs = { ...kind, kind: 77, name: 'open', members: kind.members }
  const ours = change('open', (names) => {
    const texts = names.filter((name) => name.endsWith(':text'))
    const fixed = names.filter((name) => !name.endsWith(':text') && !name.startsWith('open_mode'))
    return [...fixed, 'news:u32', ...texts.toReversed(), 'more:text']
  })
  const there = planConversion([theirs], ours)
  const back = planConversion(ours, recordLayouts)
  const into = Buffer.alloc(captureLimits.recordBytesMax)
  const plan = there.byKind.get(77)
  assert.ok(plan && !plan.same)
  const other = Buffer.from(into.subarray(0, convertRecord(plan, record, into)))
  assert.equal(other.length, record.length + 8)
  const planBack = back.byKind.get(kind.kind)
  assert.ok(planBack && !planBack.same)
  const again = into.subarray(0, convertRecord(planBack, other, Buffer.from(into).fill(9)))
  assert.equal(again.length, record.length)
  const copy = Buffer.alloc(captureLimits.recordBytesMax, 9)
  assert.equal(convertRecord(planBack, other, copy), record.length)
  assert.deepEqual(copy.subarray(0, record.length), record)
  assert.equal(openOf.path(recordOf('open', values)), '/etc/a')
})

test('a record that is shorter than its kind is none', () => {
  const [plan] = planConversion(change('exec', (names) => names.slice(0, -1))).byKind.values()
  assert.ok(plan)
  assert.equal(convertRecord(plan, Buffer.alloc(20), Buffer.alloc(captureLimits.recordBytesMax)), 0)
})
