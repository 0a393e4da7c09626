/** The two forms of an alert. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PrintedValue, PriorityName } from '@bulwark/policy'
import { priorityNames } from '@bulwark/policy'
import type { Alert } from './alert.ts'
import { alertJson, alertText, shownJson, defaultForm, internalAlert } from './alert.ts'

const alert: Alert = {
  uuid: 'u',
  rule: 'Shell in a container',
  priority: 'Warning',
  source: 'syscall',
  tags: ['a', 'b'],
  hostname: 'node1',
  timeNs: 1_795_428_672_000_000_345n,
  time: '2026-11-23T10:11:12.000000345Z',
  message: 'a shell',
  output: '10:11:12.000000345: Warning a shell',
  outputFields: new Map<string, PrintedValue>([
    ['proc.name', 'sh'],
    ['proc.pname', null],
    ['fd.ip', ['10.0.0.1', '::1']],
    ['a.first', true],
    ['proc.aname[2]', 7],
  ]),
  bulwark: {
    pid: 10,
    containerId: undefined,
    podUid: undefined,
    truncated: [],
    fromUserMemory: false,
  },
}

test('JSON has the keys of Falco in their order, and whole numbers', () => {
  assert.equal(
    alertJson(alert),
    '{"bulwark":{"container_id":null,"from_user_memory":false,"pid":10,"pod_uid":null,' +
      '"truncated":[]},"hostname":"node1","output":"10:11:12.000000345: Warning a shell",' +
      '"output_fields":{"a.first":true,"evt.time":1795428672000000345,' +
      '"fd.ip":["10.0.0.1","::1"],"proc.aname[2]":7,"proc.name":"sh","proc.pname":null},' +
      '"priority":"Warning","rule":"Shell in a container","source":"syscall",' +
      '"tags":["a","b"],"time":"2026-11-23T10:11:12.000000345Z","uuid":"u"}',
  )
})

test('keys that are switched off are left out, and the message stands alone', () => {
  const check = (form: Partial<typeof defaultForm>, expected: string): void => {
    assert.equal(alertJson(alert, { ...defaultForm, includeBulwark: false, ...form }), expected)
  }
  const named = '"priority":"Warning","rule":"Shell in a container","source":"syscall"'
  const time = '"time":"2026-11-23T10:11:12.000000345Z"'
  const fields =
    '"output_fields":{"a.first":true,"evt.time":1795428672000000345,' +
    '"fd.ip":["10.0.0.1","::1"],"proc.aname[2]":7,"proc.name":"sh","proc.pname":null}'
  const isoFields = fields.replace('evt.time', 'evt.time.iso8601')
  const output = '"output":"10:11:12.000000345: Warning a shell"'
  const isoOutput = '"output":"2026-11-23T10:11:12.000000345Z: Warning a shell"'
  const host = '"hostname":"node1"'
  const tags = '"tags":["a","b"]'
  check({}, `{${host},${output},${fields},${named},${tags},${time}}`)
  check(
    { includeMessage: true },
    `{${host},"message":"a shell",${output},${fields},${named},${tags},${time}}`,
  )
  check({ includeOutput: false }, `{${host},${fields},${named},${tags},${time}}`)
  check({ includeOutputFields: false }, `{${host},${output},${named},${tags},${time}}`)
  check({ includeTags: false }, `{${host},${output},${fields},${named},${time}}`)
  check({ isoTime: true }, `{${host},${isoOutput},${isoFields},${named},${tags},${time}}`)
  assert.equal(
    alertText(alert, false, { ...defaultForm, isoTime: true }),
    '2026-11-23T10:11:12.000000345Z: Warning a shell',
  )
})

test('an alert about Bulwark itself has no tags', () => {
  const own = internalAlert({
    rule: 'Bulwark internal: x',
    priority: 'Error',
    hostname: 'node1',
    timeNs: 1_795_428_672_000_000_345n,
    message: 'x',
    fields: [['n', 1]],
  })
  assert.match(
    alertJson(own, { ...defaultForm, includeBulwark: false }),
    /^\{"hostname":"node1","output":"[^"]+: Error x","output_fields":\{"evt.time":\d+,"n":1\},"priority":"Error","rule":"Bulwark internal: x","source":"internal","time":"2026-11-23T10:11:12\.000000345Z"\}$/,
  )
})

test('JSON is one line, whatever an attacker writes', () => {
  const hostile = 'a\nb\r\0\x1b[31m\u2028"}\\\ud800'
  const line = alertJson({ ...alert, output: hostile, outputFields: new Map([['x', hostile]]) })
  assert.ok(!/[\n\r\0\x1b]/.test(line))
  const read = JSON.parse(line) as { output: string; output_fields: Record<string, unknown> }
  assert.equal(read.output, hostile)
  assert.equal(read.output_fields['x'], hostile)
})

test('JSON on a terminal: the same, with nothing that it would obey', () => {
  const json = JSON.stringify({ name: '\u009b31m \u202e\x7f "é" \x1b' })
  const shown = shownJson(json)
  assert.doesNotMatch(shown, /[\x00-\x1f\x7f-\x9f\u202e]/)
  assert.deepEqual(JSON.parse(shown), JSON.parse(json))
})

test('for people: what a terminal would obey is written out', () => {
  const check = (output: string, expected: string): void => {
    assert.equal(alertText({ ...alert, output }, false), expected)
  }
  check(alert.output, '10:11:12.000000345: Warning a shell')
  check('a\nb\rc\td', 'a\\nb\\rc\\td')
  check('"a\\b/é', '\\"a\\\\b/é')
  check('\x1b[2J\x07\b\f', '\\u001b[2J\\u0007\\b\\f')
  check('\x7f\x80\x9bx\x9f\xa0é', '\\u007f\\u0080\\u009bx\\u009f\xa0é')
  check('\0', '\\u0000')
  check('a\u202egpj.exe\u2066\u2069\u200f', 'a\\u202egpj.exe\\u2066\\u2069\\u200f')
})

test('for people: the priority is coloured, and nothing else', () => {
  const check = (priority: PriorityName, expected: string): void => {
    const output = `10:11:12: ${priority} a ${priority} \x1b[31m`
    assert.equal(
      alertText({ ...alert, priority, output }, true),
      `10:11:12: \x1b[${expected}m${priority}\x1b[0m a ${priority} \\u001b[31m`,
    )
  }
  check('Emergency', '1;37;41')
  check('Critical', '1;31')
  check('Warning', '33')
  check('Debug', '90')
  for (const priority of priorityNames) {
    assert.match(alertText({ ...alert, priority, output: `x: ${priority} y` }, true), /\x1b\[\d/)
  }
})
