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
  assert.match(stdout, /good\.yaml: Ok\n1 of 1 rules can run/)
})

test('a fault: exit code 1, with the place of it', async () => {
  const check = async (name: string, text: string, expected: RegExp): Promise<void> => {
    const path = write(name, text)
    const { code, stdout, stderr } = await bulwark(['rules', 'check', path])
    assert.deepEqual([code, stderr], [1, ''], stdout)
    assert.match(stdout, expected)
    assert.match(stdout, new RegExp(`${name}:\\d+:\\d+: error`))
    assert.match(stdout, new RegExp(`^.*${name}: Invalid\n[1-9]\\d* Errors:`, 'm'))
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
  assert.match(stdout, /^Good +d \(Notice, runs\)$/m)
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

interface Listed {
  readonly required_engine_version: string
  readonly required_plugin_versions: readonly unknown[]
  readonly lists: readonly unknown[]
  readonly rules: readonly {
    readonly info: { readonly name: string; readonly enabled: boolean }
    readonly details: { readonly events: readonly string[]; readonly output_compiled: string }
    readonly bulwark: { readonly state: string }
  }[]
}

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
  const answer = JSON.parse(stdout) as Listed
  const found = answer.rules.map(({ info, details }) => `${info.name} ${details.events.join(' ')}`)
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
      .split(/\n+/)
      .slice(2)
      .map((line) => line.replace(/ +/g, ' ')),
    ['Runs d (Notice, runs)', 'Off d (Notice, off)', 'Disabled d (Notice, disabled)'],
  )
  const { stdout } = await bulwark(['rules', 'list', '-o', 'json', path])
  const { rules } = JSON.parse(stdout) as Listed
  assert.deepEqual(rules[0]?.info, {
    name: 'Runs',
    condition: 'evt.type = execve',
    priority: 'Notice',
    output: 'o',
    description: 'd',
    enabled: true,
    source: 'syscall',
    capture: false,
    capture_duration: 0,
    tags: ['a', 'b'],
  })
  assert.deepEqual(
    rules.map(({ info, bulwark: { state } }) => [info.enabled, state]),
    [
      [true, 'runs'],
      [false, 'off'],
      [true, 'disabled'],
    ],
  )
})

test('a list tells what stands behind a rule, as Falco does', async () => {
  const text = `- required_engine_version: 0.40.0
- required_plugin_versions:
  - { name: container, version: 0.4.0, alternatives: [{ name: other, version: 1.0.0 }] }
- list: shells
  items: [sh, bash]
- list: programs
  items: [shells, cat]
- macro: started
  condition: evt.type = execve
- rule: R
  desc: d
  condition: started and proc.name in (programs) and not container.id exists
  output: ran %proc.cmdline in %container.id
  priority: ERROR
  exceptions:
    - name: parents
      fields: [proc.pname, proc.args]
      comps: [=, startswith]
      values: [[make, a b]]
`
  const path = write('behind.yaml', text)
  const { code, stdout } = await bulwark(['rules', 'list', '-o', 'json', path])
  assert.equal(code, 0)
  const answer = JSON.parse(stdout) as Listed
  assert.equal(answer.required_engine_version, '0.40.0')
  const alternatives = [{ name: 'other', version: '1.0.0' }]
  assert.deepEqual(answer.required_plugin_versions, [
    { name: 'container', version: '0.4.0', alternatives },
  ])
  const { output_compiled: output, ...details } = answer.rules[0]?.details ?? {}
  assert.match(String(output), /^ran %proc\.cmdline in %container\.id container_name=/)
  assert.deepEqual(details, {
    macros: ['started'],
    lists: ['programs'],
    condition_operators: ['=', 'exists', 'in', 'startswith'],
    condition_fields: ['container.id', 'evt.type', 'proc.args', 'proc.name', 'proc.pname'],
    output_fields: [
      'proc.cmdline',
      'container.id',
      'container.name',
      'container.image.repository',
      'container.image.tag',
      'k8s.pod.name',
      'k8s.ns.name',
    ],
    exception_fields: ['proc.args', 'proc.pname'],
    exception_names: ['parents'],
    exception_operators: ['=', 'startswith'],
    events: ['execve'],
    condition_compiled:
      '((evt.type = execve and proc.name in (sh, bash, cat) and not container.id exists) and ' +
      'not (proc.pname = make and proc.args startswith "a b"))',
    plugins: ['container'],
  })
  assert.deepEqual(answer.lists, [
    {
      info: { name: 'shells', items: ['sh', 'bash'] },
      details: { used: true, lists: [], items_compiled: ['sh', 'bash'], plugins: [] },
    },
    {
      info: { name: 'programs', items: ['cat'] },
      details: {
        used: true,
        lists: ['shells'],
        items_compiled: ['sh', 'bash', 'cat'],
        plugins: [],
      },
    },
  ])
  const one = await bulwark(['rules', 'list', '-o', 'json', path, '--rule', 'R'])
  assert.deepEqual(JSON.parse(one.stdout), { rules: answer.rules })
  const none = await bulwark(['rules', 'list', path, '--rule', 'Q'])
  assert.equal(none.code, 2)
  assert.match(none.stderr, /there is no rule "Q"/)
})

test("without files it lists Bulwark's own rules, and all of them run", async () => {
  const { code, stdout } = await bulwark(['rules', 'list'])
  assert.equal(code, 0)
  const states = [...stdout.matchAll(/\([A-Z][a-z]+, (\w+)\)$/gm)].map(([, state]) => state)
  assert.ok(states.length >= 5, stdout)
  assert.deepEqual([...new Set(states)], ['runs'])
})

test('a file that is too large is wrong usage, not a wait', async () => {
  const path = write('large.yaml', '')
  truncateSync(path, 17 * 1024 * 1024)
  const { code, stderr } = await bulwark(['rules', 'check', path])
  assert.equal(code, 2)
  assert.match(stderr, /large\.yaml is over \d+ bytes\nbulwark: {3}help: split the file/)
})
