/**
 * Filters that look twice, the second time at the ancestors of a process: an agent with them tells
 * what one without them does, whatever became of those above; and what rules except by a parent or
 * by one above it never arrives.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Agent } from '@bulwark/agent'
import { machineOf } from './inner.ts'
import { chosen, readObject } from './recorder.ts'
import { callsProgram } from './program.ts'
import { checkNothingOpen, skip, useSetUp } from './stage.ts'
import { loadRules } from './watcher.ts'

const timeout = 120_000
const waitMsMax = 30_000
const readsExcepted = 10_000

const names = ['sh', 'allowed', 'above_allowed_1', 'cat']
const list = `(${names.join(', ')})`

/** What rules ask of ancestors, in every form. */
const conditions = [
  'proc.pname = sh',
  'not proc.pname = allowed',
  'proc.pname startswith a',
  'not proc.pname exists',
  `proc.aname in ${list}`,
  'not proc.aname = allowed',
  'proc.aname contains allowed',
  'proc.aname[1] = allowed',
  'proc.aname[2] = allowed',
  'not proc.aname[2] = above_allowed_1',
  'not proc.aname[3] in (allowed, above_allowed_1)',
  'proc.aname[3] = allowed',
  'proc.aname[3] exists',
  'not proc.aname[9] exists',
  'proc.name = cat and proc.aname[2] = sh and not proc.aname[3] startswith above',
]

const folder = mkdtempSync(join(tmpdir(), 'bulwark-ancestors-'))
after(() => rmSync(folder, { recursive: true }))

const ruleText = (name: string, path: string, condition: string): string =>
  `- rule: ${name}\n  desc: d\n  condition: evt.type in (open, openat) and ` +
  `fd.name startswith ${folder}/${path} and ${condition}\n  output: "%fd.name"\n  priority: INFO\n`

/** A rule for each, which is about a folder of its own. */
const rules = loadRules(
  conditions
    .map((condition, i) => ruleText(`r${i}`, `${i}/`, condition))
    .concat(ruleText('bell', 'bell', 'proc.name = cat'))
    .join(''),
)

/** An agent, and what it told: file and rule. */
interface Watching {
  readonly agent: Agent
  readonly told: string[]
  readonly log: string[]
}

const watch = async (of: typeof rules, kernelFilter: boolean): Promise<Watching> => {
  const machine = machineOf(process.arch)
  assert.ok(machine)
  const told: string[] = []
  const log: string[] = []
  const agent = await Agent.start({
    object: readObject(),
    backend: chosen,
    machine,
    rules: of,
    matching: 'all',
    kernelFilter,
    criSockets: [],
    onAlert: ({ rule, output }) => told.push(`${/[^/]*$/.exec(output)?.[0] ?? ''}: ${rule}`),
    log: (line) => log.push(line),
    onFault: (error) => log.push(`fault: ${String(error)}`),
  })
  await agent.filtersInPlace
  return { agent, told, log }
}

/** Runs a script of a shell to its end, with the folder as its first argument. */
const shell = (script: string): void => {
  const { status, stderr } = spawnSync('/bin/sh', ['-c', script, 'sh', folder])
  assert.deepEqual([status, String(stderr)], [0, ''], script)
}

const rename = (name: string): string => `printf ${name} > /proc/$$/comm`

/** Reads the file of that name in each rule's folder. */
const read = (name: string): string => `cat "$1"/*/"${name}"`

/** Who opens: by the name of the files. */
const acts: Readonly<Record<string, string>> = {
  child: `${read('child')}; :`,
  'child of one renamed': `${rename('allowed')}; ${read('child of one renamed')}; :`,
  // A subshell is a copy, called like its maker.
  'two below one renamed': `${rename('above_allowed_1')}; (${read('two below one renamed')}; :); :`,
  'three below': `${rename('allowed')}; ( (${read('three below')}; :); :); :`,
  'deep below': `${rename('above_allowed_1')}; ${'( '.repeat(9)}${read('deep below')}${'; :)'.repeat(9)}; :`,
  // Its maker ends before it opens: it is the child of another process then.
  orphan: `${rename('allowed')}; (while [ -d /proc/$$ ]; do :; done; ${read('orphan')}; :) & :`,
  // So does the maker of its parent.
  'child of an orphan': `${rename('allowed')}; (while [ -d /proc/$$ ]; do :; done; (${read('child of an orphan')}; :); :) & :`,
}

const subreaper = 'child of one with a subreaper'
const setSubreaper = 36

/** Its maker's maker ends, and it is the child of a child of a subreaper. */
const belowSubreaper =
  `printf reaper > /proc/self/comm; ` +
  `(printf allowed > /proc/self/comm; read -r pid rest < /proc/self/stat; ` +
  `(while [ -d /proc/$pid ]; do :; done; (${read(subreaper)}; :); : > "$1/done") & :); ` +
  `until [ -e "$1/done" ]; do :; done`

/** Runs a script of a shell that orphans are given to. */
const subreaperShell = (script: string): void => {
  const becomeReaper = ['prctl', `%${setSubreaper}`, '%1']
  const shellArguments = ['[', '=sh', '=-c', `=${script}`, '=sh', `=${folder}`, '%0', ']']
  const becomeShell = ['execve', '=/bin/sh', ...shellArguments, '%0']
  const { status, stderr } = spawnSync(callsProgram(), [...becomeReaper, ...becomeShell])
  assert.deepEqual([status, String(stderr)], [0, ''], script)
}

useSetUp(() => {
  callsProgram()
  for (const file of ['bell', 'excepted']) writeFileSync(join(folder, file), '')
  for (const i of conditions.keys()) {
    mkdirSync(join(folder, `${i}`))
    for (const name of [...Object.keys(acts), subreaper])
      writeFileSync(join(folder, `${i}`, name), '')
  }
})

/** Waits until both have told what a last reader does. */
const settle = async (all: readonly Watching[]): Promise<void> => {
  await pause(300)
  shell('cat "$1/bell"; :')
  const isDone = (): boolean =>
    all.every(({ told }) => told.some((each) => each.startsWith('bell: ')))
  for (const end = Date.now() + waitMsMax; !isDone() && Date.now() < end;) await pause(10)
  assert.ok(isDone(), all.flatMap(({ log }) => log).join('\n'))
}

test('it tells what one without filters does', { skip, timeout }, async (t) => {
  const both = await Promise.all([watch(rules, true), watch(rules, false)])
  t.after(() => both.forEach(({ agent }) => agent.close()))
  const [filtering, whole] = both
  assert.ok(filtering && whole)
  const state = filtering.agent.filters?.states.find(({ name }) => name === 'open')
  assert.equal(state?.refused, undefined, filtering.log.join('\n'))
  assert.equal(state?.looksTwice, true)
  for (const script of Object.values(acts)) shell(script)
  subreaperShell(belowSubreaper)
  await settle(both)
  assert.deepEqual(filtering.told.toSorted(), whole.told.toSorted())
  for (const name of [...Object.keys(acts), subreaper]) {
    const told = whole.told.filter((each) => each.startsWith(`${name}: `))
    assert.ok(told.length > 2 && told.length < conditions.length, `${name}: ${told.join('\n')}`)
  }
  assert.deepEqual(
    [...filtering.log, ...whole.log].filter((line) => /fault|lost|warn/.test(line)),
    [],
  )
})

test('what is excepted by an ancestor never arrives', { skip, timeout }, async (t) => {
  const excepted = 'not proc.pname = allowed and not proc.aname[2] = above_allowed_1'
  const watching = await watch(loadRules(ruleText('reads', '', excepted)), true)
  t.after(() => watching.agent.close())
  const { agent, told } = watching
  const before = agent.eventsByKind.slice()
  const openKind = agent.filters?.states.find(({ name }) => name === 'open')?.kind ?? 0
  const reads = `i=0; while [ $i -lt ${readsExcepted / 2} ]; do read -r line < "$1/excepted"; i=$((i + 1)); done`
  shell(`${rename('allowed')}; (${reads}); :`)
  shell(`${rename('above_allowed_1')}; ( (${reads}); :); :`)
  assert.equal(
    (agent.eventsByKind[openKind] ?? 0) - (before[openKind] ?? 0),
    0,
    'none is delivered',
  )
  await settle([watching])
  assert.deepEqual(told, ['bell: reads'])
  const dropped = agent.filters?.counts().dropped.get('open') ?? 0
  assert.ok(dropped >= readsExcepted, `${dropped} were dropped`)
  agent.close()
  checkNothingOpen()
})
