/**
 * Many processes on all CPUs at once, while the ring is emptied as the agent does it: no record
 * is malformed, none has a part of another's, and each is there or counted.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RecordView } from '@bulwark/schema'
import { EventNumber, execOf, headerOf, openOf } from '@bulwark/schema'
import { Calls } from './calls.ts'
import { startDrain } from './inner.ts'
import { callsProgram, nothingProgram, start } from './program.ts'
import type { Wanted } from './recorder.ts'
import { treeOf } from './recorder.ts'
import { skip, useStage } from './stage.ts'

const stage = useStage(new Set(['openat']))
const processes = 8
/** An emulated machine takes ten times as long. */
const opensOfEach = process.env['BULWARK_GUEST'] === '1' ? 300 : 3000
const opensBetweenExecs = 50
const endMsMax = 60_000

/** What was seen of the hammering processes. */
class Tally {
  /** By pid: the number of the next file. */
  readonly next = new Map<number, number>()
  readonly faults: string[] = []
  opens = 0
  execs = 0
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  add(r: RecordView, kind: number): void {
    if (kind === EventNumber.open) this.#addOpen(r)
    else if (kind === EventNumber.exec) this.#addExec(r)
  }

  #addOpen(r: RecordView): void {
    const path = openOf.path(r)
    const [, pid, number] = /\/(\d+)-(\d+)$/.exec(path) ?? []
    const fromPid = Number(pid) === headerOf.pid(r)
    const isWhole = path === openOf.rawPath(r) && path === `${this.#folder}/${pid}-${number}`
    if (!fromPid || !isWhole) this.#fault(`${headerOf.pid(r)} opened ${path}`)
    const next = this.next.get(headerOf.pid(r)) ?? 0
    if (Number(number) < next) this.#fault(`${path} comes after number ${next - 1}`)
    this.next.set(headerOf.pid(r), Number(number) + 1)
    this.opens++
  }

  #addExec(r: RecordView): void {
    const parent = headerOf.ppid(r)
    const [, ...operands] = execOf.arguments(r).split('\0')
    const expected = `${this.#folder}/${parent}-`
    const isOwn = operands[0]?.startsWith(expected) === true && operands.length === 2
    if (!isOwn) this.#fault(`the child of ${parent} got ${operands.join(' ')}`)
    if (execOf.exePath(r) !== nothingProgram()) this.#fault(`executed ${execOf.exePath(r)}`)
    this.execs++
  }

  #fault(text: string): void {
    if (this.faults.length < 20) this.faults.push(text)
  }
}

const namesFolder = (r: RecordView, kind: number, folder: string): boolean => {
  if (kind === EventNumber.open) return openOf.rawPath(r).startsWith(folder)
  return kind === EventNumber.exec && execOf.arguments(r).includes(`\0${folder}`)
}

/** Counts the records of the hammering tree until everything that it made was handed over. */
const hammer = async (folder: string, tally: Tally): Promise<void> => {
  const { recorder } = stage
  const program = callsProgram()
  const calls = new Calls()
  calls.hammer(processes, opensOfEach, folder, nothingProgram())
  recorder.discard()
  const bell = randomUUID()
  let wanted: Wanted = () => false
  let hasBegun = false
  let rang = false
  let fault: unknown
  const drain = startDrain(
    recorder.sensor,
    (offset, lengthBytes) =>
      recorder.check(offset, lengthBytes, (r, kind) => {
        const isExec = kind === EventNumber.exec
        rang ||= isExec && execOf.arguments(r).includes(bell)
        if (!wanted(r, kind)) return
        if (hasBegun) tally.add(r, kind)
        else hasBegun = isExec && execOf.exePath(r) === program
      }),
    (error) => (fault = error),
  )
  try {
    const { pid, ended } = start([program, ...calls.words])
    const inTree = treeOf(pid)
    // By content too: a fork that is lost takes its process out of the tree.
    wanted = (r, kind) => inTree(r, kind) || namesFolder(r, kind, folder)
    const { code, stderr } = await ended
    assert.equal(code, 0, stderr)
    spawnSync('/bin/true', [bell])
    for (const deadline = Date.now() + endMsMax; !rang; await nextTurn()) {
      assert.equal(fault, undefined)
      assert.ok(Date.now() < deadline, `no bell within ${endMsMax} ms`)
    }
  } finally {
    drain.stop()
  }
}

test('many processes at once do not mix, and what is missing is counted', { skip }, async () => {
  const folder = mkdtempSync(join(stage.folder, 'files-'))
  const tally = new Tally(folder)
  const before = stage.recorder.sensor.counters()
  await hammer(folder, tally)
  const after = stage.recorder.sensor.counters()
  const lost = ['ring_full', 'scratch_busy', 'recursion'].reduce(
    (sum, place) => sum + (after[place] ?? 0) - (before[place] ?? 0),
    0,
  )
  assert.deepEqual(tally.faults, [])
  const execs = processes * Math.ceil(opensOfEach / opensBetweenExecs)
  const done = processes * opensOfEach + execs
  const seen = tally.opens + tally.execs
  assert.ok(seen <= done, `${seen} events of ${done} things done`)
  assert.ok(seen + lost >= done, `${done} things done, ${seen} events, ${lost} counted as lost`)
  assert.ok(seen > done / 2, `${seen} events of ${done} are few: ${JSON.stringify(after)}`)
  for (const place of ['read_kernel', 'record_full', 'path_deep']) {
    assert.equal((after[place] ?? 0) - (before[place] ?? 0), 0, place)
  }
})
