/** The keeper of lines, used as it should not be; what it tells of lines is in agent/kubernetes. */
import { equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import type { LineTable } from './index.ts'
import { LineKeeper, isNativeError, openHandles } from './index.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

const table: LineTable = {
  begin: text('A:'),
  otherBegin: text('B:'),
  id: text('id='),
  head: text('{'),
  end: text('}'),
  once: [{ head: text('v='), tail: text(';') }],
  repeated: [],
}

const failsWith = (code: string, call: () => unknown): void =>
  throws(call, (error: unknown) => isNativeError(error) && error.code === code)

test('a keeper counts as open until it is closed, and its gates with it', () => {
  const { keepers } = openHandles()
  const keeper = new LineKeeper(table)
  equal(openHandles().keepers, keepers + 1)
  const bytes = text('6\r\nA:id=\n\r\n')
  const gate = keeper.chunkGate(bytes)
  equal(gate(bytes.length), -2)
  equal(keeper.passedAgoMs, undefined)
  keeper.close()
  keeper.close()
  equal(openHandles().keepers, keepers)
  failsWith('CLOSED', () => gate(bytes.length))
  failsWith('CLOSED', () => keeper.newest)
  failsWith('CLOSED', () => keeper.chunkGate(bytes))
})

test('places outside of the bytes, and tables that are none, are refused', () => {
  const keeper = new LineKeeper(table)
  const line = text('A:{id=1"v=7;')
  const gate = keeper.chunkGate(line)
  for (const length of [line.length + 1, -1, 0.5, NaN, 2 ** 32]) {
    failsWith('BAD_ARGUMENT', () => gate(length))
  }
  for (const [from, to] of [
    [0, line.length + 1],
    [2, 1],
    [-1, 1],
  ] as const) {
    failsWith('BAD_ARGUMENT', () => keeper.keep(line, from, to))
    failsWith('BAD_ARGUMENT', () => keeper.passes(line, from, to))
    failsWith('BAD_ARGUMENT', () => keeper.takeRest(line, from, to))
    failsWith('BAD_ARGUMENT', () => keeper.key(line, from, to))
  }
  failsWith('BAD_ARGUMENT', () => keeper.seeVersion('7\0'))
  failsWith('BAD_ARGUMENT', () => new LineKeeper({ ...table, begin: text('') }))
  failsWith('BAD_ARGUMENT', () => new LineKeeper({ ...table, once: [] }))
  const [passage] = table.once
  const repeated = Array.from({ length: 65 }, () => passage ?? { head: text('a'), tail: text('b') })
  failsWith('BAD_ARGUMENT', () => new LineKeeper({ ...table, repeated }))
  keeper.close()
})
