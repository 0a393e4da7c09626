/**
 * 32-bit system calls: told as the 64-bit calls of their names, with their own numbers, and never
 * taken for the 64-bit call of the number.
 */
import assert from 'node:assert/strict'
import { copyFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import {
  RECORD_COMPAT,
  RECORD_OPENING,
  RECORD_USER_MEMORY,
  ROLE_CLIENT,
  isSeenCall,
  numbersNamed,
  socketcalls,
  syscallNumbers,
  syscallsByNumber,
} from '@bulwark/schema'
import type { Result } from './calls.ts'
import { Calls } from './calls.ts'
import type { Kind, Recorded } from './decode.ts'
import { missing32, nothingProgram, small32Program } from './program.ts'
import { addressBytes, inet, withLoopback } from './sockets.ts'
import type { Recording } from './recorder.ts'
import { chosen } from './recorder.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

// All calls but those that the program does on its own account, and those that never end.
const quiet = new Set(['exit', 'exit_group', 'futex', 'rt_sigreturn', 'write', 'brk'])
const own = [...Object.keys(syscallNumbers.x64), ...syscallsByNumber.ia32]
const types = own.filter((name) => name !== undefined && !quiet.has(name))
const stage = useStage(new Set(types as readonly string[]))

const skipCompat = skip || (missing32() ?? false)

/** What was told of 32-bit calls; the program does others on its own account. */
const compatOf = <K extends Kind>(events: Recording, kind: K): readonly Recorded<K>[] =>
  events.of(kind).filter(({ flags }) => (flags & RECORD_COMPAT) !== 0)

const number = (name: string): number => numbersNamed('ia32', name).at(-1) ?? -1
const bytes = (text: string): Buffer => Buffer.from(`${text}\0`)
const minus1 = 2 ** 32 - 1

before(() => {
  if (skip === false) writeFileSync(join(stage.folder, 'file'), 'text')
})

test('files, paths and descriptors', { skip: skipCompat }, async () => {
  const file = join(stage.folder, 'file')
  const calls = new Calls()
  calls.compat(number('chdir'), bytes(stage.folder))
  const opened = calls.compat(number('open'), bytes('file'), api.O_RDWR)
  calls.compat(number('openat'), api.AT_FDCWD, bytes('none'), api.O_CREAT | api.O_EXCL, 0o640)
  calls.compat(number('fchmod'), opened, 0o4711)
  calls.compat(number('mkdir'), bytes('made'), 0o700)
  calls.compat(number('rename'), bytes('made'), bytes('other'))
  calls.compat(number('rmdir'), bytes('other'))
  calls.compat(number('dup2'), opened, 30)
  calls.compat(number('unlinkat'), api.AT_FDCWD, bytes('none'), 0)
  const { events, results } = await stage.recorder.run(calls)
  const { ino } = statSync(file)
  const base = stage.folder
  const told = { result: 0, flags: RECORD_COMPAT | RECORD_USER_MEMORY }
  // Security hooks tell names, of 32-bit calls too.
  const named = { ...told, flags: chosen.hearsNames ? RECORD_COMPAT : told.flags }
  const heard = (name: string): string => (chosen.hearsNames ? join(base, name) : '')
  expectEvents(events.of('chdir'), [{ cwd: base, syscall: 12, flags: RECORD_COMPAT }])
  expectEvents(compatOf(events, 'open'), [
    { ...told, path: file, rawPath: 'file', openFlags: api.O_RDWR, result: results[1] ?? -1 },
    { ...told, path: join(base, 'none'), openMode: 0o640, result: results[2] ?? -1, syscall: 295 },
  ])
  expectEvents(compatOf(events, 'fd_call'), [
    { path: file, file: { inode: ino, mode: 0o104711 }, syscall: 94, flags: RECORD_COMPAT },
  ])
  expectEvents(compatOf(events, 'path_call'), [
    { ...named, rawPath: 'made', base, path: heard('made'), call: { arg1: 0o700 } },
    { ...named, rawPath: 'other', base, path: heard('other') },
  ])
  const sides = { oldResolved: heard('made'), newResolved: heard('other') }
  expectEvents(events.of('rename'), [
    { ...named, ...sides, oldPath: 'made', newPath: 'other', newBase: base },
  ])
  expectEvents(events.of('dup'), [{ path: file, newFd: 30, result: 30 }])
  expectEvents(events.of('unlink'), [{ ...named, rawPath: 'none', base, path: heard('none') }])
})

test('numbers: the lower halves, of the 32-bit registers', { skip: skipCompat }, async () => {
  const calls = new Calls()
  calls.compat(number('getppid'), 1, 2n ** 40n + 2n, 3, 4, 5)
  calls.compat(number('setresuid'), minus1, 0, 77)
  calls.compat(number('kill'), -1, 99)
  const { events } = await stage.recorder.run(calls)
  const flags = RECORD_COMPAT
  expectEvents(compatOf(events, 'syscall'), [
    { flags, call: { arg0: 1, arg1: 2, arg2: 3, arg3: 4, arg4: 5 }, syscall: 64 },
    { flags, call: { arg0: minus1, arg1: 0, arg2: 77 }, ruid: 0, euid: 0, suid: 77, result: 0 },
    { flags, call: { arg0: minus1, arg1: 99 }, result: -api.EINVAL },
  ])
})

test('what the 64-bit table has at a number is not told', { skip: skipCompat }, async () => {
  const calls = new Calls()
  const like64 = [32, 42, 43, 49, 82, 86, 87, 101, 175, 257, 263, 288, 316]
  for (const each of like64) calls.compat(each, -1, -1)
  const { events } = await stage.recorder.run(calls)
  const numbers = events.all
    .filter(({ flags, syscall }) => (flags & RECORD_COMPAT) !== 0 && syscall >= 0)
    .map(({ syscall }) => syscall)
  const isTold = (each: number): boolean => isSeenCall(syscallsByNumber.ia32[each] ?? '')
  assert.deepEqual(numbers, like64.filter(isTold))
  // ... 42 and 43 of them are pipe and times, not connect and accept.
  for (const kind of ['socket', 'connect', 'accept', 'bind', 'unlink', 'ptrace'] as const) {
    assert.deepEqual(events.of(kind), [], kind)
  }
})

test('sockets, by calls of their own', { skip: skipCompat }, async () => {
  const calls = withLoopback()
  const address = inet('127.0.0.9', 6002)
  const server = calls.compat(number('socket'), api.AF_INET, api.SOCK_STREAM, 0)
  calls.compat(number('bind'), server, address, address.length)
  calls.compat(number('listen'), server, 7)
  const client = calls.compat(number('socket'), api.AF_INET, api.SOCK_STREAM, 0)
  calls.compat(number('connect'), client, address, address.length)
  calls.compat(number('accept4'), server, 0, 0, 0)
  const { events } = await stage.recorder.run(calls)
  const ends = { remoteAddress: addressBytes('127.0.0.9'), remotePort: 6002 }
  expectEvents(events.of('connect'), [{ result: 0, syscall: 362, socket: ends }])
  expectEvents(events.of('listen'), [{ result: 0, backlog: 7 }])
  expectEvents(events.of('accept'), [{ syscall: 364, socket: { localPort: 6002 } }])
})

test('sockets, through socketcall', { skip: skipCompat }, async () => {
  const calls = withLoopback()
  const address = inet('127.0.0.9', 6003)
  // Pointers that lie in memory themselves need an address that is known here.
  const place = 0x1000_0000
  const data = calls.call('memfd_create', 'data', 0)
  const iovec = api.pack([4, place + 64], [4, 5])
  const header = api.pack([4, place], [4, 16], [4, place + 80], [4, 1], [4, 0], [4, 0], [4, 0])
  const whole = new Uint8Array(128)
  whole.set(address, 0)
  whole.set(Buffer.from('hello'), 64)
  whole.set(iovec, 80)
  whole.set(header, 96)
  calls.call('write', data, whole, whole.length)
  calls.callNumber(api.numberOf('mmap'), place, 4096, 3, 0x12, data, 0)
  const socketcall = (name: string, ...words: readonly number[]): Result => {
    const list = words.map((word) => [4, word] as const)
    return calls.compat(102, socketcalls.indexOf(name), api.pack(...list))
  }
  calls.call('dup3', socketcall('socket', api.AF_INET, api.SOCK_STREAM, 0), 20, 0)
  socketcall('bind', 20, place, 16)
  socketcall('listen', 20, 3)
  calls.call('dup3', socketcall('socket', api.AF_INET, api.SOCK_STREAM, 0), 21, 0)
  socketcall('connect', 21, place, 16)
  const accepted = socketcall('accept', 20, 0, 0)
  socketcall('send', 21, place + 64, 5, 0)
  calls.call('dup3', socketcall('socket', api.AF_INET, api.SOCK_DGRAM, 0), 22, 0)
  socketcall('sendto', 22, place + 64, 5, 0, place, 16)
  socketcall('sendmsg', 22, place + 96, 0)
  socketcall('shutdown', 21, 2)
  const { events, results } = await stage.recorder.run(calls)
  const flags = RECORD_COMPAT | RECORD_USER_MEMORY
  const role = ROLE_CLIENT
  const ends = { remoteAddress: addressBytes('127.0.0.9'), remotePort: 6003, role }
  expectEvents(events.of('connect'), [{ flags, fd: 21, result: 0, syscall: 362, socket: ends }])
  expectEvents(events.of('bind'), [{ fd: 20, result: 0, syscall: 361 }])
  expectEvents(events.of('listen'), [{ fd: 20, backlog: 3, syscall: 363 }])
  expectEvents(events.of('accept'), [
    { fd: results[accepted.index] ?? -1, syscall: number('accept') },
  ])
  expectEvents(events.of('send'), [
    { flags: flags | RECORD_OPENING, fd: 21, result: 5, syscall: number('send'), socket: ends },
    { flags, fd: 22, result: 5, syscall: number('sendto'), socket: ends },
    { flags, fd: 22, result: 5, syscall: number('sendmsg'), socket: ends },
  ])
  expectEvents(compatOf(events, 'fd_call'), [
    { flags, call: { arg0: 21, arg1: 2 }, syscall: number('shutdown'), socket: ends },
  ])
})

test('memory that can be executed', { skip: skipCompat }, async () => {
  const calls = new Calls()
  const fd = calls.call('openat', api.AT_FDCWD, nothingProgram(), api.O_RDONLY)
  calls.compat(192, 0, 4096, 5, 2, fd)
  calls.compat(90, api.pack([4, 0], [4, 8192], [4, 7], [4, 0x22], [4, minus1], [4, 0]))
  calls.compat(number('mprotect'), 4096, 4096, 4)
  const { events } = await stage.recorder.run(calls)
  expectEvents(compatOf(events, 'memory'), [
    { syscall: 192, protection: 5, path: nothingProgram(), length: 4096 },
    { syscall: 90, protection: 7, path: '', length: 8192, mapFlags: 0x22 },
    { syscall: 125, protection: 4, address: 4096, result: -12 },
  ])
})

test('calls whose arguments are elsewhere in 32 bits', { skip: skipCompat }, async () => {
  const calls = new Calls()
  const watch = calls.callNumber(api.numberOf('fanotify_init'), 0, 0)
  const dir = calls.call('openat', api.AT_FDCWD, stage.folder, api.O_DIRECTORY)
  calls.compat(number('fanotify_mark'), watch, 1, 0x20, 0, dir, bytes('file'))
  calls.compat(22, bytes(stage.folder))
  const { events, results } = await stage.recorder.run(calls)
  assert.deepEqual(results.slice(2), [0, -api.EINVAL])
  const flags = RECORD_COMPAT | RECORD_USER_MEMORY
  const base = stage.folder
  expectEvents(compatOf(events, 'path_call'), [
    { flags, rawPath: 'file', base, result: 0, call: { arg2: 0x20, arg4: results[1] ?? -1 } },
    { flags, rawPath: base, result: -api.EINVAL, syscall: 22 },
  ])
})

test('an exec that fails has pointers of its width', { skip: skipCompat }, async () => {
  const calls = new Calls()
  const place = 0x1000_0000
  const data = calls.call('memfd_create', 'data', 0)
  const whole = new Uint8Array(64)
  whole.set(bytes('none'), 0)
  whole.set(bytes('second'), 8)
  whole.set(api.pack([4, place], [4, place + 8], [4, 0]), 32)
  calls.call('write', data, whole, whole.length)
  calls.callNumber(api.numberOf('mmap'), place, 4096, 3, 0x12, data, 0)
  calls.compat(number('execve'), place, place + 32, 0)
  const { events, results } = await stage.recorder.run(calls)
  assert.equal(results.at(-1), -api.ENOENT)
  const flags = RECORD_COMPAT | RECORD_USER_MEMORY
  const told = { rawPath: 'none', argumentCount: 2, arguments: 'none\0second\0' }
  expectEvents(events.of('exec_failed'), [{ flags, ...told }])
})

test('a 32-bit program is an exec as any other', { skip: skipCompat }, async () => {
  const calls = new Calls()
  calls.exec(small32Program(), ['small'])
  const { events, code } = await stage.recorder.run(calls)
  assert.equal(code, 7)
  const [exec] = events.of('exec')
  expectEvents(events.of('exec'), [{ exePath: small32Program(), arguments: 'small\0' }])
  // Where the kernel tells the number: that of the 32-bit table, as of what has become 32-bit.
  assert.ok(exec?.syscall === -1 || (exec?.syscall === 11 && (exec.flags & RECORD_COMPAT) !== 0))
  expectEvents(events.of('exit'), [{ exitCode: 7 << 8 }])
})

test('so is what a 32-bit call executes', { skip: skipCompat }, async () => {
  const program = join(stage.folder, 'program')
  copyFileSync(nothingProgram(), program)
  const calls = new Calls()
  calls.compat(number('execve'), bytes(program))
  const { events } = await stage.recorder.run(calls)
  expectEvents(events.of('exec'), [{ exePath: program, syscall: api.execNumber() }])
})
