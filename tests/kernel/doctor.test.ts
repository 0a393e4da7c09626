/**
 * `bulwark doctor` on this kernel, against what then really loads, and against the versions that
 * brought each feature: the one place where a version is looked at.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { isNativeError, openHandles, openObject } from '@bulwark/native'
import { machineOf, startSensor } from './inner.ts'
import { skip } from './stage.ts'

const dist = join(import.meta.dirname, '../../dist')
const doctorMsMax = 120_000
const isGuest = process.env['BULWARK_GUEST'] !== undefined

interface Feature {
  readonly state: 'yes' | 'no' | 'unknown'
  readonly needed: boolean
  readonly without?: string
  readonly remedy?: string
}

let code: number | null = null
let features: ReadonlyMap<string, Feature> = new Map()
let backend = ''

before(() => {
  if (skip !== false) return
  const operands = [join(dist, 'bulwark.js'), 'doctor', '-o', 'json']
  const { status, stdout, stderr } = spawnSync(process.execPath, operands, {
    encoding: 'utf8',
    timeout: doctorMsMax,
  })
  code = status
  assert.ok(stdout.startsWith('{'), stderr)
  const answer = JSON.parse(stdout) as {
    readonly backend: string
    readonly features: readonly (Feature & { readonly id: string })[]
  }
  features = new Map(answer.features.map((feature) => [feature.id, feature]))
  backend = answer.backend
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
    assert.deepEqual(openHandles(), { objects: 0, programs: 0, maps: 0, links: 0, rings: 0 })
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

/** The sensor on a backend, in the form of reading that doctor says this kernel takes. */
const loadSensor = (name: string) => (): { close(): void } => {
  const machine = machineOf(process.arch)
  assert.ok(machine)
  const form = stateOf('direct-reads') === 'yes' ? '.direct' : ''
  return startSensor({
    object: readFileSync(join(dist, `${name}${form}.bpf.o`)),
    backend: name === 'security' ? 'security' : 'tracepoint',
    machine,
    types: 'all',
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

const skipDocumented = skip || (isGuest ? false : 'docs/kernels.md is about the guests')

test('what is documented of this kernel is so', { skip: skipDocumented }, () => {
  const rows = documented()
  assert.ok(rows.length > 5)
  for (const [row, answer] of rows) {
    assert.equal(row === 'backend chosen' ? backend : stateOf(row), answer, row)
  }
})

test('the form of reading that doctor names is the one that loads', { skip }, () => {
  assert.equal(loads(loadExec('tracepoint.bpf.o')), 'yes')
  assert.equal(loads(loadExec('tracepoint.direct.bpf.o')), stateOf('direct-reads'))
})

test('the sensor loads when doctor says so, on either backend', { skip }, () => {
  assert.equal(loads(loadSensor('tracepoint')), 'yes')
  assert.equal(loads(loadSensor('security')), stateOf('fexit'))
  assert.deepEqual([stateOf('sensor'), code], ['yes', 0])
  assert.equal(backend, stateOf('fexit') === 'yes' ? 'security' : 'tracepoint')
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

test('what is missing comes with what is lost and with a remedy', { skip }, () => {
  for (const [id, { state, without = '', remedy = '' }] of features) {
    if (state !== 'yes') assert.ok(without !== '' && remedy !== '', id)
  }
})
