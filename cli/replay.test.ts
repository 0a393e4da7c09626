/** `bulwark replay`: the session that comes with Bulwark, whole and damaged; machines without sensor. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bulwark } from './testdata/bulwark.ts'

const demo = join(import.meta.dirname, '../rules/attacks.bulwark')
let folder = ''
let rules = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-replay-'))
  rules = join(folder, 'rules.yaml')
  writeFileSync(
    rules,
    '- rule: Shell\n  desc: d\n  condition: evt.type = execve and proc.name = sh\n' +
      '  output: ran %proc.cmdline\n  priority: NOTICE\n',
  )
})
after(() => rmSync(folder, { recursive: true }))

interface Alert {
  readonly rule: string
  readonly hostname: string
  readonly uuid: string
  readonly output_fields: Readonly<Record<string, unknown>>
}

const alertsOf = (stdout: string): readonly Alert[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Alert)

const withoutUuid = (alert: Alert): Alert => ({ ...alert, uuid: '' })

const again = 'make demo'

test('the recorded session is small, and tells nothing of where it was made', async () => {
  assert.ok(readFileSync(demo).length < 200_000, again)
  const all = join(folder, 'all.yaml')
  writeFileSync(
    all,
    '- rule: All\n  desc: d\n  condition: evt.num > 0\n  priority: NOTICE\n' +
      '  output: "%evt.args %proc.env %proc.aenv %proc.acmdline %proc.aexepath %proc.cwd %user.name"\n',
  )
  const { stdout } = await bulwark(['replay', demo, '--rules', all, '-o', 'json'])
  assert.ok(alertsOf(stdout).length > 1000)
  // Not what the lab makes: the folder `work` of an overlay, and the homes of an image.
  const told = /(?<![0-9a-f]{8})\/work\/|(?<!image)\/home\/|PWD=|TOKEN=|SECRET|_KEY=/g
  assert.deepEqual([...new Set(stdout.match(told))], [])
})

test('folded, the recorded session gives as many alerts in fewer lines', async () => {
  const opens = join(folder, 'opens.yaml')
  writeFileSync(
    opens,
    '- rule: Opens\n  desc: d\n  condition: evt.type = openat\n' +
      '  output: opened by %proc.name (%proc.pid)\n  priority: NOTICE\n',
  )
  const told = async (which: string): Promise<readonly Alert[]> => {
    const options = ['--rules', opens, '-o', 'json', '--fold-rules', which]
    return alertsOf((await bulwark(['replay', demo, ...options])).stdout)
  }
  const [each, said, all] = [await told('none'), await told('said'), await told('all')]
  assert.deepEqual(said.map(withoutUuid), each.map(withoutUuid), 'the rule says nothing of it')
  const counts = all.map((alert) => Number(alert.output_fields['fold.count'] ?? 1))
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    each.length,
  )
  assert.ok(all.length < each.length, `${all.length} lines, ${each.length} alerts`)
})

test('the recorded session gives its alerts', async () => {
  const { code, stdout, stderr } = await bulwark(['replay', '--demo'])
  assert.equal(code, 0, stderr)
  assert.match(
    stderr,
    /replayed \d+ events of demo in [\d.]+ s \(\d+ events\/s\): \d+ alerts/,
    again,
  )
  assert.doesNotMatch(stderr, /warning: the capture|damaged|cannot read/, again)
  const alerts = alertsOf(stdout)
  const names = new Set(alerts.map(({ rule }) => rule))
  assert.ok(names.size >= 6, `${[...names].join(', ')}; ${again}`)
  for (const { hostname, output_fields: fields } of alerts) {
    assert.equal(hostname, 'demo')
    assert.equal(fields['k8s.ns.name'], 'shop')
    assert.doesNotMatch(JSON.stringify(fields), /\/work\/|\/home\//)
  }
})

test('other rules over it, in text', async () => {
  const { code, stdout } = await bulwark(['replay', demo, '--rules', rules, '-o', 'text'])
  assert.equal(code, 0)
  assert.match(stdout, /^\d\d:\d\d:\d\d\.\d{9}: Notice ran sh /m)
  const none = await bulwark(['replay', demo, '--rules', rules, '--priority', 'critical'])
  assert.deepEqual([none.code, none.stdout], [0, ''])
})

test('a file of rules with a fault, or a faulty policy: the rest runs, and the exit code says it', async () => {
  const broken = join(folder, 'broken.yaml')
  writeFileSync(broken, '- rule: A\n  desc: d\n  condition: evt.type = (\n')
  const policy = join(folder, 'policy.yaml')
  writeFileSync(policy, 'kind: RuntimePolicy\napiVersion: bulwark.dev/v1alpha1\nmetadata: {}\n')
  for (const more of [
    ['--rules', broken],
    ['--policy', policy],
  ]) {
    const args = ['replay', demo, '--rules', rules, ...more, '-o', 'text']
    const { code, stdout, stderr } = await bulwark(args)
    assert.equal(code, 1, stderr)
    assert.match(stderr, /: error: [^]*replayed \d+ events/)
    assert.match(stdout, /Notice ran sh /)
  }
})

const damaged = (name: string, damage: (bytes: Buffer) => Buffer): string => {
  const path = join(folder, name)
  writeFileSync(path, damage(readFileSync(demo)))
  return path
}

test('what is damaged is said, and the rest is replayed', async () => {
  const check = async (path: string, code: number, expected: RegExp): Promise<void> => {
    const ended = await bulwark(['replay', path, '--rules', rules])
    assert.equal(ended.code, code, ended.stderr)
    assert.match(ended.stderr, expected)
  }
  const flip = (at: number) => (bytes: Buffer) => {
    bytes[at] = (bytes[at] ?? 0) ^ 16
    return bytes
  }
  const half = readFileSync(demo).length >> 1
  await check(
    damaged('flipped', flip(half)),
    1,
    /bytes at \d+ are lost.*\n(?:.*\n)*.*1 damaged parts/,
  )
  await check(
    damaged('cut', (bytes) => bytes.subarray(0, half)),
    1,
    /the capture has no end/,
  )
  await check(damaged('version', flip(8)), 1, /format version 17.*\n.*use a newer Bulwark/)
  await check(
    damaged('text', () => Buffer.from('- rule: A\n')),
    1,
    /no capture of Bulwark/,
  )
  await check(
    damaged('empty', () => Buffer.alloc(0)),
    1,
    /no capture of Bulwark/,
  )
})

test('a folder is no capture', async () => {
  const { code, stderr } = await bulwark(['replay', folder])
  assert.equal(code, 2)
  assert.match(stderr, /EISDIR/)
})
