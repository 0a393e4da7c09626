/**
 * System calls that are told in a shape: numbers alone, with a descriptor, with a path, with a
 * name. Each line is one call, and what must be told of it.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { FILE_MEMFD, callShapeOf, syscallNumbers } from '@bulwark/schema'
import type { Operand } from './calls.ts'
import { Calls } from './calls.ts'
import type { Recorded } from './decode.ts'
import { machineOf } from './inner.ts'
import { unix } from './sockets.ts'
import type { Expected } from './stage.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

type Shaped = 'syscall' | 'fd_call' | 'path_call' | 'name_call'
type Line<K extends Shaped> = readonly [
  name: string,
  operands: readonly Operand[],
  expected: Expected<Recorded<K>>,
]

/** Every call of this machine that is told in a shape, but those that waiting threads do. */
const machine = machineOf(process.arch)
const names = Object.keys(machine === undefined ? {} : syscallNumbers[machine])
const quiet = new Set(['futex', 'exit', 'exit_group', 'rt_sigreturn'])
const stage = useStage(new Set(names.filter((name) => !quiet.has(name))))

const folder = (): string => join(stage.folder, 'folder')
const file = (): string => join(stage.folder, 'file')

before(() => {
  if (skip !== false) return
  mkdirSync(folder())
  writeFileSync(file(), 'text')
})

/** Does the calls of the lines that this machine has; each must be told, in order. */
const check = async <K extends Shaped>(
  kind: K,
  lines: readonly Line<K>[],
  begin: (calls: Calls) => void = () => {},
): Promise<readonly Recorded<K>[]> => {
  const known = lines.filter(([name]) => api.numberOf(name) >= 0)
  assert.ok(known.length > 0)
  const calls = new Calls()
  begin(calls)
  const done = known.map(([name, operands]) => {
    assert.equal(callShapeOf(name).shape, kind, name)
    return calls.callNumber(api.numberOf(name), ...operands)
  })
  const { events, results } = await stage.recorder.run(calls)
  const numbers = new Set(known.map(([name]) => api.numberOf(name)))
  // What the program does on its own account, e.g. to print a result, is told, too.
  const isOwn = ({ syscall, call }: Recorded<Shaped>): boolean =>
    numbers.has(syscall) && !(syscall === api.numberOf('write') && call.arg0 === 1)
  const told = events.of(kind).filter((event) => isOwn(event as Recorded<Shaped>))
  expectEvents(
    told.slice(-known.length),
    known.map(([name, , expected], i) => {
      const result = results[done[i]?.index ?? -1] ?? -1
      return Object.assign({ syscall: api.numberOf(name), result }, expected)
    }) as readonly Expected<Recorded<K>>[],
  )
  return told
}

test('numbers, as they were given', { skip }, async () => {
  const minus = 2n ** 64n - 1n
  const six = { arg0: 1, arg1: 2, arg2: 3, arg3: 4, arg4: 5, arg5: 6 }
  await check('syscall', [
    ['getppid', [1, 2, 3, 4, 5, 6], { call: six }],
    ['kill', [-1, 99], { result: -api.EINVAL, call: { arg0: minus, arg1: 99 } }],
    ['userfaultfd', [0xff00], { result: -api.EINVAL, call: { arg0: 0xff00 } }],
    ['bpf', [999, 0, 0], { result: -api.EINVAL, call: { arg0: 999 } }],
    ['keyctl', [11, 0, 0, 0, 0], { call: { arg0: 11 } }],
    ['prctl', [15, 'renamed'], { result: 0, comm: 'renamed', call: { arg0: 15 } }],
    ['process_vm_writev', [0, 0, 0, 0, 0, 0], {}],
    ['kexec_load', [0, 99, 0, 1], { call: { arg1: 99, arg3: 1 } }],
    ['unshare', [api.CLONE_NEWNS], { result: 0, call: { arg0: api.CLONE_NEWNS } }],
    ['getpid', [], {}],
  ])
})

test('credentials, as they are after the call', { skip }, async () => {
  await check('syscall', [
    ['setresgid', [1, 2, 3], { result: 0, egid: 2, rgid: 1, sgid: 3 }],
    ['setresuid', [-1, 0, 65534], { result: 0, euid: 0, ruid: 0, suid: 65534 }],
    ['setreuid', [5, 6], { result: 0, euid: 6, ruid: 5, suid: 6, capEffective: 0 }],
    ['setuid', [0], { result: -api.EPERM, euid: 6, ruid: 5 }],
    ['setuid', [5], { result: 0, euid: 5, ruid: 5, suid: 6 }],
  ])
})

test('what is behind a descriptor', { skip }, async () => {
  const { ino } = statSync(file())
  const facts = { inode: ino, links: 1 }
  const noFile = { inode: 0, mode: 0 }
  const name = 'user.bulwark'
  await check(
    'fd_call',
    [
      ['fchmod', [20, 0o4755], { path: file(), file: { ...facts, mode: 0o104755 } }],
      ['fchown', [20, -1, -1], { path: file(), file: facts, call: { arg0: 20 } }],
      ['ftruncate', [20, 7], { path: file(), call: { arg1: 7 } }],
      ['fsetxattr', [20, name, 'x', 1, 0], { path: file(), text: name }],
      ['fcntl', [20, 1], { path: file(), call: { arg1: 1 } }],
      ['ioctl', [20, 0x1234, 5], { path: file(), call: { arg1: 0x1234, arg2: 5 } }],
      ['setns', [20, api.CLONE_NEWNET], { result: -api.EINVAL, path: file() }],
      ['read', [20, new Uint8Array(4), 4], { result: 4, path: file() }],
      ['write', [20, 'more', 4], { path: file(), file: facts }],
      ['close', [20], { result: 0, path: '', file: noFile }],
      ['fchmod', [99, 0o777], { result: -api.EBADF, path: '', file: noFile }],
    ],
    (calls) => {
      const fd = calls.call('openat', api.AT_FDCWD, file(), api.O_RDWR)
      calls.call('dup3', fd, 20, 0)
    },
  )
})

test('a socket, a memfd and a pipe behind a descriptor', { skip }, async () => {
  const path = join(stage.folder, 'socket')
  const address = unix(path)
  const told = await check(
    'fd_call',
    [
      ['fcntl', [20, 1], { path, socket: { family: api.AF_UNIX, type: api.SOCK_STREAM } }],
      ['fchmod', [21, 0o700], { path: 'memfd:payload', socket: { family: 0 } }],
      ['fcntl', [22, 3], { path: '', socket: { family: 0 } }],
    ],
    (calls) => {
      const bound = calls.call('socket', api.AF_UNIX, api.SOCK_STREAM, 0)
      calls.call('bind', bound, address, address.length)
      calls.call('dup3', bound, 20, 0)
      calls.call('dup3', calls.call('memfd_create', 'payload', 0), 21, 0)
      calls.call('pipe2', new Uint8Array(8), 0)
      calls.call('dup3', 5, 22, 0)
    },
  )
  assert.equal((told[1]?.file.fileFlags ?? 0) & FILE_MEMFD, FILE_MEMFD)
})

test('paths, and where they start', { skip }, async () => {
  const base = stage.folder
  const absolute = { base: '' }
  await check(
    'path_call',
    [
      ['mkdir', ['made', 0o755], { result: 0, rawPath: 'made', base }],
      ['mkdirat', [20, 'inner', 0o700], { result: 0, rawPath: 'inner', base: folder() }],
      [
        'chmod',
        [file(), 0o6755],
        { result: 0, rawPath: file(), ...absolute, call: { arg1: 0o6755 } },
      ],
      ['fchmodat', [20, '../file', 0o755], { result: 0, rawPath: '../file', base: folder() }],
      ['fchmodat', [api.AT_FDCWD, '/none', 0o755], { result: -api.ENOENT, ...absolute }],
      ['chown', ['file', -1, -1], { result: 0, rawPath: 'file', base }],
      ['fchownat', [20, '', -1, -1, api.AT_EMPTY_PATH], { rawPath: '', base: folder() }],
      ['truncate', [file(), 3], { result: 0, rawPath: file() }],
      ['mknodat', [20, 'pipe', 0o010600, 0], { result: 0, rawPath: 'pipe', base: folder() }],
      ['setxattr', [file(), 'user.x', 'v', 1, 0], { rawPath: file(), text: 'user.x' }],
      ['umount2', [folder(), 0], { result: -api.EINVAL, rawPath: folder() }],
      ['swapon', [file(), 0], { result: -api.EINVAL, rawPath: file() }],
      ['faccessat', [20, 'pipe', 4], { result: 0, rawPath: 'pipe', base: folder() }],
      ['utimensat', [20, 0, 0, 0], { result: 0, rawPath: '', base: folder() }],
      ['rmdir', ['made'], { result: 0, rawPath: 'made', base }],
      ['chroot', [folder()], { result: 0, rawPath: folder() }],
    ],
    (calls) => {
      calls.call('chdir', base)
      const fd = calls.call('openat', api.AT_FDCWD, folder(), api.O_DIRECTORY)
      calls.call('dup3', fd, 20, 0)
    },
  )
  assert.ok(existsSync(join(folder(), 'inner')))
})

test('names that are no paths', { skip }, async () => {
  await check('name_call', [
    ['memfd_create', ['secret', 1], { text: 'secret', call: { arg1: 1 } }],
    ['delete_module', ['no_such_module', 0], { text: 'no_such_module' }],
    ['request_key', ['user', 'bulwark:none', 0, 0], { text: 'user', value: 'bulwark:none' }],
    ['memfd_create', [0, 0], { result: -api.EFAULT, text: '' }],
  ])
})
