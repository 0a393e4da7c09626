/** Tables of system calls: each number and name once, and each name one that rules may write. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  argumentForms,
  callShapeOf,
  describedCalls,
  isEventName,
  isParameterName,
  isSeenCall,
  numbersNamed,
  ownEventTypes,
  syscallNumbers,
  syscallsByNumber,
} from './index.ts'

test('numbers that everybody knows', () => {
  const check = (table: 'x64' | 'arm64' | 'ia32', name: string, ...numbers: number[]): void => {
    assert.deepEqual(numbersNamed(table, name), numbers, `${table} ${name}`)
  }
  check('x64', 'read', 0)
  check('x64', 'pread', 17)
  check('x64', 'execve', 59)
  check('x64', 'umount2', 166)
  check('x64', 'gettid', 186)
  check('x64', 'tgkill', 234)
  check('x64', 'mbind', 237)
  check('x64', 'prlimit', 302)
  check('x64', 'rseq', 334)
  check('x64', 'pidfd_send_signal', 424)
  check('x64', 'openat2', 437)
  check('x64', 'mseal', 462)
  check('arm64', 'openat', 56)
  check('arm64', 'newfstatat', 79)
  check('arm64', 'execve', 221)
  check('arm64', 'wait4', 260)
  check('arm64', 'open')
  check('ia32', 'open', 5)
  check('ia32', 'execve', 11)
  check('ia32', 'umount2', 22, 52)
  check('ia32', 'setuid', 23, 213)
  check('ia32', 'mmap', 90, 192)
  check('ia32', 'socketcall', 102)
  check('ia32', 'connect', 362)
  check('ia32', 'openat2', 437)
})

test('a name of a table is one that rules may write; of a machine, it has one number', () => {
  for (const [table, names] of Object.entries(syscallsByNumber)) {
    const known = names.filter((name) => name !== undefined)
    for (const name of known) assert.ok(isEventName(name), `${table}: ${name}`)
    if (table !== 'ia32') assert.equal(new Set(known).size, known.length, table)
  }
  for (const [machine, numbers] of Object.entries(syscallNumbers)) {
    for (const [name, number] of Object.entries(numbers)) {
      assert.equal(syscallsByNumber[machine as 'x64'][number], name)
    }
  }
})

test('a described call is one that is told in a shape, and its parameters have names', () => {
  assert.equal(new Set(describedCalls).size, describedCalls.length)
  const used = new Set<string>()
  for (const call of describedCalls) {
    assert.ok(isSeenCall(call) && !ownEventTypes.has(call), call)
    const { shape, parameters, positions } = callShapeOf(call)
    const names = parameters.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length, call)
    for (const { name, form, index } of parameters) {
      assert.ok(isParameterName(name) && (index < 6 || form === 'none'), `${call} ${name}`)
      used.add(form)
    }
    assert.equal(positions === 0, shape === 'syscall', call)
  }
  const plain = callShapeOf('getppid')
  assert.deepEqual([plain.shape, plain.result, plain.parameters.length], ['syscall', 'res', 6])
  assert.deepEqual(
    argumentForms.filter((form) => !used.has(form)),
    [],
  )
})
