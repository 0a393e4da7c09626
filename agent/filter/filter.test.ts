/**
 * The law of the split: a record on which a condition holds is let through by its plan; and where
 * nothing is left to user space, no other is. Conditions and records are random, of every kind, of
 * few values so that they meet; conditions are judged with the agent's own accessors. `TEST_SEED`
 * repeats a run.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type {
  EventKind,
  FieldSpec,
  IpAddress,
  Machine,
  Member,
  RecordValues,
} from '@bulwark/schema'
import {
  EventNumber,
  callShapeOf,
  encodeRecord,
  eventKinds,
  fields,
  groups,
  header,
  numbersNamed,
  ownEventTypes,
  syscallNames,
} from '@bulwark/schema'
import type { CgroupState, Condition, FilterPlan, HookSplit, Rule } from '@bulwark/policy'
import {
  accepts,
  ancestorsLayout,
  checkCondition,
  evaluate,
  eventSetOf,
  firstLook,
  parseCondition,
  specialise,
  splitRules,
  schemaCatalog,
} from '@bulwark/policy'
import * as fc from 'fast-check'
import { newContainer } from '../container/container.ts'
import { newCounters } from '../counters.ts'
import { accessorOf } from '../fields/index.ts'
import type { Process } from '../process.ts'
import { unknownProcess } from '../process.ts'
import { ProcessTable } from '../process-table.ts'
import { Sockets } from '../network/sockets.ts'
import { eventOf } from '../testdata/events.ts'
import { surroundings } from '../testdata/fields.ts'
import {
  walked,
  given,
  ancestorsMax,
  comms,
  texts,
  lines,
  variables,
  words,
  globs,
  expressions,
  paths,
  numbers,
  addresses,
  networks,
} from '../testdata/filter-words.ts'
import { ruleText, rulesOf } from '../testdata/rules.ts'

// --- Conditions ---------------------------------------------------------------------------------

/** Operators, and the constants behind them. */
type Right = readonly [operator: string, constants: readonly string[], isList: boolean]

const equality = (constants: readonly string[]): readonly Right[] => [
  ['=', constants, false],
  ['!=', constants, false],
  ['in', constants, true],
]
const ordered = (constants: readonly string[]): readonly Right[] =>
  ['<', '<=', '>', '>='].map((operator) => [operator, constants, false])

const ofText = (constants: readonly string[]): readonly Right[] => [
  ...equality(constants),
  ...equality(constants),
  ['startswith', constants, false],
  ['endswith', constants, false],
  ['contains', constants, false],
  ['icontains', constants, false],
  ['glob', globs, false],
  ['iglob', globs, false],
  ['regex', expressions, false],
  ['pmatch', paths, true],
]

/** What host names stand for; and one of which filters know nothing. */
const hostAddresses: ReadonlyMap<string, ReadonlySet<IpAddress>> = new Map([
  ['one.example', new Set([0x0a00_0001])],
  ['both.example', new Set([0x7f00_0001, 1n, 0x2001_0db8_0000_0000_0000_0000_0000_0001n])],
  ['none.example', new Set<IpAddress>()],
])
const late = 'late.example'

const constantsOf = (name: string): readonly string[] => {
  if (/^proc\.(?:args|cmdline|exe)$/.test(name)) return lines
  if (name === 'proc.env') return variables
  return /^(?:evt\.arg|thread\.cap|evt\.res)/.test(name) ? words : texts
}

const rightOf = ({ name, type, comparison }: FieldSpec): readonly Right[] => {
  if (comparison === 'resolved-name') return equality([...hostAddresses.keys(), late])
  switch (type) {
    case 'bool':
      return equality(['true', 'false'])
    case 'ip':
      return equality(addresses)
    case 'net':
      return equality(networks)
    case 'string':
    case 'path':
      return ofText(constantsOf(name))
    case 'bytes':
      return ofText(texts).filter(
        ([operator]) => !['glob', 'iglob', 'regex', 'pmatch'].includes(operator),
      )
    default:
      return [...equality(numbers), ...ordered(numbers)]
  }
}

/** Arguments of fields that take one. */
const argumentsOf = (spec: FieldSpec): readonly string[] => {
  const { name } = spec
  if (name === 'evt.arg') return argumentNames.map((each) => `.${each}`)
  if (name === 'evt.rawarg') return argumentNames.map((each) => `.${each}`)
  if (name === 'proc.env') return ['', '', '[GLIBC_TUNABLES]', '[LD_AUDIT]', '[X]']
  if (name === 'evt.abspath') return ['', '[src]', '[dst]']
  if (name === 'proc.aname') return ['', '', '[0]', '[1]', '[2]', '[3]', '[8]', '[9]']
  return [spec.argument?.required === true ? '[1]' : '']
}

const argumentNames = (
  'fd name flags mode path oldpath newpath target linkpath domain type proto request pid addr ' +
  'data res filename uid gid option arg2_int cmd sig size length prot dev dir source tid how ' +
  'level optname nstype status ret'
).split(' ')

/** Of the fields that the kernel can read something of, more than of the others. */
const likely = fields.filter(({ name }) =>
  [
    /^(?:fd|fs|thread|syscall)\./,
    /^evt\.(?:is_|res|raw|failed|cpu|type|arg|buf|abs|cat)/,
    /^proc\.(?:args|cmdline|env|exe|exepath|tty|sid|exe_ino|is_exe\w+)$/,
    /^(?:proc\.(?:[pa]?name|pid|ppid|vpid)|user\.(?:uid|loginuid)|group\.gid|container\.id)$/,
  ].some((pattern) => pattern.test(name)),
)

const isOfAncestors = ({ name }: FieldSpec): boolean => /^proc\.[pa]name$/.test(name)

const field = fc
  .oneof(
    { arbitrary: fc.constantFrom(...likely), weight: 5 },
    { arbitrary: fc.constantFrom(...likely.filter(({ name }) => name === 'evt.arg')), weight: 2 },
    { arbitrary: fc.constantFrom(...likely.filter(isOfAncestors)), weight: 1 },
    { arbitrary: fc.constantFrom(...fields), weight: 1 },
  )
  .chain((spec) =>
    fc
      .constantFrom(...argumentsOf(spec))
      .map((argument) => [spec, `${spec.name}${argument}`] as const),
  )

const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\')}"`

const comparison = field.chain(([spec, name]) =>
  fc.constantFrom(...rightOf(spec)).chain(([operator, constants, isList]) => {
    const one = fc.constantFrom(...constants).map(quoted)
    const several = fc
      .array(one, { minLength: 1, maxLength: 4 })
      .map((all) => `(${all.join(', ')})`)
    const counted = fc.tuple(fc.constantFrom('oneof', 'anyof', 'allof'), several)
    const isOrder = /[<>]/.test(operator)
    const right = isList
      ? several
      : isOrder
        ? one
        : fc.oneof(
            { arbitrary: one, weight: 5 },
            { arbitrary: counted.map(([how, all]) => `${how} ${all}`), weight: 1 },
          )
    return right.map((text) => `${name} ${operator} ${text}`)
  }),
)

const leaf = fc.oneof(
  { arbitrary: comparison, weight: 12 },
  { arbitrary: field.map(([, name]) => `${name} exists`), weight: 1 },
)

const { text: conditionTexts } = fc.letrec<{ text: string }>((tie) => ({
  text: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { arbitrary: leaf, weight: 4 },
    {
      arbitrary: fc
        .tuple(
          fc.constantFrom(' and ', ' or '),
          fc.array(tie('text'), { minLength: 2, maxLength: 3 }),
        )
        .map(([word, all]) => `(${all.join(word)})`),
      weight: 4,
    },
    { arbitrary: tie('text').map((text) => `not (${text})`), weight: 2 },
  ),
}))

/** The condition of a text; `undefined` when it is none. */
const conditionOf = (text: string): Condition | undefined => {
  const parsed = parseCondition(text)
  if (!parsed.ok) return undefined
  const checked = checkCondition(parsed.node, schemaCatalog)
  return checked.ok ? checked.condition : undefined
}

/** Conditions that check, with their text. */
const conditions: fc.Arbitrary<readonly [text: string, condition: Condition]> = conditionTexts
  .map((text) => [text, conditionOf(text)] as const)
  .filter((each): each is readonly [string, Condition] => each[1] !== undefined)

// --- Records ------------------------------------------------------------------------------------

const bytes16 = (text: string): Uint8Array => {
  const bytes = new Uint8Array(16)
  bytes.set(text.split(' ').map((each) => Number.parseInt(each, 16)))
  return bytes
}

const addressBytes = fc.constantFrom(
  bytes16('a 0 0 1'),
  bytes16('7f 0 0 1'),
  bytes16('c0 0 2 7'),
  bytes16('0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1'),
  bytes16('0 0 0 0 0 0 0 0 0 0 ff ff a 0 0 1'),
  bytes16('20 1 d b8 0 0 0 0 0 0 0 0 0 0 0 1'),
)

/** Numbers that members have; of one that is not here, any of a few. */
const memberNumbers: Readonly<Record<string, readonly number[]>> = {
  family: [0, 1, 2, 10, 16],
  type: [1, 2, 3, 0x80002],
  protocol: [0, 1, 6, 17, 58],
  state: [0, 1, 7],
  role: [0, 1, 2],
  mode: [0o100644, 0o40755, 0o10600, 0o140777, 0o106755, 0],
  open_flags: [0, 1, 2, 3, 0o101, 0o1102, 0o200000, 0o20200002, 0o40000, 0o2000000, 0o4010000],
  open_mode: [0, 0o644, 0o755, 0o100],
  file_flags: [0, 1, 2, 3, 16, 17, 33],
  login_uid: [0xffff_ffff, 0, 1000],
  euid: [0, 1000, 42],
  egid: [0, 1000],
  cpu: [0, 1, 2, 8],
  local_port: [0, 80, 443, 40_000],
  remote_port: [0, 80, 443, 40_001],
  request: [0, 1, 4, 5, 16, 0x4206, 99],
  flags: [0, 0, 0, 0x800, 0x100, 0x1000],
}
const anyNumbers = [0, 1, 2, 3, 6, 7, 8, 15, 42, 443, 0o4755, 0o2644, 0x1000_0000, 0x4000_0000]
const wideNumbers = [-1n, 2n ** 53n, 2n ** 63n, 0xffff_ffffn, 0xffff_ff9cn, 2n ** 64n - 2n]
const results: readonly (number | bigint)[] = [0, 3, 7, -1, -2, -13, 1, 2n ** 53n + 1n]

const textsOf: Readonly<Record<string, readonly string[]>> = {
  payload: ['', 'GET / HTTP/1.1', 'x'.repeat(80), 'x'.repeat(81), 'sh'],
  unix_path: ['', '/run/a', '\0abstract', '/etc//shadow'],
  text: ['', 'a', 'user.x'],
  arguments: [
    '',
    '\0',
    'sh',
    'sh\0',
    'sh\0\0',
    '\0-c\0',
    'sh\0-c\0cat /etc/shadow\0',
    'cat\0/etc/shadow\0',
    '/bin/cat\0-c \0\0sh\0',
    'bash\0-i',
    '\xff\0sh -c\0a b',
  ],
  environment: [
    '',
    'A=1\0B=\0',
    'PATH=/bin\0GLIBC_TUNABLES=a=b\0',
    'PATH=/sbin\0glibc_tunables=\0X=1\0',
    'X=1\0LD_AUDIT=/tmp/a.so\0Y',
    'LD_AUDIT=\0GLIBC_TUNABLES',
    `${'x'.repeat(8_170)}\0GLIBC_TUNABLES=c\0`,
  ],
}

const isWalked = (name: string): boolean => /^(?:(?:exe_)?path|\w+_resolved)$/.test(name)

const memberValue = ({ name, storage }: Member): fc.Arbitrary<RecordValues[string]> => {
  switch (storage.as) {
    case 'text':
      if (isWalked(name)) return fc.constantFrom('', ...walked)
      return fc.constantFrom(...(textsOf[name] ?? given))
    case 'chars':
      return fc.constantFrom(...comms)
    case 'bytes':
      return addressBytes
    case 'struct':
      return members(groups.find((each) => each.name === storage.name)?.members ?? [])
    default: {
      if (name === 'result') return fc.constantFrom(...results)
      const known = memberNumbers[name]
      if (known) return fc.constantFrom(...known)
      return storage.as === 'u64' || storage.as === 'i64'
        ? fc.constantFrom<number | bigint>(...anyNumbers, ...wideNumbers)
        : fc.constantFrom(...anyNumbers)
    }
  }
}

const members = (all: readonly Member[]): fc.Arbitrary<RecordValues> =>
  fc.record(Object.fromEntries(all.map((member) => [member.name, memberValue(member)])))

/** The names of those above a process, the parent's first, and what the kernel tells of them. */
interface Above {
  readonly names: readonly string[]
  /** So many of them. */
  readonly told: number
  /** Nor does it say that there are no others. */
  readonly isUnsure: boolean
}

const anyAbove: fc.Arbitrary<Above> = fc
  .array(fc.constantFrom(...comms), { maxLength: 10 })
  .chain((names) =>
    fc.record({
      names: fc.constant(names),
      told: fc.oneof(
        fc.constant(Math.min(names.length, ancestorsMax)),
        fc.nat({ max: Math.min(names.length, ancestorsMax) }),
      ),
      isUnsure: fc.boolean(),
    }),
  )

/** They end where the kernel says so. */
const endsTold = ({ names, told, isUnsure }: Above): boolean => told === names.length && !isUnsure

/** As bpf/ancestors.bpf.h puts it: `struct ancestors`. */
const toldBytes = (all: Above): Uint8Array => {
  const { bytes, members: places } = ancestorsLayout
  const buffer = Buffer.alloc(bytes, 0x7a)
  buffer.writeUInt32LE(all.told, places.known)
  buffer.writeUInt32LE(endsTold(all) ? 0 : 1, places.more)
  for (const [i, name] of all.names.slice(0, all.told).entries()) {
    buffer.write(name.padEnd(16, '\0'), places.names + 16 * i, 'latin1')
  }
  return buffer
}

/** The process that the agent knows by these names above it. */
const parentOf = (names: readonly string[]): Process | undefined =>
  names.reduceRight<Process | undefined>(
    (parent, comm, i) => ({ ...unknownProcess(100 + i, 1), comm, parent }),
    undefined,
  )

/** A record, and what the agent takes it for. */
interface Sample {
  readonly kind: string
  readonly type: string
  readonly machine: Machine
  readonly values: RecordValues
  readonly above: Above
  readonly cgroup: CgroupState
  readonly isInContainer: boolean
}

const compatBit = 2

/** Types of events of a kind: of a shape, some that have each form of argument. */
const typesOfKind = ({ types, hooks, name }: EventKind): readonly string[] => {
  if (!hooks.some((hook) => 'shape' in hook)) {
    return [...types, ...hooks.flatMap((hook) => ('syscalls' in hook ? hook.syscalls : []))]
  }
  return shapedTypes.filter((type) => callShapeOf(type).shape === name)
}

/** Calls told in a shape that the law tries. */
const shapedTypes: readonly string[] = (
  'write read close fcntl setns fchmod chmod fchmodat mkdir chown umount2 access memfd_create ' +
  'sethostname setuid setresuid unshare bpf prctl kill keyctl personality socketpair pwrite ' +
  'shutdown'
)
  .split(' ')
  .filter((type) => !ownEventTypes.has(type))

const numberOf = (
  type: string,
  machine: Machine,
): fc.Arbitrary<{ readonly syscall: number; readonly flags: number }> => {
  const own = numbersNamed(machine, type).map((syscall) => ({ syscall, flags: 0 }))
  const old = numbersNamed('ia32', type).map((syscall) => ({ syscall, flags: compatBit }))
  const all = machine === 'x64' ? [...own, ...old] : own
  return fc.constantFrom(...(all.length > 0 ? all : [{ syscall: -1, flags: 0 }]))
}

/** Own kinds also have records of which nobody knows the call. */
const isThere = (kind: EventKind, type: string, machine: Machine): boolean =>
  kind.types.length > 0 || numbersNamed(machine, type).length > 0

/** Rules are about those that have types of events. */
const isJudged = (kind: EventKind): boolean =>
  (!kind.state || kind.name === 'exec') && typesOfKind(kind).length > 0

const ofKind = (kind: EventKind): fc.Arbitrary<Sample> =>
  fc
    .tuple(
      fc.constantFrom(...typesOfKind(kind)),
      fc.constantFrom<Machine>('x64', 'x64', 'x64', 'arm64'),
    )
    .filter(([type, machine]) => isThere(kind, type, machine))
    .chain(([type, machine]) =>
      fc
        .record({
          call: numberOf(type, machine),
          values: members([...header, ...kind.members]),
          above: anyAbove,
        })
        .chain(({ call, values, above }) => {
          const flags = Number(values['flags']) | call.flags
          // What nobody numbers is an event of the kind's first type.
          const named = call.syscall >= 0 ? type : (kind.types[0] ?? '')
          const whole = { ...values, syscall: call.syscall, flags, pid: 10 }
          return fc
            .constantFrom<readonly [CgroupState, boolean]>(
              ['host', false],
              ['container', true],
              ['container', true],
              ['unknown', true],
              ['unknown', false],
            )
            .map(([cgroup, isInContainer]) => ({
              kind: kind.name,
              type: named,
              machine,
              values: whole,
              above,
              cgroup,
              isInContainer,
            }))
        }),
    )

/** Records of every kind that can be left out. */
const samples: fc.Arbitrary<Sample> = fc
  .constantFrom(...eventKinds.filter((kind) => isJudged(kind)))
  .chain(ofKind)

// --- The law ------------------------------------------------------------------------------------

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const runs = Number(process.env['TEST_RUNS'] ?? 300)

const [template] = rulesOf(ruleText('R', 'evt.type = open'))
assert.ok(template)

/** A rule over all calls of a shape that records are made of, so that the plans tell them apart. */
const ruleOf = (condition: Condition): Rule => {
  const set = eventSetOf(condition, syscallNames)
  const eventTypes = set === 'all' ? syscallNames : set
  return { ...template, condition, eventTypes }
}

const container = newContainer({ id: 'ab'.repeat(32), podUid: undefined, runtime: undefined })

/** Which end serves may be known of a socket from an event before. */
const sockets = new Sockets(newCounters())

/** What an exec makes of its process. */
const processes = new ProcessTable(
  newCounters(),
  () => undefined,
  () => 0,
)

/** Whether a condition holds on a record, as the agent judges it. */
const holds = (condition: Condition, sample: Sample): boolean => {
  const { kind, type, machine, values, isInContainer } = sample
  const process = { parent: parentOf(sample.above.names) }
  const around = { type, machine, sockets, process, ...(isInContainer ? { container } : {}) }
  const event = eventOf(kind, values, around)
  if (kind === 'exec') processes.exec(event.record, event.process)
  event.moved()
  return evaluate(specialise(condition, type), {
    field: (ref) => accessorOf(ref, surroundings)(event),
    resolve: (name) => hostAddresses.get(name) ?? new Set([0x0a00_0001]),
  })
}

const showsNoRole: ReadonlySet<string> = new Set(['send', 'receive', 'dup', 'fd_call'])

/** It lacks what the kernel tells: the cgroup, the parent, the path of what was opened, which end
 * serves. */
const lacks = ({ kind, values, cgroup, above }: Sample): boolean =>
  cgroup === 'unknown' ||
  (above.told === 0 && !endsTold(above)) ||
  (kind === 'open' && Number(values['result']) >= 0 && values['path'] === '') ||
  (showsNoRole.has(kind) && (values['socket'] as RecordValues)['role'] === 0)

const hookOf = (hooks: readonly HookSplit[], { kind, type }: Sample): HookSplit | undefined =>
  hooks.find(
    (each) =>
      each.kind === EventNumber[kind as keyof typeof EventNumber] && each.types.includes(type),
  )

const isAll = (plan: FilterPlan): boolean => plan.is === 'constant' && plan.value

test('a plan lets through what its condition holds on, and an exact one nothing else', (context) => {
  const counts = { tried: 0, held: 0, narrow: 0, heldNarrow: 0, exact: 0, droppedLater: 0 }
  const inputs = fc.tuple(conditions, fc.array(samples, { minLength: 24, maxLength: 24 }))
  context.diagnostic(`TEST_SEED=${seed}`)
  const property = fc.property(inputs, ([[text, condition], records]) => {
    const rule = ruleOf(condition)
    const splits = new Map(
      (['x64', 'arm64'] as const).map((machine) => [
        machine,
        splitRules([rule], { machine, tellsCgroups: true, hostAddresses }),
      ]),
    )
    for (const sample of records) {
      const { byKind, rules } = splits.get(sample.machine) ?? assert.fail()
      const plan = byKind.get(EventNumber[sample.kind as keyof typeof EventNumber])
      assert.ok(plan)
      const record = encodeRecord(sample.kind, sample.values)
      const isHeld = holds(condition, sample)
      const told = toldBytes(sample.above)
      const isThrough = accepts(plan, record, sample.cgroup, told)
      const of = `${text} on ${JSON.stringify(sample, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v))}`
      assert.ok(isThrough || !isHeld, `dropped: ${of}`)
      const isThroughFirst = accepts(firstLook(plan), record, sample.cgroup)
      assert.ok(isThroughFirst || !isThrough, `dropped at the first look: ${of}`)
      if (isThroughFirst && !isThrough) counts.droppedLater++
      const hook = hookOf(rules.get(rule)?.hooks ?? [], sample)
      const isExact = !hook || hook.residual.length === 0
      if (isExact && !lacks(sample)) {
        const isDecided = hook !== undefined && accepts(hook.plan, record, sample.cgroup, told)
        assert.equal(isDecided, isHeld, `let through: ${of}`)
      }
      counts.tried++
      if (isHeld) counts.held++
      if (!isAll(plan)) counts.narrow++
      if (isHeld && !isAll(plan)) counts.heldNarrow++
      if (isExact) counts.exact++
    }
  })
  fc.assert(property, { seed, numRuns: runs, endOnFailure: process.env['TEST_SHRINK'] === '0' })
  context.diagnostic(JSON.stringify(counts))
  assert.ok(counts.narrow * 2 >= counts.tried, 'too few plans that let not everything through')
  assert.ok(counts.droppedLater * 100 >= counts.tried, 'too few that only the second look drops')
  assert.ok(
    counts.heldNarrow * 20 >= counts.tried,
    'too few records that such plans must let through',
  )
})
