/** What a machine lacks is said exactly, with the remedy, and ends in exit code 3. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { bulwark, mainFile } from './testdata/bulwark.ts'

/** Nobody, if nobody may read this repository and run this Node.js. */
const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
/** Root in name, without a single capability. */
const powerless = ['setpriv', '--bounding-set=-all', '--inh-caps=-all']
/** A mount name space of its own, in which something is hidden. */
const hiding = (path: string): readonly string[] => [
  'unshare',
  '--mount',
  '--propagation',
  'private',
  'sh',
  '-c',
  'mount -t tmpfs none "$0" && exec "$@"',
  path,
]

/** Why `bulwark` cannot be started so here; `false` when it can. */
const skipFor = (before: readonly string[]): string | false => {
  const [program, ...rest] = [...before, process.execPath, mainFile, '--version']
  const { status, stderr, error } = spawnSync(program, rest, { encoding: 'utf8', timeout: 30_000 })
  return status === 0 ? false : `no ${program} ${rest[0] ?? ''}: ${error?.message ?? stderr}`
}

/** The line of an error, and below it that of its remedy. */
const fault = (what: string, help: string): RegExp =>
  new RegExp(`^bulwark: error: ${what}: missing; .*\\nbulwark:   help: ${help}`, 'm')

for (const [who, before] of [
  ['nobody', nobody] as const,
  ['root without power', powerless] as const,
]) {
  const skip = skipFor(before)
  test(`${who} cannot run the sensor, and is told what is missing`, { skip }, async () => {
    const { code, stdout, stderr } = await bulwark(['run'], before)
    assert.deepEqual([code, stdout], [3, ''], stderr)
    assert.match(
      stderr,
      fault('right to load programs', 'run as root, or with CAP_BPF and CAP_PERFMON$'),
    )
    assert.equal(stderr.match(/error/g)?.length, 1, stderr)
  })

  test(`${who} gets a recorded session where it is wanted`, { skip }, async () => {
    const { code, stdout, stderr } = await bulwark(['run', '--or-demo'], before)
    assert.equal(code, 0, stderr)
    const line =
      /^bulwark: this machine cannot load the sensor \(right to load programs: missing\): /m
    assert.match(stderr, line)
    assert.match(stderr, /: replaying a recorded attack session instead$/m)
    assert.match(stderr, /replayed \d+ events of demo/)
    assert.ok(stdout.split('\n').length > 5, stderr)
  })

  test(`${who} is told so by the doctor, and can check rules`, { skip }, async () => {
    const doctor = await bulwark(['doctor'], before)
    assert.deepEqual([doctor.code, doctor.stderr], [3, ''])
    assert.match(doctor.stdout, /^right to load programs: no$/m)
    assert.match(doctor.stdout, /^ {2}to get it: run as root, or with CAP_BPF/m)
    assert.equal((await bulwark(['rules', 'list'], before)).code, 0)
  })
}

const btf = '/sys/kernel/btf'

test('a kernel without its types is told what to do', { skip: skipFor(hiding(btf)) }, async () => {
  const { code, stdout, stderr } = await bulwark(['run'], hiding(btf))
  assert.deepEqual([code, stdout], [3, ''], stderr)
  const help = 'use a kernel built with CONFIG_DEBUG_INFO_BTF=y'
  assert.match(stderr, fault('kernel type information \\(BTF\\)', help))
  const doctor = await bulwark(['doctor'], hiding(btf))
  assert.equal(doctor.code, 3)
  assert.match(doctor.stdout, /^kernel type information \(BTF\): no$/m)
})

const inUserNamespace = ['unshare', '--user', '--map-root-user']
const skipUser = skipFor(inUserNamespace)

test('root of a user namespace is told that it is none', { skip: skipUser }, async () => {
  const { code, stdout, stderr } = await bulwark(['run'], inUserNamespace)
  assert.deepEqual([code, stdout], [3, ''], stderr)
  assert.match(stderr, fault('right to load programs', 'run outside of this user namespace'))
  assert.equal(stderr.match(/error/g)?.length, 1, stderr)
})

const alone = ['unshare', '--pid', '--fork', '--mount-proc', ...powerless]

test('a process namespace of its own is said', { skip: skipFor(alone) }, async () => {
  const { stderr } = await bulwark(['run'], alone)
  assert.match(
    stderr,
    /warning: the host's process namespace: missing; .*\nbulwark: {3}help: .*hostPID: true/,
  )
})
