/** "Did you mean". */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closest } from './suggest.ts'

test('the nearest name, when one is near', () => {
  const names = ['proc.name', 'proc.pname', 'fd.name', 'evt.type']
  const check = (wanted: string, near: string | undefined): void =>
    assert.equal(closest(wanted, names), near, wanted)
  check('proc.nme', 'proc.name')
  check('porc.name', 'proc.name')
  check('evt.tpye', 'evt.type')
  check('fd.names', 'fd.name')
  check('something.else', undefined)
  check('', undefined)
})
