/** Help, and what happens on wrong usage: exit code 2, stdout empty, stderr says what to do. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { Ended } from './testdata/bulwark.ts'
import { bulwark, mainFile } from './testdata/bulwark.ts'

const bounded = { timeout: 60_000 }

test('help names the commands, the exit codes and examples', async () => {
  const check = async (args: readonly string[], ...expected: readonly RegExp[]): Promise<void> => {
    const { code, stdout, stderr } = await bulwark(args)
    assert.deepEqual([code, stderr], [0, ''], args.join(' '))
    for (const each of expected) assert.match(stdout, each)
  }
  await Promise.all([
    check(
      ['--help'],
      /^ {2}run /m,
      /^ {2}rules /m,
      /^ {2}doctor /m,
      /2 wrong usage; 3 this machine/,
    ),
    check(['help'], /^Usage: bulwark /),
    check(
      ['run', '--help'],
      /--rules <path>/,
      /--priority <name>/,
      /^Examples:\n {2}bulwark run$/m,
    ),
    check(['help', 'run'], /--rule-matching <name>/, /--http-url <url>/, /--server <url>/),
    check(['agent', '--help'], /--server-token-file <file>/, /^Examples:\n {2}bulwark agent /m),
    check(['server', '--help'], /--listen <address>/, /--http-url <url>/, /^Examples:/m),
    check(['rules', 'check', '--help'], /exit code 1/, /^Example:/m),
    check(['rules', 'list', '--help'], /^Examples:/m),
    check(['rules', 'explain', '--help'], /^Examples:/m),
    check(['doctor', '--help'], /Exit codes: 0 /, /^Examples:/m),
    check(['record', '--help'], /--seconds <n>/, /^Examples:/m),
    check(['replay', '--help'], /--demo/, /Exit code 1/, /^Examples:/m),
    check(['rules', '--help'], /^Examples:/m),
    check(['policy', '--help'], /^Examples:/m),
    check(['config', '--help'], /^Example:/m),
    check(['version', '--help'], /^Examples:/m),
    check(['version'], /^bulwark \d+\.\d+\.\d+\n.*engine \d+\.\d+\.\d+\nNode\.js /),
    check(['version', '-o', 'json'], /^\{"bulwark":"\d+\.\d+\.\d+","falco_engine":/),
    check(['--version'], /^\d+\.\d+\.\d+\n$/),
  ])
})

test('a reader that wants no more is no fault', async () => {
  const script = 'set -o pipefail; "$0" "$@" | true'
  const run = promisify(execFile)(
    'bash',
    ['-c', script, process.execPath, mainFile, '--help'],
    bounded,
  )
  assert.deepEqual(await run, { stdout: '', stderr: '' })
})

test('what finds no room is said, and is no answer', async () => {
  const full = (...args: readonly string[]): Promise<Ended> =>
    bulwark(args, ['sh', '-c', 'exec "$@" >/dev/full', 'sh'])
  const [help, replayed] = await Promise.all([full('--help'), full('replay', '--demo')])
  assert.deepEqual([help.code, replayed.code], [3, 3])
  assert.match(help.stderr, /^bulwark: error: cannot write to stdout: .*ENOSPC.*\n$/)
  assert.match(replayed.stderr, /; stopped: nobody reads its alerts$/m)
  assert.match(replayed.stderr, /error: cannot write to stdout: .*ENOSPC/)
})

test('a full disk below stderr changes no exit code', async () => {
  const { code } = await bulwark(
    ['rules', 'explain', 'nothing'],
    ['sh', '-c', 'exec "$@" 2>/dev/full', 'sh'],
  )
  assert.equal(code, 2)
})

const check = async (line: string, expected: RegExp): Promise<void> => {
  const { code, stdout, stderr } = await bulwark(line === '' ? [] : line.split(' '))
  assert.deepEqual([code, stdout], [2, ''], line)
  assert.match(stderr, expected)
}

test('wrong usage of recordings', async () => {
  await Promise.all([
    check('run --ring-mib 3', /Expected a power of two/),
    check('run --ring-mib 1024', /Expected a whole number from 1 to 512/),
    check('run --size-mib x', /Expected a whole number/),
    check('record', /required option '-o, --output <file>'/),
    check('record -o /x --seconds 0', /Expected a whole number from 1/),
    check('replay --demo x', /x and --demo: only one can be replayed/),
    check('replay', /no capture file\nbulwark: {3}help: give one, or --demo/),
    check('replay /nowhere/x.bulwark', /cannot read \/nowhere\/x\.bulwark/),
  ])
})

test('wrong usage', async () => {
  await Promise.all([
    check('', /^Usage: bulwark /),
    check('nonsense', /unknown command 'nonsense'/),
    check('doctr', /Did you mean doctor\?/),
    check('--nonsense', /unknown option '--nonsense'/),
    check('rules', /^Usage: bulwark rules /),
    check('rules nonsense', /unknown command 'nonsense'/),
    check('rules check', /missing required argument 'path'/),
    check(
      'rules check x --nonsense',
      /^bulwark: error: unknown option '--nonsense'\nbulwark: {3}help: see `bulwark rules check --help`$/m,
    ),
    check('\x1b[31mred', /^bulwark: error: unknown command '\\u001b\[31mred'$/m),
    check('run --\x1b[31mred', /^bulwark: error: unknown option '--\\u001b\[31mred'$/m),
    check('rules check x -o xml', /Allowed choices are json, text/),
    check(
      'rules check /nowhere/x.yaml',
      /cannot read \/nowhere\/x\.yaml: .*\nbulwark: {3}help: give a rule/,
    ),
    check('rules list /nowhere/x.yaml', /cannot read \/nowhere\/x\.yaml/),
    check('run extra', /too many arguments/),
    check('agent', /no server is given\n.*give `--server URL`/),
    check('run --server here', /"here" is no http: or https: address/),
    check('run --rules', /argument missing/),
    check('run -o xml', /Allowed choices are json, text/),
    check('run --rule-matching some', /Allowed choices are first, all/),
    check('run --priority loud', /Allowed choices are emergency, alert, .*debug\./),
    check('run --rules /nowhere', /cannot read \/nowhere: .*\nbulwark: {3}help: give a rule file/),
  ])
})
