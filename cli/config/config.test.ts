/** Files of options: what they mean, and what is wrong with them, by line and column. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { falcoOnly, flagOf, options } from '@bulwark/schema'
import { Command } from 'commander'
import { addFlags, configure, givenByFlags } from './flags.ts'
import type { Settings } from './settings.ts'
import { faultText, readConfig } from './read.ts'
import { settingsOf } from './settings.ts'

const environment = { NODE: 'node7', EMPTY: '' }

/** The settings, or what is wrong, in words. */
const read = (text: string): Settings | readonly string[] => {
  const { values, faults } = readConfig('c.yaml', text, environment)
  const { settings, faults: more } = settingsOf(values)
  const all = [...faults, ...more].map(faultText)
  return all.length > 0 ? all : settings
}

const settings = (text: string): Settings => {
  const found = read(text)
  assert.ok('outputs' in found, JSON.stringify(found))
  return found
}

test('nothing said: what holds without a file', () => {
  for (const text of ['', '# only a comment', '---', 'file:', '{}']) {
    const { outputs, priority, rules, matching, appendOutput, sizeMib } = settings(text)
    assert.deepEqual([priority, rules, matching, appendOutput], ['Debug', [], 'first', undefined])
    assert.equal(sizeMib, 1024)
    const { stdout, file, syslog, program, http, form } = outputs
    assert.deepEqual(
      [stdout, file, syslog, program, http, form],
      [true, undefined, undefined, undefined, undefined, undefined],
    )
    assert.deepEqual(outputs.queue, { alertsMax: 10_000, bytesMax: 16 * 1024 * 1024 })
  }
})

test('every option', () => {
  const found = settings(`
rules: [/etc/falco/falco_rules.yaml, /etc/bulwark/rules]
policy: [/etc/bulwark/policies]
priority: INFO
watch_rules: no
rule_matching: all
fold: {rules: all, seconds: 5}
output: json
alert: {iso_time: yes, include_output: no, include_message: on, include_output_fields: off}
append_output:
  - match: {rule: R, source: syscall, tags: [a, b]}
    extra_output: on \${NODE} by %proc.name
    extra_fields: [proc.pid, static.cluster, where: "\${NODE} \${EMPTY}\${NOT:-x} $\${NODE}"]
    suggested_output: true
static_fields: {cluster: prod, number: 1}
hostname: \${NODE}
stdout: {enabled: false}
file: {path: /var/log/b, rotate_mib: 0, keep: 2}
syslog: {enabled: true, socket: /x, facility: local3}
program: {command: 'jq . | cat', keep_alive: true, timeout_seconds: 3}
http:
  url: https://example/in
  user_agent: me
  insecure: true
  ca_cert: /ca
  client_cert: /c
  client_key: /k
  compress: true
  keep_alive: false
  timeout_seconds: 1
server: https://bulwark-server.bulwark:7676
server_token_file: /t
server_ca: /ca
queue: {alerts: 5, mib: 1}
flush_seconds: 0
backend: tracepoint
kernel_filter: no
ring_mib: 16
flood: {events_per_second: 0}
cri: false
kubeconfig: /etc/k
state_dir: /srv/bulwark
context: true
vulnerabilities: [/etc/bulwark/vulnerabilities]
files_in_use: no
node: node-a
record: f
size_mib: 3
or_demo: true
`)
  assert.deepEqual(found, {
    rules: ['/etc/falco/falco_rules.yaml', '/etc/bulwark/rules'],
    policies: ['/etc/bulwark/policies'],
    priority: 'Informational',
    watchRules: false,
    matching: 'all',
    appendOutput: [
      {
        match: { rule: 'R', source: 'syscall', tags: ['a', 'b'] },
        extraOutput: 'on node7 by %proc.name',
        extraFields: [
          { name: 'proc.pid', format: '%proc.pid', raw: true },
          { name: 'static.cluster', format: '%static.cluster', raw: true },
          { name: 'where', format: 'node7 x ${NODE}', raw: false },
        ],
        suggestedOutput: true,
      },
    ],
    staticFields: new Map([
      ['cluster', 'prod'],
      ['number', '1'],
    ]),
    hostname: 'node7',
    folding: { rules: 'all', seconds: 5 },
    outputs: {
      form: 'json',
      alert: {
        isoTime: true,
        includeOutput: false,
        includeMessage: true,
        includeOutputFields: false,
        includeTags: true,
        includeBulwark: true,
      },
      queue: { alertsMax: 5, bytesMax: 1024 * 1024 },
      flushMs: 0,
      stdout: false,
      file: { path: '/var/log/b', rotateBytes: 0, keep: 2 },
      syslog: { socket: '/x', facility: 'local3' },
      program: { command: 'jq . | cat', keepAlive: true, timeoutMs: 3000 },
      http: {
        url: 'https://example/in',
        userAgent: 'me',
        insecure: true,
        caCert: '/ca',
        caBundle: undefined,
        caPath: undefined,
        clientCert: '/c',
        clientKey: '/k',
        compress: true,
        keepAlive: false,
        timeoutMs: 1000,
      },
      server: { url: 'https://bulwark-server.bulwark:7676', tokenFile: '/t', caFile: '/ca' },
    },
    backend: 'tracepoint',
    kernelFilter: false,
    ringMib: 16,
    floodEventsPerSecond: 0,
    cri: false,
    kubeconfig: '/etc/k',
    stateFolder: '/srv/bulwark',
    node: 'node-a',
    podsFrom: undefined,
    fromFiles: undefined,
    context: true,
    filesInUse: false,
    vulnerabilities: ['/etc/bulwark/vulnerabilities'],
    severity: [],
    record: 'f',
    sizeMib: 3,
    orDemo: true,
  })
})

test('what is wrong: where, and what to do', () => {
  const check = (text: string, ...expected: readonly string[]): void => {
    assert.deepEqual(
      read(text),
      expected.map((each) => `c.yaml:${each}`),
    )
  }
  check('priorty: debug', '1:1: error: unknown option `priorty`\n  help: did you mean `priority`?')
  check(
    'file:\n  path: x\n  rotat_mib: 3',
    '3:3: error: unknown option `file.rotat_mib`\n  help: did you mean `file.rotate_mib`?',
  )
  check('fil: {path: x}', '1:1: error: unknown option `fil`\n  help: did you mean `file`?')
  check('zzzzzz: 1', '1:1: error: unknown option `zzzzzz`\n  help: docs/config.md has all options')
  check(
    'rules_files: [a]',
    "1:1: error: unknown option `rules_files`\n  help: Falco's `rules_files` is `rules` here",
  )
  check(
    'http_output:\n  url: x',
    "1:1: error: unknown option `http_output`\n  help: of Falco's options: `http`; `echo` has no " +
      'counterpart, and `max_consecutive_timeouts` needs none; see docs/config.md',
  )
  check(
    'ring_mib: 3\nqueue: {alerts: x}',
    '1:11: error: the value of `ring_mib` is "3"\n  help: Expected a power of two.',
    '2:17: error: the value of `queue.alerts` is "x"\n  help: Expected a whole number from 1 to 10000000.',
  )
  check(
    'output: xml',
    '1:9: error: the value of `output` is "xml"\n  help: Allowed choices are json, text.',
  )
  check(
    'stdout: {enabled: maybe}',
    '1:19: error: the value of `stdout.enabled` is "maybe"\n  help: Expected yes or no.',
  )
  check(
    'record:',
    '1:8: error: the value of `record` is empty\n  help: give one, or leave the option out',
  )
  check('record: [a]', '1:9: error: the value of `record` is a list\n  help: write a single value')
  check(
    'rules: {a: b}',
    '1:8: error: the value of `rules` is no list of texts\n  help: write `rules: [...]`',
  )
  check('- a', '1:1: error: the file is no map of options\n  help: write `name: value`, one a line')
  check(
    'file: x',
    '1:7: error: `file` is no map of options\n  help: write `name: value`, one a line',
  )
  check('record: a\nrecord: b', '2:1: error: Map keys must be unique')
  check(
    'record: ${NO_SUCH}',
    '1:9: error: no environment variable NO_SUCH\n  help: set it, or say what else: ' +
      '${NO_SUCH:-…}; a plain ${NO_SUCH} is $${NO_SUCH}',
  )
  check(
    'http: {url: "ftp://x"}',
    '1:13: error: "ftp://x" is no http: or https: address\n' +
      '  help: write one such as http://falcosidekick:2801/',
  )
  check(
    'node: a',
    '1:7: error: `node` alone says nothing\n  help: give `kubeconfig`, `pods_from` or ' +
      '`from_files`, too',
  )
  check(
    'kubeconfig: a\npods_from: b',
    '2:12: error: `pods_from` beside `kubeconfig`\n  help: give one of the two',
  )
  check(
    'context: yes',
    '1:10: error: `context` asks nobody\n  help: give `kubeconfig`, too; or `from_files` instead',
  )
  check(
    'kubeconfig: a\ncontext: yes\nfrom_files: b',
    '3:13: error: `from_files` beside `context`\n  help: give one of the two',
  )
  check(
    'kubeconfig: a\nvulnerabilities: [b]',
    '2:18: error: `vulnerabilities` are of a cluster that is asked\n  help: give `kubeconfig` and ' +
      '`context`, too; the folder of `from_files` may have them',
  )
  check(
    'severity: [a]',
    '1:11: error: `severity` alone says nothing\n  help: give `from_files` or `context`, too: ' +
      'without them nothing is judged',
  )
  check(
    'http: {url: "http://x", client_key: k}',
    '1:37: error: http.client_key stands alone\n  help: give http.client_cert, too, or neither',
  )
  check(
    'file: {keep: 3}',
    '1:14: error: `file.keep` without `file.path`\n  help: give `file.path`, which opens the channel',
  )
  check(
    'server_ca: /ca',
    '1:12: error: `server_ca` without `server`\n  help: give `server`, which opens the channel',
  )
  const help = 'write one such as https://bulwark-server.bulwark:7676'
  check('server: here', `1:9: error: "here" is no http: or https: address\n  help: ${help}`)
  check(
    '{server: "http://server:7676", server_token_file: t}',
    '1:10: error: a token would go to another machine in the clear\n  help: write https:',
  )
})

test('what is wrong with what is appended', () => {
  const check = (text: string, expected: string): void => {
    const [first = '', ...more] = read(`append_output:\n${text}`) as readonly string[]
    assert.deepEqual([first, more], [`c.yaml:${expected}`, []])
  }
  check('  a: b', '2:3: error: the value of `append_output` is no list\n  help: write a list')
  check(
    '  - x',
    '2:5: error: an item of append_output is no map\n  help: write its keys: match, extra_output, extra_fields, suggested_output',
  )
  check(
    '  - extra_outputs: x',
    '2:5: error: unknown key `extra_outputs` in an item of append_output\n  help: did you mean `extra_output`?',
  )
  check(
    '  - match: {tag: x}',
    '2:13: error: unknown key `tag` in `match`\n  help: did you mean `tags`?',
  )
  check('  - match: {tags: x}', '2:19: error: `tags` is no list of texts\n  help: write `[...]`')
  check('  - suggested_output: maybe', '2:23: error: `suggested_output` is neither true nor false')
  check(
    '  - extra_fields: [proc.nme]',
    '2:20: error: "%proc.nme" is no output: unknown filter: unexpected token after \'\n' +
      '  help: filter_check called with nonexistent field proc.nme; did you mean `proc.name`?',
  )
  check(
    '  - extra_fields: [[a]]',
    '2:20: error: an item of extra_fields is neither\n  help: write a field, such as `proc.env[HOME]`, or `name: format`',
  )
  check('  - extra_fields: [proc.pid, proc.pid: x]', '2:30: error: `proc.pid` is there already')
})

test('a hostile file is refused', () => {
  const check = (text: string, expected: RegExp): void => {
    const [first = ''] = read(text) as readonly string[]
    assert.match(first, expected)
  }
  const bomb = Array.from({ length: 12 }, (_, i) =>
    i === 0
      ? 'a0: &a0 [x]'
      : `a${i}: &a${i} [${Array(12)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
  )
  check(bomb.join('\n'), /more than 100000 values|Excessive/)
  check(`record: ${'['.repeat(20_000)}`, /error: /)
  check('record: "', /error: /)
  check('\0', /error: /)
})

const folder = mkdtempSync(join(tmpdir(), 'bulwark-config-'))
after(() => rmSync(folder, { recursive: true }))

const configured = (text: string, args: readonly string[]): Settings => {
  const file = join(folder, 'c.yaml')
  writeFileSync(file, text)
  const command = addFlags(new Command('run'), () => true).exitOverride()
  command.parse(args, { from: 'user' })
  const found = configure(file, givenByFlags(command))
  assert.ok('settings' in found, JSON.stringify(found))
  return found.settings
}

test('every option is a flag, and the flag wins', () => {
  const text =
    'priority: error\nrules: [a]\ncri: /x\nhttp: {url: "http://file/"}\nstdout: {enabled: no}'
  const { priority, rules, cri, outputs } = configured(text, [])
  assert.deepEqual([priority, rules, cri], ['Error', ['a'], '/x'])
  assert.deepEqual([outputs.http?.url, outputs.stdout], ['http://file/', false])
  const args =
    '--priority Critical --rules b --rules c --no-cri -o text --http-url http://flag/ ' +
    '--stdout-enabled --alert-include-tags no'
  const more = ['--append-output', '[{extra_output: x}]', '--static-fields', '{a: b}']
  const flagged = configured(text, [...args.split(' '), ...more])
  assert.deepEqual([flagged.priority, flagged.rules, flagged.cri], ['Critical', ['b', 'c'], false])
  const { http, stdout, alert, form } = flagged.outputs
  assert.deepEqual(
    [http?.url, stdout, alert.includeTags, form],
    ['http://flag/', true, false, 'text'],
  )
  assert.equal(flagged.appendOutput?.[0]?.extraOutput, 'x')
  assert.deepEqual([...flagged.staticFields], [['a', 'b']])
  const help = addFlags(new Command('run'), () => true).helpInformation()
  for (const spec of options) assert.ok(help.includes(flagOf(spec)), spec.name)
})

test('options are described well: names once, sentences, keys of Falco once', () => {
  const names = options.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  for (const { meaning, name } of options) assert.match(meaning, /^[a-zA-Z`].*[^.]$/, name)
  const keys = falcoOnly.map(([key]) => key)
  assert.equal(new Set(keys).size, keys.length)
})
