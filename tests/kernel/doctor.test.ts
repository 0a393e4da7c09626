/**
 * `bulwark doctor` on this kernel, against what then really loads, and against the versions that
 * brought each feature: the one place where a version is looked at.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { isNativeError, openObject } from '@bulwark/native'
import { untoldOn } from '@bulwark/schema'
import { hasUring, machineOf, startSensor, uringSupport } from './inner.ts'
import { checkNothingOpen, makeFolder, skip, useSetUp } from './stage.ts'

const dist = join(import.meta.dirname, '../../dist')
const doctorMsMax = 120_000
const isGuest = process.env['BULWARK_GUEST'] !== undefined

interface Feature {
  readonly name: string
  readonly state: 'yes' | 'no' | 'unknown'
  readonly error?: string
  readonly needed: boolean
  readonly without?: string
  readonly remedy?: string
}

let code: number | null = null
let features: ReadonlyMap<string, Feature> = new Map()
let backend = ''
let byPerf = false
let untold: readonly string[] = []
let folder = ''
useSetUp((undo) => (folder = makeFolder(undo)))

const runDoctor = (...more: readonly string[]) => {
  const operands = [join(dist, 'bulwark.js'), 'doctor', ...more]
  return spawnSync(process.execPath, operands, { encoding: 'utf8', timeout: doctorMsMax })
}

before(() => {
  if (skip !== false) return
  const { status, stdout, stderr } = runDoctor('-o', 'json')
  code = status
  assert.ok(stdout.startsWith('{'), stderr)
  const answer = JSON.parse(stdout) as {
    readonly backend: string
    readonly byPerf: boolean
    readonly untold: readonly string[]
    readonly features: readonly (Feature & { readonly id: string })[]
  }
  features = new Map(answer.features.map((feature) => [feature.id, feature]))
  ;({ backend, byPerf } = answer)
  untold = answer.untold
})

const stateOf = (id: string): string => features.get(id)?.state ?? 'not told'

/** Whether something loads; what is loaded is closed again. */
const loads = (load: () => { close(): void }): 'yes' | 'no' => {
  try {
    load().close()
    return 'yes'
  } catch (error) {
    if (isNativeError(error)) return 'no'
    throw error
  } finally {
    checkNothingOpen()
  }
}

/** One program that reads as all do; not every program of an object is for every kernel. */
const loadExec = (file: string) => (): { close(): void } => {
  const object = openObject(readFileSync(join(dist, file)), 'doctor')
  try {
    for (const { name } of object.programs) object.setAutoload(name, name === 'on_exec')
    object.load()
    return object
  } catch (error) {
    object.close()
    throw error
  }
}

/** Of each way to tell a call, one; that every program loads is another test's. */
const loadedTypes = new Set(['openat', 'unlinkat', 'connect', 'sendto', 'getppid'])

/** The sensor on a backend, in the form that doctor says this kernel takes. */
const loadSensor = (name: string, hearsNames: boolean) => (): { close(): void } => {
  const machine = machineOf(process.arch)
  assert.ok(machine)
  const direct = stateOf('direct-reads') === 'yes' ? '.direct' : ''
  const form = byPerf ? '.perf' : direct
  return startSensor({
    object: readFileSync(join(dist, `${name}${form}.bpf.o`)),
    backend: name === 'security' ? 'security' : 'tracepoint',
    hearsNames,
    machine,
    types: loadedTypes,
    pid: process.pid,
  })
}

/** Linux versions that brought a feature; earlier ones do not have it. */
const floors: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  ring: [5, 8],
  'tracepoint-sys_exit': [5, 5],
  'tracepoint-sched_process_exec': [5, 5],
  'tracepoint-task_newtask': [5, 5],
  'tracepoint-sched_process_exit': [5, 5],
  'tracepoint-task_rename': [5, 5],
  'tracepoint-cgroup_mkdir': [5, 5],
  'task-btf': [5, 11],
  'task-registers': [5, 15],
  'direct-reads': [6, 2],
  'io-uring': [6, 0],
}

test('each feature is there from its version on, and not before', { skip }, () => {
  const [major = 0, minor = 0] = release().split('.').map(Number)
  for (const [id, [floorMajor, floorMinor]] of Object.entries(floors)) {
    const isThere = major > floorMajor || (major === floorMajor && minor >= floorMinor)
    assert.equal(stateOf(id), isThere ? 'yes' : 'no', `${id} on Linux ${release()}`)
  }
})

/** The rows of docs/kernels.md for this kernel: what doctor answers there. */
const documented = (): readonly (readonly [row: string, answer: string])[] => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/kernels.md'), 'utf8')
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
  const line = release().split('.').slice(0, 2).join('.')
  const column = rows[0]?.indexOf(line) ?? -1
  assert.ok(column > 0, `docs/kernels.md has no column ${line}`)
  return rows.slice(2).map((cells) => [cells[1] ?? '', cells[column] ?? ''])
}

/** What doctor says of the machine and of who asks. */
const notOfKernel = ['machine', 'right', 'cgroup-namespace', 'pid-namespace', 'cri-socket']

const skipDocumented = skip || (isGuest ? false : 'docs/kernels.md is about the guests')

test('what is documented of this kernel is so', { skip: skipDocumented }, () => {
  const rows = documented()
  for (const [row, answer] of rows) {
    assert.equal(row === 'backend chosen' ? backend : stateOf(row), answer, row)
  }
  const named = new Set(rows.map(([row]) => row))
  const more = [...features.keys()].filter((id) => !named.has(id))
  assert.deepEqual(more, notOfKernel, 'every feature of the kernel is documented')
})

test('the form of reading that doctor names is the one that loads', { skip }, () => {
  assert.equal(loads(loadExec('tracepoint.bpf.o')), 'yes')
  assert.equal(loads(loadExec('tracepoint.direct.bpf.o')), stateOf('direct-reads'))
})

test('the sensor loads when doctor says so, on either backend', { skip }, () => {
  assert.equal(loads(loadSensor('tracepoint', false)), 'yes')
  assert.equal(loads(loadSensor('security', stateOf('lsm') === 'yes')), stateOf('fexit'))
  assert.deepEqual([stateOf('sensor'), code], ['yes', 0])
  const isWhole = stateOf('fexit') === 'yes' && stateOf('held-functions') !== 'no'
  assert.equal(backend, isWhole ? 'security' : 'tracepoint')
  assert.equal(byPerf, stateOf('held-tracepoints') === 'no')
})

test('members of records that are not told here are those of the schema', { skip }, () => {
  const hears = backend === 'security' && stateOf('lsm') === 'yes'
  assert.deepEqual(untold, untoldOn(hears ? 'security' : 'tracepoint'))
})

test(
  'security hooks are there when the kernel lists them, and unknown when it does not',
  {
    skip,
  },
  () => {
    const list = '/sys/kernel/security/lsm'
    const expected = existsSync(list)
      ? readFileSync(list, 'utf8').trim().split(',').includes('bpf')
        ? 'yes'
        : 'no'
      : 'unknown'
    assert.equal(stateOf('lsm'), expected)
  },
)

test('io_uring is told, or what is missing of it is counted, or not even that', { skip }, () => {
  const { sees } = uringSupport()
  const { state, without = '' } = features.get('io-uring') ?? {}
  assert.equal(state, !hasUring() || sees === 'all' ? 'yes' : 'no')
  if (state === 'no') assert.equal(without.includes('counted'), sees === 'count')
})

test('each answer is one of three, and what is not yes says all there is to say', { skip }, () => {
  // Nearly no rules, so that the sensor as a whole is small.
  const rules = join(folder, 'none.yaml')
  writeFileSync(rules, '- list: nothing\n  items: []\n')
  const lines = runDoctor('--rules', rules).stdout.split('\n')
  for (const [id, { name, state, error, without = '', remedy = '', needed }] of features) {
    assert.ok(['yes', 'no', 'unknown'].includes(state), `${id}: ${state}`)
    assert.equal(
      error !== undefined,
      state === 'unknown',
      `${id}: unknown, and only that, says why`,
    )
    const at = lines.indexOf(`${name}: ${state === 'unknown' ? `cannot tell (${error})` : state}`)
    assert.notEqual(at, -1, `the text does not say of ${name} that it is ${state}`)
    const [lost = '', ...more] = lines.slice(at + 1, at + 4)
    if (state === 'yes') {
      assert.ok(!lost.startsWith(' '), `${id} is there, and yet ${lost}`)
      continue
    }
    assert.ok(without !== '' && remedy !== '', id)
    assert.equal(lost, `  without it: ${without}${needed ? ' (needed)' : ''}`)
    assert.ok(more.includes(`  to get it: ${remedy}`), id)
  }
})
