/** The transformers of conditions and outputs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FieldValue } from '@bulwark/schema'
import { callFunction } from './functions.ts'
import type { FunctionName } from './ir.ts'

const check = (name: FunctionName, values: readonly FieldValue[], wanted: FieldValue): void =>
  assert.deepEqual(callFunction(name, values, undefined), wanted, name)

test('transformers of one text', () => {
  check('tolower', ['AbC\xc9'], 'abc\xc9')
  check('toupper', ['abc'], 'ABC')
  check('toupper', [['a', 'b']], ['A', 'B'])
  check('basename', ['/a/b'], 'b')
  check('basename', ['/a/'], '')
  check('basename', ['a'], 'a')
  check('b64', ['YWFh'], 'aaa')
  check('b64', ['YWE'], 'aa')
  check('b64', ['YWE='], 'aa')
  check('b64', ['/w=='], '\xff')
  check('b64', ['Y'], undefined)
  check('b64', ['a b'], undefined)
  check('len', ['\xc3\xa9'], 2)
  check('len', [[]], 0)
  check('len', [undefined], undefined)
})

test('transformers of several values', () => {
  check('join', ['-', ['a', 1, true]], 'a-1-true')
  check('join', ['-', []], '')
  check('join', ['-', undefined], undefined)
  check('concat', ['a', 'b', 'c'], 'abc')
  check('concat', ['a', undefined], undefined)
})

test('getopt reads short options', () => {
  const list = (args: string, letters: string, wanted: string): void =>
    assert.deepEqual(
      callFunction('getopt', [args.split(' '), letters], undefined),
      wanted.split(' '),
    )
  list('-n -t v', 'nt:', 'n t v')
  list('-ntv', 'nt:', 'n t v')
  list('-x -n', 'n', '? n')
  list('--long -n', 'n', 'n')
  list('-n -- -t', 'nt', 'n')
  list('-n file -t', 'nt', 'n')
  const one = (args: string, letters: string, letter: string, wanted: FieldValue): void =>
    assert.equal(callFunction('getopt', [args.split(' '), letters], letter), wanted)
  one('-t a -t b', 't:', 't', 'b')
  one('-n', 'n', 'n', 'n')
  one('-t', 't:', 't', '')
  one('-n', 'nt:', 't', undefined)
})
