/** `rules check` and `rules list`: exit codes and forms, over files good, bad and odd. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bulwark } from './testdata/bulwark.ts'

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-cli-'))
})
after(() => rmSync(folder, { recursive: true }))

const write = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const rule = (name: string, condition: string, more = ''): string =>
  `- rule: ${name}\n  desc: d\n  condition: ${condition}\n  output: o\n  priority: NOTICE\n${more}`

test('a good file: exit code 0', async () => {
  const path = write('good.yaml', rule('A', 'evt.type = execve and proc.name = sh'))
  const { code, stdout, stderr } = await bulwark(['rules', 'check', path])
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /good\.yaml: ok, 0 errors, 0 warnings\n1 of 1 rules can run/)
})

test('a fault: exit code 1, with the place of it', async () => {
  const check = async (name: string, text: string, expected: RegExp): Promise<void> => {
    const path = write(name, text)
    const { code, stdout, stderr } = await bulwark(['rules', 'check', path])
    assert.deepEqual([code, stderr], [1, ''], stdout)
    assert.match(stdout, expected)
    assert.match(stdout, new RegExp(`${name}:\\d+:\\d+: error`))
    assert.match(stdout, new RegExp(`^.*${name}: not ok, [1-9]\\d* errors`, 'm'))
  }
  await Promise.all([
    check('field.yaml', rule('A', 'proc.nme = sh'), /proc\.nme/),
    check('syntax.yaml', rule('A', 'proc.name ='), /LOAD_ERR/),
    check('macro.yaml', rule('A', 'evt.type = execve and no_such_macro'), /no_such_macro/),
    check('yaml.yaml', '- rule: [', /YAML/),
    check('map.yaml', 'rule: A', /not yaml array/),
    check('key.yaml', '- rule: A\n  desc: d\n', /LOAD_ERR/),
    check('binary.yaml', '\0\x01\xff', /LOAD_ERR/),
  ])
})

test('a list says which rules it could not read', async () => {
  const path = write('listed.yaml', rule('Bad', 'nope = 1') + rule('Good', 'evt.type = execve'))
  const { code, stdout, stderr } = await bulwark(['rules', 'list', path])
  assert.equal(code, 1)
  assert.match(stderr, /listed\.yaml:\d+:\d+: error/)
  assert.match(stdout, /^Notice +runs +Good$/m)
})

test('one bad rule leaves the others alone', async () => {
  const path = write('mixed.yaml', rule('Bad', 'nope = 1') + rule('Good', 'evt.type = execve'))
  const { code, stdout } = await bulwark(['rules', 'check', path])
  assert.equal(code, 1)
  assert.match(stdout, /^1 of 1 rules can run on this machine$/m)
})

test('a rule that this sensor cannot run is said, and is no fault of the file', async () => {
  const path = write(
    'signal.yaml',
    rule('A', 'evt.type = signaldeliver') + rule('B', 'evt.type = execve'),
  )
  const { code, stdout } = await bulwark(['rules', 'check', path])
  assert.equal(code, 0)
  assert.match(stdout, /signal\.yaml:\d+:\d+: /)
  assert.match(stdout, /^1 of 2 rules can run on this machine$/m)
})

interface CheckAnswer {
  readonly falco_load_results: readonly { name: string; successful: boolean; errors: unknown[] }[]
  readonly disabled_rules: readonly { name: string; reasons: unknown[] }[]
}

test('as JSON', async () => {
  const good = write('a.yaml', rule('A', 'evt.type = signaldeliver'))
  const bad = write('b.yaml', rule('B', 'nope = 1'))
  const { code, stdout } = await bulwark(['rules', 'check', '-o', 'json', good, bad])
  assert.equal(code, 1)
  const { falco_load_results: files, disabled_rules: disabled } = JSON.parse(stdout) as CheckAnswer
  assert.deepEqual(
    files.map(({ name, successful, errors }) => [name, successful, errors.length]),
    [
      [good, true, 0],
      [bad, false, 1],
    ],
  )
  assert.deepEqual(
    disabled.map(({ name, reasons }) => [name, reasons.length]),
    [
      ['A', 1],
      ['B', 1],
    ],
  )
})

test('a folder: its rule files by name, a later one overrides', async () => {
  const rules = join(folder, 'rules.d')
  mkdirSync(rules)
  write('rules.d/20.yml', rule('A', 'evt.type = openat'))
  write('rules.d/10.yaml', rule('A', 'evt.type = execve') + rule('B', 'evt.type = execve'))
  write('rules.d/README.md', 'no rules')
  const { code, stdout } = await bulwark(['rules', 'list', '-o', 'json', rules])
  assert.equal(code, 0)
  const answer = JSON.parse(stdout) as { rules: { name: string; events: string[] }[] }
  const found = answer.rules.map(({ name, events }) => `${name} ${events.join(' ')}`)
  assert.deepEqual(found.toSorted(), ['A openat', 'B execve'])
})

test('a list says which rules run', async () => {
  const text =
    rule('Runs', 'evt.type = execve', '  tags: [b, a]\n') +
    rule('Off', 'evt.type = execve', '  enabled: false\n') +
    rule('Disabled', 'evt.type = signaldeliver')
  const path = write('list.yaml', text)
  const plain = await bulwark(['rules', 'list', path])
  assert.equal(plain.code, 0)
  assert.deepEqual(
    plain.stdout
      .trim()
      .split(/\n/)
      .map((line) => line.replace(/ +/g, ' ')),
    ['Notice runs Runs', 'Notice off Off', 'Notice disabled Disabled'],
  )
  const { stdout } = await bulwark(['rules', 'list', '-o', 'json', path])
  const { rules } = JSON.parse(stdout) as { rules: Record<string, unknown>[] }
  assert.deepEqual(rules[0], {
    name: 'Runs',
    description: 'd',
    priority: 'Notice',
    source: 'syscall',
    tags: ['a', 'b'],
    enabled: true,
    runs: true,
    condition: 'evt.type = execve',
    events: ['execve'],
  })
  assert.deepEqual(
    rules.map(({ enabled, runs }) => [enabled, runs]),
    [
      [true, true],
      [false, false],
      [true, false],
    ],
  )
})

test("without files it lists Bulwark's own rules, and all of them run", async () => {
  const { code, stdout } = await bulwark(['rules', 'list'])
  assert.equal(code, 0)
  const lines = stdout.trim().split('\n')
  assert.ok(lines.length >= 5, stdout)
  for (const line of lines) assert.match(line, /^[A-Z]\w+ +runs +\S/)
})

test('a file that is too large is wrong usage, not a wait', async () => {
  const path = write('large.yaml', '')
  truncateSync(path, 17 * 1024 * 1024)
  const { code, stderr } = await bulwark(['rules', 'check', path])
  assert.equal(code, 2)
  assert.match(stderr, /large\.yaml is over \d+ bytes\n {2}help: split the file/)
})
