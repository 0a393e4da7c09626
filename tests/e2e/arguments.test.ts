/** Arguments of real calls in a real container, in the text forms that rules compare; with filters
 * in the kernel and without. */
import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Machine } from '@bulwark/schema'
import { numbersNamed } from '@bulwark/schema'
import type { Container, Lab } from '@bulwark/tools'
import { openLab, reasonToSkip } from '@bulwark/tools'
import type { Operand, Result } from '../kernel/calls.ts'
import { Calls } from '../kernel/calls.ts'
import { callsProgram } from '../kernel/program.ts'
import { inet } from '../kernel/sockets.ts'
import * as api from '../kernel/values.ts'
import { bellProgram } from './sensor.ts'
import { SensorPair, isOf } from './sensor-pair.ts'

const machine: Machine = process.arch === 'arm64' ? 'arm64' : 'x64'
const skip = reasonToSkip() ?? false
let lab: Lab | undefined
let sensors: SensorPair | undefined

before(async () => {
  if (skip !== false) return
  lab = await openLab()
  sensors = await SensorPair.start(
    { rules: [join(import.meta.dirname, 'arguments.yaml')] },
    lab.directory,
  )
})
after(async () => {
  try {
    await sensors?.stop()
  } finally {
    await lab?.close()
  }
})

/** What is told of calls, in their order; numbers of descriptors, inodes and pids as `N`. */
const toldOf = async (container: Container, calls: Calls): Promise<readonly string[]> => {
  const act = async (): Promise<void> => {
    const { code, stderr } = await container.exec(['/usr/bin/calls', ...calls.words])
    assert.equal(code, 0, stderr)
  }
  const alerts = await sensors?.observe(container, act, isOf(container))
  return (alerts ?? []).map(({ output_fields: fields }) =>
    `${String(fields['evt.type'])} ${String(fields['evt.args'])}`
      .replace(/\b(fd|oldfd|newfd|res)=\d+\(</g, '$1=N(<')
      .replace(/\b(ino|dev)=[0-9A-F]+/g, '$1=N')
      .replace(/127\.0\.0\.1:\d+->/g, '127.0.0.1:N->'),
  )
}

test('calls tell their arguments as Falco does', { skip }, async () => {
  const container = await lab?.createContainer({ programs: [bellProgram] })
  assert.ok(container)
  copyFileSync(callsProgram(), join(`/proc/${container.pid}/root`, 'usr/bin/calls'))
  const calls = new Calls()
  const call = (name: string, ...operands: readonly Operand[]): Result => {
    const [number = -1] = numbersNamed(machine, name)
    return calls.callNumber(number, ...operands)
  }
  const { O_CREAT, O_RDWR, O_TRUNC, O_CLOEXEC, AT_FDCWD } = api
  const file = call('openat', AT_FDCWD, '/tmp/a', O_CREAT | O_RDWR | O_TRUNC | O_CLOEXEC, 0o640)
  call('openat', AT_FDCWD, '/tmp/none', 0)
  call('dup3', file, 50, O_CLOEXEC)
  call('fcntl', file, 3, 0)
  call('fchmod', file, 0o4711)
  call('fchmodat', AT_FDCWD, '/tmp/a', 0o604)
  call('mkdirat', AT_FDCWD, '/tmp/d', 0o755)
  call('symlinkat', 'a', AT_FDCWD, '/tmp/l')
  call('renameat2', AT_FDCWD, '/tmp/l', AT_FDCWD, '/tmp/d', 2)
  call('unlinkat', AT_FDCWD, '/tmp/l', 0x200)
  call('memfd_create', 'payload', 3)
  call('eventfd2', 7, 0o2004000)
  call('prctl', 38, 1, 0, 0, 0)
  call('kill', 0, 0)
  call('unshare', 0x20000)
  call('socket', 1, 0o2000001, 0)
  const udp = call('socket', 2, 2, 17)
  call('connect', udp, inet('127.0.0.1', 5353), 16)
  call('shutdown', udp, 2)
  call('bpf', 5, 0, 0)
  call('setresuid', 1, 1, -1)
  const told = await toldOf(container, calls)
  await container.destroy()
  const mode = 'S_IXOTH|S_IXGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID'
  const ends = '127.0.0.1:N->127.0.0.1:5353'
  const groups = 'rgid=0(root) egid=0(root) sgid=0(root)'
  assert.deepEqual(told, [
    'openat fd=N(<f>/tmp/a) name=/tmp/a ' +
      'flags=53511(O_TRUNC|O_CREAT|O_RDWR|O_CLOEXEC|O_F_CREATED|FD_UPPER_LAYER) mode=0640 dev=N ino=N',
    'openat fd=-2(ENOENT) name=/tmp/none flags=1(O_RDONLY) mode=0 dev=N ino=N',
    'dup3 res=N(<f>/tmp/a) oldfd=N(<f>/tmp/a) newfd=N(<f>/tmp/a)',
    'fcntl res=32770 fd=N(<f>/tmp/a) cmd=4(F_GETFL) arg=0',
    `fchmod res=0 fd=N(<f>/tmp/a) mode=04711(${mode})`,
    'fchmodat res=0 dirfd=-100(AT_FDCWD) filename=/tmp/a mode=0604(S_IROTH|S_IWUSR|S_IRUSR)',
    'mkdirat res=0 dirfd=-100(AT_FDCWD) path=/tmp/d mode=1ED',
    'symlinkat res=0 target=a linkpath=/tmp/l',
    'renameat2 res=0 oldpath=/tmp/l newpath=/tmp/d flags=2(RENAME_EXCHANGE)',
    'unlinkat res=0 name=/tmp/l flags=512(AT_REMOVEDIR)',
    'memfd_create fd=4 name=payload flags=3(MFD_CLOEXEC|MFD_ALLOW_SEALING)',
    'eventfd2 res=5 flags=4160(O_NONBLOCK|O_CLOEXEC) initval=7',
    'prctl res=0 option=38(PR_SET_NO_NEW_PRIVS) arg2_int=1',
    'kill res=0 pid=0 sig=0',
    'unshare res=-1(EPERM) flags=32(CLONE_NEWNS)',
    'socket fd=6 domain=1(AF_LOCAL|AF_UNIX) type=524289 proto=0 flags=4096(O_CLOEXEC)',
    'socket fd=7 domain=2(AF_INET) type=2 proto=17 flags=0(O_NONE)',
    `connect res=0 tuple=${ends} fd=N(<4u>${ends}) addr=127.0.0.1:5353`,
    `shutdown res=0 fd=N(<4u>${ends}) how=2(SHUT_RDWR)`,
    'bpf fd=-1(EPERM) cmd=5(BPF_PROG_LOAD) addr=0 size=0',
    `setresuid res=0 ruid=1(daemon) euid=1(daemon) suid=-1(<NONE>) ${groups}`,
  ])
})
