/** Constants, by type: what is read, and what is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FieldType } from '@bulwark/schema'
import type { Constant } from './ir.ts'
import { parseLiteral } from './literals.ts'

const check = (type: FieldType, text: string, wanted: Constant): void =>
  assert.deepEqual(parseLiteral(text, type, '='), { ok: true, value: wanted }, `${type} ${text}`)

const refused = (type: FieldType, text: string, message: string): void =>
  assert.deepEqual(parseLiteral(text, type, '='), { ok: false, message }, `${type} ${text}`)

test('integers are decimal and wrap', () => {
  check('i64', '010', 10)
  check('i64', '-5', -5)
  check('i64', '+5', 5)
  check('i64', '99999999999999999999', 9_223_372_036_854_775_807n)
  check('i64', '9007199254740991', 9_007_199_254_740_991)
  check('i64', '9007199254740992', 9_007_199_254_740_992n)
  check('u64', '-1', 18_446_744_073_709_551_615n)
  check('u32', '-20', 4_294_967_276)
  check('i16', '70000', 4464)
  check('u32', '4294967296', 0)
  check('f64', '3', 3)
  refused('i64', '0x1f', '0x1f is not a valid number')
  refused('i64', '1.5', '1.5 is not a valid number')
  check('u64', ' 80', 80)
  check('u64', '-99999999999999999999', 18446744073709551615n)
  refused('i64', '', ' is not a valid number')
  refused('f64', '1.0', '1.0 is not a valid number')
})

test('ports are numbers or services', () => {
  check('port', '22', 22)
  check('port', '70000', 4464)
  check('port', '', 0)
  check('port', 'https', 443)
  check('port', 'x11', 6000)
  refused('port', 'nothing', 'unrecognized protocol nothing')
  refused('port', '-1', 'unrecognized protocol -1')
  refused('port', '99999999999', 'stoi')
})

test('addresses and networks', () => {
  check('ip', '10.0.0.1', 0x0a000001)
  check('ip', '255.255.255.255', 0xffffffff)
  check('ip', '::1', 1n)
  check('ip', '2001:4860:4860::8888', 0x20014860486000000000000000008888n)
  check('ip', '0:0:0:0:0:0:0:1', 1n)
  refused('ip', '10.0.0', 'unrecognized IPv4 address 10.0.0')
  refused('ip', '256.0.0.1', 'unrecognized IPv4 address 256.0.0.1')
  refused('ip', '::ffff:10.0.0.1', 'unrecognized IPv4 address ::ffff:10.0.0.1')
  refused('ip', '1:2', 'unrecognized IPv6 address 1:2')
  refused('ip', '1::2::3', 'unrecognized IPv6 address 1::2::3')
  check('net', '10.1.2.3/8', { version: 4, base: 0x0a000000n, prefix: 8 })
  check('net', '0.0.0.0/0', { version: 4, base: 0n, prefix: 0 })
  check('net', '2001:db8::/32', { version: 6, base: 0x20010db8n << 96n, prefix: 32 })
  refused('net', '10.0.0.0', 'unrecognized IP network 10.0.0.0')
  refused('net', '10.0.0.0/33', 'invalid netmask 33')
  refused('net', '10.0.0.0/8/8', '8/8 is not a valid number')
  refused('net', '10.0.0/8', 'unrecognized IP address 10.0.0/8')
  refused('net', '::1', 'invalid v6 netmask: ::1')
  refused('net', '::/0', 'invalid v6 netmask 0')
  refused('ip', '01.2.3.4', 'unrecognized IPv4 address 01.2.3.4')
})

test('texts, switches and bytes', () => {
  check('string', 'a b', 'a b')
  check('bool', 'true', true)
  refused('bool', '1', 'filter error: unrecognized boolean value 1')
  check('bytes', 'a\0b', 'a\0b')
  refused('string', 'a\0', 'filter error: filter value cannot contain a NUL byte (\\x00)')
  const hex = (text: string): unknown => parseLiteral(text, 'bytes', 'bcontains')
  assert.deepEqual(hex('61fF'), { ok: true, value: 'a\xff' })
  const message = 'filter error: bcontains and bstartswith operator support hex strings only'
  assert.deepEqual(hex('6'), { ok: false, message })
  assert.deepEqual(hex(''), { ok: true, value: '' })
})
