/** Filters go by names of the host's users, and by addresses of hosts: of those that change while
 * `bulwark run` watches. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { end, skip, startRun, timeout, useRareProgram } from '../running.ts'

const uid = 424_242

const { folder, rules } = useRareProgram(() => '')
const file = (name: string): string => join(folder, name)
const privately = ['unshare', '--mount', '--propagation', 'private', '/bin/sh', '-c']
/** Its own view of a file that it reads names from. */
const withOwn = (path: string, own: string): readonly string[] => [
  ...privately,
  `mount --bind ${own} ${path} && exec "$@"`,
  'sh',
]
const passwd = file('passwd')
const hosts = file('hosts')

const ruleOf = (name: string, condition: string): string =>
  `- rule: ${name}\n  desc: d\n  priority: INFO\n  output: "%user.name"\n` +
  `  condition: evt.type = openat and ${condition}\n`

interface Told {
  readonly rule: string
  readonly output_fields: Readonly<Record<string, string>>
}

const readAs = (id: number, name: string): void => {
  const { status, stderr } = spawnSync('/bin/cat', [file(name)], { uid: id })
  assert.deepEqual([status, String(stderr)], [0, ''])
}

test('a user of the host gets a name', { skip, timeout }, async (t) => {
  chmodSync(folder, 0o755)
  for (const name of ['watched', 'last']) writeFileSync(file(name), '')
  copyFileSync('/etc/passwd', passwd)
  const named = ruleOf('named', `user.name = newcomer and fd.name = ${file('watched')}`)
  writeFileSync(rules, named + ruleOf('last', `fd.name = ${file('last')}`))
  const running = await startRun(t, rules, [], withOwn('/etc/passwd', passwd))
  const told = async (): Promise<readonly [rule: string, user: string | undefined]> => {
    const alert = JSON.parse(await running.alert()) as Told
    return [alert.rule, alert.output_fields['user.name']]
  }
  assert.match(await running.said('filters in place'), /: exec, open$/)
  readAs(uid, 'watched')
  readAs(0, 'last')
  assert.deepEqual(await told(), ['last', 'root'])

  appendFileSync(passwd, `newcomer:x:${uid}:${uid}::/:/bin/false\n`)
  assert.match(await running.said('filters in place', 2), /: exec, open$/)
  readAs(uid, 'watched')
  assert.deepEqual(await told(), ['named', 'newcomer'])
  assert.equal(await end(running.child, 'SIGTERM'), 0)
})

/** Nobody listens there. */
const connectTo = (address: string): Promise<void> =>
  new Promise((resolve) => {
    connect({ host: address, port: 9 }).once('error', () => resolve())
  })

const ofHost = (name: string, condition: string): string =>
  `- rule: ${name}\n  desc: d\n  priority: INFO\n  output: "%fd.sip"\n` +
  `  condition: evt.type = connect and proc.pid = ${process.pid} and ${condition}\n`

test('a host gets another address', { skip, timeout: 2 * timeout }, async (t) => {
  const own = readFileSync('/etc/hosts', 'utf8')
  const setAddress = (address: string): void =>
    writeFileSync(hosts, `${own}\n${address} api.test\n`)
  setAddress('127.0.9.1')
  writeFileSync(
    rules,
    ofHost('named', 'fd.sip.name = api.test') + ofHost('last', 'fd.sip = 127.0.9.9'),
  )
  const running = await startRun(t, rules, [], withOwn('/etc/hosts', hosts))
  const told = async (...addresses: readonly string[]): Promise<readonly string[]> => {
    for (const address of addresses) await connectTo(address)
    const { rule, output_fields: shown } = JSON.parse(await running.alert()) as Told
    return [rule, shown['fd.sip'] ?? '']
  }
  assert.match(await running.said('filters in place'), /: exec, connect$|: connect, exec$/)
  assert.deepEqual(await told('127.0.9.2', '127.0.9.1'), ['named', '127.0.9.1'])
  setAddress('127.0.9.2')
  await running.said('filters in place', 2)
  assert.deepEqual(await told('127.0.9.1', '127.0.9.2'), ['named', '127.0.9.2'])
  assert.deepEqual(await told('127.0.9.9'), ['last', '127.0.9.9'])
  assert.equal(await end(running.child, 'SIGTERM'), 0)
})
