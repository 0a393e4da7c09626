/**
 * The process table against a model of the machine: any run of forks, execs and exits with pids
 * used again, of which some records are lost. Law: the process of an event is never another one
 * than the event's; its program and its parent are right or not known, and known without losses;
 * and each one above is a parent of the one below, or was until it ended. And once the table was
 * told that records were lost, it is right again: also where execs were, and it drops what ended.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordValues } from '@bulwark/schema'
import * as fc from 'fast-check'
import { newCounters } from './counters.ts'
import type { Process } from './process.ts'
import { unknownProcess } from './process.ts'
import { ProcessTable } from './process-table.ts'
import type { ProcEntry } from './procfs.ts'
import { recordOf } from './testdata/records.ts'

interface Live {
  readonly pid: number
  readonly startNs: number
  /** All that it had; the one that it has now comes first. */
  readonly parents: Live[]
  exe: string
}

interface Step {
  readonly what: 'fork' | 'exec' | 'exit' | 'other' | 'notice'
  /** Which of the processes there are. */
  readonly who: number
  /** Its record does not arrive. */
  readonly lost: boolean
  /** /proc has forgotten the process when its last record is read. */
  readonly gone: boolean
}

const pidsMax = 8

/** A process is called what it executed last. */
const commOf = ({ exe }: Live): string => exe.slice(0, 15)

/** The machine as it is, and the table that follows it. */
class Machine {
  readonly live: Live[] = [{ pid: 1, startNs: 0, parents: [], exe: 'init' }]
  readonly counters = newCounters()
  readonly table: ProcessTable
  checked = 0
  /** Whose exec was lost, or that of the one it is a copy of; and the table was not told yet. */
  readonly #stale = new Set<Live>()
  #nowNs = 0
  #programs = 0

  constructor() {
    this.table = new ProcessTable(
      this.counters,
      (pid) => this.#entry(pid),
      () => 0,
    )
    this.table.start([1])
  }

  #entry(pid: number): ProcEntry | undefined {
    const found = this.live.find((each) => each.pid === pid)
    if (!found) return undefined
    const process = unknownProcess(pid, found.startNs - (found.startNs % 1e7))
    process.startExact = false
    process.exe = found.exe
    process.exePath = `/${found.exe}`
    process.comm = commOf(found)
    return { process, ppid: found.parents[0]?.pid ?? 0, cgroupPath: undefined }
  }

  header(live: Live): RecordValues {
    const { pid, startNs, parents } = live
    const comm = commOf(live)
    return { pid, tid: pid, start_ns: startNs, ppid: parents[0]?.pid ?? 0, comm }
  }

  step({ what, who, lost, gone }: Step, mayLose: boolean): void {
    // A tick is 10 ms: two processes of one pid never start in the same one.
    this.#nowNs += 12_345_678
    const actor = this.live[who % this.live.length]
    if (!actor) return
    const isLost = lost && mayLose
    switch (what) {
      case 'fork':
        this.#fork(actor, isLost)
        return
      case 'exec': {
        actor.exe = `program${this.#programs++}`
        if (isLost) {
          this.#stale.add(actor)
          return
        }
        this.#stale.delete(actor)
        const r = recordOf('exec', {
          ...this.header(actor),
          arguments: `${actor.exe}\0`,
          exe_path: `/${actor.exe}`,
        })
        this.table.exec(r, this.table.of(r))
        this.check(actor, this.table.of(r), !mayLose)
        return
      }
      case 'exit':
        if (actor.pid !== 1) this.#exit(actor, isLost, gone && mayLose)
        return
      case 'notice':
        this.#stale.clear()
        this.table.doubt()
        return
      case 'other': {
        const found = this.table.of(recordOf('ptrace', this.header(actor)))
        // As the pipeline does it.
        found.comm = commOf(actor)
        this.check(actor, found, !mayLose)
      }
    }
  }

  #fork(maker: Live, lost: boolean): void {
    const used = new Set(this.live.map(({ pid }) => pid))
    const pid = Array.from({ length: pidsMax }, (_, i) => i + 1).find((each) => !used.has(each))
    if (pid === undefined) return
    const child = { pid, startNs: this.#nowNs, parents: [maker], exe: maker.exe }
    this.live.push(child)
    if (this.#stale.has(maker)) this.#stale.add(child)
    if (lost) return
    const values = { child_pid: pid, child_start_ns: child.startNs }
    const r = recordOf('fork', { ...this.header(maker), ...values })
    this.table.fork(r, this.table.of(r))
  }

  #exit(actor: Live, lost: boolean, gone: boolean): void {
    const [init] = this.live
    for (const { parents } of this.live) if (init && parents[0] === actor) parents.unshift(init)
    const r = recordOf('exit', this.header(actor))
    if (gone) this.live.splice(this.live.indexOf(actor), 1)
    if (!lost) this.table.exit(this.table.of(r))
    if (!gone) this.live.splice(this.live.indexOf(actor), 1)
  }

  /** What follows a loss: two looks at /proc, with nothing between. */
  sweep(): void {
    this.table.doubt()
    const pids = this.live.map(({ pid }) => pid)
    this.table.sweep(pids)
    this.table.sweep(pids)
  }

  check(actual: Live, found: Process, isWhole: boolean): void {
    this.checked++
    assert.deepEqual([found.pid, found.startNs], [actual.pid, actual.startNs])
    if (!this.#stale.has(actual) && (isWhole || found.exe !== ''))
      assert.equal(found.exe, actual.exe)
    if (isWhole || found.parent) assert.equal(found.parent?.pid, actual.parents[0]?.pid)
    let below = actual
    for (let at = isWhole ? found.parent : undefined; at; at = at.parent) {
      const { pid, startNs } = at
      const above = below.parents.find((each) => each.pid === pid && each.startNs === startNs)
      assert.ok(above, `${pid} was never the parent of ${below.pid}`)
      below = above
    }
  }
}

const steps = fc.array(
  fc.record<Step>({
    what: fc.constantFrom('fork', 'fork', 'exec', 'exit', 'other', 'other', 'notice'),
    who: fc.nat(1000),
    lost: fc.boolean(),
    gone: fc.boolean(),
  }),
  { minLength: 5, maxLength: 80, size: 'max' },
)

for (const mayLose of [false, true]) {
  const name = mayLose ? 'some records are lost' : 'no record is lost'
  test(`the process of an event is the right one when ${name}`, (t) => {
    const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
    t.diagnostic(`TEST_SEED=${seed}`)
    const count = { checked: 0, healed: 0 }
    const law = (all: readonly Step[]): void => {
      const machine = new Machine()
      for (const step of all) machine.step(step, mayLose)
      count.checked += machine.checked
      count.healed += machine.counters.healedProcesses
      assert.ok(machine.table.size <= pidsMax)
      machine.sweep()
      assert.equal(machine.table.size, machine.live.length)
      for (const live of machine.live) assert.equal(machine.table.get(live.pid)?.exe, live.exe)
    }
    fc.assert(fc.property(steps, law), { seed, numRuns: 400 })
    t.diagnostic(`${count.checked} events checked, ${count.healed} processes healed`)
    assert.ok(count.checked > 1000)
    if (mayLose) assert.ok(count.healed > 0)
  })
}
