/** What is seen of programs that begin: which, with what arguments, where, started how. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  copyFileSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { cpus } from 'node:os'
import { basename, join } from 'node:path'
import { before, test } from 'node:test'
import {
  FILE_DELETED,
  FILE_MEMFD,
  FILE_WRITABLE,
  RECORD_BY_THREAD,
  RECORD_USER_MEMORY,
  recordLimits,
} from '@bulwark/schema'
import { Calls } from './calls.ts'
import type { Recorded } from './decode.ts'
import { nothingProgram, start } from './program.ts'
import { treeOf } from './recorder.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

const stage = useStage(new Set(['execve', 'execveat']))
const at = (name: string): string => join(stage.folder, name)

/** A program that ends at once. */
const program = (): string => at('program')

before(() => {
  if (skip !== false) return
  copyFileSync(nothingProgram(), program())
  symlinkSync('program', at('link'))
  writeFileSync(at('script'), `#!${program()} one word\n`)
  chmodSync(at('script'), 0o755)
})

/** The one program that the calls begin. */
const execOf = async (calls: Calls, cwd?: string): Promise<Recorded<'exec'>> => {
  const { events, results } = await stage.recorder.run(calls, cwd === undefined ? {} : { cwd })
  const [event, ...more] = events.of('exec')
  assert.ok(event && more.length === 0, `expected one exec; results: ${results.join(' ')}`)
  return event
}

test('an exec tells the program, its arguments as they are, and its folder', { skip }, async () => {
  const argv = ['a name', '', 'two  words', '', 'caf\u00e9', '']
  const calls = new Calls()
  calls.call('setsid') // Away from the terminal that the tests may have been started on.
  calls.exec(program(), argv)
  const { ino, mode, ctimeNs, mtimeNs } = statSync(program(), { bigint: true })
  const text = Buffer.from(argv.map((argument) => `${argument}\0`).join('')).toString('latin1')
  expectEvents(
    [await execOf(calls, stage.folder)],
    [
      {
        syscall: api.execNumber(),
        result: 0,
        comm: 'program',
        exePath: program(),
        exe: { inode: Number(ino), mode: Number(mode), links: 1, fileFlags: FILE_WRITABLE },
        exeCtimeNs: ctimeNs,
        exeMtimeNs: mtimeNs,
        cwd: stage.folder,
        tty: 0,
        argumentCount: argv.length,
        arguments: text,
        argumentsLength: { storedBytes: text.length, trueBytes: text.length },
      },
    ],
  )
})

test('without arguments there is the one that the kernel adds', { skip }, async () => {
  const calls = new Calls()
  calls.exec(program(), [])
  assert.partialDeepStrictEqual(await execOf(calls), { arguments: '\0', argumentCount: 1 })
})

test('a link is told by its target, a script by its interpreter', { skip }, async () => {
  const link = new Calls()
  link.exec(at('link'), ['link'])
  assert.partialDeepStrictEqual(await execOf(link), { exePath: program(), comm: 'link' })
  const script = new Calls()
  script.exec(at('script'), ['ignored', '%1'])
  const argv = [program(), 'one word', at('script'), '%1']
  assert.partialDeepStrictEqual(await execOf(script), {
    exePath: program(),
    comm: 'script',
    arguments: argv.map((argument) => `${argument}\0`).join(''),
    argumentCount: argv.length,
  })
})

test('arguments that are too long are cut, and their true length told', { skip }, async () => {
  const argv = ['long', ...Array.from({ length: 300 }, (_, i) => `${i}`.padEnd(99, 'x'))]
  const text = argv.map((argument) => `${argument}\0`).join('')
  const calls = new Calls()
  calls.exec(program(), argv)
  const event = await execOf(calls)
  const storedBytes = recordLimits.argumentsBytesMax - 1
  assert.deepEqual(event.argumentsLength, { storedBytes, trueBytes: text.length })
  assert.equal(event.arguments, text.slice(0, storedBytes))
  assert.equal(event.argumentCount, argv.length)
})

test('arguments up to the limit are whole', { skip }, async () => {
  const calls = new Calls()
  const text = 'x'.repeat(recordLimits.argumentsBytesMax - 2)
  calls.exec(program(), [text])
  const event = await execOf(calls)
  const bytes = recordLimits.argumentsBytesMax - 1
  assert.deepEqual(event.argumentsLength, { storedBytes: bytes, trueBytes: bytes })
  assert.equal(event.arguments, `${text}\0`)
})

test('a program that its process may write is told as such', { skip }, async () => {
  const nobody = 65_534
  chmodSync(stage.folder, 0o755)
  const flagsFor = async (mode: number, user: number, group: number): Promise<number> => {
    chmodSync(program(), mode)
    const calls = new Calls()
    calls.call('setresgid', group, group, group)
    calls.call('setresuid', user, user, user)
    calls.exec(program(), ['x'])
    return (await execOf(calls)).exe.fileFlags & FILE_WRITABLE
  }
  assert.equal(await flagsFor(0o555, 0, 0), FILE_WRITABLE)
  assert.equal(await flagsFor(0o755, nobody, nobody), 0)
  assert.equal(await flagsFor(0o775, nobody, 0), FILE_WRITABLE)
  assert.equal(await flagsFor(0o757, nobody, nobody), FILE_WRITABLE)
  chmodSync(program(), 0o755)
})

test('the CPU, and since when the pid namespace is there', { skip }, async () => {
  const calls = new Calls()
  calls.exec(program(), ['x'])
  const { cpu, namespaceStartNs, startNs } = await execOf(calls)
  assert.ok(cpu >= 1 && cpu <= cpus().length, `CPU ${cpu}`)
  const ticks = readFileSync('/proc/1/stat', 'latin1').split(') ')[1]?.split(' ')[19]
  assert.equal(BigInt(namespaceStartNs) / 10_000_000n, BigInt(ticks ?? -1))
  assert.ok(namespaceStartNs < startNs)
})

test('a program in memory is one', { skip }, async () => {
  const calls = new Calls()
  const memory = calls.call('memfd_create', 'payload', 0)
  const file = calls.call('openat', api.AT_FDCWD, program(), api.O_RDONLY)
  calls.call('sendfile', memory, file, 0, statSync(program()).size)
  calls.call('execveat', memory, '', ['[kworker]', 0], [0], api.AT_EMPTY_PATH)
  const event = await execOf(calls)
  assert.equal(event.exePath, 'memfd:payload')
  assert.equal(event.exe.fileFlags & FILE_MEMFD, FILE_MEMFD)
  assert.equal(event.arguments, '[kworker]\0')
})

test('a program that was removed still has its path, and says so', { skip }, async () => {
  copyFileSync(program(), at('removed'))
  const calls = new Calls()
  const file = calls.call('openat', api.AT_FDCWD, at('removed'), api.O_RDONLY)
  calls.call('unlinkat', api.AT_FDCWD, at('removed'), 0)
  calls.call('execveat', file, '', ['x', 0], [0], api.AT_EMPTY_PATH)
  const event = await execOf(calls)
  assert.equal(event.exePath, at('removed'))
  assert.equal(event.exe.fileFlags, FILE_DELETED | FILE_WRITABLE)
  assert.equal(event.exe.links, 0)
})

test('an exec that fails is told of who tried, with what was asked for', { skip }, async () => {
  const calls = new Calls()
  calls.call('execve', at('none'), ['none', 'a b', '', 0], [0])
  calls.call('execve', '.', 0, [0])
  const folder = calls.call('openat', api.AT_FDCWD, stage.folder, api.O_RDONLY)
  calls.call('execveat', folder, 'none', ['at', 0], [0], api.AT_SYMLINK_NOFOLLOW)
  calls.call('execve', program(), 1, [0])
  const { events, results, pid } = await stage.recorder.run(calls, { cwd: stage.folder })
  const { ENOENT, EACCES, EFAULT } = api
  assert.deepEqual(results.toSpliced(2, 1), [-ENOENT, -EACCES, -ENOENT, -EFAULT])
  expectEvents(events.of('exec'), [])
  const base = stage.folder
  const who = { pid, tid: pid }
  const execve = { ...who, syscall: api.numberOf('execve') }
  const all = 'none\0a b\0\0'
  const whole = { storedBytes: all.length, trueBytes: all.length }
  const cut = { storedBytes: 0, trueBytes: undefined }
  const second = { rawPath: 'none', base, arguments: 'at\0', callFlags: api.AT_SYMLINK_NOFOLLOW }
  expectEvents(events.of('exec_failed'), [
    {
      ...execve,
      result: -ENOENT,
      rawPath: at('none'),
      base: '',
      argumentCount: 3,
      arguments: all,
      argumentsLength: whole,
    },
    { ...execve, result: -EACCES, rawPath: '.', base, argumentCount: 0, arguments: '' },
    { ...who, ...second, result: -ENOENT },
    { ...execve, result: -EFAULT, rawPath: program(), base: '', argumentsLength: cut },
  ])
  assert.ok(events.of('exec_failed').every(({ flags }) => (flags & RECORD_USER_MEMORY) !== 0))
})

test('of an exec that fails, too many arguments are cut, and too long ones', { skip }, async () => {
  const argv = Array.from({ length: 300 }, (_, i) => `${i}`)
  const long = 'x'.repeat(2 * recordLimits.argumentsBytesMax)
  const calls = new Calls()
  calls.call('execve', at('none'), [...argv, 0], [0])
  calls.call('execve', at('none'), ['long', long, 'more', 0], [0])
  const { events } = await stage.recorder.run(calls)
  const told = 128
  const many = argv.slice(0, told).map((argument) => `${argument}\0`)
  const storedBytes = recordLimits.argumentsBytesMax - 1
  expectEvents(events.of('exec_failed'), [
    {
      argumentCount: told,
      arguments: many.join(''),
      argumentsLength: { storedBytes: many.join('').length, trueBytes: undefined },
    },
    {
      argumentCount: 2,
      arguments: `${`long\0${long}`.slice(0, storedBytes - 1)}\0`,
      argumentsLength: { storedBytes, trueBytes: undefined },
    },
  ])
})

test('a second thread that executes is the process from then on', { skip }, async () => {
  const calls = new Calls()
  calls.threads(3)
  calls.thread()
  calls.call('chdir', stage.folder)
  calls.exec(program(), ['second'])
  const { events, pid } = await stage.recorder.run(calls)
  const [first] = events.of('chdir')
  assert.ok(first && first.tid !== pid)
  const { startNs, vpid } = first
  const names = events.all.map(({ name }) => name)
  assert.deepEqual(names, ['chdir', 'exec', 'exit'], 'no thread that ended is a process that did')
  const flags = RECORD_BY_THREAD
  const ids = { pid, tid: pid, vpid, vtid: vpid, startNs, comm: 'program' }
  expectEvents(events.of('exec'), [{ ...ids, flags }])
  expectEvents(events.of('exit'), [{ pid, startNs, comm: 'program' }])
})

test('process group and session are told', { skip }, async () => {
  const calls = new Calls()
  calls.fork()
  calls.call('setsid')
  calls.fork()
  calls.call('setpgid', 0, 0)
  calls.exec(program(), ['grandchild'])
  const { events } = await stage.recorder.run(calls)
  const [child, grandchild] = events.of('fork').map(({ childPid }) => childPid)
  assert.ok(child !== undefined && grandchild !== undefined)
  expectEvents(events.of('exec'), [{ pid: grandchild, pgid: grandchild, sid: child, tty: 0 }])
})

test('in a namespace of its own, a group has a number there', { skip }, async () => {
  const calls = new Calls()
  calls.call('unshare', api.CLONE_NEWPID)
  calls.fork()
  calls.call('setsid')
  calls.exec(program(), ['first'])
  const { events } = await stage.recorder.run(calls)
  const host = events.of('fork')[0]?.childPid ?? -1
  expectEvents(events.of('exec'), [{ pid: host, pgid: host, sid: host, vpid: 1, vpgid: 1 }])
})

test('a terminal is told by its number', { skip }, async () => {
  let pid = 0
  let shown = ''
  const command = 'readlink /proc/self/fd/0'
  const argv = ['script', '--quiet', '--return', '--command', command, '/dev/null']
  const events = await stage.recorder.record(
    async () => {
      const started = start(argv)
      pid = started.pid
      shown = (await started.ended).stdout.trim()
    },
    () => treeOf(pid),
  )
  const [, number] = /^\/dev\/pts\/(\d+)$/.exec(shown) ?? []
  assert.ok(number !== undefined, `expected a terminal, found ${shown}`)
  const readlink = events.of('exec').filter(({ exePath }) => basename(exePath) === 'readlink')
  const firstMajor = 136
  expectEvents(readlink, [{ tty: (firstMajor << 8) + Number(number) }])
})
