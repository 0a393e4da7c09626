/**
 * Other rules in the place of those that run, under load: each event is judged once, by the old
 * ones or by the new ones, or counted as lost; and the process table stays what it was.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import type { Rule } from '@bulwark/policy'
import type { Alert } from '@bulwark/agent'
import { Agent } from '@bulwark/agent'
import { machineOf } from './inner.ts'
import { chosen, readObject } from './recorder.ts'
import { skip, useSetUp } from './stage.ts'
import { loadRules } from './watcher.ts'

const timeout = 280_000
let agent: Agent
/** What alerts of opens say. Not the alerts: a slow machine has a million of them. */
const numbers: number[] = []
const judges = new Set<string>()
const parents = new Set<unknown>()
const log: string[] = []
const changes = 12
/** That are watched at least. */
const opensMin = 2_000
const folder = '/bulwark-reload'

const ruleText = (name: string, condition: string, output: string): string =>
  `- rule: ${name}\n  desc: d\n  condition: ${condition}\n  output: "${output}"\n  priority: INFO\n`

const opened = `evt.type = openat and fd.name startswith ${folder}/`
const shown = '%fd.name %proc.aname[2]'

/** So many that the filter of opens has parts. */
const wide = Array.from({ length: 3_000 }, (_, i) => {
  const tests = `user.uid > ${100_000 + i} and fd.ino < ${7 + i} and fd.num > ${50 + i}`
  return ruleText(`wide${i}`, `evt.type = openat and ${tests}`, 'x')
})

/** Sets of rules that want other hooks, and other things of them: each has the first rule. */
const sets: readonly (readonly Rule[])[] = [
  [],
  [
    ruleText(
      'messages',
      'evt.type in (sendto, sendmsg, write) and evt.buffer contains a',
      '%fd.name',
    ),
  ],
  [ruleText('names', 'evt.type in (unlink, unlinkat, connect, chmod)', '%fd.name')],
  [ruleText('environment', 'evt.type = execve and proc.env contains A', '%proc.env')],
  [ruleText('anything', 'proc.name = no-such-program', 'x')],
  wide,
].map((more, i) => loadRules(ruleText(`set${i}`, opened, shown) + more.join('')))

/** Opens what is not there, number after number until its input ends, and leaves the sensor time to
 * keep up. Says how many. */
const load = `
  const { openSync } = require('node:fs')
  const word = new Int32Array(new SharedArrayBuffer(4))
  let opens = 0
  let isOver = false
  const some = () => {
    for (let i = 0; i < 50; i++) try { openSync('${folder}/' + opens++) } catch {}
    Atomics.wait(word, 0, 0, 1)
    if (isOver) process.stdout.write(String(opens)) // console.log may colour a number
    else setImmediate(some)
  }
  process.stdin.on('end', () => { isOver = true }).resume()
  some()`

const onAlert = ({ rule, output, outputFields }: Alert): void => {
  if (!rule.startsWith('set')) return
  numbers.push(Number(/\/(\d+) /.exec(output)?.[1]))
  judges.add(rule)
  parents.add(outputFields.get('proc.aname[2]'))
}

const startAgent = async (): Promise<Agent> => {
  const machine = machineOf(process.arch)
  assert.ok(machine)
  return await Agent.start({
    object: readObject(),
    backend: chosen,
    machine,
    rules: sets[0] ?? [],
    matching: 'first',
    criSockets: [],
    onAlert,
    log: (line) => log.push(line),
    onFault: (error) => log.push(`fault: ${String(error)}`),
  })
}

useSetUp(async (undo) => {
  agent = await startAgent()
  undo(() => agent.close())
})

const hooksOf = ({ sensor }: Agent): readonly string[] =>
  sensor.hooks.map(({ name }) => name).toSorted()

test('each event is judged once while rules change', { skip, timeout }, async (t) => {
  const first = hooksOf(agent)
  const child = spawn(process.execPath, ['-e', load], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const said: Promise<string> = text(child.stdout)
  for (let i = 1; i < changes; i++) await agent.changeRules(sets[i % sets.length] ?? [])
  child.stdin.end()
  const opens = Number(await said)
  await agent.changeRules(sets[0] ?? [])
  t.diagnostic(`${changes} changes while ${opens} files were opened`)
  assert.deepEqual(
    log.filter((line) => line.startsWith('fault')),
    [],
  )
  assert.ok(opens >= opensMin, `${opens}`)
  // A machine that is too slow for the load sheds, or fills its ring, and says how many that cost.
  const { sensor } = agent
  const losses = sensor.losses(sensor.counters()).filter(({ hook }) => hook === 'openat')
  const lost = losses.reduce((sum, { count }) => sum + count, agent.shed)
  const missing = opens - numbers.length
  t.diagnostic(`${missing} of them are not told, ${lost} are counted as lost or shed`)
  const wrong = numbers.findIndex((number, i) => i > 0 && number <= (numbers[i - 1] ?? 0))
  assert.equal(wrong, -1, `${numbers[wrong]} comes after ${numbers[wrong - 1]}`)
  assert.ok(missing >= 0 && missing <= lost, `${missing} missing, ${lost} lost: ${log.join('; ')}`)
  assert.equal(judges.size, sets.length)
  assert.equal(parents.size, 1, [...parents].join(' '))
  assert.deepEqual(hooksOf(agent), first)
})
