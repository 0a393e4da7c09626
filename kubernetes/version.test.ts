/** Which resource version is older. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOlder } from './version.ts'

test('versions', () => {
  const check = (version: string, than: string, expected: boolean): void =>
    assert.equal(isOlder(version, than), expected, `${version} ${than}`)
  check('9', '10', true)
  check('10', '9', false)
  check('10', '10', false)
  check('18446744073709551615', '18446744073709551616', true)
  check('0', '1', true)
  check('09', '10', false)
  check('abc', '5', false)
  check('5', '', false)
})
