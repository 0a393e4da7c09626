/** The compiled form: what it reads, when, and what a fault does. Its meaning is in the laws. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FieldRef, FieldValue, IpAddress } from '@bulwark/schema'
import { compileCondition, compileRules } from './compile.ts'
import { Subject } from './kept.ts'
import { conditionOf } from './testdata/conditions.ts'

type Event = Readonly<Record<string, FieldValue>>

/** Notes which fields are read, in order. */
const noting = (reads: string[]) => ({
  field: (ref: FieldRef) => (event: Event) => {
    reads.push(ref.field.name)
    if (event[ref.field.name] === 'throw') throw new Error('no value')
    return event[ref.field.name]
  },
  resolve: () => () => new Set<IpAddress>(),
})

const noFault = (index: number, error: unknown): void => {
  throw new Error(`rule ${index} failed`, { cause: error })
}

test('fields are read once, from left to right, and only when needed', () => {
  const check = (texts: readonly string[], event: Event, wanted: string): void => {
    const reads: string[] = []
    const run = compileRules(texts.map(conditionOf), noting(reads))
    const matched: number[] = []
    run(event, (index) => matched.push(index) > 99, noFault)
    assert.equal(`${reads.join(' ')} -> ${matched.join(' ')}`, wanted)
  }
  const sh = { 'proc.name': 'sh', 'fd.name': '/etc/shadow' }
  const both = 'proc.name = sh and fd.name startswith /etc'
  check([both], sh, 'proc.name fd.name -> 0')
  check([both], { 'proc.name': 'ls' }, 'proc.name -> ')
  check([both, both], sh, 'proc.name fd.name -> 0 1')
  check([both, 'fd.name exists or proc.name = x'], { 'fd.name': '/' }, 'proc.name fd.name -> 1')
  check(['proc.name = a', 'proc.name != a'], {}, 'proc.name -> ')
  check(['not proc.name = a'], {}, 'proc.name -> 0')
})

test('what is quick comes first, then one question to each subject, which is asked once', () => {
  const reads: string[] = []
  const answers: number[] = []
  const subject: Subject<Event> = new Subject(() => answers)
  const conditions = [
    'fd.name = /x and proc.name = a and proc.exe != b and evt.num = 1',
    'fd.name = /x and not (proc.pname = c or proc.name = a) and evt.num < 3',
  ].map(conditionOf)
  const run = compileRules(conditions, {
    ...noting(reads),
    subjectOf: ({ field: { name } }) => (name.startsWith('proc.') ? subject : undefined),
    isCheap: ({ field: { name } }) => name === 'evt.num',
  })
  answers.push(...subject.blank())
  const check = (event: Event, wanted: string): void => {
    reads.length = 0
    const matched: number[] = []
    run(event, (index) => matched.push(index) > 99, noFault)
    assert.equal(`${reads.join(' ')} -> ${matched.join(' ')}`, wanted)
  }
  const own = { 'proc.name': 'a', 'proc.exe': 'a', 'proc.pname': 'b' }
  check({ ...own, 'evt.num': 5, 'fd.name': '/x' }, 'evt.num -> ')
  check(
    { ...own, 'evt.num': 1, 'fd.name': '/x' },
    'evt.num proc.name proc.exe fd.name proc.pname proc.name -> 0',
  )
  check({ ...own, 'evt.num': 1, 'fd.name': '/x' }, 'evt.num fd.name -> 0')
  check({ ...own, 'evt.num': 2, 'fd.name': '/x' }, 'evt.num -> ')
  answers.fill(0) // It is another process now.
  check(
    { 'proc.name': 'b', 'evt.num': 2, 'fd.name': '/x' },
    'evt.num proc.pname proc.name fd.name -> 1',
  )
  assert.equal(subject.size, 2)
})

test('what is about a part of a subject is asked of that, and asked once for all that share it', () => {
  const reads: string[] = []
  const program: Subject<Event> = new Subject(() => ofProgram)
  const whole: Subject<Event> = new Subject(() => answers, program)
  const run = compileRules([conditionOf('(proc.name = a or proc.exe = b) and proc.cwd = /c')], {
    ...noting(reads),
    subjectOf: ({ field: { name } }) => (name === 'proc.cwd' ? whole : program),
  })
  const ofProgram = program.blank()
  let answers = whole.blank()
  const check = (event: Event, wanted: string): void => {
    reads.length = 0
    const matched: number[] = []
    run(event, (index) => matched.push(index) > 99, noFault)
    assert.equal(`${reads.join(' ')} -> ${matched.join(' ')}`, wanted)
  }
  const own = { 'proc.name': 'x', 'proc.exe': 'b' }
  check({ ...own, 'proc.cwd': '/c' }, 'proc.name proc.exe proc.cwd -> 0')
  check({ ...own, 'proc.cwd': '/c' }, ' -> 0')
  answers = whole.blank() // It is another process now, with the same program.
  check({ ...own, 'proc.cwd': '/d' }, 'proc.cwd -> ')
  assert.deepEqual([program.size, whole.size], [1, 1])
})

test('a subject says with one answer that none of several holds', () => {
  const reads: string[] = []
  const subject: Subject<Event> = new Subject(() => answers)
  const texts = ['a', 'b', 'c'].map((name) => `evt.num = 1 and proc.name = ${name}`)
  const run = compileRules([...texts, 'evt.num = 2'].map(conditionOf), {
    ...noting(reads),
    subjectOf: ({ field: { name } }) => (name === 'proc.name' ? subject : undefined),
  })
  let answers = subject.blank()
  const check = (event: Event, wanted: string): void => {
    reads.length = 0
    const matched: number[] = []
    const faults: number[] = []
    const onFault = (index: number): boolean => faults.push(index) > 99
    run(event, (index) => matched.push(index) > 99, onFault)
    assert.equal(`${reads.join(' ')} -> ${matched.join(' ')}, ${faults.join(' ')}`, wanted)
  }
  check({ 'proc.name': 'x', 'evt.num': 1 }, 'proc.name proc.name proc.name evt.num -> , ')
  check({ 'proc.name': 'x', 'evt.num': 2 }, 'evt.num -> 3, ')
  answers = subject.blank()
  check({ 'proc.name': 'b', 'evt.num': 1 }, 'proc.name proc.name evt.num proc.name -> 1, ')
  check({ 'proc.name': 'b', 'evt.num': 1 }, 'evt.num -> 1, ')
  answers = subject.blank()
  const failing = 'proc.name proc.name proc.name proc.name evt.num -> , 0 1 2'
  check({ 'proc.name': 'throw', 'evt.num': 1 }, failing)
})

test('a match may end the trying', () => {
  const run = compileRules([conditionOf('evt.num = 1'), conditionOf('evt.num > 0')], noting([]))
  const matched: number[] = []
  run({ 'evt.num': 1 }, (index) => matched.push(index) === 1, noFault)
  assert.deepEqual(matched, [0])
})

test('a fault counts as no match, and stops no other rule', () => {
  const texts = ['proc.name = a', 'evt.num = 1', 'not proc.name = a']
  const run = compileRules(texts.map(conditionOf), noting([]))
  const seen: string[] = []
  const event = { 'proc.name': 'throw', 'evt.num': 1 }
  run(
    event,
    (index) => seen.push(`match ${index}`) > 99,
    (index, error) => seen.push(`fault ${index} ${(error as Error).message}`),
  )
  assert.deepEqual(seen, ['fault 0 no value', 'match 1', 'fault 2 no value'])
})

test('addresses of host names may change', () => {
  const known = new Set<IpAddress>()
  const condition = conditionOf('fd.sip.name = one.example')
  const run = compileCondition<IpAddress>(condition, {
    field: () => (event) => event,
    resolve: () => () => known,
  })
  assert.equal(run(1), false)
  known.add(1)
  assert.equal(run(1), true)
})

test('constants cannot break out of the code', () => {
  const texts = ['"\\"); throw 1 //"', '"`${1}`"', '"\\n\u2028"', '"\\\\\\" + x"']
  for (const text of texts) {
    const run = compileCondition<string>(conditionOf(`proc.name = ${text}`), {
      field: () => (event) => event,
      resolve: () => () => new Set(),
    })
    assert.equal(run('other'), false, text)
  }
})
