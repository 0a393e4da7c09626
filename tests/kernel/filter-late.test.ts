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
    const pids = paths.map((path) => spawnSync('/bin/cat', [path]).pid)
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

test('a filter that asks for what may be missing has it', { skip, timeout }, async () => {
  const { outputs, isShort, dropped } = await hear(`fd.ino = ${ino}`, ['/etc/hostname', file])
  assert.deepEqual(outputs, [told(file, 'cat1')])
  assert.equal(isShort, false)
  assert.ok(dropped > 0)
})

test('nothing stays open', { skip }, checkNothingOpen)
