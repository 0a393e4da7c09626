/** Matchers: path prefixes, POSIX expressions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lowerCase } from './letters.ts'
import { pathPrefixMatcher, regexMatcher } from './matchers.ts'

test('path prefixes match by whole components', () => {
  const check = (paths: string, path: string, wanted = true): void =>
    assert.equal(pathPrefixMatcher(paths.split(' '))(path), wanted, `${paths} on ${path}`)
  check('/etc', '/etc')
  check('/etc', '/etc/passwd')
  check('/etc', '/etcetera', false)
  check('/etc', '//etc//passwd')
  check('etc', '/etc')
  check('/', '/anything')
  check('/', '')
  check('/usr/lib', '/usr', false)
  check('/usr/lib /usr', '/usr/bin')
  check('/usr/*/x', '/usr/lib/x/y')
  check('/usr/*/x', '/usr/lib/y', false)
  check('/a/*/c /a/b/d', '/a/b/c')
  check('/a/b* /a/*c', '/a/xc')
  check('/proc/[0-9]*/mem', '/proc/12/mem')
})

test('expressions are POSIX, and match whole texts', () => {
  const check = (pattern: string, text: string, wanted = true): void => {
    const match = regexMatcher(pattern)
    assert.ok(typeof match === 'function', pattern)
    assert.equal(match(text), wanted, `${pattern} on ${text}`)
  }
  check('a.*', 'abc')
  check('b', 'abc', false)
  check('a|ab', 'ab')
  check('^a$', 'a')
  check('a.b', 'a\nb', false)
  check('[[:alpha:]]+', 'abc')
  check('[a-z\\]]*', 'a]b')
  check('[(?]', '?')
  check('\xc3\xa9', '\xc3\xa9')
  check('/p./q.', '/p\xff/q\xff')
  check('(x+x+)+y', 'x'.repeat(60), false)
  const refused = (pattern: string): void =>
    assert.equal(typeof regexMatcher(pattern), 'object', pattern)
  refused('\\d')
  refused('\\bx')
  refused('(?i)a')
  refused('a\\pN')
  refused('[\\w]')
  refused('(')
  refused('*')
})

test('case is that of ASCII', () => {
  assert.equal(lowerCase('ABC\xc9Z'), 'abc\xc9z')
})
