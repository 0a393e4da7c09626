/**
 * What is known to blind such sensors, each tried for real: a rule of the pack must still fire,
 * with filters in the kernel and without. What has a scenario of its own in rules/scenarios/
 * (memory files, the leaderless thread) is not repeated here.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import {
  type Container,
  type ContainerOptions,
  type Lab,
  openLab,
  reasonToSkip,
} from '@bulwark/tools'
import { missing32 } from '../kernel/program.ts'
import { packFiles } from './pack.ts'
import { type Alert, bellProgram } from './sensor.ts'
import { SensorPair, isOf } from './sensor-pair.ts'

const skip = reasonToSkip() ?? false
const act = '/usr/bin/act'
const secretRead = 'Password or private key file read in container'

let lab: Lab | undefined
let sensors: SensorPair | undefined
let bearer: Container | undefined

before(async () => {
  if (skip !== false) return
  lab = await openLab()
  bearer = await lab.createContainer({ name: 'bell', programs: [bellProgram] })
  sensors = await SensorPair.start({ rules: packFiles }, lab.directory)
})

after(async () => {
  try {
    await sensors?.stop()
  } finally {
    await lab?.close()
  }
})

/** Runs programs one after another in a new container; returns what was told of it. */
async function perform(
  argvs: readonly string[][],
  options: ContainerOptions = {},
): Promise<readonly Alert[]> {
  assert.ok(lab && sensors && bearer)
  const container = await lab.createContainer(options)
  const runAll = async (): Promise<void> => {
    for (const argv of argvs) {
      const { code, stdout, stderr } = await container.exec(argv)
      assert.equal(code, 0, `${argv.join(' ')}: ${stdout}${stderr}`)
    }
  }
  const told = await sensors.observe(bearer, runAll, isOf(container))
  await container.destroy()
  return told
}

/** The rule must have told it, with these words in its output. */
function check(alerts: readonly Alert[], rule: string, ...words: string[]): void {
  const found = alerts.map((alert) => `${alert.rule}: ${alert.output}`).join('\n')
  const fits = alerts.some(
    (alert) => alert.rule === rule && words.every((word) => alert.output.includes(word)),
  )
  assert.ok(fits, `expected ${rule} with ${words.join(', ')}; found:\n${found}`)
}

const cat = (path: string): string[] => ['/bin/cat', path]

test('a path is the file that was opened, however it is written', { skip }, async () => {
  const roundabout = '/tmp/l/../shadow'
  const told = await perform([
    ['/bin/mkdir', '/etc/security'],
    ['/bin/ln', '-s', '/etc/security', '/tmp/l'],
    cat(roundabout),
    cat('/proc/self/root/etc/shadow'),
    cat('/proc/1/root/etc/shadow'),
    cat('/etc//./shadow'),
    [act, 'openat2', '/etc/../etc/shadow'],
  ])
  const reads = told.filter(({ output }) => output.includes('file=/etc/shadow'))
  assert.equal(reads.length, 5, told.map(({ output }) => output).join('\n'))
  check(told, 'File system of another process opened', 'path=/proc/1/root/etc/shadow')
})

test('a hard link has a path of its own: its making is told', { skip }, async () => {
  const told = await perform([['/bin/ln', '/etc/shadow', '/tmp/notes'], cat('/tmp/notes')])
  check(told, 'Link to a secret made', '/etc/shadow', '/tmp/notes')
})

test('a program under another name is not what the name says', { skip }, async () => {
  // A copy that is named as a login program: it is not of the image, and not believed.
  const copy = await perform([
    ['/bin/cp', act, '/tmp/sshd'],
    ['/tmp/sshd', 'open', '/etc/shadow'],
  ])
  check(copy, 'Program that is not in the image executed', 'exepath=/tmp/sshd')
  check(copy, secretRead, 'process=sshd', 'exepath=/tmp/sshd')
  // A process that calls itself so.
  const renamed = await perform([[act, 'comm', 'passwd', 'open', '/etc/shadow']])
  check(renamed, secretRead, 'process=passwd', 'exepath=/usr/bin/act')
  // A script of that name.
  const files = {
    '/usr/local/bin/passwd': '#!/bin/sh\nwhile read -r l; do :; done < /etc/shadow\n',
  }
  const script = await perform([['/usr/local/bin/passwd']], { files })
  check(script, secretRead, 'process=passwd')
})

test('a program run through the dynamic loader is told', { skip }, async () => {
  assert.ok(lab)
  const programs = ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1']
  const loader = programs.find((path) => existsSync(path))
  assert.ok(loader, 'this machine has no dynamic loader that is known')
  // The host's own loader, C library and `true`, which needs no other.
  const root = join(lab.directory, 'dynamic')
  const library = ['/lib/x86_64-linux-gnu/libc.so.6', '/lib/aarch64-linux-gnu/libc.so.6'].find(
    (path) => existsSync(path),
  )
  assert.ok(library, 'this machine has no C library where Debian has it')
  for (const path of [loader, library, '/bin/true', '/bin/sleep']) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    copyFileSync(path, join(root, path))
  }
  for (const folder of ['proc', 'dev', 'sys', 'run']) mkdirSync(join(root, folder))
  const told = await perform([[loader, '/bin/true']], { root })
  check(told, 'Program run through the dynamic loader', 'arguments=/bin/true')
})

test(
  'arguments past the bound hide words, not the act, and the alert says so',
  { skip },
  async () => {
    const padding = 'x'.repeat(20_000)
    const told = await perform([[act, 'spawn', '/bin/sh', '-c', `: ${padding}; cat /etc/shadow`]])
    check(told, secretRead, 'file=/etc/shadow')
    const options = { programs: ['/usr/bin/nmap'] }
    const tool = await perform([['/usr/bin/nmap', 'say', padding, 'say', 'last']], options)
    check(tool, 'Attack tool run', 'exepath=/usr/bin/nmap')
    const alert = tool.find(({ rule }) => rule === 'Attack tool run')
    assert.deepEqual(alert?.bulwark?.truncated, ['arguments'])
  },
)

test('a path that another thread rewrites is the file that was opened', { skip }, async () => {
  const wins = 20
  const told = await perform([[act, 'race', '/etc/passwd', '/etc/shadow', String(wins)]])
  const reads = told.filter(({ rule }) => rule === secretRead)
  assert.equal(reads.length, wins)
  for (const { output } of reads) assert.match(output, /file=\/etc\/shadow /)
})

test(
  'a 32-bit call is told as what it is',
  { skip: skip === false ? (missing32() ?? false) : skip },
  async () => {
    check(await perform([[act, 'open32', '/etc/shadow']]), secretRead, 'file=/etc/shadow')
  },
)

test('what io_uring does in place of a call is told', { skip: skip }, async () => {
  check(await perform([[act, 'ring-open', '/etc/shadow']]), secretRead, 'file=/etc/shadow')
  const listener = [act, 'listen', '192.0.2.1', '10250', 'accept', 'drain']
  const options = { addresses: ['192.0.2.1/32'], command: listener, programs: ['/app/server'] }
  const told = await perform([['/app/server', 'ring-connect', '192.0.2.1', '10250']], options)
  check(told, 'Kubelet spoken to from container', 'remote=192.0.2.1', 'remote_port=10250')
})

test('the same ways to what is no secret are silent', { skip }, async () => {
  const ways = [
    ['/bin/ln', '-s', '/etc', '/tmp/l'],
    cat('/tmp/l/../etc/hosts'),
    cat('/proc/self/root/etc/hosts'),
    [act, 'openat2', '/etc/../etc/hosts'],
    ['/bin/ln', '/etc/hosts', '/tmp/notes'],
    cat('/tmp/notes'),
    [act, 'comm', 'notes', 'open', '/etc/hosts'],
    ['/usr/sbin/sshd', 'open', '/etc/shadow'],
    [act, 'say', 'x'.repeat(20_000)],
    [act, 'race', '/etc/passwd', '/etc//group', '5'],
    [act, 'ring-open', '/etc/hosts'],
    ...(missing32() === undefined ? [[act, 'open32', '/etc/hosts']] : []),
  ]
  const told = await perform(ways, { programs: ['/usr/sbin/sshd'] })
  assert.deepEqual(
    told.map(({ output }) => output),
    [],
  )
})

test('a program that calls itself a container runtime is none', { skip }, async () => {
  // From a volume: on no layer of the image, as the runtime is.
  const options = { memoryMounts: ['/data'] }
  const copied = ['/bin/cp', act, '/data/runc']
  const init = ['/data/runc', 'comm', 'runc:[2:INIT]']
  const cron = await perform([copied, [...init, 'append', '/etc/cron.d/job', 'x']], {
    ...options,
    files: { '/etc/cron.d/.placeholder': '' },
  })
  check(cron, 'Job for cron written', 'file=/etc/cron.d/job', 'process=runc:[2:INIT]')
  const root = await perform([copied, [...init, 'open', '/proc/1/root/etc/hosts']], options)
  check(root, 'File system of another process opened', 'path=/proc/1/root/etc/hosts')
  const shared = await perform(
    [
      ['/bin/cp', act, '/run/data/runc'],
      ['/run/data/runc', 'say', 'x'],
    ],
    { memoryMounts: ['/run/data'] },
  )
  check(shared, 'Program run from memory-backed or world-writable folder', '/run/data/runc')
  const shell = await perform([[act, 'comm', 'runc', 'spawn', '/bin/sh', '-i']])
  check(shell, 'Interactive shell without a terminal', 'parent=runc')
  // The runtime itself, which has just made five containers and run programs in them.
  const none = await perform([['/bin/true'], ['/bin/cat', '/etc/hosts']])
  assert.deepEqual(none, [])
})

test('a pid that is used again is not believed for what it was', { skip }, async () => {
  assert.ok(lab && sensors && bearer)
  const container = await lab.createContainer()
  const { directory } = lab
  // Programs of the host that go into the cgroup of the container, for the pid of the host counts.
  const [driver, passwd] = ['driver', 'passwd'].map((name) => join(directory, name))
  assert.ok(driver && passwd)
  for (const path of [driver, passwd]) copyFileSync(`/proc/${container.pid}/root${act}`, path)
  const again = async (...rest: readonly string[]): Promise<readonly Alert[]> => {
    assert.ok(sensors && bearer)
    const argv = ['enter-cgroup', processesFile(container.pid), 'same-pid', ...rest]
    const enter = async (): Promise<void> => {
      await promisify(execFile)(driver, argv, { timeout: 60_000 })
    }
    return await sensors.observe(bearer, enter, isOf(container))
  }
  try {
    const stolen = await again(passwd, 'open', '/etc/shadow')
    check(stolen, secretRead, 'file=/etc/shadow', 'process=driver', `exepath=${driver}`)
    const [alert] = stolen
    assert.equal(alert?.output_fields['container.id'], container.id.slice(0, 12))
    const rightful = await again(driver, 'exec', passwd, 'open', '/etc/shadow')
    assert.deepEqual(
      rightful.filter(({ rule }) => rule === secretRead),
      [],
    )
  } finally {
    await container.destroy()
  }
})

/** The file by which a process goes into the cgroup of another one. */
function processesFile(pid: number): string {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n')
  const root = mounts.map((line) => line.split(' ')).find(([, , type]) => type === 'cgroup2')?.[1]
  const path = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1]
  assert.ok(root && path, 'no cgroup2 is mounted')
  return join(root, path, 'cgroup.procs')
}
