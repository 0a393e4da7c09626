/** `bulwark server` as a process, and agents' channels to it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as turn } from 'node:timers/promises'
import { bulwark } from '../testdata/bulwark.ts'
import { alertAt, channelTo } from '../testdata/channel.ts'
import { end, startServer, timeout } from '../testdata/running.ts'

const shop = join(import.meta.dirname, '../../tests/clusters/shop')
const folder = mkdtempSync(join(tmpdir(), 'bulwark-server-'))
after(() => rmSync(folder, { recursive: true }))
const fileOf = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

interface Told {
  readonly output: string
  readonly output_fields: Readonly<Record<string, unknown>>
  readonly bulwark: { readonly context?: { readonly severity: string } }
}

const local = ['--from-files', shop, '--listen', '127.0.0.1:0']

test(
  'an agent hands alerts over; the server tells them with their context',
  { timeout },
  async (t) => {
    const file = join(folder, 'alerts.json')
    const server = await startServer(t, [...local, '--file-path', file])
    const { outputs } = channelTo(t, server.url)
    outputs.send(alertAt(1))
    outputs.send(alertAt(2))
    const line = await server.alert()
    assert.match(line, /"evt.rawtime":1795000000000000001[,}]/)
    const { bulwark: own, ...told } = JSON.parse(line) as Told
    assert.equal(told.output, '11:06:40.000000001: Notice shell 1')
    const { context, ...rest } = own
    assert.equal(context?.severity, 'medium')
    assert.deepEqual(rest, {
      container_id: 'c',
      from_user_memory: true,
      pid: 7,
      pod_uid: 'u',
      policy: 'p',
      truncated: ['args'],
    })
    assert.match(await server.alert(), /Notice shell 2/)
    assert.equal(await end(server.child, 'SIGTERM'), 0)
    assert.equal(readFileSync(file, 'utf8').trimEnd().split('\n').length, 2)
    assert.match(await server.said('alerts received'), /2 alerts received: 2 judged, 0 without/)
  },
)

test('files are opened anew when a signal asks for it', { timeout }, async (t) => {
  const file = join(folder, 'moved.json')
  const server = await startServer(t, [...local, '--file-path', file])
  const { outputs } = channelTo(t, server.url)
  for (const [at, signal] of (['SIGHUP', 'SIGUSR1'] as const).entries()) {
    outputs.send(alertAt(at))
    while (!existsSync(file) || readFileSync(file, 'utf8') === '') await turn(20)
    renameSync(file, `${file}.${signal}`)
    server.child.kill(signal)
    await server.said('channels opened anew', at + 1)
  }
  assert.equal(await end(server.child, 'SIGTERM'), 0)
  const linesOf = (path: string): number => readFileSync(path, 'utf8').split('\n').length - 1
  assert.deepEqual([`${file}.SIGHUP`, `${file}.SIGUSR1`].map(linesOf), [1, 1])
  assert.doesNotMatch(server.log.join('\n'), /[Dd]ebugger/)
})

test('a server judges by the `context` of policies', { timeout }, async (t) => {
  const policy = fileOf(
    'policy.yaml',
    'apiVersion: bulwark.dev/v1alpha1\nkind: RuntimePolicy\nmetadata: {name: p}\nspec:\n' +
      '  rules: [{name: A shell, condition: evt.type = execve, output: x}]\n' +
      '  context: [{when: graph.has_token = true, effect: suppress, reason: it is tried}]\n',
  )
  const server = await startServer(t, [...local, '--policy', policy])
  const { outputs } = channelTo(t, server.url)
  outputs.send(alertAt(1))
  assert.match(
    await server.alert(),
    /"suppressed_by":\{"name":"p.context\[0\]","reason":"it is tried","source":"RuntimePolicy p spec/,
  )
})

test(
  'a server that is away loses no alert, and what its agent has no room for is told',
  { timeout },
  async (t) => {
    const first = await startServer(t, local)
    const { port } = new URL(first.url)
    assert.equal(await end(first.child, 'SIGTERM'), 0)
    const { outputs, said } = channelTo(t, first.url, { alertsMax: 2 })
    outputs.send(alertAt(1))
    assert.match(await said('cannot reach'), /ECONNREFUSED.*; alerts wait for it$/)
    outputs.send(alertAt(2))
    outputs.send(alertAt(3))
    const again = await startServer(t, ['--from-files', shop, '--listen', `127.0.0.1:${port}`])
    const told = [await again.alert(), await again.alert(), await again.alert()].join('\n')
    for (const expected of [
      /shell 1/,
      /shell 2/,
      /Alerts lost: 1 for channel server: more alerts/,
    ]) {
      assert.match(told, expected)
    }
    assert.match(await said('delivers again'), /channel server delivers again/)
  },
)

test(
  'a token that is not good yet holds alerts, and does not lose them',
  { timeout },
  async (t) => {
    const tokens = {
      server: fileOf('server.token', 'right'),
      agent: fileOf('agent.token', 'wrong'),
    }
    const server = await startServer(t, [...local, '--agent-token-file', tokens.server])
    const { outputs, said } = channelTo(t, server.url, { tokenFile: tokens.agent })
    outputs.send(alertAt(1))
    assert.match(await said('answers 401'), /the token is not the one of the server; alerts wait/)
    writeFileSync(tokens.agent, 'right\n')
    assert.match(await server.alert(), /shell 1/)
  },
)

test('wrong usage', { timeout }, async (t) => {
  const check = async (args: readonly string[], exit: number, said: RegExp): Promise<void> => {
    const { code, stdout, stderr } = await bulwark(['server', ...args])
    assert.deepEqual([code, stdout], [exit, ''], args.join(' '))
    assert.match(stderr, said)
  }
  const bad = fileOf('bad.pem', 'no certificate')
  const taken = createServer().listen(0, '127.0.0.1')
  t.after(() => taken.close())
  await once(taken, 'listening')
  const address = taken.address()
  const port = typeof address === 'object' ? address?.port : 0
  const files = ['--from-files', shop]
  await Promise.all([
    check([], 2, /no cluster is given, and this is no pod of one\n.*give `--kubeconfig FILE`/),
    check([...files, '--vulnerabilities', '/x'], 2, /'--vulnerabilities <path>' cannot be used/),
    check([...files, '--listen', `127.0.0.1:${port}`], 3, /cannot listen on .*EADDRINUSE/),
    check([...local, '--tls-cert', bad, '--tls-key', bad], 2, /cannot be used: .*\n.*as PEM/),
  ])
})
