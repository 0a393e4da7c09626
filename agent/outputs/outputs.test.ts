/** Several channels at once: one that hangs holds up no other, and all hear of what it lost. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { PriorityName } from '@bulwark/policy'
import { defaultForm, spoken } from '../alert.ts'
import type { Alert } from '../alert.ts'
import type { OutputSettings } from './settings.ts'
import { Outputs, lostAlertsRule } from './outputs.ts'
import { fileWith, folderOf, httpSettings, linesIn } from './testdata/entries.ts'

const timeout = 30_000

const alert = (message: string, priority: PriorityName = 'Warning'): Alert => ({
  uuid: 'u',
  rule: 'R',
  source: 'syscall',
  tags: ['b', 'a'],
  hostname: 'node1',
  ...spoken(1_795_428_672_000_000_345n, priority, message),
  outputFields: new Map([['proc.name', message]]),
  bulwark: {
    pid: 1,
    containerId: undefined,
    podUid: undefined,
    truncated: [],
    fromUserMemory: false,
  },
})

const settings = (more: Partial<OutputSettings>): OutputSettings => ({
  form: undefined,
  alert: defaultForm,
  queue: { alertsMax: 1000, bytesMax: 1024 * 1024 },
  flushMs: 10_000,
  stdout: false,
  file: undefined,
  syslog: undefined,
  program: undefined,
  http: undefined,
  server: undefined,
  ...more,
})

const file = (path: string): OutputSettings['file'] => ({ path, rotateBytes: 0, keep: 1 })

const outputsOf = (
  of: OutputSettings,
): { readonly outputs: Outputs; readonly said: readonly string[] } => {
  const said: string[] = []
  const outputs = new Outputs({
    settings: of,
    hostname: 'node1',
    terminal: { is: false, coloured: false },
    log: (line) => said.push(line),
    onGone: () => {},
  })
  return { outputs, said }
}

interface Read {
  readonly rule: string
  readonly output_fields: Readonly<Record<string, unknown>>
}

const hanging = async (t: TestContext): Promise<OutputSettings['http']> => {
  const server = createServer(() => {})
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return httpSettings(`http://127.0.0.1:${port}/`, { timeoutMs: 60_000 })
}

test('a channel that hangs holds up no other; its losses are told', { timeout }, async (t) => {
  const path = join(folderOf(t), 'alerts')
  const http = await hanging(t)
  const queue = { alertsMax: 2, bytesMax: 1000 }
  const { outputs, said } = outputsOf(settings({ http, file: file(path), queue, flushMs: 100 }))
  assert.deepEqual(outputs.channels, ['file', 'http'])
  for (let i = 0; i < 2; i++) outputs.send(alert(`${i}`))
  while (outputs.waiting.get('file') !== 0) await new Promise((resolve) => setImmediate(resolve))
  for (let i = 2; i < 4; i++) outputs.send(alert(`${i}`))
  const text = await fileWith(path, (now) => now.includes(lostAlertsRule))
  const read = linesIn(text).map((line) => JSON.parse(line) as Read)
  assert.deepEqual(
    read.map(({ rule }) => rule),
    ['R', 'R', 'R', 'R', lostAlertsRule],
  )
  const { 'evt.time': told, ...fields } = read.at(-1)?.output_fields ?? {}
  assert.ok(typeof told === 'number')
  assert.deepEqual(fields, {
    'lost.channel': 'http',
    'lost.count': 2,
    'lost.reason': 'queue_full',
  })
  await outputs.close()
  const losses = outputs.losses.map(({ channel, reason, count }) => `${channel} ${reason} ${count}`)
  // The two that waited, and the alert about the others.
  assert.deepEqual(losses, ['http queue_full 2', 'http stopped 3'])
  assert.match(said.at(-1) ?? '', /^channel http lost 3 alerts: the agent stopped/)
})

test(
  'other settings: what waits goes to the new channel, what is the same goes on',
  { timeout },
  async (t) => {
    const folder = folderOf(t)
    const [first, second, kept] = ['first', 'second', 'kept'].map((name) => join(folder, name))
    assert.ok(first !== undefined && second !== undefined && kept !== undefined)
    const program = { command: `cat >> ${kept}`, keepAlive: true, timeoutMs: 10_000 }
    const before = settings({ file: file(join(folder, 'nowhere', 'x')), program, flushMs: 200 })
    const { outputs, said } = outputsOf(before)
    outputs.send(alert('one'))
    outputs.rehearse(alert('nobody is told'))
    await fileWith(kept, (text) => text.includes('one'))
    await outputs.change({ ...before, form: 'text', file: file(first) })
    outputs.send(alert('two'))
    await outputs.change({ ...before, flushMs: 10_000, file: file(second) })
    outputs.send(alert('three'))
    await outputs.close()
    const words = (path: string): readonly string[] =>
      linesIn(readFileSync(path, 'utf8')).map((line) => /one|two|three/.exec(line)?.[0] ?? '')
    assert.deepEqual(words(first), ['one', 'two'])
    assert.deepEqual(words(second), ['three'])
    assert.deepEqual(words(kept), ['one', 'two', 'three'])
    assert.match(readFileSync(first, 'utf8'), /: Warning two\n/)
    assert.deepEqual(outputs.losses, [])
    assert.ok(
      said.every((line) => !line.includes('lost 1')),
      said.join('\n'),
    )
  },
)

test('a channel that is taken away tells what it did not deliver', { timeout }, async (t) => {
  const folder = folderOf(t)
  const path = join(folder, 'alerts')
  const before = settings({ file: file(path), http: await hanging(t), flushMs: 50 })
  const { outputs, said } = outputsOf(before)
  outputs.send(alert('one'))
  await outputs.change({ ...before, http: undefined })
  await fileWith(path, (text) => text.includes(lostAlertsRule))
  await outputs.close()
  assert.ok(said.some((line) => line.startsWith('channel http lost 1 alerts: the agent stopped')))
})
