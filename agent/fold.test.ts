/** Equal alerts become one: which are equal, when it is told, and that none is left out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { fields } from '@bulwark/schema'
import type { PrintedValue, Rule } from '@bulwark/policy'
import type { Alert } from './alert.ts'
import { alertJson, internalAlert } from './alert.ts'
import type { Folding } from './fold.ts'
import { AlertFolds, foldKey, isFolded, ofOccurrence } from './fold.ts'
import { limits } from './limits.ts'
import { ruleText, rulesOf } from './testdata/rules.ts'

const second = 1_000_000_000n
/** 2026-11-23 10:11:00 UTC. */
const boot = 1_795_428_660_000_000_000n
const folding: Folding = { rules: 'said', seconds: 60 }

const ruleOf = (folds?: boolean): Rule => ({ name: 'A', folds }) as unknown as Rule
const folded = ruleOf(true)

type Shown = Readonly<Record<string, PrintedValue>>

const alertOf = (shown: Shown, atNs = 0n, containerId?: string): Alert => {
  const facts = { rule: 'A', priority: 'Notice', hostname: 'node1', message: 'shell' } as const
  const alert = internalAlert({ ...facts, timeNs: boot + atNs, fields: Object.entries(shown) })
  return { ...alert, source: 'syscall', bulwark: { ...alert.bulwark, containerId } }
}

test('rules and the operator say whose alerts are folded', () => {
  const check = (folds: boolean | undefined, expected: readonly Folding['rules'][]): void => {
    const all = ['said', 'all', 'none'] as const
    const found = all.filter((rules) => isFolded(ruleOf(folds), { rules, seconds: 1 }))
    assert.deepEqual(found, expected, String(folds))
  }
  check(true, ['said', 'all'])
  check(undefined, ['all'])
  check(false, [])
})

test('a rule file says it, and a later one says otherwise', () => {
  const check = (expected: boolean | undefined, text: string, later = ''): void => {
    const [rule] = rulesOf(ruleText('A', 'evt.type = open') + text, later)
    assert.equal(rule?.folds, expected, text + later)
  }
  check(undefined, '')
  check(true, '  fold: true\n')
  check(false, '  fold: false\n')
  check(false, '  fold: true\n', '- rule: A\n  fold: false\n  override: { fold: replace }\n')
})

test('equal is what shows the same, but for what tells one time from the next', () => {
  const check = (a: Shown, b: Shown, expected: boolean): void => {
    assert.equal(foldKey(alertOf(a)) === foldKey(alertOf(b, 1n)), expected, inspect([a, b]))
  }
  check({}, {}, true)
  check({ 'proc.name': 'sh' }, { 'proc.name': 'sh' }, true)
  check({ 'proc.name': 'sh' }, { 'proc.name': 'ash' }, false)
  check({ 'proc.name': null }, { 'proc.name': '' }, false)
  check({ 'user.uid': 0 }, { 'user.uid': '0' }, false)
  check({ 'proc.aname[2]': 'a' }, { 'proc.aname[3]': 'a' }, false)
  check({ 'evt.res': 'SUCCESS' }, { 'evt.res': 'EACCES' }, false)
  check({ 'proc.pid': 7, 'proc.apid[2]': 5 }, { 'proc.pid': 8, 'proc.apid[2]': 6 }, true)
  check({ 'evt.time': 1n, 'evt.num': 1 }, { 'evt.time': 2n, 'evt.num': 2 }, true)
  check({ 'container.start_ts': 1n }, { 'container.start_ts': 2n }, true)
  const to = (name: string): Shown => ({ 'fd.name': name })
  check(to('10.0.0.1:40000->10.0.0.2:443'), to('10.0.0.1:40001->10.0.0.2:443'), true)
  check(to('10.0.0.1:40000->10.0.0.2:443'), to('10.0.0.1:40000->10.0.0.2:80'), false)
  check(to('::1:40000->::2:443'), to('::1:40001->::2:443'), true)
  check(to('/a:1'), to('/a:2'), false)
  check({ 'fd.ip': ['a', 'b'] }, { 'fd.ip': ['a,b'] }, false)
  assert.notEqual(foldKey(alertOf({}, 0n, 'c1')), foldKey(alertOf({}, 0n, 'c2')))
})

test('what tells one time from the next are fields that there are', () => {
  const names = new Set(fields.map(({ name }) => name))
  assert.deepEqual(
    [...ofOccurrence].filter((name) => !names.has(name)),
    [],
  )
})

/** Folds with a log of what is told: at which second, and for how many. */
const watched = (foldsMax?: number) => {
  const told: Alert[] = []
  const folds = new AlertFolds(folding, (alert) => told.push(alert), foldsMax)
  const add = (seconds: number, name = 'sh', rule = folded): void => {
    const atNs = BigInt(seconds) * second
    folds.add(alertOf({ 'proc.name': name, 'proc.pid': seconds }, atNs), rule, atNs)
  }
  const pass = (seconds: number): void => folds.pass(BigInt(seconds) * second)
  const check = (...expected: readonly string[]): void => {
    const lines = told.map(({ outputFields: f, timeNs }) => {
      const count = f.get('fold.count')
      const times = count === undefined ? '' : ` x${count as number}`
      return `${String(f.get('proc.name'))}@${(timeNs - boot) / second}${times}`
    })
    assert.deepEqual(lines, expected)
  }
  return { told, folds, add, pass, check }
}

test('the first is told at once, the rest when the window is over', () => {
  const { add, pass, check, folds, told } = watched()
  add(1)
  check('sh@1')
  add(2)
  add(3, 'ash')
  add(60)
  pass(60)
  check('sh@1', 'ash@3')
  pass(61)
  check('sh@1', 'ash@3', 'sh@60 x2')
  // It goes on: the next window has begun.
  add(62)
  check('sh@1', 'ash@3', 'sh@60 x2')
  pass(200)
  check('sh@1', 'ash@3', 'sh@60 x2', 'sh@62 x1')
  // A window without any: it is over.
  pass(300)
  add(301)
  check('sh@1', 'ash@3', 'sh@60 x2', 'sh@62 x1', 'sh@301')
  add(302)
  folds.flush()
  folds.flush()
  check('sh@1', 'ash@3', 'sh@60 x2', 'sh@62 x1', 'sh@301', 'sh@302 x1')
  const summary = JSON.parse(alertJson(told[2] as Alert)) as Record<string, unknown>
  assert.match(
    String(summary['output']),
    /^\S+: Notice shell fold_count=2 fold_first=\S+:02\.0{9} fold_last=\S+:00\.0{9}$/,
  )
  assert.equal(summary['rule'], 'A')
  const { outputFields } = told[2] as Alert
  assert.equal(outputFields.get('fold.first'), boot + 2n * second)
  assert.equal(outputFields.get('fold.last'), boot + 60n * second)
  assert.equal(new Set(told.map(({ uuid }) => uuid)).size, told.length)
})

test('when nobody tells of time, alerts do', () => {
  const { add, check } = watched()
  add(0)
  add(60)
  check('sh@0', 'sh@60')
  add(61)
  add(120)
  check('sh@0', 'sh@60', 'sh@61 x1')
})

test('rules that do not fold have each told', () => {
  const { add, check, folds } = watched()
  for (const rule of [ruleOf(), ruleOf(false)]) add(1, 'sh', rule)
  add(2, 'sh', ruleOf())
  folds.flush()
  check('sh@1', 'sh@1', 'sh@2')
})

test('one that finds no room has the oldest told', () => {
  const { add, check } = watched(2)
  add(1, 'a')
  add(2, 'a')
  add(3, 'b')
  add(4, 'c')
  check('a@1', 'b@3', 'a@2 x1', 'c@4')
  add(5, 'b')
  add(6, 'a')
  check('a@1', 'b@3', 'a@2 x1', 'c@4', 'b@5 x1', 'a@6')
})

test('law: each alert is told or counted, once; a window has two lines at the most', (t) => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`TEST_SEED=${seed}`)
  const step = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    seconds: fc.oneof({ weight: 9, arbitrary: fc.nat(5) }, fc.nat(90)),
    passes: fc.boolean(),
    ends: fc.nat(200).map((n) => n === 0),
  })
  let counted = 0
  const law = (
    foldsMax: number,
    steps: readonly { name: string; seconds: number; passes: boolean; ends: boolean }[],
  ): void => {
    const { add, pass, folds, told } = watched(foldsMax)
    const numbers = new Map<string, number>()
    let now = 0
    for (const { name, seconds, passes, ends } of steps) {
      now += seconds
      if (passes) pass(now)
      if (ends) folds.flush()
      add(now, name)
      numbers.set(name, (numbers.get(name) ?? 0) + 1)
    }
    folds.flush()
    for (const [name, number] of numbers) {
      const own = told.filter(({ outputFields: f }) => f.get('proc.name') === name)
      const counts = own.map(({ outputFields: f }) => (f.get('fold.count') as number) ?? 1)
      assert.equal(
        counts.reduce((sum, each) => sum + each, 0),
        number,
      )
      counted += number - own.length
      own.forEach(({ outputFields: f, timeNs }, i) => {
        const first = (f.get('fold.first') as bigint | undefined) ?? timeNs
        const before = own[i - 1]?.timeNs ?? first
        assert.ok(before <= first && first <= timeNs, 'times do not overlap, nor go back')
      })
    }
    const kept = foldsMax >= numbers.size && !steps.some(({ ends }) => ends)
    const linesMax = numbers.size * 2 * (1 + Math.floor(now / 60))
    if (kept) assert.ok(told.length <= linesMax, `${told.length} lines, at most ${linesMax}`)
  }
  fc.assert(fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { size: '+1' }), law), {
    seed,
    numRuns: 500,
  })
  t.diagnostic(`${counted} alerts were folded`)
  assert.ok(counted > 500)
})

test('a table of the full size takes what comes', () => {
  const { add, folds, told } = watched()
  for (let i = 0; i < 2 * limits.foldsMax; i++) {
    add(i % 50, String(i))
    add(i % 50, String(i))
  }
  folds.flush()
  assert.equal(told.length, 4 * limits.foldsMax)
})
