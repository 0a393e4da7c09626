/** Filters go by the names of the host's users: one that gets a name while `bulwark run` watches. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { end, skip, startRun, timeout, useRareProgram } from '../running.ts'

const uid = 424_242

const { folder, rules } = useRareProgram(() => '')
const file = (name: string): string => join(folder, name)
const passwd = file('passwd')
/** Its own view of the one file that it reads names from. */
const withPasswd = ['unshare', '--mount', '--propagation', 'private', '/bin/sh', '-c']
const by = [...withPasswd, `mount --bind ${passwd} /etc/passwd && exec "$@"`, 'sh']

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
  const running = await startRun(t, rules, [], by)
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
