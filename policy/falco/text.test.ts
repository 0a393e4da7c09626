/** Lists put into the text of a condition: which ones, in which order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ListDefinition } from './collector.ts'
import { Context } from './report.ts'
import { expandLists, putLists } from './text.ts'

const context = Context.ofFile('a.yaml')

/** Lists as `name: item item`, in order of definition. */
const listsOf = (lines: readonly string[]): ReadonlyMap<string, ListDefinition> => {
  const lists = lines.map((line, index): [string, ListDefinition] => {
    const [name = '', items = ''] = line.split(': ')
    const all = items.split(' ').filter((item) => item !== '')
    return [name, { name, context, index, visibility: index, items: all }]
  })
  return new Map(lists)
}

test('lists are found by whole words, in the order of definition', () => {
  const check = (lists: readonly string[], text: string, expected: string, used = ''): void => {
    const names: string[] = []
    const put = putLists(text, expandLists(listsOf(lists)), (name) => names.push(name), context)
    assert.deepEqual([put, names.join(' ')], [expected, used])
  }
  const letters = ['abc: a b c', 'ab: a b']
  check(letters, 'x in (abc)', 'x in ( a, b, c )', 'abc')
  check(letters, 'x in (abcd) and abc_ = 1', 'x in (abcd) and abc_ = 1')
  check(letters, 'x in (ab, abc)', 'x in ( a, b , a, b, c )', 'abc ab')
  check(['one: two', 'two: b'], 'x in (one)', 'x in ( b )', 'one two')
  check(['two: b', 'one: two'], 'x in (one)', 'x in ( b )', 'one')
  check(
    ['late: early', 'early: b'],
    'early = 1 and x in (late)',
    'b = 1 and x in ( b )',
    'late early',
  )
  check(['none: '], 'x in (a, none)', 'x in (a  )', 'none')
  check(['two words: b'], 'x in (two words)', 'x in ( b )', 'two words')
  check(['other: a'], 'x = y', 'x = y')
})
