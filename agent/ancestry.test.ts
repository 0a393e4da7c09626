/**
 * Processes that are alike. Law: whatever happens to processes, those that have the same ancestry,
 * at once or one after the other, have the same value in each field that is said to be one of an
 * ancestry.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FieldRef, FieldValue } from '@bulwark/schema'
import { RECORD_OUTSIDE_ROOT, fieldNamed } from '@bulwark/schema'
import { Subject } from '@bulwark/policy'
import * as fc from 'fast-check'
import type { Ancestry } from './ancestry.ts'
import { Ancestries, Programs, programOf } from './ancestry.ts'
import { newCounters } from './counters.ts'
import { accessorOf } from './fields/index.ts'
import type { LiveEvent } from './live-event.ts'
import { limits } from './limits.ts'
import type { Process } from './process.ts'
import { unknownProcess } from './process.ts'
import { ProcessTable } from './process-table.ts'
import type { ProcEntry } from './procfs.ts'
import { Subjects, ancestryFields } from './subjects.ts'
import { eventOf } from './testdata/events.ts'
import { surroundings } from './testdata/fields.ts'
import { recordOf } from './testdata/records.ts'

const subjectOfAll = (): Subject<LiveEvent> => new Subject(() => [])

/** The fields of the process, each with the arguments that change what is read. */
const fields: readonly FieldRef[] = [...ancestryFields]
  .filter((name) => name.startsWith('proc.'))
  .flatMap((name): FieldRef[] => {
    const field = fieldNamed(name)
    assert.ok(field, name)
    if (!field.argument) return [{ field, argument: undefined }]
    const given = field.argument.required ? [0, 1, 2] : [undefined, 0, 1, 2]
    return given.map((argument) => ({ field, argument }))
  })

/** Alike at first sight. */
const names = fc.constantFrom('aa', 'ab')
const pids = fc.integer({ min: 2, max: 6 })
const argument = fc.constantFrom('a\0', 'a\0b\0', 'a\0b', 'a b\0', 'a\0\0b\0', '', '\0')

const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant('fork' as const), pid: pids, to: pids }) },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('exec' as const),
        pid: pids,
        name: names,
        path: names,
        argument,
        flags: fc.constantFrom(0, 1, 4),
        tty: fc.constantFrom(0, 9),
        outside: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom('rename' as const, 'chdir' as const, 'proc' as const),
        pid: pids,
        name: names,
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('tie' as const), pid: pids, to: pids }) },
    fc.record({ do: fc.constant('exit' as const), pid: pids }),
    fc.record({ do: fc.constant('doubt' as const) }),
  ),
  { minLength: 10, maxLength: 60 },
)

type Step = typeof steps extends fc.Arbitrary<readonly (infer S)[]> ? S : never

const withoutEnd = (text: string): string => text.replace(/\0$/, '')

/** A table and a machine that has at most six processes. */
class Machine {
  readonly #live = new Map<number, { comm: string; ppid: number; startNs: number }>()
  readonly #proc = new Map<number, ProcEntry>()
  readonly #table = new ProcessTable(
    newCounters(),
    (pid) => this.#proc.get(pid),
    () => 1,
  )
  #nowNs = 1e9

  constructor() {
    for (const pid of [1, 2, 3, 4]) {
      this.#live.set(pid, { comm: 'a', ppid: pid === 1 ? 0 : 1, startNs: pid })
    }
  }

  do(step: Step): void {
    if (step.do === 'doubt') {
      this.#table.doubt()
      return
    }
    const live = this.#live.get(step.pid)
    if (!live) return
    this.#nowNs += 1e8
    const header = { pid: step.pid, tid: step.pid, ppid: live.ppid, start_ns: live.startNs }
    switch (step.do) {
      case 'fork': {
        if (step.to === step.pid) return
        const r = recordOf('fork', {
          ...header,
          comm: live.comm,
          child_pid: step.to,
          child_start_ns: this.#nowNs,
          child_vpid: 1,
          clone_flags: 0x20000000,
        })
        this.#table.fork(r, this.#table.of(r))
        this.#live.set(step.to, { ...live, ppid: step.pid, startNs: this.#nowNs })
        return
      }
      case 'exec': {
        live.comm = step.name
        const r = recordOf('exec', {
          ...header,
          comm: live.comm,
          exe_path: `/${step.path}`,
          arguments: step.argument,
          exe: { file_flags: step.flags },
          tty: step.tty,
          flags: step.outside ? RECORD_OUTSIDE_ROOT : 0,
          cwd: '/',
        })
        const process = this.#table.of(r)
        this.#table.exec(r, process)
        const { exe, args, exePath, exeFlags, tty } = process
        const told = withoutEnd(step.argument).split('\0')
        assert.deepEqual([exe, ...args], told, 'also when it ran before')
        assert.deepEqual([exePath, exeFlags, tty], [`/${step.path}`, step.flags, step.tty])
        return
      }
      case 'rename':
        live.comm = step.name
        break
      case 'chdir': {
        const r = recordOf('chdir', { ...header, comm: live.comm, cwd: `/${step.name}` })
        this.#table.moved(r, this.#table.of(r))
        return
      }
      case 'proc': {
        const process = unknownProcess(step.pid, Math.floor(live.startNs / 1e7) * 1e7)
        const own = { comm: live.comm, exePath: `/${step.name}`, exe: step.name, args: ['b'] }
        Object.assign(process, { startExact: false, ...own })
        this.#proc.set(step.pid, { process, ppid: live.ppid, cgroupPath: undefined })
        return
      }
      case 'tie':
        if (step.to !== step.pid) live.ppid = step.to
        break
      case 'exit': {
        this.#table.exit(this.#table.of(recordOf('exit', { ...header, comm: live.comm })))
        this.#live.delete(step.pid)
      }
    }
  }

  /** An event of each process that there is. */
  *events(): Generator<LiveEvent> {
    for (const [pid, { comm, ppid, startNs }] of this.#live) {
      const header = { pid, tid: pid, ppid, start_ns: startNs, comm }
      const event = eventOf('ptrace', header)
      event.process = this.#table.of(event.record)
      this.#table.named(event.record, event.process)
      event.lineage = this.#table.lineage
      yield event
    }
  }
}

test('law: what has the same ancestry is the same to rules that ask for no more', (t) => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
  const numRuns = Number(process.env['TEST_RUNS'] ?? 200)
  t.diagnostic(`TEST_SEED=${seed}`)
  const accessors = fields.map((ref) => accessorOf(ref, surroundings))
  const counts = { events: 0, shared: 0, different: 0 }
  const law = (all: readonly Step[]): void => {
    const machine = new Machine()
    const ancestries = new Ancestries()
    const subject = subjectOfAll()
    const known = new Map<Ancestry, { pid: number; values: readonly FieldValue[] }>()
    for (const step of all) {
      machine.do(step)
      for (const event of machine.events()) {
        const ancestry = ancestries.of(event.process, event.lineage, subject)
        const values = accessors.map((read) => read(event))
        const { pid } = event.process
        const before = known.get(ancestry)
        counts.events++
        known.set(ancestry, before ?? { pid, values })
        if (!before) counts.different++
        else if (before.pid !== pid) counts.shared++
        assert.deepEqual(values, before?.values ?? values)
      }
    }
  }
  fc.assert(fc.property(steps, law), { seed, numRuns })
  const { events, shared, different } = counts
  t.diagnostic(`${events} events: ${different} new ancestries, ${shared} that others had before`)
  assert.ok(different < events / 2, 'most are compared with what was before')
  assert.ok(shared > numRuns && different > numRuns, 'processes are alike, and become others')
})

test('what is run again is the same program, and has the same ancestry below the same one', () => {
  const programs = new Programs()
  const sleep = programs.of('sleep\0n1\0', '/bin/sleep', 0, 0)
  assert.deepEqual([sleep.exe, sleep.args], ['sleep', ['n1']])
  assert.equal(programs.of('sleep\0n1\0', '/bin/sleep', 0, 0), sleep)
  const others: readonly Parameters<Programs['of']>[] = [
    ['sleep\0n2\0', '/bin/sleep', 0, 0],
    ['sleep\0n1\0', '/usr/bin/sleep', 0, 0],
    ['sleep\0n1\0', '/bin/sleep', 1, 0],
    ['sleep\0n1\0', '/bin/sleep', 0, 7],
  ]
  for (const other of others) {
    const before = programs.of('sleep\0n1\0', '/bin/sleep', 0, 0)
    assert.notEqual(programs.of(...other), before, other.join(' '))
  }
  const ancestries = new Ancestries()
  const subject = subjectOfAll()
  const [bash, zsh] = [unknownProcess(1, 1), unknownProcess(1, 1)]
  bash.comm = 'bash'
  const of = (parent: Process | undefined, comm = 'sleep'): Ancestry =>
    ancestries.of({ ...unknownProcess(2, 2), comm, program: sleep, parent }, 0, subject)
  const first = of(bash)
  assert.equal(of(bash), first)
  assert.equal(first.program, sleep)
  assert.equal(first.above?.name, 'bash')
  assert.notEqual(of(zsh), first)
  assert.notEqual(of(undefined), first)
  assert.notEqual(of(bash, 'other'), first)
  const other = ancestries.of({ ...unknownProcess(2, 2), comm: 'sleep' }, 0, subjectOfAll())
  assert.notEqual(other.subject, subject, 'another set of rules has answers of its own')
})

test('what is too long is a program of its own; a chain that is too long ends somewhere', () => {
  const programs = new Programs()
  const long = 'x'.repeat(limits.programKeptBytesMax)
  const program = programs.of(long, '/x', 0, 0)
  assert.notEqual(programs.of(long, '/x', 0, 0), program)
  const chain = Array.from({ length: 3 * limits.ancestorsMax }, (_, i) => unknownProcess(i, i))
  chain.forEach((process, i) => (process.parent = chain[i + 1]))
  const [lowest] = chain
  assert.ok(lowest)
  const ancestries = new Ancestries()
  const subject = subjectOfAll()
  const [one, other] = [unknownProcess(1, 1), unknownProcess(2, 2)]
  one.program = other.program = program
  const own = ancestries.of(one, 0, subject)
  assert.notEqual(ancestries.of(other, 0, subject), own)
  assert.equal(ancestries.of(one, 0, subject), own)
  const found = ancestries.of(lowest, 0, subject)
  assert.equal(ancestries.of(lowest, 0, subject), found)
  let levels = 0
  for (let at: Ancestry | undefined = found; at; at = at.above) levels++
  assert.equal(levels, limits.ancestorsMax + 1)
  assert.equal(programOf(lowest), found.program)
})

test('the fields of an ancestry are part of those of a process', () => {
  const subjects = new Subjects()
  const [name, cwd] = ['proc.name', 'proc.cwd'].map((each) => {
    const field = fieldNamed(each)
    assert.ok(field)
    return subjects.of({ field, argument: undefined }, undefined)
  })
  assert.ok(name && cwd)
  assert.equal(cwd.part, name)
})
