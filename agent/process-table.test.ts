/** The process table over records as the kernel sends them, and a /proc that tests make up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordValues } from '@bulwark/schema'
import { RECORD_AS_MADE, RECORD_BY_THREAD, RECORD_HELD, RECORD_OUTSIDE_ROOT } from '@bulwark/schema'
import { programOf } from './ancestry.ts'
import type { Counters } from './counters.ts'
import { newCounters } from './counters.ts'
import { limits } from './limits.ts'
import type { Process } from './process.ts'
import { commandLine, unknownProcess } from './process.ts'
import { ProcessTable } from './process-table.ts'
import type { ProcEntry } from './procfs.ts'
import { recordOf } from './testdata/records.ts'

/** A process as /proc shows it: its start is known to the tick only. */
const entry = (pid: number, ppid: number, startNs: number, exe: string): ProcEntry => {
  const process = unknownProcess(pid, Math.floor(startNs / 1e7) * 1e7)
  process.startExact = false
  process.exe = exe
  process.comm = exe
  return { process, ppid, cgroupPath: '/c' }
}

const cgroupId = 77
const s = 1_000_000_000

/** A table, what it counts, and a /proc with some processes. */
class Fixture {
  readonly counters: Counters = newCounters()
  readonly proc = new Map<number, ProcEntry>()
  readonly table: ProcessTable
  reads = 0

  constructor(...entries: readonly ProcEntry[]) {
    for (const each of entries) this.proc.set(each.process.pid, each)
    this.table = new ProcessTable(
      this.counters,
      (pid) => {
        this.reads++
        return this.proc.get(pid)
      },
      (path) => (path === '/c' ? cgroupId : 0),
    )
  }

  /** Any event of a process. */
  event(pid: number, ppid: number, startNs: number, values: RecordValues = {}): Process {
    const header = { pid, tid: pid, ppid, start_ns: startNs, vpid: 3, comm: `comm${pid}` }
    return this.table.of(recordOf('ptrace', { ...header, ...values }))
  }

  fork(maker: Process, childPid: number, childStartNs: number, values: RecordValues = {}): Process {
    const child = { child_pid: childPid, child_start_ns: childStartNs, child_vpid: 5 }
    const { comm } = maker
    this.table.fork(recordOf('fork', { ...child, comm, child_cgroup_id: 88, ...values }), maker)
    const process = this.table.get(childPid)
    assert.ok(process)
    return process
  }
}

const chain = (process: Process | undefined): string =>
  process ? `${process.pid} ${chain(process.parent)}`.trim() : ''

test('it starts with what /proc has, parents linked in any order', () => {
  const { table, counters } = new Fixture(
    entry(1, 0, s, 'init'),
    entry(7, 9, 2 * s, 'leaf'),
    entry(9, 1, 3 * s, 'shell'),
  )
  table.start([1, 7, 9, 12])
  assert.equal(table.size, 3)
  assert.equal(chain(table.get(7)), '7 9 1')
  assert.equal(table.get(7)?.cgroupId, cgroupId)
  assert.equal(counters.healedProcesses, 0)
})

test('a fork copies, an exec replaces, an exit removes', () => {
  const f = new Fixture(entry(1, 0, s, 'init'))
  f.table.start([1])
  const init = f.event(1, 0, s + 5)
  init.exePath = '/bin/init'
  const child = f.fork(init, 2, 2 * s)
  assert.deepEqual([child.exe, child.vpid, child.cgroupId, child.parent], ['init', 5, 88, init])
  const values = {
    pid: 2,
    tid: 2,
    ppid: 1,
    start_ns: 2 * s,
    vpid: 6,
    flags: RECORD_OUTSIDE_ROOT | RECORD_BY_THREAD,
    comm: 'sh',
    login_uid: 1000,
    cap_permitted: 2 ** 21,
    exe_path: '/bin/dash',
    cwd: '/tmp',
    arguments: 'sh\0-c\0\0a b\0',
    environment: 'A=1\0B=\0',
    tty: 34816,
    pgid: 7,
    vpgid: 4,
    sid: 5,
    exe_ctime_ns: 2n ** 60n + 1n,
    exe_mtime_ns: 9,
    namespace_start_ns: 77,
    exe: { inode: 42, file_flags: 3 },
  }
  const r = recordOf('exec', values)
  const process = f.table.of(r)
  f.table.exec(r, process)
  assert.equal(process, child)
  assert.deepEqual(
    { ...process, parent: process.parent?.pid, program: undefined },
    {
      pid: 2,
      startNs: 2 * s,
      startExact: true,
      vpid: 6,
      comm: 'sh',
      exe: 'sh',
      args: ['-c', '', 'a b'],
      environment: 'A=1\0B=',
      exePath: '/bin/dash',
      cwd: '/tmp',
      cwdOutside: true,
      cgroupId: 0,
      tty: 34816,
      pgid: 7,
      vpgid: 4,
      sid: 5,
      loginUid: 1000,
      exeInode: 42,
      exeCtimeNs: 2n ** 60n + 1n,
      exeMtimeNs: 9,
      namespaceStartNs: 77,
      exeFlags: 3,
      capabilities: { effective: 0, permitted: 2 ** 21, inheritable: 0 },
      truncated: [],
      startedOnHost: false,
      byThread: true,
      exePathBefore: '/bin/init',
      parent: 1,
      makerPid: 1,
      makerSid: 0,
      daemonized: false,
      checked: 0,
      argsText: undefined,
      isParent: false,
      program: undefined,
      ancestry: undefined,
      ancestryAt: 0,
      answers: undefined,
    },
  )
  const { id: _, isShort, ...program } = programOf(process)
  const { exe, args, exePath, exeFlags, tty } = process
  assert.ok(isShort)
  assert.deepEqual(program, { exe, args, exePath, exeFlags, tty })
  assert.equal(commandLine(process), 'sh -c  a b')
  assert.equal(init.exe, 'init')
  f.table.exit(process)
  assert.equal(f.table.get(2), undefined)
  assert.equal(f.table.size, 1)
  assert.equal(f.counters.healedProcesses, 0)
})

test('what of an exec was cut is remembered', () => {
  const check = (values: RecordValues, expected: readonly string[]): void => {
    const f = new Fixture()
    const r = recordOf('exec', { pid: 2, start_ns: s, ...values })
    const process = f.table.of(r)
    f.table.exec(r, process)
    assert.deepEqual(process.truncated, expected)
  }
  check({ exe_path: '/a', cwd: '/', arguments: 'a\0' }, [])
  check({ arguments: { text: 'a\0b', trueBytes: 9000 } }, ['arguments'])
  check({ arguments: { text: 'a\0b', trueBytes: undefined } }, ['arguments'])
  check({ exe_path: { text: '/x', trueBytes: 5 }, cwd: { text: '', trueBytes: 5 } }, [
    'exe_path',
    'cwd',
  ])
})

test('the text of the arguments is that of the last program', () => {
  const f = new Fixture()
  const run = (argv: string): string => {
    const r = recordOf('exec', { pid: 2, start_ns: s, comm: 'x', arguments: argv })
    const process = f.table.of(r)
    f.table.exec(r, process)
    return commandLine(process)
  }
  assert.equal(run('x\0one\0'), 'x one')
  assert.equal(run('x\0two\0'), 'x two')
  assert.equal(run('x\0'), 'x')
  assert.equal(run(''), 'x')
})

test('a thread that ends, or an event of one, is not the end of its process', () => {
  const f = new Fixture(entry(5, 1, s, 'threads'))
  f.table.start([5])
  const main = f.event(5, 0, s)
  assert.equal(f.event(5, 0, s, { tid: 6, comm: 'worker' }), main)
  assert.equal(f.table.size, 1)
  assert.equal(f.table.get(6), undefined)
})

test('a pid with another start is another process', () => {
  const f = new Fixture(entry(5, 0, s, 'old'))
  f.table.start([5])
  const old = f.event(5, 0, s + 12)
  assert.deepEqual([old.exe, old.startNs, old.startExact], ['old', s + 12, true])
  assert.equal(f.event(5, 0, s + 12), old)
  // /proc still shows the old one, or already one that came later: neither is it.
  const unknown = f.event(5, 0, 2 * s)
  assert.deepEqual([unknown.exe, unknown.comm, unknown.vpid], ['', 'comm5', 3])
  assert.equal(f.counters.healedProcesses, 1)
  f.proc.set(5, entry(5, 0, 4 * s, 'new'))
  assert.equal(f.event(5, 0, 4 * s + 1).exe, 'new')
  assert.equal(f.counters.healedProcesses, 2)
  f.table.exit(old)
  assert.equal(f.table.get(5)?.exe, 'new', 'the end of the old one took the new one along')
})

test('a process that was never told of is read, with its ancestors', () => {
  const f = new Fixture(entry(1, 0, s, 'init'), entry(4, 3, 2 * s, 'b'))
  f.table.start([1])
  f.proc.set(3, entry(3, 1, s, 'a'))
  const process = f.event(4, 3, 2 * s + 1)
  assert.equal(chain(process), '4 3 1')
  assert.deepEqual([process.exe, process.parent?.exe], ['b', 'a'])
  assert.equal(f.counters.healedProcesses, 2)
  f.reads = 0
  f.event(4, 3, 2 * s + 1)
  assert.equal(f.reads, 0)
})

test('a process that has gone is known by its events alone', () => {
  const f = new Fixture()
  const process = f.event(4, 3, 2 * s, { login_uid: 1000 })
  assert.deepEqual([process.comm, process.loginUid, process.parent], ['comm4', 1000, undefined])
  assert.equal(f.event(4, 3, 2 * s), process)
  assert.equal(f.table.size, 1)
})

test('an orphan keeps its parent until it says that it has another one', () => {
  const f = new Fixture(entry(1, 0, s, 'init'))
  f.table.start([1])
  const init = f.event(1, 0, s)
  const parent = f.fork(init, 2, 2 * s)
  const child = f.fork(parent, 3, 3 * s)
  f.table.exit(parent)
  assert.equal(chain(child), '3 2 1')
  assert.equal(chain(f.event(3, 1, 3 * s)), '3 1')
  assert.equal(chain(f.event(3, 0, 3 * s)), '3')
})

test('the table is bounded, and says what it dropped', () => {
  const f = new Fixture(entry(1, 0, s, 'init'))
  f.table.start([1])
  const init = f.event(1, 0, s)
  for (let i = 0; i < limits.processesMax; i++) f.fork(init, 2 + i, s + i)
  assert.equal(f.table.size, limits.processesMax)
  assert.equal(f.counters.evictedProcesses, 1)
  assert.equal(f.table.get(1), undefined)
  assert.equal(f.event(1, 0, s).exe, 'init', 'it is read again with its next event')
})

test('an environment that was not asked for is none; a cut one says so', () => {
  const f = new Fixture(entry(1, 0, s, 'init'))
  f.table.start([1])
  const init = f.event(1, 0, s + 5)
  const exec = (values: RecordValues): Process => {
    f.table.exec(recordOf('exec', values), init)
    return init
  }
  assert.equal(exec({ environment: { text: '', trueBytes: undefined } }).environment, undefined)
  assert.deepEqual(init.truncated, [])
  assert.equal(exec({ environment: { text: 'A=1', trueBytes: 9000 } }).environment, 'A=1')
  assert.deepEqual(init.truncated, ['environment'])
})

test('a child is called like the thread that made it, and may be a sibling of its maker', () => {
  const f = new Fixture(entry(1, 0, s, 'init'), entry(2, 1, 2 * s, 'java'))
  f.table.start([1, 2])
  const java = f.event(2, 1, 2 * s)
  assert.equal(f.fork(java, 3, 3 * s, { comm: 'pool-1' }).comm, 'pool-1')
  assert.equal(java.comm, 'java')
  const CLONE_PARENT = 0x8000
  assert.equal(chain(f.fork(java, 4, 4 * s, { clone_flags: CLONE_PARENT })), '4 1')
})

test('fork, setsid and fork make a daemon, once it runs a program', () => {
  const server = entry(7, 1, s, 'server')
  server.process.sid = 7
  const f = new Fixture(entry(1, 0, 1, 'init'), server)
  f.table.start([1, 7])
  const exec = (pid: number, ppid: number, startNs: number, sid: number): boolean => {
    const r = recordOf('exec', { pid, tid: pid, ppid, start_ns: startNs, sid, arguments: 'id\0' })
    const process = f.table.of(r)
    f.table.exec(r, process)
    return process.daemonized
  }
  const between = f.fork(f.event(7, 1, s), 8, 2 * s)
  f.fork(between, 9, 3 * s)
  assert.equal(exec(9, 8, 3 * s, 8), false, 'its maker is there')
  assert.equal(exec(9, 1, 3 * s, 8), true)
  f.fork(f.event(9, 1, 3 * s), 10, 4 * s)
  assert.equal(exec(10, 9, 4 * s, 8), false, 'its children are not')
  f.fork(f.event(7, 1, s), 11, 5 * s)
  assert.equal(exec(11, 1, 5 * s, 7), false, 'in the session of its maker, which ran a program')
  assert.equal(exec(12, 1, 6 * s, 8), false, 'nobody saw who made it')
})

test('where processes have moved untold is read once moves are told', () => {
  const at = (pid: number, ppid: number, startNs: number, cwd: string): ProcEntry => {
    const each = entry(pid, ppid, startNs, `program${pid}`)
    Object.assign(each.process, { cwd, exePath: `/bin/program${pid}` })
    return each
  }
  const f = new Fixture(at(1, 0, 1, '/'), at(2, 1, s, '/began'))
  f.table.start([1, 2])
  const move = (pid: number, ppid: number, startNs: number): unknown =>
    f.proc.set(pid, at(pid, ppid, startNs, `/moved${pid}`))
  const cwdOf = (pid: number, ppid: number, startNs: number): string => {
    const { cwd } = f.event(pid, ppid, startNs)
    const { reads } = f
    assert.equal(f.event(pid, ppid, startNs).cwd, cwd)
    assert.equal(f.reads, reads, 'it is read once')
    return cwd
  }
  const exec = (pid: number, ppid: number, startNs: number, more: RecordValues): void => {
    const header = { pid, tid: pid, ppid, start_ns: startNs }
    const values = { ...header, cwd: '/began', exe_path: `/bin/program${pid}`, ...more }
    const r = recordOf('exec', values)
    if (more['flags'] === undefined) f.table.exec(r, f.table.of(r))
    else f.table.lateExec(r)
  }
  const lateFork = (childPid: number, childStartNs: number, flags: number): void =>
    f.table.lateFork(
      recordOf('fork', {
        pid: 2,
        tid: 2,
        ppid: 1,
        start_ns: s,
        flags: RECORD_HELD | flags,
        child_pid: childPid,
        child_start_ns: childStartNs,
      }),
    )
  move(2, 1, s)
  assert.equal(cwdOf(2, 1, s), '/began')
  f.table.seeMoves(10 * s)
  assert.equal(cwdOf(2, 1, s), '/moved2')

  // What lay in the ring until now.
  f.fork(f.event(2, 1, s), 3, 3 * s)
  move(3, 2, 3 * s)
  assert.equal(cwdOf(3, 2, 3 * s), '/moved3')
  exec(3, 2, 3 * s, { time_ns: 9 * s })
  assert.equal(cwdOf(3, 2, 3 * s), '/moved3')

  // What the kernel side has kept: a copy of its maker, and one of a program that had moved.
  lateFork(4, 4 * s, 0)
  move(4, 2, 4 * s)
  assert.equal(cwdOf(4, 2, 4 * s), '/moved4')
  move(5, 2, 11 * s)
  lateFork(5, 11 * s, RECORD_AS_MADE)
  exec(5, 2, 11 * s, { time_ns: 9 * s, flags: RECORD_HELD | RECORD_AS_MADE })
  assert.equal(cwdOf(5, 2, 11 * s), '/moved5')

  // What came later says itself where it is.
  f.fork(f.event(2, 1, s), 6, 12 * s)
  exec(6, 2, 12 * s, { time_ns: 13 * s, cwd: '/told' })
  move(6, 2, 12 * s)
  assert.equal(cwdOf(6, 2, 12 * s), '/told')
})
