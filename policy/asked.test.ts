/** Where a condition asks for a field: by the members before it, and by none behind it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askedAndTrue } from './asked.ts'
import { sameCondition } from './condition-key.ts'
import { conditionOf } from './testdata/conditions.ts'

const check = (text: string, expected: string): void => {
  const found = askedAndTrue(conditionOf(text), 'fd.name_changed')
  assert.equal(sameCondition(found), sameCondition(conditionOf(expected)), text)
}

const asked = 'fd.name_changed = true'
const never = 'evt.num in ()'

test('what stands before it decides, and nothing behind it', () => {
  check('fd.l4proto = udp', never)
  check(asked, asked)
  check(`not ${asked}`, asked)
  check('fd.name_changed = false and fd.num = 3', asked)
  check('fd.name_changed exists', asked)
  check(`fd.l4proto = udp and ${asked} and fd.sport = 53`, `fd.l4proto = udp and ${asked}`)
  check(`fd.l4proto = udp or ${asked} or fd.sport = 53`, `not fd.l4proto = udp and ${asked}`)
  check(
    `fd.num > 2 and (evt.type = connect or (fd.l4proto = udp and ${asked})) and fd.sport = 53`,
    `fd.num > 2 and not evt.type = connect and fd.l4proto = udp and ${asked}`,
  )
  check(
    `${asked} and fd.num = 3 or ${asked} and fd.num = 4`,
    `${asked} or (not (${asked} and fd.num = 3) and ${asked})`,
  )
})
