/** `bulwark demo` as a user starts it: two verdicts, and nothing left, whichever way it ends. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { findProgram } from '@bulwark/tools'
import { bulwark, mainFile, skip as noSensor } from '../running.ts'

const needs = [['runc'], ['script'], ['bash', 'dash']]
const lacks = needs
  .filter((names) => names.every((name) => findProgram(name) === undefined))
  .map((names) => names.join(' or '))
const skip = noSensor || (lacks.length > 0 && `no ${lacks.join(', no ')}`)
const timeout = 90_000

/** Cgroups of the demo's pods, folders, and containers that runc knows. */
const remains = (): readonly string[] => {
  const folders = readdirSync(tmpdir()).filter((name) => name.startsWith('bulwark-demo-'))
  const containers = existsSync('/run/runc')
    ? readdirSync('/run/runc').filter((id) => folders.length > 0 && /^[0-9a-f]{64}$/.test(id))
    : []
  const pods = JSON.parse(
    readFileSync(join(import.meta.dirname, '../clusters/shop/pods.json'), 'utf8'),
  ) as { readonly items: readonly { readonly metadata: { readonly uid: string } }[] }
  const slices = new Set(pods.items.map(({ metadata }) => metadata.uid.replaceAll('-', '_')))
  const cgroups = readdirSync('/sys/fs/cgroup', { withFileTypes: true }).flatMap(({ name }) =>
    ['', name].flatMap((hierarchy) => {
      const parent = join('/sys/fs/cgroup', hierarchy, 'kubepods.slice/kubepods-burstable.slice')
      return existsSync(parent) ? readdirSync(parent) : []
    }),
  )
  const ours = cgroups.filter((name) => [...slices].some((uid) => name.includes(uid)))
  return [...folders, ...containers, ...ours]
}

interface Started {
  readonly lines: AsyncIterator<string>
  readonly kill: (signal: NodeJS.Signals) => void
  readonly ended: Promise<{ readonly code: number | null; readonly log: string }>
}

const start = (t: TestContext, args: readonly string[] = []): Started => {
  const child = spawn(process.execPath, [mainFile, 'demo', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
    killSignal: 'SIGKILL',
  })
  t.after(() => child.kill('SIGKILL'))
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (log += chunk))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, log }))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return { lines, kill: (signal) => child.kill(signal), ended }
}

interface Told {
  readonly rule: string
  readonly output_fields: Readonly<Record<string, unknown>>
  readonly bulwark: {
    readonly context: {
      readonly severity: string
      readonly detection: string
      readonly suppressed_by?: { readonly name: string; readonly reason: string }
      readonly factors: readonly { readonly id: string }[]
    }
  }
}

test(
  'the same shell: critical in the one pod, suppressed in the other',
  { skip, timeout },
  async (t) => {
    const { lines, ended } = start(t, ['-o', 'json'])
    const told: Told[] = []
    for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
      told.push(JSON.parse(next.value) as Told)
    }
    const { code, log } = await ended
    assert.equal(code, 0, log)
    const [web, debug] = told
    assert.ok(web && debug && told.length === 2)
    assert.equal(web.rule, debug.rule)
    assert.equal(web.bulwark.context.detection, debug.bulwark.context.detection)
    assert.deepEqual(
      [web, debug].map(({ output_fields: fields }) => fields['k8s.ns.name']),
      ['shop-prod', 'shop-dev'],
    )
    const { context } = web.bulwark
    assert.equal(context.severity, 'critical')
    assert.equal(context.suppressed_by, undefined)
    const factors = new Set(context.factors.map(({ id }) => id))
    for (const id of ['exposure.internet', 'cve.owns-process']) assert.ok(factors.has(id), id)
    assert.equal(debug.bulwark.context.suppressed_by?.name, 'debug-pods')
    assert.deepEqual(remains(), [])
  },
)

test('a signal in the middle of it leaves nothing behind', { skip, timeout }, async (t) => {
  const { lines, kill, ended } = start(t)
  for (let line = ''; !line.startsWith('shop-prod/web');) {
    const next = await lines.next()
    assert.ok(next.done !== true, 'it ended before it began')
    line = next.value
  }
  kill('SIGINT')
  const { code, log } = await ended
  assert.equal(code, 1)
  assert.match(log, /ended \(SIGINT\)/)
  assert.deepEqual(remains(), [])
})

test('what one that was killed has left, the next one removes', { skip, timeout }, async (t) => {
  const killed = start(t)
  for (let line = ''; !line.startsWith('shop-prod/web');) {
    const next = await killed.lines.next()
    assert.ok(next.done !== true, 'it ended before it began')
    line = next.value
  }
  killed.kill('SIGKILL')
  await killed.ended
  assert.notDeepEqual(remains(), [])
  const { code, log } = await start(t, ['-o', 'json']).ended
  assert.equal(code, 0, log)
  assert.deepEqual(remains(), [])
})

test('what is missing is named: exit code 3', { skip, timeout }, async () => {
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  const { code, stdout, stderr } = await bulwark(['demo'], nobody)
  assert.deepEqual([code, stdout], [3, ''])
  assert.match(stderr, /what is missing:\n.* run as root\n.*help: /)
})
