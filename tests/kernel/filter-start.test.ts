/**
 * How filters come to run: after the agent watches, while everything is delivered; and what becomes
 * of them when rules change, the agent ends or the kernel refuses meanwhile.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Agent, KernelFilters } from '@bulwark/agent'
import { CGROUP_STATES_MAX } from '@bulwark/schema'
import { cgroupMode, machineOf, readCgroups, rootCgroup, unifiedNumber } from './inner.ts'
import { chosen, readObject } from './recorder.ts'
import { checkNothingOpen, skip, useSetUp } from './stage.ts'
import { loadRules } from './watcher.ts'

const timeout = 120_000
const folder = '/bulwark-filter-start'
const waitMsMax = 30_000
/** No program of that type may be tail-called from a handler. */
const socketFilter = 1

const ruleText = (name: string, condition: string, output: string): string =>
  `- rule: ${name}\n  desc: d\n  condition: ${condition}\n  output: "${output}"\n  priority: INFO\n`

const opens = loadRules(
  ruleText('opens', `evt.type = openat and fd.name startswith ${folder}/`, '%fd.name'),
)
const removals = loadRules(
  ruleText(
    'removals',
    `evt.type in (unlink, unlinkat) and fs.path.name startswith ${folder}/`,
    'x',
  ),
)

const names: string[] = []
const log: string[] = []

/** One that watches for opens in the folder, and ends with the test. */
const startAgent = async (t: { after(undo: () => void): void }): Promise<Agent> => {
  const machine = machineOf(process.arch)
  assert.ok(machine)
  names.length = 0
  log.length = 0
  const agent = await Agent.start({
    object: readObject(),
    backend: chosen,
    machine,
    rules: opens,
    matching: 'first',
    criSockets: [],
    onAlert: ({ output }) => names.push(...(/\/\d+/.exec(output) ?? [])),
    log: (line) => log.push(line),
    onFault: (error) => log.push(`fault: ${String(error)}`),
  })
  t.after(() => agent.close())
  return agent
}

/** What it said of its filters. */
const said = (): readonly string[] => log.filter((line) => line.includes('filter'))

const kindsOf = ({ filters }: Agent): readonly string[] =>
  filters?.states.map(({ name }) => name) ?? []

const open = (number: number): void => {
  spawnSync('/bin/cat', [`${folder}/${number}`])
}

useSetUp(() => {})

test('before, while and after they come, a match is told', { skip, timeout }, async (t) => {
  const agent = await startAgent(t)
  assert.deepEqual(kindsOf(agent), [], 'it watches before they are in place')
  let number = 0
  let areThere = false
  void agent.filtersInPlace.then(() => (areThere = true))
  const step = async (): Promise<void> => {
    open(number++)
    await nextTurn()
  }
  while (!areThere) await step()
  assert.ok(kindsOf(agent).includes('open'), log.join('\n'))
  await step()
  const expected = Array.from({ length: number }, (_, i) => `/${i}`)
  for (const end = Date.now() + waitMsMax; names.length < number && Date.now() < end;) {
    await nextTurn()
  }
  assert.deepEqual(names, expected)
  assert.equal(said().length, 1)
  assert.match(said()[0] ?? '', /^filters in place after \d+ ms: .*open/)
})

test('rules that change meanwhile end with filters of their own', { skip, timeout }, async (t) => {
  const agent = await startAgent(t)
  await agent.changeRules(removals)
  assert.deepEqual(agent.filters?.rules, removals)
  assert.deepEqual(
    said().map((line) => line.replace(/\d+ ms.*/, '')),
    ['filters in place after ', 'filters in place after '],
  )
})

test('an end meanwhile leaves nothing of them', { skip, timeout }, async (t) => {
  for (const turns of [0, 1, 2, 8, 32]) {
    const agent = await startAgent(t)
    for (let i = 0; i < turns; i++) await nextTurn()
    agent.close()
    await agent.filtersInPlace
    assert.deepEqual(kindsOf(agent), [], `after ${turns} turns`)
  }
  checkNothingOpen()
})

test('an end while rules change leaves nothing of them', { skip, timeout }, async (t) => {
  for (const turns of [1, 8, 32]) {
    const agent = await startAgent(t)
    await agent.filtersInPlace
    const change = agent.changeRules(removals)
    for (let i = 0; i < turns; i++) await nextTurn()
    agent.close()
    await change
    assert.deepEqual(kindsOf(agent), [], `after ${turns} turns`)
  }
  checkNothingOpen()
})

test('what the kernel refuses is said, and its kind delivered', { skip, timeout }, async (t) => {
  const agent = await startAgent(t)
  await agent.filtersInPlace
  const { filters } = agent
  assert.ok(filters)
  const form = { type: socketFilter }
  const places = agent.sensor.filterPlaces.map((place) => Object.assign({}, place, { form }))
  const prepared = await filters.prepare(opens, places)
  filters.install(prepared, 0)
  assert.ok(filters.states.length > 0)
  for (const { refused } of filters.states) assert.ok(refused)
  assert.ok(log.includes('warning: no filter for events of open: all of them are delivered'))
  assert.match(log.at(-1) ?? '', /^filters in place after 0 ms: none$/)
  open(7)
  for (const end = Date.now() + waitMsMax; names.length < 1 && Date.now() < end;) await nextTurn()
  assert.deepEqual(names, ['/7'])
})

/** Rules that must be asked one by one. */
const wideRules = (count: number): string =>
  Array.from({ length: count }, (_, i) =>
    ruleText(
      `wide-${i}`,
      `evt.type = openat and user.uid > ${100_000 + i} and fd.ino < ${7 + i} and fd.num > ${50 + i}`,
      'x',
    ),
  ).join('')

test(
  'what is too large for the verifier is made of smaller programs',
  { skip, timeout },
  async (t) => {
    const agent = await startAgent(t)
    await agent.filtersInPlace
    const machine = machineOf(process.arch)
    assert.ok(machine)
    // One program of 12,000 jumps, of which the kernel remembers 8,192.
    const limits = { instructions: 1_000_000, branches: 1_000_000 }
    const kernel = { machine, tellsCgroups: false }
    const filters = new KernelFilters(agent.sensor.filterBase, kernel, {
      log: (line) => log.push(line),
      limits,
    })
    const rules = [...opens, ...loadRules(wideRules(4_000))]
    try {
      filters.install(await filters.prepare(rules, agent.sensor.filterPlaces), 0)
      const state = filters.states.find(({ name }) => name === 'open')
      assert.equal(state?.refused, undefined, log.join('\n'))
      assert.deepEqual(state?.weakened, [])
      assert.ok(state.programs > 4, `${state.programs} programs`)
      const warning = 'warning: the filter for events of open is made anew, of smaller programs'
      assert.ok(log.includes(warning), log.join('\n'))
      assert.ok(log.some((line) => line.startsWith('  cannot load program filter_')))
      open(11)
      for (const end = Date.now() + waitMsMax; names.length < 1 && Date.now() < end;)
        await nextTurn()
      assert.deepEqual(names, ['/11'])
    } finally {
      filters.close()
    }
  },
)

test('a slot that cannot be filled leaves its kind delivered', { skip, timeout }, async (t) => {
  const agent = await startAgent(t)
  await agent.filtersInPlace
  const { filters } = agent
  assert.ok(filters)
  const prepared = await filters.prepare(opens, agent.sensor.filterPlaces)
  for (const { program } of prepared.filters) program.close()
  filters.install(prepared, 0)
  assert.ok(filters.states.every(({ refused }) => refused?.includes('CLOSED')))
  assert.ok(log.includes('warning: no filter for events of open: all of them are delivered'))
  open(9)
  for (const end = Date.now() + waitMsMax; names.length < 1 && Date.now() < end;) await nextTurn()
  assert.deepEqual(names, ['/9'])
})

test('what a filter cannot hand over is told as a loss', { skip, timeout }, async (t) => {
  const agent = await startAgent(t)
  await agent.filtersInPlace
  for (const { exits } of agent.sensor.filterPlaces) exits.delete(new Uint8Array(4))
  open(8)
  const line = (): boolean => log.some((each) => /^lost \d+ events of unknown: not_/.test(each))
  for (const end = Date.now() + waitMsMax; !line() && Date.now() < end;) await nextTurn()
  assert.ok(line(), log.join('\n'))
  assert.ok((agent.lost['not_handed_over'] ?? 0) > 0)
  assert.deepEqual(names, [])
})

const skipCgroups =
  skip || (cgroupMode(readCgroups()) === 'none' ? 'no cgroups, none of which is told' : false)

test('more cgroups than the kernel has room for', { skip: skipCgroups, timeout }, async (t) => {
  const agent = await startAgent(t)
  await agent.filtersInPlace
  const { filters } = agent
  assert.ok(filters)
  assert.equal(filters.cgroupsUntold, 0)
  // No cgroup has such an id.
  const madeUp = (i: number): bigint => (1n << 62n) + BigInt(i)
  for (let i = 0; i < CGROUP_STATES_MAX; i++) {
    filters.tellCgroup(unifiedNumber, madeUp(i), 'container')
  }
  const untold = filters.cgroupsUntold
  assert.ok(untold > 0, 'those of the machine were there before')
  filters.tellCgroup(unifiedNumber, madeUp(CGROUP_STATES_MAX), 'container')
  assert.equal(filters.cgroupsUntold, untold + 1)
  // One that goes leaves room for the next, and what is told already can be told otherwise.
  filters.tellCgroup(unifiedNumber, madeUp(0), undefined)
  filters.tellCgroup(unifiedNumber, madeUp(CGROUP_STATES_MAX), 'container')
  filters.tellCgroup(unifiedNumber, rootCgroup, 'host')
  assert.equal(filters.cgroupsUntold, untold + 1)
  open(10)
  for (const end = Date.now() + waitMsMax; names.length < 1 && Date.now() < end;) await nextTurn()
  assert.deepEqual(names, ['/10'])
})
