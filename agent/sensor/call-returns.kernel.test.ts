/** Which functions of this kernel calls come to, and which calls are named as missing. */
import { deepEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { findCallTargets } from './call-returns.ts'

const skip = process.arch === 'x64' ? false : 'the functions that are asked for are those of x86-64'

const handler = (call: string, slot: number) => ({
  program: 'on_it',
  form: 'on_it',
  call,
  slot,
  names: [],
})

test('a call without a function is named, also when only the 32-bit one has none', { skip }, () => {
  const wide = [handler('chdir', 80), handler('no_such_call', 600)]
  const compat = [handler('chdir', 12), handler('no_such_call', 600), handler('not_this_one', 601)]
  const { targets, missing } = findCallTargets('x64', wide, compat)
  deepEqual(missing, ['no_such_call', '32-bit not_this_one'])
  ok(targets.every(({ call }) => call === 'chdir'))
})

test('a kernel that takes no 32-bit calls misses none', { skip }, () => {
  deepEqual(findCallTargets('x64', [], [handler('no_such_call', 600)]).missing, [])
})
