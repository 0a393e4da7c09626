/** Reads fields of events for tests, and compares them line by line. */
import assert from 'node:assert/strict'
import type { FieldValue } from '@bulwark/schema'
import { fieldNamed } from '@bulwark/schema'
import { accessorOf } from '../fields/index.ts'
import type { LiveEvent } from '../live-event.ts'
import { Users } from '../users.ts'

export const surroundings = { users: new Users(), hostname: 'node1' }

/** The value of `name`, `name[argument]` or `evt.arg.name` on an event. */
export const readField = (event: LiveEvent, text: string): FieldValue => {
  const [, named = '', index] = /^(.*)\[(.*)\]$/.exec(text) ?? [undefined, text]
  const key = /^evt\.arg\.(.*)$/.exec(named)?.[1]
  const field = fieldNamed(key === undefined ? named : 'evt.arg')
  assert.ok(field, `no field ${text}`)
  const argument = index === undefined ? key : /^\d+$/.test(index) ? Number(index) : index
  return accessorOf({ field, argument }, surroundings)(event)
}

/** Lines of a field and its value in JSON, integers that are bigints with `n`; `-` for none. */
export const checkFields = (event: LiveEvent, lines: string): void => {
  for (const line of lines.trim().split('\n')) {
    const [, name = '', expected] = /^\s*(\S+)\s+(.*)$/.exec(line) ?? []
    const value = readField(event, name)
    const text = JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v))
    assert.equal(text ?? '-', expected, line.trim())
  }
}
