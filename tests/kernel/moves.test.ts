/**
 * Moves of processes are told where a rule can ask for them. Rules that are about execs alone, each
 * of which says where its program begins, leave no program at the end of system calls; and where
 * later rules ask, it is known where processes went meanwhile.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { Agent } from '@bulwark/agent'
import { machineOf } from './inner.ts'
import { chosen, readObject } from './recorder.ts'
import { makeFolder, skip, useSetUp } from './stage.ts'
import { loadRules } from './watcher.ts'

const timeout = 60_000
let agent: Agent
let folder: string
const seen = new Map<string, string>()
let onSeen: () => void

const rulesOf = (condition: string, output: string): ReturnType<typeof loadRules> =>
  loadRules(
    `- rule: R\n  desc: d\n  condition: ${condition}\n  output: "${output}"\n  priority: INFO\n`,
  )
const aboutExecs = rulesOf('evt.type in (execve, execveat) and evt.failed = false', '%proc.cwd')

/** Whether this process has a program at the end of all system calls. */
const isAtAllCalls = (): boolean =>
  readdirSync('/proc/self/fdinfo').some((fd) => {
    try {
      return /^tp_name:\s*sys_exit$/m.test(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))
    } catch {
      return false // The descriptor of the folder that was read.
    }
  })

const callHooks = (): readonly string[] =>
  agent.sensor.hooks.map(({ name }) => name).filter((name) => /^(?:sys_exit|fexit):/.test(name))

useSetUp(async (undo) => {
  folder = makeFolder(undo)
  for (const name of ['first', 'second']) mkdirSync(join(folder, name))
  const machine = machineOf(process.arch)
  assert.ok(machine)
  agent = await Agent.start({
    object: readObject(),
    backend: chosen,
    machine,
    rules: aboutExecs,
    matching: 'first',
    criSockets: [],
    onAlert: ({ outputFields }) => {
      const name = outputFields.get('fd.name')
      if (typeof name !== 'string') return
      seen.set(name, String(outputFields.get('proc.cwd')))
      if (seen.size === 2) onSeen()
    },
    log: () => {},
    onFault: (error) => assert.fail(String(error)),
  })
  undo(() => agent.close())
})

/** Its child is made in one folder, and waits there; the shell itself goes on to another. Both are
 * there until they were seen: who has ended has no folder that could be asked for. */
const script = `
  cd first
  (read -r line <&3; read -r line < ../inner; read -r line <&3) &
  cd ../second
  echo moved
  read -r line
  read -r line < ../outer
  wait`

test(
  'rules about execs look at no call, and others know all the same',
  { skip, timeout },
  async (t) => {
    await agent.filtersInPlace
    assert.deepEqual(callHooks(), [])
    assert.equal(isAtAllCalls(), false)

    const [inner, outer] = [join(folder, 'inner'), join(folder, 'outer')]
    for (const file of [inner, outer]) writeFileSync(file, 'text\n')
    const shell = spawn('/bin/sh', ['-c', script], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
    })
    t.after(() => shell.kill('SIGKILL'))
    const [toShell, said, , toChild] = shell.stdio
    assert.ok(toShell && said && toChild instanceof Writable)
    const ended = once(shell, 'exit')
    await once(said, 'data')

    const bothSeen = new Promise<void>((resolve) => (onSeen = resolve))
    const isOurs = `evt.type in (open, openat) and fd.name in (${inner}, ${outer})`
    await agent.changeRules(rulesOf(`${isOurs} and proc.name = sh`, '%fd.name %proc.cwd'))
    if (chosen.backend === 'tracepoint' && !chosen.byPerf) assert.equal(isAtAllCalls(), true)
    toChild.write('go on\n')
    toShell.end('go on\n')
    await bothSeen
    toChild.end()
    await ended
    assert.equal(seen.get(inner), join(folder, 'first/'))
    assert.equal(seen.get(outer), join(folder, 'second/'))

    await agent.changeRules(aboutExecs)
    assert.deepEqual(callHooks(), [])
    assert.equal(isAtAllCalls(), false)
  },
)
