/** Addresses and paths as text. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressFrom, addressText } from './addresses.ts'
import { directoryOf, fileNameOf, resolvePath } from '../paths.ts'

test('addresses as text', () => {
  const v6 = (hex: string): string =>
    addressText(addressFrom(10, new Uint8Array(Buffer.from(hex.padEnd(32, '0'), 'hex'))))
  assert.equal(addressText(0x7f000001), '127.0.0.1')
  assert.equal(addressText(0xffffffff), '255.255.255.255')
  assert.equal(v6('20010db8'), '2001:db8::')
  assert.equal(v6(''), '::')
  assert.equal(v6('0'.repeat(31) + '1'), '::1')
  assert.equal(v6('20010db8000000010000000000000001'), '2001:db8:0:1::1')
  assert.equal(v6('20010db8000000010001000000010001'), '2001:db8:0:1:1:0:1:1')
  assert.equal(v6('00000000000000000000ffffc0000201'), '192.0.2.1')
})

test('paths', () => {
  const lines: readonly (readonly [string, string, string])[] = [
    ['/a/b', 'c', '/a/b/c'],
    ['/a/b', '../c', '/a/c'],
    ['/a', '/x/./y//z/', '/x/y/z'],
    ['/', '../../etc', '/etc'],
    ['', 'x', '/x'],
    ['a', 'b', '/a/b'],
    ['/a', '/b/c', '/b/c'],
    ['/a', '.b', '/a/.b'],
    ['/a', 'b/..', '/a'],
    ['/a', '/b/', '/b'],
    ['', '/', '/'],
  ]
  for (const [base, path, expected] of lines) assert.equal(resolvePath(base, path), expected)
  assert.equal(directoryOf('/etc/shadow'), '/etc')
  assert.equal(directoryOf('/x'), '/')
  assert.equal(fileNameOf('/etc/shadow'), 'shadow')
  assert.equal(fileNameOf('/etc/'), '')
})
