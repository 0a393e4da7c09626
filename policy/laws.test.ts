/**
 * Laws of the rule compiler, tried on random input. The table is `tests/laws.md`. `TEST_SEED`
 * repeats a run; each law prints its seed and how many inputs reached it, and fails under half.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { syscallNames } from '@bulwark/schema'
import type { FieldRef, FieldValue, IpAddress } from '@bulwark/schema'
import * as fc from 'fast-check'
import { askedAndTrue } from './asked.ts'
import { compileCondition, compileRules } from './compile.ts'
import { evaluate } from './evaluate.ts'
import { eventSetOf, specialise } from './event-set.ts'
import { checkCondition } from './falco/check.ts'
import { falcoEventsOf } from './falco/event-codes.ts'
import { schemaCatalog } from './falco/fields.ts'
import { loadRuleFiles } from './falco/load.ts'
import { parseCondition } from './falco/parse.ts'
import type {
  FieldNode,
  Modifier,
  Node,
  Operand,
  Operator,
  TransformerNode,
} from './falco/syntax.ts'
import { printCondition } from './falco/syntax.ts'
import type { Condition } from './ir.ts'
import type { Answers } from './kept.ts'
import { Subject } from './kept.ts'
import { globMatcher } from './glob.ts'
import { parseOutput, renderOutput } from './output.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const runs = Number(process.env['TEST_RUNS'] ?? 2000)

/** Runs a law. `reach` is called by the law when an input got to what it says. */
const law = <T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  hold: (input: T, reach: () => void) => void,
) => {
  test(name, (context: TestContext) => {
    let tried = 0
    let reached = 0
    const property = fc.property(inputs, (input) => {
      tried++
      hold(input, () => reached++)
    })
    context.diagnostic(`TEST_SEED=${seed}`)
    fc.assert(property, { seed, numRuns: runs })
    context.diagnostic(`${reached} of ${tried} inputs reached the law`)
    assert.ok(reached * 2 >= tried, `only ${reached} of ${tried} inputs reached the law`)
  })
}

// --- Words, few of each kind, so that what is compared is often equal ---------------------------

const texts = fc.constantFrom(
  '',
  'a',
  'b',
  'ab',
  'A',
  'a/b',
  '/a',
  '/a/b/c',
  '/ab',
  '\xff',
  'é',
  '3',
)
const patterns = fc.constantFrom('a', '*', '?', 'a*', '*b', '[ab]', '[!a]*', '/a/*', '\\*', '[', '')
const expressions = fc.constantFrom('a', 'a.*', '(a|b)+', '[^/]*', '', '.', '^a$', 'a{1,2}')
const numbers = fc.constantFrom('0', '1', '2', '-1', '300', '65537', '18446744073709551615')
const addresses = fc.constantFrom('10.0.0.1', '10.0.0.2', '127.0.0.1', '::1', '2001:db8::1')
const networks = fc.constantFrom('10.0.0.0/8', '10.0.0.1/32', '0.0.0.0/0', '::/0', '2001:db8::/32')
const eventTypes = fc.constantFrom('open', 'openat', 'execve', 'connect')

type Kind = 'text' | 'path' | 'number' | 'bool' | 'ip' | 'net' | 'bytes' | 'list' | 'type' | 'name'

const constants: Readonly<Record<Kind, fc.Arbitrary<string>>> = {
  text: texts,
  path: texts,
  number: numbers,
  bool: fc.constantFrom('true', 'false'),
  ip: addresses,
  net: networks,
  bytes: texts,
  list: texts,
  type: eventTypes,
  name: fc.constantFrom('one.example', 'two.example'),
}

const leftFields: readonly (readonly [name: string, kind: Kind, argument?: string])[] = [
  ['proc.name', 'text'],
  ['fd.name', 'path'],
  ['proc.aname', 'text'],
  ['proc.aname', 'text', '2'],
  ['proc.pid', 'number'],
  ['proc.apid', 'number'],
  ['evt.num', 'number'],
  ['evt.cpu', 'number'],
  ['fd.sport', 'number'],
  ['fd.port', 'number'],
  ['evt.is_open_read', 'bool'],
  ['fd.sip', 'ip'],
  ['fd.ip', 'ip'],
  ['fd.snet', 'net'],
  ['fd.net', 'net'],
  ['fd.sip.name', 'name'],
  ['evt.buffer', 'bytes'],
  ['fd.types', 'list'],
  ['evt.type', 'type'],
  ['evt.arg', 'text', 'flags'],
]

const membership = ['in', 'intersects'] as const
const equality = ['=', '==', '!='] as const
const order = ['<', '<=', '>', '>='] as const
const operators: Readonly<Record<Kind, readonly Operator[]>> = {
  text: [...equality, ...membership, 'contains', 'icontains', 'startswith', 'endswith'],
  path: [...equality, ...membership, 'glob', 'iglob', 'regex', 'pmatch', 'startswith'],
  number: [...equality, ...order, ...membership],
  bool: [...equality, ...membership],
  ip: [...equality, ...membership],
  net: [...equality, ...membership],
  bytes: [...equality, ...membership, 'contains', 'startswith', 'endswith'],
  list: membership,
  type: [...equality, ...membership, 'startswith'],
  name: [...equality, 'in'],
}

const isOnList = (operator: Operator): boolean =>
  operator === 'in' || operator === 'intersects' || operator === 'pmatch'
const isOrder = (operator: Operator): boolean => (order as readonly Operator[]).includes(operator)

const field = (name: string, argument?: string): FieldNode => ({
  is: 'field',
  name,
  argument,
  at: 0,
})

const valuesFor = (operator: Operator, kind: Kind): fc.Arbitrary<string> => {
  if (operator === 'glob' || operator === 'iglob') return patterns
  if (operator === 'regex') return expressions
  return constants[kind]
}

const transformed = fc
  .constantFrom('tolower', 'toupper', 'basename', 'b64')
  .map((name): TransformerNode => ({
    is: 'transformer',
    name,
    arguments: [field('proc.name')],
    argument: undefined,
    at: 0,
  }))

/** A comparison with constants that checks. */
const comparison = fc.constantFrom(...leftFields).chain(([name, kind, argument]) =>
  fc.constantFrom(...operators[kind]).chain((operator) => {
    const value = valuesFor(operator, kind)
    const own = fc.constant<FieldNode | TransformerNode>(field(name, argument))
    const left = name === 'proc.name' ? fc.oneof(own, transformed) : own
    const isText = !isOnList(operator) && !isOrder(operator)
    const modifier: fc.Arbitrary<Modifier | undefined> = isText
      ? fc.option(fc.constantFrom('oneof', 'anyof', 'allof'), { nil: undefined, freq: 3 })
      : fc.constant(undefined)
    return fc
      .record({ left, modifier, values: fc.array(value, { maxLength: 3 }), value })
      .map(({ left: leftNode, modifier: how, values, value: only }): Node => {
        const right: Operand =
          isOnList(operator) || how !== undefined
            ? { is: 'list', values, at: 0 }
            : { is: 'value', value: only, at: 0 }
        return { is: 'compare', left: leftNode, operator, modifier: how, right, at: 0 }
      })
  }),
)

/** A comparison of two fields. */
const fieldComparison = fc
  .record({
    operator: fc.constantFrom<Operator>('=', '!=', 'contains', 'startswith', '<', 'in', 'glob'),
    sides: fc.constantFrom(['proc.name', 'fd.name'], ['evt.source', 'proc.name']),
  })
  .map(({ operator, sides: [left = '', right = ''] }): Node => {
    const value: TransformerNode = {
      is: 'transformer',
      name: 'val',
      arguments: [field(right)],
      argument: undefined,
      at: 0,
    }
    return { is: 'compare', left: field(left), operator, modifier: undefined, right: value, at: 0 }
  })

const existence = fc
  .constantFrom(...leftFields)
  .map(([name, , argument]): Node => ({ is: 'exists', left: field(name, argument), at: 0 }))

const { condition: trees } = fc.letrec<{ condition: Node; group: Node; not: Node }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { arbitrary: comparison, weight: 5 },
    { arbitrary: fieldComparison, weight: 1 },
    { arbitrary: existence, weight: 1 },
    { arbitrary: tie('group'), weight: 3 },
    { arbitrary: tie('not'), weight: 1 },
  ),
  group: fc
    .record({
      is: fc.constantFrom<'and' | 'or'>('and', 'or'),
      children: fc.array(tie('condition'), { minLength: 2, maxLength: 4 }),
    })
    .map(({ is, children }): Node => ({ is, children, at: 0 })),
  not: tie('condition').map((child): Node => ({ is: 'not', child, at: 0 })),
}))

// --- Events -------------------------------------------------------------------------------------

const maybe = <T extends FieldValue>(values: fc.Arbitrary<T>): fc.Arbitrary<FieldValue> =>
  fc.option(values, { nil: undefined, freq: 5 })
const addressValues = fc.constantFrom<IpAddress>(0x0a000001, 0x0a000002, 0x7f000001, 1n, 2n ** 125n)
const numberValues = fc.constantFrom<number | bigint>(0, 1, 2, -1, 300, 2n ** 64n - 1n)
const several = <T extends string | number | bigint>(
  values: fc.Arbitrary<T>,
): fc.Arbitrary<readonly T[]> => fc.array(values, { maxLength: 3 })
const names = fc.constantFrom('', 'a', 'b', 'ab', 'A', '/a/b', '/a/b/c', '\xff', 'YQ==')

const events = fc.record<Record<string, FieldValue>>({
  'proc.name': maybe(names),
  'fd.name': maybe(names),
  'evt.source': maybe(names),
  'proc.aname': maybe(several(names)),
  'proc.aname[2]': maybe(names),
  'proc.pid': maybe(numberValues),
  'proc.apid': maybe(several(numberValues)),
  'evt.num': fc.constantFrom(1, 2, 300),
  'evt.cpu': maybe(fc.constantFrom(0, 1, 2)),
  'fd.sport': maybe(fc.constantFrom(0, 1, 300)),
  'fd.port': maybe(several(fc.constantFrom(0, 1, 300))),
  'evt.is_open_read': maybe(fc.boolean()),
  'fd.sip': maybe(addressValues),
  'fd.ip': maybe(several(addressValues)),
  'fd.snet': maybe(addressValues),
  'fd.net': maybe(several(addressValues)),
  'fd.sip.name': maybe(addressValues),
  'evt.buffer': maybe(names),
  'fd.types': maybe(several(names)),
  'evt.type': eventTypes,
  'evt.arg[flags]': maybe(names),
})

const keyOf = ({ field: { name }, argument }: FieldRef): string =>
  argument === undefined ? name : `${name}[${argument}]`

const hosts: Readonly<Record<string, ReadonlySet<IpAddress>>> = {
  'one.example': new Set([0x0a000001, 1n]),
  'two.example': new Set([0x7f000001]),
}
const resolve = (name: string): ReadonlySet<IpAddress> => hosts[name] ?? new Set()

type Event = Readonly<Record<string, FieldValue>>

const binding = {
  field: (ref: FieldRef) => {
    const key = keyOf(ref)
    return (event: Event): FieldValue => event[key]
  },
  resolve: (name: string) => () => resolve(name),
}

const meaning = (condition: Condition, event: Event): boolean =>
  evaluate(condition, { field: (ref) => event[keyOf(ref)], resolve })

const typed = (tree: Node): Condition | undefined => {
  const checked = checkCondition(tree, schemaCatalog)
  return checked.ok ? checked.condition : undefined
}

// --- The laws -----------------------------------------------------------------------------------

law('compiled conditions mean what the reference says', fc.tuple(trees, events), (input, reach) => {
  const [tree, event] = input
  const condition = typed(tree)
  if (!condition) return
  reach()
  assert.equal(compileCondition(condition, binding)(event), meaning(condition, event))
})

const someTrees = fc.array(trees, { minLength: 1, maxLength: 5 })
law('rules compiled together match as each alone', fc.tuple(someTrees, events), (input, reach) => {
  const [forest, event] = input
  const conditions = forest.flatMap((tree) => typed(tree) ?? [])
  if (conditions.length < forest.length) return
  reach()
  const matched: number[] = []
  const run = compileRules(conditions, binding)
  const onMatch = (index: number): boolean => {
    matched.push(index)
    return false
  }
  run(event, onMatch, (index, error) => assert.fail(`${index}: ${String(error)}`))
  const wanted = conditions.flatMap((each, i) => (meaning(each, event) ? [i] : []))
  assert.deepEqual(matched, wanted)
})

/** An event, the answers that are kept of its process, and of all that run the same program. */
interface Kept {
  readonly event: Event
  readonly answers: Answers
  readonly ofProgram: Answers
}
const isOfProcess = (name: string): boolean => name.startsWith('proc.')
const isOfProgram = (name: string): boolean => /^proc\.([en]|.*s$)/.test(name)
const only = (event: Event, isKept: (name: string) => boolean): Event =>
  Object.fromEntries(Object.entries(event).filter(([name]) => isKept(name)))

/** Two events of one process, and one of another with the same program. */
const threeEvents = fc.tuple(events, events, events).map(([first, second, third]) => {
  const same = { ...second, ...only(first, isOfProcess) }
  const absent = only(third, (name) => !isOfProgram(name))
  return [first, same, { ...absent, ...only(first, isOfProgram) }] as const
})
law(
  'kept answers mean what the reference says',
  fc.tuple(someTrees, threeEvents),
  (input, reach) => {
    const [forest, [first, second, other]] = input
    const conditions = forest.flatMap((tree) => typed(tree) ?? [])
    if (conditions.length < forest.length) return
    reach()
    const programs = new Subject<Kept>(({ ofProgram }) => ofProgram)
    const processes = new Subject<Kept>(({ answers }) => answers, programs)
    const run = compileRules<Kept>(conditions, {
      field: (ref) => {
        const read = binding.field(ref)
        return ({ event }) => read(event)
      },
      resolve: binding.resolve,
      subjectOf: ({ field: { name } }) => {
        if (isOfProgram(name)) return programs
        return isOfProcess(name) ? processes : undefined
      },
      isCheap: ({ field: { type } }) => type === 'bool',
    })
    const ofProgram = programs.blank()
    const one = { answers: processes.blank(), ofProgram }
    const another = { answers: processes.blank(), ofProgram }
    const kept: readonly Kept[] = [
      { event: first, ...one },
      { event: second, ...one },
      { event: other, ...another },
      { event: first, ...one },
      { event: other, ...another },
    ]
    for (const each of kept) {
      const matched: number[] = []
      const onMatch = (index: number): boolean => matched.push(index) < 0
      run(each, onMatch, (index, error) => assert.fail(`${index}: ${String(error)}`))
      const wanted = conditions.flatMap((tree, i) => (meaning(tree, each.event) ? [i] : []))
      assert.deepEqual(matched, wanted)
    }
  },
)

const yesOrNo = 'evt.is_open_read'
const question: Node = {
  is: 'compare',
  left: field(yesOrNo),
  operator: '=',
  modifier: undefined,
  right: { is: 'value', value: 'true', at: 0 },
  at: 0,
}
/** Trees that ask it, among others, as it is or not, once or twice. */
const askingTrees = fc
  .record({
    is: fc.constantFrom<'and' | 'or'>('and', 'or'),
    before: fc.array(trees, { maxLength: 1 }),
    asks: fc.constantFrom<Node>(question, { is: 'not', child: question, at: 0 }),
    behind: fc.array(trees, { minLength: 1, maxLength: 1 }),
    more: trees,
  })
  .map(({ is, before, asks, behind, more }): Node => {
    const inner: Node = { is, children: [...before, asks, ...behind], at: 0 }
    return { is: is === 'and' ? 'or' : 'and', children: [more, inner], at: 0 }
  })
law(
  'a field is asked and true only where it is said',
  fc.tuple(askingTrees, events),
  (input, reach) => {
    const [tree, event] = input
    const condition = typed(tree)
    if (!condition) return
    reach()
    const programs = new Subject<Kept>(({ ofProgram }) => ofProgram)
    const processes = new Subject<Kept>(({ answers }) => answers, programs)
    let isAsked = false
    const run = compileCondition<Kept>(condition, {
      field: (ref) => {
        const read = binding.field(ref)
        return (kept) => {
          isAsked ||= ref.field.name === yesOrNo
          return read(kept.event)
        }
      },
      resolve: binding.resolve,
      subjectOf: ({ field: { name } }) => {
        if (isOfProgram(name)) return programs
        return isOfProcess(name) ? processes : undefined
      },
      isCheap: ({ field: { type, name } }) => type !== 'string' && name !== yesOrNo,
    })
    run({ event, answers: processes.blank(), ofProgram: programs.blank() })
    if (!isAsked || event[yesOrNo] !== true) return
    assert.ok(meaning(askedAndTrue(condition, yesOrNo), event))
  },
)

law('a condition matches only events of its set', fc.tuple(trees, events), (input, reach) => {
  const [tree, event] = input
  const condition = typed(tree)
  if (!condition) return
  reach()
  const type = String(event['evt.type'])
  const set = eventSetOf(condition, syscallNames)
  const left = specialise(condition, type)
  assert.equal(meaning(left, event), meaning(condition, event), 'what is left means the same')
  if (set !== 'all' && !set.has(type)) assert.equal(meaning(condition, event), false)
})

law("a condition's events are among those that Falco tries it on", trees, (tree, reach) => {
  const condition = typed(tree)
  const tried = falcoEventsOf(tree, syscallNames)
  if (!condition || 'message' in tried) return
  reach()
  if (tried.types === 'all') return
  const { types } = tried
  const set = eventSetOf(condition, syscallNames)
  assert.ok(set !== 'all')
  assert.deepEqual(
    [...set].filter((type) => !types.has(type)),
    [],
  )
})

/** A tree without positions. */
const shape = (node: unknown): unknown =>
  JSON.parse(JSON.stringify(node, (key, value: unknown) => (key === 'at' ? undefined : value)))

law('a printed condition parses to its tree', trees, (tree, reach) => {
  const parsed = parseCondition(printCondition(tree, 'exact'))
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error.message)
  reach()
  assert.deepEqual(shape(parsed.node), shape(tree))
})

const scraps = fc.constantFrom(
  ...`a.b|proc.name|=|!=| in |(|)|,|"|'|\\|[|]| and |not | or|exists|val(|join(|len(`.split('|'),
  ...` oneof | anyof | regex | glob |0x1|-|1|é|evt.type|open|`.split('|'),
  '\n',
  '\0',
)
const nearlyConditions = fc.oneof(
  fc.array(scraps, { maxLength: 30 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary' }),
  trees.map((tree) => printCondition(tree).slice(0, -1)),
)
law('parsing a condition never throws', nearlyConditions, (text, reach) => {
  const parsed = parseCondition(text)
  reach()
  if (parsed.ok) checkCondition(parsed.node, schemaCatalog)
  else assert.ok(parsed.error.at >= 0)
})

const lines = fc.constantFrom(
  ...`- rule: r
- macro: m
- list: l
- required_engine_version: 0.1.0
- required_plugin_versions: [{name: x, version: 1.0.0}]
  items: [a, l, "b c"]
  condition: m or l
  condition: evt.type=open and proc.name in (l)
  desc: d
  output: "%proc.name %"
  output: x
  priority: INFO
  tags: [a, b]
  override:
    condition: append
    exceptions: replace
  append: true
  enabled: false
  source: s
  exceptions:
    - name: e
      fields: [proc.name, fd.name]
      fields: proc.name
      comps: in
      comps: [=, in]
      values: [[a, b], [c]]
      values: [a, [b]]
---
&a
*a
  - x: *b
  : ~
- 
{
[`.split('\n'),
  '\t',
)
const ruleFiles = fc.oneof(
  fc.array(lines, { maxLength: 25 }).map((parts) => parts.join('\n')),
  fc.string({ unit: 'binary' }),
)
law('loading rule files never throws', fc.array(ruleFiles, { maxLength: 3 }), (input, reach) => {
  const files = input.map((text, i) => ({ name: `${i}.yaml`, text }))
  const sources = new Set(['syscall'])
  const options = { catalog: schemaCatalog, eventNames: syscallNames, sources, suggestedOutput: [] }
  const { files: results } = loadRuleFiles(files, options)
  reach()
  assert.equal(results.length, files.length)
  for (const { successful, errors } of results) assert.equal(errors.length, successful ? 0 : 1)
})

const pieces = fc.constantFrom(
  ...'%proc.name|%evt.arg.flags|%20fd.name|%toupper(proc.name)|%|%%|%9|é| text |.|*'.split('|'),
  ...'%fd.types|%proc.aname[2]|%proc.aname[|%len(fd.name)|%proc.namex|%proc.nme|)'.split('|'),
)
const formats = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join(''))
law('an output is refused or rendered', fc.tuple(formats, events), ([format, event], reach) => {
  const parsed = parseOutput(format, schemaCatalog)
  reach()
  if (!parsed.ok) return
  const reader = { field: (ref: FieldRef) => event[keyOf(ref)], resolve }
  const { text, fields: printed } = renderOutput(parsed.format, reader, (value) => value)
  assert.equal(text.includes('%'), false)
  for (const [, value] of printed) assert.notEqual(value, undefined)
})

/** The plainest glob: tries every length for a star. */
const plainGlob = (pattern: string, text: string): boolean => {
  const [first] = pattern
  if (first === undefined) return text === ''
  const rest = pattern.slice(1)
  if (first === '*') {
    return Array.from({ length: text.length + 1 }, (_, i) => i).some((i) =>
      plainGlob(rest, text.slice(i)),
    )
  }
  return text !== '' && (first === '?' || first === text[0]) && plainGlob(rest, text.slice(1))
}
const globs = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '/'), maxLength: 8 })
const globTexts = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 8 })
law('globs match as the plain one does', fc.tuple(globs, globTexts), ([pattern, text], reach) => {
  reach()
  assert.equal(globMatcher(pattern)(text), plainGlob(pattern, text))
})
