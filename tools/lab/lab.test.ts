/** The lab itself: what a container is like, and that nothing of it stays behind. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Result, run } from './command.ts'
import type { Container } from './container.ts'
import { type Lab, openLab } from './lab.ts'
import { reasonToSkip } from './needs.ts'

const skip = reasonToSkip() ?? false
const reverseShellRule = 'Network connection bound to standard streams'
let lab: Lab

before(async () => {
  if (skip === false) lab = await openLab()
})

after(async () => {
  if (skip === false) await lab.close()
})

test('a container looks to the node like one of the kubelet', { skip }, async () => {
  const container = await lab.createContainer()
  const cgroup = readFileSync(`/proc/${container.pid}/cgroup`, 'utf8')
  const slices =
    '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod[0-9a-f_]{36}.slice'
  assert.match(cgroup, new RegExp(`^0::${slices}/cri-containerd-${container.id}.scope$`, 'm'))
  const state = readFileSync(`/run/runc/${container.id}/state.json`, 'utf8')
  assert.match(state, /"io\.kubernetes\.cri\.sandbox-namespace=shop"/)
  assert.match(readFileSync(`/proc/${container.pid}/mountinfo`, 'utf8'), /upperdir=/)
  await container.destroy()
})

test('a program run from outside ends with its code and output', { skip }, async () => {
  const container = await lab.createContainer()
  const shell = await container.exec(['/bin/sh', '-c', '/usr/bin/id; echo no >&2; exit 4'])
  assert.deepEqual(shell, { code: 4, stdout: 'uid=0(root) gid=0(root)\n', stderr: 'no\n' })
  const cat = await container.exec(['/bin/cat'], { stdin: 'hello' })
  assert.equal(cat.stdout, 'hello')
  const user = await container.exec(['/usr/bin/id', '-un'], { user: 'dev', cwd: '/tmp' })
  assert.equal(user.stdout, 'dev\n')
  const terminal = await container.exec(['/bin/sh'], { tty: true, stdin: 'tty\nexit 3\n' })
  assert.equal(terminal.code, 3)
  assert.match(terminal.stdout, /^\/dev\/pts\/0$/m)
  await assert.rejects(
    container.exec(['/bin/sleep', '9'], { timeoutMs: 100 }),
    /did not end within 100 ms/,
  )
  await container.destroy()
})

test('capabilities are those of containerd, or all of the machine', { skip }, async () => {
  const effective = async (container: Container): Promise<string> => {
    const { stdout } = await container.exec(['/bin/grep', 'CapEff', '/proc/self/status'])
    await container.destroy()
    return stdout.trim().slice(-16)
  }
  assert.equal(await effective(await lab.createContainer()), '00000000a80425fb')
  const more = await lab.createContainer({ capabilities: ['SYS_MODULE'] })
  assert.equal(await effective(more), '00000000a80525fb')
  const machine = /CapBnd:\s+(\w+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  assert.equal(await effective(await lab.createContainer({ privileged: true })), machine)
})

test('somebody outside waits for a container, and calls it', { skip }, async () => {
  const container = await lab.createContainer({
    addresses: ['192.0.2.1/32'],
    command: ['/usr/bin/act', 'listen', '192.0.2.1', '8080', 'accept', 'send', 'served'],
  })
  assert.equal(await container.call('192.0.2.1', 8080, ''), 'served')
  assert.equal((await container.ended).code, 0)
  await container.destroy()
})

test('a container that cannot start says why and leaves nothing', { skip }, async () => {
  await assert.rejects(
    lab.createContainer({ command: ['/bin/nope'] }),
    /\/bin\/nope.*no such file/s,
  )
})

test('two labs do not disturb each other', { skip }, async () => {
  const other = await openLab()
  await Promise.all([lab, other, lab, other].map((each) => each.createContainer()))
  await other.close()
})

/** A process of its own that opens a lab, starts a container and tells its id. */
async function startHolder(): Promise<{
  id: string
  end: (s: NodeJS.Signals) => Promise<unknown>
}> {
  const module = JSON.stringify(join(import.meta.dirname, 'lab.ts'))
  const program = `import { openLab } from ${module}
    const lab = await openLab()
    console.log((await lab.createContainer()).id)
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [id] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
  return {
    id: id.trim(),
    end: async (signal) => {
      child.kill(signal)
      const ended: unknown = await once(child, 'exit')
      return ended
    },
  }
}

const isOnMachine = (id: string): boolean =>
  existsSync(`/run/runc/${id}`) || readFileSync('/proc/self/mountinfo', 'utf8').includes(id)

test('an interrupted process takes its containers with it', { skip }, async () => {
  const holder = await startHolder()
  assert.equal(isOnMachine(holder.id), true)
  assert.deepEqual(await holder.end('SIGTERM'), [null, 'SIGTERM'])
  assert.equal(isOnMachine(holder.id), false)
})

test('the next lab removes what a killed one left', { skip }, async () => {
  const holder = await startHolder()
  await holder.end('SIGKILL')
  assert.equal(isOnMachine(holder.id), true)
  await (await openLab()).close()
  assert.equal(isOnMachine(holder.id), false)
})

test('the command performs what it is told, and says what it cannot', { skip }, async () => {
  const command = join(import.meta.dirname, './attack.ts')
  const attack = async (...words: readonly string[]): Promise<Result> =>
    await run([process.execPath, command, ...words])
  const listed = await attack('--list', 'reverse-shell')
  assert.equal(listed.stdout, `${'reverse-shell'.padEnd(34)} ${reverseShellRule}\n`)
  assert.match((await attack('reverse-shell')).stdout, /\n    done; see `Network connection/)
  const twin = await attack('--twin', 'reverse-shell')
  assert.match(twin.stdout, /^reverse-shell \(benign twin\): .*must stay silent\n$/s)
  const unknown = await attack('reverse-shelf')
  assert.deepEqual([unknown.code, unknown.stdout], [2, ''])
  assert.match(unknown.stderr, /no scenario reverse-shelf/)
})
