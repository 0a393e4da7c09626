/**
 * The process table behind a kernel side that holds back what nobody asks for, against the
 * machine: any run of forks, execs, moves, ends and other events, of which only some execs and
 * some of the others are wanted. Law: whoever something is told of has the program, arguments,
 * directory, maker and parent that it really has; each one above is a parent of the one below, or
 * was until it ended, with the program that it really has, or had; and all that is known of it is
 * what a table would know that is told everything. What nobody asked for is not told. There are two
 * exceptions: a copy, not executed anew, of a process that was there before the agent, and that has
 * changed since; and the directory of a copy whose maker had moved. These are not known (/proc,
 * which is asked then, has nothing here), but are never those of another program.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordValues } from '@bulwark/schema'
import { RECORD_AS_MADE, RECORD_HELD } from '@bulwark/schema'
import * as fc from 'fast-check'
import { newCounters } from './counters.ts'
import type { Process } from './process.ts'
import { unknownProcess } from './process.ts'
import type { ReadProcess } from './process-table.ts'
import { ProcessTable } from './process-table.ts'
import { recordOf } from './testdata/records.ts'

interface Live {
  readonly pid: number
  readonly startNs: number
  readonly makerPid: number
  /** All that it had; the one that it has now comes first. */
  readonly parents: Live[]
  parent: Live | undefined
  program: number
  comm: string
  cwd: string
  sid: number
}

/** What the kernel side keeps of a process: `struct held` in bpf/held.bpf.h. */
interface Held {
  readonly startNs: number
  readonly fork: RecordValues | undefined
  readonly maker: Live | undefined
  readonly makerChanges: number
  isTold: boolean
  changes: number
  program: RecordValues | undefined
  execWaits: boolean
  hasMoved: boolean
  isLong: boolean
}

const neverTracked = -1
const pidsMax = 12
const levelsMax = 16

type Kind = 'fork' | 'exec' | 'exit' | 'chdir' | 'comm' | 'ptrace'

interface Step {
  readonly what: 'fork' | 'exec' | 'exit' | 'move' | 'rename' | 'session' | 'other'
  readonly who: number
  /** A rule wants it. Only of execs and others; a move is always told. */
  readonly wanted: boolean
  /** Its record is too long to be held. */
  readonly long: boolean
}

class Machine {
  readonly live: Live[] = [
    {
      pid: 1,
      startNs: 0,
      makerPid: 0,
      parents: [],
      parent: undefined,
      program: 1,
      comm: 'p1',
      cwd: '/',
      sid: 1,
    },
  ]
  readonly table = this.#newTable()
  /** The same where nothing is held back. */
  readonly whole = this.#newTable()
  readonly count = { checked: 0, unknown: 0, told: 0, happened: 0, dropped: 0 }
  readonly #held = new Map<number, Held>()
  #isStarting = true
  #nowNs = 0
  #programs = 3

  constructor() {
    const [init] = this.live
    this.live.push({
      ...this.live[0],
      pid: 2,
      startNs: 10_000_000,
      parents: [init],
      parent: init,
    } as Live)
    for (const table of [this.table, this.whole]) table.start([1, 2])
    this.#isStarting = false
  }

  #newTable(): ProcessTable {
    const read = (pid: number): ReturnType<ReadProcess> =>
      this.#isStarting ? this.#entry(pid) : undefined
    return new ProcessTable(newCounters(), read, () => 0)
  }

  #entry(pid: number): ReturnType<ReadProcess> {
    const found = this.live.find((each) => each.pid === pid)
    if (!found) return undefined
    const process = unknownProcess(pid, found.startNs)
    process.startExact = false
    Object.assign(process, this.#truth(found), { sid: found.sid, comm: found.comm })
    return { process, ppid: found.parent?.pid ?? 0, cgroupPath: undefined }
  }

  #truth({
    program,
    cwd,
  }: Pick<Live, 'program' | 'cwd'>): Pick<Process, 'exe' | 'exePath' | 'args' | 'cwd'> {
    return { exe: `p${program}`, exePath: `/bin/p${program}`, args: [`of ${program}`], cwd }
  }

  #header({ pid, startNs, parent, comm }: Live): RecordValues {
    const ppid = parent?.pid ?? 0
    return { pid, tid: pid, start_ns: startNs, ppid, comm, vpid: pid }
  }

  #heldOf({ pid, startNs }: Live): Held | undefined {
    const held = this.#held.get(pid)
    return held?.startNs === startNs ? held : undefined
  }

  /** Records that reach a table, as the pipeline takes them. */
  #receive(kind: Kind, values: RecordValues, table = this.table): void {
    if (table === this.table) this.count.told++
    const r = recordOf(kind, values)
    if ((Number(values['flags'] ?? 0) & RECORD_HELD) !== 0) {
      if (kind === 'exec') table.lateExec(r)
      else table.lateFork(r)
      return
    }
    const process = table.of(r)
    if (kind === 'exec') table.exec(r, process)
    else if (kind === 'fork') table.fork(r, process)
    else if (kind === 'chdir') table.moved(r, process)
    table.named(r, process)
    if (kind === 'exit') table.exit(process)
  }

  /** What happens, whoever is told of it. */
  #happens(kind: Kind, values: RecordValues): void {
    this.#receive(kind, values, this.whole)
  }

  /** tell_held() */
  #tell(live: Live): void {
    const waiting: Live[] = []
    for (let at: Live | undefined = live; at && waiting.length < levelsMax; at = at.parent) {
      const held = this.#heldOf(at)
      if (!held || held.isTold) break
      waiting.unshift(at)
    }
    for (const each of waiting) this.#tellOne(each)
  }

  #tellOne(live: Live): void {
    const held = this.#heldOf(live)
    if (!held?.fork || !held.maker) return
    held.isTold = true
    const changes = this.#heldOf(held.maker)?.changes ?? neverTracked
    const isAsMade = live.parent !== held.maker || changes !== held.makerChanges
    const ppid = live.parent?.pid ?? 0
    const flags = RECORD_HELD | (isAsMade ? RECORD_AS_MADE : 0)
    this.#receive('fork', { ...held.fork, ppid, flags })
    if (!held.program) return
    const isInherited = (Number(held.program['flags']) & RECORD_AS_MADE) !== 0
    if (!held.execWaits && !(isAsMade && isInherited)) return
    held.execWaits = false
    this.#receive('exec', held.program)
  }

  #changed(live: Live): Held {
    let held = this.#heldOf(live)
    if (!held) {
      held = {
        startNs: live.startNs,
        fork: undefined,
        maker: undefined,
        makerChanges: neverTracked,
        isTold: true,
        changes: 0,
        program: undefined,
        execWaits: false,
        hasMoved: false,
        isLong: false,
      }
      this.#held.set(live.pid, held)
    }
    held.changes++
    return held
  }

  step({ what, who, wanted, long }: Step): void {
    this.#nowNs += 12_345_678
    const actor = this.live[who % this.live.length]
    if (!actor) return
    this.count.happened++
    switch (what) {
      case 'fork':
        this.#fork(actor)
        return
      case 'exec':
        this.#exec(actor, wanted, long)
        return
      case 'exit':
        if (actor.pid !== 1) this.#exit(actor)
        return
      case 'session':
        actor.sid = actor.pid // Nothing tells it.
        return
      case 'move':
        actor.cwd = `/d${this.#nowNs}`
        this.#changed(actor).hasMoved = true
        this.#tell(actor)
        this.#happens('chdir', { ...this.#header(actor), cwd: actor.cwd })
        this.#receive('chdir', { ...this.#header(actor), cwd: actor.cwd })
        this.#check(actor)
        return
      case 'rename':
        actor.comm = `r${this.#nowNs}`
        this.#tell(actor)
        this.#happens('comm', this.#header(actor))
        this.#receive('comm', this.#header(actor))
        this.#check(actor)
        return
      case 'other':
        if (!wanted) return
        this.#tell(actor)
        this.#happens('ptrace', this.#header(actor))
        this.#receive('ptrace', this.#header(actor))
        this.#check(actor)
    }
  }

  #fork(maker: Live): void {
    const used = new Set(this.live.map(({ pid }) => pid))
    const pid = Array.from({ length: pidsMax }, (_, i) => i + 1).find((each) => !used.has(each))
    if (pid === undefined) return
    const startNs = this.#nowNs
    this.live.push({ ...maker, pid, startNs, makerPid: maker.pid, parents: [maker], parent: maker })
    const above = this.#heldOf(maker)
    const isHost = above?.program?.['vpid'] === above?.program?.['pid']
    const inherited = above?.program && {
      ...above.program,
      flags: RECORD_HELD | RECORD_AS_MADE,
      vpid: isHost ? pid : 0,
      pid,
      tid: pid,
      start_ns: startNs,
      ...(above.hasMoved ? { cwd: { text: '', trueBytes: undefined } } : {}),
    }
    const child = { child_pid: pid, child_start_ns: startNs, child_vpid: pid }
    const fork = { ...this.#header(maker), ...child }
    const isLong = above?.isLong ?? false
    this.#happens('fork', fork)
    this.#held.set(pid, {
      startNs,
      fork,
      maker,
      makerChanges: above?.changes ?? neverTracked,
      isTold: isLong,
      isLong,
      changes: 0,
      program: inherited,
      execWaits: false,
      hasMoved: above?.hasMoved ?? false,
    })
    if (!isLong) return
    this.#tell(maker)
    this.#receive('fork', fork)
  }

  #exec(actor: Live, wanted: boolean, long: boolean): void {
    actor.program = this.#programs++
    actor.comm = `p${actor.program}`
    const { exe, exePath, args, cwd } = this.#truth(actor)
    const values = {
      ...this.#header(actor),
      arguments: `${exe}\0${args.join('\0')}\0`,
      exe_path: exePath,
      cwd,
      sid: actor.sid,
      tty: actor.program,
      exe_ctime_ns: actor.program,
    }
    this.#happens('exec', values)
    const before = this.#heldOf(actor)
    const isCutOff = before?.maker !== actor.parent
    const waits = before && !before.isTold && !before.execWaits && !long && !isCutOff
    if (!waits) this.#tell(actor)
    const held = this.#changed(actor)
    held.hasMoved = false
    held.isLong = long
    held.program = long ? undefined : { ...values, flags: RECORD_HELD }
    held.execWaits = waits === true && !wanted
    if (held.execWaits) return
    this.#tell(actor)
    this.#receive('exec', values)
    this.#check(actor)
  }

  #exit(actor: Live): void {
    const [heir] = this.live
    for (const each of this.live)
      if (each.parent === actor && heir) {
        each.parent = heir
        each.parents.unshift(heir)
      }
    const held = this.#heldOf(actor)
    this.#happens('exit', this.#header(actor))
    if (!held || held.isTold) this.#receive('exit', this.#header(actor))
    else this.count.dropped++
    this.#held.delete(actor.pid)
    this.live.splice(this.live.indexOf(actor), 1)
  }

  /** Nothing is known of a process but what is known where all is told. */
  #compare(process: Process): void {
    const other = this.whole.get(process.pid)
    if (other?.startNs !== process.startNs) return // It has ended, and been its child's parent.
    // Of a session that is not known nobody says that its maker has left it.
    if (process.makerSid === 0) assert.equal(process.daemonized, false)
    else assert.equal(process.daemonized, other.daemonized)
    for (const name of compared) {
      if (!unknownValues.has(process[name])) assert.deepEqual(process[name], other[name], name)
    }
  }

  #check(live: Live): void {
    let found = this.table.get(live.pid)
    for (let at: Live | undefined = live; at;) {
      assert.ok(found, `no ancestor ${at.pid}`)
      this.count.checked++
      assert.deepEqual([found.pid, Number(found.startNs)], [at.pid, at.startNs])
      const { cwd, ...program } = this.#truth(at)
      const { exe, exePath, args } = found
      if (exe === '') {
        this.count.unknown++
        assert.equal(this.#heldOf(at)?.program, undefined)
      } else {
        assert.deepEqual({ exe, exePath, args }, program)
        this.#compare(found)
      }
      if (found.cwd !== '') assert.equal(found.cwd, cwd)
      if (at.pid > 2 && found.makerPid !== 0) assert.equal(found.makerPid, at.makerPid)
      // An ancestor tells nothing when it gets another parent.
      const above: Process | undefined = found.parent
      const isThat = (each: Live): boolean =>
        each.pid === above?.pid && each.startNs === Number(above.startNs)
      if (at === live) assert.equal(above?.pid, at.parent?.pid)
      found = above
      at = above && at.parents.find(isThat)
      assert.ok(!above || at, `${above?.pid} was never the parent`)
    }
  }
}

/** All that does not depend on the table itself. */
const compared = [
  'vpid',
  'comm',
  'exe',
  'exePath',
  'exePathBefore',
  'exeCtimeNs',
  'exeFlags',
  'cwd',
  'cwdOutside',
  'tty',
  'sid',
  'pgid',
  'makerPid',
  'makerSid',
  'startedOnHost',
  'byThread',
  'capabilities',
] as const satisfies readonly (keyof Process)[]
/** Some of it is not known of who was told as what it was made as. */
const unknownValues: ReadonlySet<unknown> = new Set(['', 0, undefined])

const steps = fc.array(
  fc.record<Step>({
    what: fc.constantFrom(
      'fork',
      'fork',
      'exec',
      'exec',
      'exit',
      'move',
      'rename',
      'session',
      'other',
    ),
    who: fc.nat(1000),
    wanted: fc.boolean(),
    long: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
  }),
  { minLength: 5, maxLength: 120, size: 'max' },
)

test('whoever is told late is what it is, and nobody else is told', (t) => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`TEST_SEED=${seed}`)
  const sum = { checked: 0, unknown: 0, told: 0, happened: 0, dropped: 0 }
  const law = (all: readonly Step[]): void => {
    const machine = new Machine()
    for (const step of all) machine.step(step)
    for (const key of ['checked', 'unknown', 'told', 'happened', 'dropped'] as const) {
      sum[key] += machine.count[key]
    }
  }
  fc.assert(fc.property(steps, law), { seed, numRuns: Number(process.env['TEST_RUNS'] ?? 400) })
  t.diagnostic(JSON.stringify(sum))
  assert.ok(sum.checked > 10_000 && sum.dropped > 100)
  assert.ok(sum.unknown < sum.checked / 20)
})
