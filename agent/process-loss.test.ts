/**
 * The process table against a model of the machine: any run of forks, execs and exits with pids
 * used again, of which some records are lost. Law: the process of an event is never another one
 * than the event's; its program and its parent are right or not known, and known without losses;
 * and each one above is a parent of the one below, or was until it ended.
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
  readonly what: 'fork' | 'exec' | 'exit' | 'other'
  /** Which of the processes there are. */
  readonly who: number
  /** Its record does not arrive. */
  readonly lost: boolean
  /** /proc has forgotten the process when its last record is read. */
  readonly gone: boolean
}

const pidsMax = 8

/** The machine as it is, and the table that follows it. */
class Machine {
  readonly live: Live[] = [{ pid: 1, startNs: 0, parents: [], exe: 'init' }]
  readonly counters = newCounters()
  readonly table: ProcessTable
  checked = 0
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
    return { process, ppid: found.parents[0]?.pid ?? 0, cgroupPath: undefined }
  }

  header({ pid, startNs, parents }: Live): RecordValues {
    return { pid, tid: pid, start_ns: startNs, ppid: parents[0]?.pid ?? 0 }
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
        const r = recordOf('exec', { ...this.header(actor), arguments: `${actor.exe}\0` })
        this.table.exec(r, this.table.of(r))
        this.check(actor, this.table.of(r), !mayLose)
        return
      }
      case 'exit':
        if (actor.pid !== 1) this.#exit(actor, isLost, gone && mayLose)
        return
      case 'other':
        this.check(actor, this.table.of(recordOf('ptrace', this.header(actor))), !mayLose)
    }
  }

  #fork(maker: Live, lost: boolean): void {
    const used = new Set(this.live.map(({ pid }) => pid))
    const pid = Array.from({ length: pidsMax }, (_, i) => i + 1).find((each) => !used.has(each))
    if (pid === undefined) return
    const child = { pid, startNs: this.#nowNs, parents: [maker], exe: maker.exe }
    this.live.push(child)
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

  check(actual: Live, found: Process, isWhole: boolean): void {
    this.checked++
    assert.deepEqual([found.pid, found.startNs], [actual.pid, actual.startNs])
    if (isWhole || found.exe !== '') assert.equal(found.exe, actual.exe)
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
    what: fc.constantFrom('fork', 'fork', 'exec', 'exit', 'other', 'other'),
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
    }
    fc.assert(fc.property(steps, law), { seed, numRuns: 400 })
    t.diagnostic(`${count.checked} events checked, ${count.healed} processes healed`)
    assert.ok(count.checked > 1000)
    assert.equal(count.healed > 0, mayLose)
  })
}
