/** Alerts to a real datagram socket, as a log daemon has one: form, restarts, and a slow daemon. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { PriorityName } from '@bulwark/policy'
import { Outputs, defaultForm, internalAlert } from '@bulwark/agent'
import { openHandles } from '@bulwark/native'
import { listenForDatagrams } from './listener.ts'

const timeout = 60_000

const pathOf = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-syslog-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'log')
}

const outputsOf = (socket: string, onLog: (line: string) => void = () => {}): Outputs =>
  new Outputs({
    settings: {
      form: 'text',
      alert: defaultForm,
      queue: { alertsMax: 1000, bytesMax: 64 * 1024 * 1024 },
      flushMs: 20_000,
      stdout: false,
      file: undefined,
      syslog: { socket, facility: 'local3' },
      program: undefined,
      http: undefined,
      server: undefined,
    },
    hostname: 'node1',
    terminal: { is: false, coloured: false },
    log: onLog,
    onGone: () => {},
  })

const send = (outputs: Outputs, message: string, priority: PriorityName = 'Warning'): void =>
  outputs.send(
    internalAlert({
      rule: 'R',
      priority,
      hostname: 'node1',
      timeNs: 1_795_428_672_000_000_345n,
      message,
      fields: [],
    }),
  )

test('each alert is a message with its level', { timeout }, async (t) => {
  const path = pathOf(t)
  const listener = await listenForDatagrams(t, path)
  const outputs = outputsOf(path)
  send(outputs, 'first é\n', 'Emergency')
  send(outputs, 'second', 'Debug')
  const [first, second] = [await listener.next(), await listener.next()]
  const head = `[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d bulwark\\[${process.pid}\\]: `
  assert.match(first, new RegExp(`^<152>${head}[\\d:.]+: Emergency first é\\\\n$`))
  assert.match(second, new RegExp(`^<159>${head}[\\d:.]+: Debug second$`))
  await outputs.close()
  assert.equal(openHandles().sockets, 0)
})

test('a daemon that is restarted gets what waited', { timeout }, async (t) => {
  const path = pathOf(t)
  const down = Promise.withResolvers<string>()
  const outputs = outputsOf(path, (line) => down.resolve(line))
  send(outputs, 'one')
  assert.match(
    await down.promise,
    /channel syslog: cannot connect to .*ENOENT.*; alerts wait for it/,
  )
  const first = await listenForDatagrams(t, path)
  assert.match(await first.next(), /: Warning one$/)
  await first.end()
  rmSync(path)
  send(outputs, 'two')
  const second = await listenForDatagrams(t, path)
  assert.match(await second.next(), /: Warning two$/)
  await outputs.close()
  assert.deepEqual(outputs.losses, [])
})

test('a slow daemon is waited for; what no daemon takes is counted', { timeout }, async (t) => {
  const path = pathOf(t)
  const listener = await listenForDatagrams(t, path)
  const full = Promise.withResolvers<string>()
  const outputs = outputsOf(path, (line) => full.resolve(line))
  listener.pause()
  for (let i = 0; i < 600; i++) send(outputs, `alert ${i}`)
  assert.match(await full.promise, /the queue of .* is full; alerts wait for it/)
  listener.resume()
  for (let i = 0; i < 600; i++) assert.ok((await listener.next()).endsWith(`alert ${i}`))
  send(outputs, 'x'.repeat(8 * 1024 * 1024))
  await outputs.close()
  assert.deepEqual(outputs.losses, [{ channel: 'syslog', reason: 'refused', count: 1 }])
})
