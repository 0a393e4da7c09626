/**
 * Answers that are kept. Law: whatever happens to processes, threads, containers and files between
 * two events, a rule finds on each event what its field then is: the field is printed by the alert,
 * and is read anew for that. And a field of a subject is the same on every event of the subject.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FieldRef, RecordValues } from '@bulwark/schema'
import { FILE_UPPER_LAYER, encodeRecord, fieldNamed } from '@bulwark/schema'
import * as fc from 'fast-check'
import type { Alert } from './alert.ts'
import { noMetadata } from './container/container.ts'
import type { LiveEvent } from './live-event.ts'
import { replay } from './replay.ts'
import { Subjects, ancestryFields, fileFields, processFields } from './subjects.ts'
import { captureOf, sourceOf } from './testdata/captures.ts'
import { eventOf } from './testdata/events.ts'
import { readField } from './testdata/fields.ts'
import { ruleText, rulesOf } from './testdata/rules.ts'

const containerIds = ['a1', 'b2'].map((pair) => pair.repeat(32))

/** What is asked on each event, and what the field is when the answer is yes. */
const questions: readonly (readonly [condition: string, field: string, isYes: RegExp])[] = [
  ['proc.name = a', 'proc.name', /^a$/],
  ['proc.cmdline startswith "a "', 'proc.cmdline', /^a /],
  ['proc.exe = b and proc.exepath = /bin/b', 'proc.exe', /^b$/],
  ['proc.cwd = /c/', 'proc.cwd', /^\/c\/$/],
  ['proc.pname = a', 'proc.pname', /^a$/],
  ['proc.aname = b', 'proc.aname', /[(,]b[,)]/],
  ['proc.aname[2] = c', 'proc.aname[2]', /^c$/],
  ['proc.acmdline[2] contains a', 'proc.acmdline[2]', /a/],
  ['container.id = a1a1a1a1a1a1', 'container.id', /^a1/],
  ['container.image.repository = a', 'container.image.repository', /^a$/],
  ['container and proc.pname = b', 'container.id', /^(?!host)/],
  ['proc.pcmdline = "b y"', 'proc.pcmdline', /^b y$/],
  ['proc.args = y', 'proc.args', /^y$/],
  ['proc.tty = 9', 'proc.tty', /^9$/],
  ['proc.is_exe_upper_layer = true', 'proc.is_exe_upper_layer', /^true$/],
  ['proc.cwd = /c/ and proc.name exists', 'proc.cwd', /^\/c\/$/],
  ['proc.sname = c', 'proc.sname', /^c$/],
  ['fd.name = /a', 'fd.name', /^\/a$/],
  ['fd.directory = /b', 'fd.directory', /^\/b$/],
  ['fd.typechar = d', 'fd.typechar', /^d$/],
]

const rules = questions
  .flatMap(([condition, field], i) => {
    const text = condition.replace(/^container and/, 'container.id != host and')
    const output = `%${field} %proc.pname`
    return [
      ruleText(`${i} yes`, `evt.type in (open, connect) and ${text}`, output),
      ruleText(`${i} no`, `evt.type in (open, connect) and not (${text})`, output),
    ]
  })
  .join('')

const isRight = ({ rule, outputFields }: Alert): boolean => {
  const [number = '', answer] = rule.split(' ')
  const [, field = '', isYes] = questions[Number(number)] ?? []
  const value = outputFields.get(field)
  const text = Array.isArray(value) ? `(${value.join(',')})` : String(value)
  const needsParent = questions[Number(number)]?.[0].startsWith('container and') === true
  const holds = isYes?.test(text) === true
  return (holds && (!needsParent || outputFields.get('proc.pname') === 'b')) === (answer === 'yes')
}

const names = fc.constantFrom('a', 'b', 'c')
const pids = fc.integer({ min: 2, max: 4 })
const steps = fc.array(
  fc.oneof(
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('fork' as const), pid: pids, child: pids }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('exec' as const),
        pid: pids,
        name: names,
        more: fc.constantFrom('x', 'y'),
        tty: fc.constantFrom(0, 9),
        upper: fc.boolean(),
      }),
    },
    fc.record({ do: fc.constant('chdir' as const), pid: pids, name: names }),
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('rename' as const), pid: pids, name: names }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('reparent' as const), pid: pids, parent: pids }),
    },
    fc.record({ do: fc.constant('move' as const), pid: pids, cgroup: fc.nat(2) }),
    fc.record({ do: fc.constant('told' as const), container: fc.nat(1), image: names }),
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constant('open' as const),
        pid: pids,
        thread: fc.option(names),
        path: fc.constantFrom('/a', '/b', '/b/a'),
        isFolder: fc.boolean(),
      }),
    },
  ),
  { minLength: 10, maxLength: 100 },
)

type Step = typeof steps extends fc.Arbitrary<readonly (infer S)[]> ? S : never

interface Known {
  readonly startNs: number
  comm: string
  ppid: number
  cgroup: number
}

/** The capture of what the steps do, and how many events rules are tried on. */
const captureOfSteps = (all: readonly Step[]): { bytes: Buffer; tried: number } => {
  const live = new Map<number, Known>()
  let now = 1e9
  let tried = 0
  for (const pid of [2, 3, 4]) live.set(pid, { startNs: pid, comm: 'a', ppid: 1, cgroup: 1 })
  const bytes = captureOf((writer) => {
    const send = (kind: string, pid: number, values: RecordValues = {}): void => {
      const { startNs, comm, ppid, cgroup } = live.get(pid) ?? {
        startNs: 0,
        comm: '',
        ppid: 0,
        cgroup: 1,
      }
      const own = {
        pid,
        tid: pid,
        ppid,
        comm,
        start_ns: startNs,
        cgroup_id: cgroup,
        time_ns: ++now,
      }
      writer.record(encodeRecord(kind, { ...own, ...values }))
    }
    containerIds.forEach((id, i) =>
      send('cgroup', 1, { made_id: 100 + i, path: `/system.slice/docker-${id}.scope` }),
    )
    for (const step of all) {
      const known = 'pid' in step ? live.get(step.pid) : undefined
      switch (step.do) {
        case 'fork':
          if (!known || step.child === step.pid) break
          now += 1e8
          live.set(step.child, { ...known, startNs: now, ppid: step.pid })
          send('fork', step.pid, {
            child_pid: step.child,
            child_start_ns: now,
            child_cgroup_id: known.cgroup,
          })
          break
        case 'exec':
          if (known) known.comm = step.name
          send('exec', step.pid, {
            exe_path: `/bin/${step.name}`,
            cwd: '/c',
            arguments: `${step.name}\0${step.more}\0`,
            exe: { file_flags: step.upper ? FILE_UPPER_LAYER : 0 },
            tty: step.tty,
            sid: step.pid,
            syscall: 59,
          })
          break
        case 'chdir':
          send('chdir', step.pid, { cwd: `/${step.name}`, syscall: 80 })
          break
        case 'rename':
          if (known) known.comm = step.name
          break
        case 'reparent':
          if (known && step.parent !== step.pid) known.ppid = step.parent
          break
        case 'move':
          if (known) known.cgroup = [1, 100, 101][step.cgroup] ?? 1
          break
        case 'told': {
          const id = containerIds[step.container] ?? ''
          const facts = { ...noMetadata, image: step.image }
          writer.note({ is: 'told', told: { told: 'runtime', id, facts } })
          break
        }
        case 'open':
          tried++
          send('open', step.pid, {
            path: step.path,
            file: { inode: 1, mode: step.isFolder ? 0o40755 : 0o100644 },
            result: 3,
            syscall: 2,
            ...(step.thread !== null && { tid: 99, comm: step.thread }),
          })
      }
    }
    writer.end()
  })
  return { bytes, tried }
}

test('law: what is found is what the fields are', async (t) => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
  const numRuns = Number(process.env['TEST_RUNS'] ?? 150)
  t.diagnostic(`TEST_SEED=${seed}`)
  const loaded = rulesOf(rules)
  const counts = { yes: 0, no: 0, tried: 0 }
  const law = async (all: readonly Step[]): Promise<void> => {
    const { bytes, tried } = captureOfSteps(all)
    const alerts: Alert[] = []
    await replay({
      source: sourceOf(bytes),
      rules: loaded,
      matching: 'all',
      onAlert: (alert) => alerts.push(alert),
      log: (line) => {
        if (/fail|not be read/.test(line)) assert.fail(line)
      },
    })
    assert.equal(alerts.length, tried * questions.length, 'each is answered on each event')
    for (const alert of alerts) assert.ok(isRight(alert), `${alert.rule}: ${alert.output}`)
    counts.tried += tried
    counts.yes += alerts.filter(({ rule }) => rule.endsWith('yes')).length
  }
  await fc.assert(fc.asyncProperty(steps, law), { seed, numRuns })
  t.diagnostic(`${counts.tried} events, ${counts.yes} answers yes`)
  assert.ok(counts.yes > counts.tried, 'both answers are given')
})

const ref = (name: string): FieldRef => {
  const field = fieldNamed(name)
  assert.ok(field, name)
  return { field, argument: field.argument?.required === true ? 0 : undefined }
}

test('fields of a process are those of each of its events', () => {
  const process = { comm: 'a', exe: 'b', args: ['x'], exePath: '/bin/b', cwd: '/c', sid: 9 }
  const events: readonly LiveEvent[] = [
    eventOf('open', { comm: 'a', path: '/x', result: 3 }, { process }),
    eventOf('connect', { comm: 'a', euid: 5, egid: 6, result: -1, vtid: 3, flags: 2 }, { process }),
    eventOf('chdir', { comm: 'a', time_ns: 1n, cap_effective: 7, tid: 11, vpid: 12 }, { process }),
  ]
  for (const name of [...ancestryFields, ...processFields]) {
    const { field, argument } = ref(name)
    const text = argument === undefined ? field.name : `${field.name}[${argument}]`
    const [first, ...rest] = events.map((event) => readField(event, text))
    for (const other of rest) assert.deepEqual(other, first, name)
    assert.ok(new Subjects().of(ref(name), undefined), name)
  }
})

test('fields of a file are those of each event of its path and kind', () => {
  const values = { path: '/d/x', result: 3, comm: 'a' }
  const other = { result: 4, comm: 'b', euid: 7, open_flags: 0o101, pid: 3 }
  const file = { mode: 0o100644 }
  const events = [
    eventOf('open', { ...values, file }),
    eventOf('open', { ...values, ...other, file: { ...file, inode: 8, file_flags: 1 } }),
  ]
  for (const name of fileFields) {
    const [first, second] = events.map((event) => readField(event, name))
    assert.notEqual(first, undefined, name)
    assert.deepEqual(second, first, name)
  }
})
