/** Which files run in real containers, from the kernel to the report of a whole agent. */
import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ContainerUsage, UsageReport } from '@bulwark/schema'
import { Agent } from '@bulwark/agent'
import type { Container, Lab } from '@bulwark/tools'
import { openLab } from '@bulwark/tools'
import { machineOf } from './inner.ts'
import { nothingProgram } from './program.ts'
import { chosen, readObject } from './recorder.ts'
import { skip, useSetUp } from './stage.ts'
import { loadRules } from './watcher.ts'

const timeout = 60_000

const rule = `
- rule: never
  desc: matches nothing that these tests do
  condition: evt.type = execve and proc.name = no-such-program
  output: none
  priority: INFO
`

let lab: Lab
let before: Container
const reports: UsageReport[] = []
let onReport = (): void => {}
let fault: unknown
let agent: Agent

const usagesOf = ({ id }: Container): readonly ContainerUsage[] =>
  reports.flatMap(({ containers }) => containers).filter((each) => each.id === id)

/** Waits for what is told of a container; a test has a time for it. */
const until = async (holds: () => boolean): Promise<void> => {
  if (holds()) return
  await new Promise<void>((done, reject) => {
    onReport = () => {
      if (fault) reject(new Error('the agent has ended', { cause: fault }))
      if (holds()) done()
    }
  })
}

const hasTold = (container: Container, path: string): boolean =>
  usagesOf(container).some(({ files }) => files.some((file) => file.path === path))

useSetUp(async (undo) => {
  lab = await openLab()
  undo(() => lab.close())
  before = await lab.createContainer({})
  agent = await Agent.start({
    object: readObject(),
    backend: chosen,
    machine: machineOf(process.arch) ?? 'x64',
    rules: loadRules(rule),
    matching: 'all',
    hostname: 'n1',
    onAlert: () => {},
    onUsage: (report) => {
      reports.push(report)
      onReport()
      return true
    },
    log: () => {},
    criSockets: [],
    onFault: (error) => (fault = error),
  })
  undo(() => agent.close())
  await agent.filtersInPlace
})

test('what ran before the agent did is told as running', { skip, timeout }, async () => {
  await until(() => usagesOf(before).some((each) => each.watched_since_ms !== null))
  const [first] = usagesOf(before)
  assert.equal(first?.pod, before.pod)
  assert.equal(first.namespace, before.namespace)
  const files = usagesOf(before).flatMap((each) => each.files)
  assert.ok(files.length > 0 && files.every(({ use }) => use === 'running'))
  assert.ok(
    files.every(({ path }) => path.startsWith('/bin/')),
    JSON.stringify(files),
  )
  assert.equal(reports[0]?.node, 'n1')
})

test(
  'what runs after that is told once, though no rule asks for it',
  { skip, timeout },
  async () => {
    const program = '/usr/bin/late'
    copyFileSync(nothingProgram(), join(`/proc/${before.pid}/root`, program))
    for (const _ of [1, 2]) await before.exec([program])
    await until(() => hasTold(before, program))
    const told = usagesOf(before).flatMap(({ files }) => files)
    const [file, ...more] = told.filter(({ path }) => path === program)
    assert.deepEqual([file?.use, file?.by, more.length], ['executed', 'late', 0])
  },
)

test('a container that comes later is watched from its beginning', { skip, timeout }, async () => {
  const later = await lab.createContainer({})
  await until(() => usagesOf(later).length > 0)
  const [first] = usagesOf(later)
  assert.ok(first?.watched_since_ms && !first.ended)
  // Its first program, and nothing of the runtime that set it up.
  assert.ok(first.files.every(({ path }) => /^\/(?:usr\/)?(?:bin|sbin)\//.test(path)))
  assert.equal(agent.counters.usedFilesCut, 0)
})
