/** Output formats: what is a field in them, and how values print. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FieldRef, FieldValue } from '@bulwark/schema'
import { schemaCatalog } from './falco/fields.ts'
import { parseOutput, renderOutput } from './output.ts'

const event: Readonly<Record<string, FieldValue>> = {
  'proc.name': 'sh',
  'proc.pid': 12,
  'evt.rawtime': 2n ** 63n,
  'evt.rawtime.ns': 12_345,
  'evt.reltime': 1_000_000_001,
  'fd.types': ['file', 'ipv4'],
  'evt.arg[flags]': 'O_RDONLY',
  'evt.arg[0]': '0',
  'proc.aname[2]': 'systemd',
  'evt.is_open_read': true,
  'fd.name': '/p\xff/é'.replace('é', '\xc3\xa9'),
}

const reader = {
  field: ({ field, argument }: FieldRef): FieldValue =>
    event[argument === undefined ? field.name : `${field.name}[${argument}]`],
  resolve: () => new Set<number>(),
}

test('formats render', () => {
  const check = (format: string, wanted: string): void => {
    const parsed = parseOutput(format, schemaCatalog)
    assert.ok(parsed.ok, format)
    assert.equal(renderOutput(parsed.format, reader, (value) => value).text, wanted, format)
  }
  check('plain é', 'plain é')
  check('%proc.name.', 'sh.')
  check('a=%proc.name,b=%proc.pid', 'a=sh,b=12')
  check('%proc.namespace', 'shspace')
  check('(%proc.name)', '(sh)')
  check('%evt.arg.flags', 'O_RDONLY')
  check('%evt.arg.flags', 'O_RDONLY')
  check('%proc.aname[2]%proc.name', 'systemdsh')
  check('%proc.aname[7]', '<NA>')
  check('%fd.types', '(file,ipv4)')
  check('%evt.rawtime', '9223372036854775808')
  check('%evt.is_open_read', 'true')
  check('%evt.rawtime.ns %evt.reltime %evt.latency.ns', '000012345 1000000001 <NA>')
  check('%fd.name', '/p\ufffd/é')
  check('%5proc.name|', 'sh   |')
  check('%1proc.name|', 's|')
  check('%5fd.name|', '/p\ufffd|')
  check('%7fd.name|', '/p\ufffd/\ufffd|')
  check('%toupper(proc.name)', 'SH')
  check('%5toupper(proc.name)|', 'SH   |')
  check('%6user.name|', '<NA>  |')
  check('%3fd.types|', '(fi|')
  check('%12fd.types|', '(file,ipv4) |')
  check('%20proc.aname[2]|', 'systemd             |')
  check('%evt.arg[0] %evt.arg[1]', '0 <NA>')
  check('%join("é ", (proc.name, "x"))', 'shé x')
  check('%len(user.name)', '<NA>')
  check('*%proc.name', 'sh')
})

test('formats that are none', () => {
  const check = (format: string, message: string, help: string | undefined): void =>
    assert.deepEqual(parseOutput(format, schemaCatalog), { ok: false, message, help }, format)
  const unknown = "unknown filter: unexpected token after '"
  const noField = 'expected a field or a transformer; there is no way to write a plain %'
  check('', 'empty formatting token', undefined)
  check('%%', unknown, noField)
  check('% x', unknown, noField)
  check('a %', 'invalid formatting syntax: formatting cannot end with a %', undefined)
  check('a %20', 'invalid formatting syntax: formatting cannot end with a number', undefined)
  check(
    '%proc.nme',
    unknown,
    'filter_check called with nonexistent field proc.nme; did you mean `proc.name`?',
  )
  const wrongType =
    "can't add field transformer: type 'INT64' is not supported by 'toupper' transformer " +
    "applied on field 'proc.pid'"
  check('%toupper(proc.pid)', unknown, wrongType)
})

test('fields keep their values', () => {
  const parsed = parseOutput('%proc.pid %fd.types %user.name %tolower(proc.name)', schemaCatalog)
  assert.ok(parsed.ok)
  const { fields: printed } = renderOutput(parsed.format, reader, (value) => value)
  assert.deepEqual(
    [...printed],
    [
      ['proc.pid', 12],
      ['fd.types', ['file', 'ipv4']],
      ['user.name', null],
      ['tolower(proc.name)', 'sh'],
    ],
  )
})
