/**
 * Opens come to their filter without what rules ask seldom, which is filled once it lets them
 * through: they are told as whole as ever, and a filter that asks for it gets it.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Agent } from '@bulwark/agent'
import { machineOf } from './inner.ts'
import { chosen, readObject } from './recorder.ts'
import { checkNothingOpen, skip } from './stage.ts'
import { loadRules } from './watcher.ts'

const timeout = 120_000
const waitMsMax = 30_000

const folder = mkdtempSync(join(tmpdir(), 'bulwark-late-'))
const file = join(folder, 'file')
writeFileSync(file, '')
const { ino } = statSync(file)
process.on('exit', () => rmSync(folder, { recursive: true }))
/** Names the file by a path that goes up. */
const roundabout = join(folder, '..') + `/${basename(folder)}/../${basename(folder)}/file`

const output = '%fd.nameraw %fd.name %fd.ino %thread.tid %thread.vtid %proc.ppid %group.gid'

interface Heard {
  readonly outputs: readonly string[]
  readonly isShort: boolean
  readonly dropped: number
}

/** The text with numbers of processes by their order. */
const namedBy = (pids: readonly number[], text: string): string =>
  pids.reduce((all, pid, i) => all.replace(new RegExp(` ${pid}(?= )`, 'g'), ` cat${i}`), text)

/** So many bytes more of environment for each: the arguments of all lie all over a page. */
const stepBytes = 67

/** What is told of `cat`s of these paths, once filters are in place, until the last one is. */
const hear = async (condition: string, paths: readonly string[]): Promise<Heard> => {
  const machine = machineOf(process.arch)
  assert.ok(machine)
  const outputs: string[] = []
  const rules =
    `- rule: r\n  desc: d\n  condition: evt.is_open_read = true and ${condition}\n` +
    `  output: "${output}"\n  priority: INFO\n`
  const agent = await Agent.start({
    object: readObject(),
    backend: chosen,
    machine,
    rules: loadRules(rules),
    matching: 'first',
    criSockets: [],
    onAlert: (alert) => outputs.push(alert.output),
    log: () => {},
    onFault: (error) => {
      throw error
    },
  })
  try {
    await agent.filtersInPlace
    const pids = paths.map((path, i) => {
      const env = { BULWARK_TEST_PADDING: 'x'.repeat(stepBytes * i) }
      return spawnSync('/bin/cat', [path], { env }).pid
    })
    const last = ` ${pids.at(-1)} `
    const isThere = (): boolean => outputs.some((text) => text.includes(last))
    for (const end = Date.now() + waitMsMax; !isThere() && Date.now() < end;) await nextTurn()
    return {
      outputs: outputs.map((text) => namedBy(pids, text.replace(/^.*Informational /, ''))),
      isShort: agent.sensor.filterBase.shortOpens[0] === 1,
      dropped: agent.filters?.counts().dropped.get('open') ?? 0,
    }
  } finally {
    agent.close()
  }
}

const told = (raw: string, cat: string): string =>
  `${raw} ${file} ${ino} ${cat} ${cat} ${process.pid} ${process.getgid?.()}`

test(
  'what a filter lets through is filled, and the path as given is read for it',
  { skip, timeout },
  async () => {
    const up = `fd.nameraw contains /${basename(folder)}/../`
    const { outputs, isShort, dropped } = await hear(up, [file, roundabout])
    assert.deepEqual(outputs, [told(roundabout, 'cat1')])
    assert.equal(isShort, true)
    assert.ok(dropped > 0)
  },
)

/** The roundabout path, and the straight one, of so many bytes. */
const ofLength = (bytes: number, up: boolean): string => {
  const [begin, end] = up
    ? [join(folder, '..'), `/${basename(folder)}/../${basename(folder)}/file`]
    : [folder, '/file']
  return begin + '/'.repeat(bytes - begin.length - end.length) + end
}

test(
  'the path as given is read, however long it is and wherever in a page it lies',
  { skip, timeout },
  async () => {
    const lengths = Array.from({ length: 64 }, (_, i) => roundabout.length + i)
    const [up, straight] = [true, false].map((is) => lengths.map((each) => ofLength(each, is)))
    assert.ok(up && straight)
    const condition = `fd.nameraw contains /${basename(folder)}/../`
    const { outputs, dropped } = await hear(condition, [...straight, ...up])
    const rawOf = (line: string): string => line.split(' ')[0] ?? ''
    // As it is told, slashes of a row are one.
    assert.deepEqual(outputs.map(rawOf), Array(up.length).fill(roundabout))
    assert.ok(dropped >= straight.length, `${dropped} were dropped`)
  },
)

test('a filter that asks for what may be missing has it', { skip, timeout }, async () => {
  const { outputs, isShort, dropped } = await hear(`fd.ino = ${ino}`, ['/etc/hostname', file])
  assert.deepEqual(outputs, [told(file, 'cat1')])
  assert.equal(isShort, false)
  assert.ok(dropped > 0)
})

test('nothing stays open', { skip }, checkNothingOpen)
