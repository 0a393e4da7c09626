/** Conditions as rules have them, from their text. */
import assert from 'node:assert/strict'
import { checkCondition } from '../falco/check.ts'
import { schemaCatalog } from '../falco/fields.ts'
import { parseCondition } from '../falco/parse.ts'
import type { Condition } from '../ir.ts'

/** A condition over the fields of the schema; one that is none fails the test. */
export const conditionOf = (text: string): Condition => {
  const parsed = parseCondition(text)
  assert.ok(parsed.ok, text)
  const checked = checkCondition(parsed.node, schemaCatalog)
  assert.ok(checked.ok, text)
  return checked.condition
}
