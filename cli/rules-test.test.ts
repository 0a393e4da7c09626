/** `rules test`: the example of its guide, the trials of Bulwark's own rules, and what is wrong. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bulwark } from './testdata/bulwark.ts'

const root = join(import.meta.dirname, '..')
let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-trials-'))
})
after(() => rmSync(folder, { recursive: true }))

const write = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const guide = readFileSync(join(root, 'docs/testing-rules.md'), 'utf8')
const blocks = (language: string): readonly string[] =>
  [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    ([, text = '']) => text,
  )

test('the guide says what comes', async () => {
  const [rules = '', trials = ''] = blocks('yaml')
  const [wanted = ''] = blocks('text')
  write('mine.yaml', rules)
  const path = write('mine.test.yaml', trials)
  const { code, stdout, stderr } = await bulwark(['rules', 'test', path])
  assert.deepEqual([code, stderr], [1, ''])
  assert.equal(stdout.replace(path, 'mine.test.yaml'), wanted)
})

test("the trials of Bulwark's own rules pass", async () => {
  const { code, stdout, stderr } = await bulwark([
    'rules',
    'test',
    '-o',
    'json',
    join(root, 'rules/trials'),
  ])
  const { passed, failed, files } = JSON.parse(stdout) as {
    readonly passed: number
    readonly failed: number
    readonly files: readonly { readonly trials: readonly { readonly passed: boolean }[] }[]
  }
  assert.deepEqual([code, failed], [0, 0], stdout + stderr)
  assert.equal(files.flatMap(({ trials }) => trials).length, passed)
  assert.ok(passed >= 6)
})

const rule = '- rule: A\n  desc: d\n  condition: evt.type = openat\n  output: o\n  priority: INFO\n'
const trial = (rules: string): string =>
  `rules: ${rules}\ntrials:\n  - events: [{ evt.type: openat }]\n    alerts: [A]\n`

test('other rules, and faults of rules and trials', async () => {
  write('one.yaml', rule)
  const none = write('none.yaml', rule.replace('openat', 'close'))
  write('bad.yaml', rule.replace('evt.type', 'evt.typ'))
  const good = write('good.test.yaml', trial('one.yaml'))
  assert.equal((await bulwark(['rules', 'test', good])).code, 0)
  const other = await bulwark(['rules', 'test', good, '--rules', none])
  assert.equal(other.code, 1)
  assert.match(other.stdout, /- A\n +its condition does not hold\n0 passed, 1 failed/)
  const bad = await bulwark(['rules', 'test', write('bad.test.yaml', trial('bad.yaml'))])
  assert.equal(bad.code, 1)
  assert.match(
    bad.stdout,
    /bad\.yaml:3:14: error: .*evt\.typ.*\n.*did you mean[^]*0 passed, 1 failed/,
  )
  const odd = await bulwark(['rules', 'test', write('odd.test.yaml', 'trails: []\n')])
  assert.equal(odd.code, 1)
  assert.match(odd.stdout, /odd\.test\.yaml:1:\d+: error: unknown key `trails`.*\n.*`trials`/)
  const gone = trial('one.yaml').replace('events: [{ evt.type: openat }]', 'capture: gone.bulwark')
  const missing = await bulwark(['rules', 'test', write('gone.test.yaml', gone)])
  assert.equal(missing.code, 1)
  assert.match(missing.stdout, /ENOENT/)
})

test('no trials, and no such path', async () => {
  const empty = join(folder, 'empty')
  mkdirSync(empty)
  const none = await bulwark(['rules', 'test', empty])
  assert.equal(none.code, 2)
  assert.match(none.stderr, /no trials in .*\n.*\*\.test\.yaml/)
  const gone = await bulwark(['rules', 'test', '/nowhere'])
  assert.equal(gone.code, 2)
  assert.match(gone.stderr, /cannot read \/nowhere/)
})
