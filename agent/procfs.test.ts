/** What /proc says of processes: of hostile ones, of vanished ones, and of this one. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { recordLimits } from '@bulwark/schema'
import { listPids, parseStat, readProcess, sameStart } from './procfs.ts'

let root = ''
before(() => {
  root = mkdtempSync(join(tmpdir(), 'bulwark-procfs-'))
})
after(() => rmSync(root, { recursive: true }))

/** /proc/PID/stat after the name: state, parent, group, session, terminal, …, start. */
const numbers = (ppid: number, sid: number, tty: number, startTicks: number): string =>
  ['S', ppid, 8, sid, tty, ...Array<number>(14).fill(7), startTicks, 9, 9].join(' ')

/** Writes a process of files; `exe` and `cwd` are links. */
const makeProcess = (pid: number, files: Readonly<Record<string, string>>): void => {
  mkdirSync(join(root, String(pid)))
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, String(pid), name)
    if (name === 'exe' || name === 'cwd') symlinkSync(text, path)
    else writeFileSync(path, text, 'latin1')
  }
}

test('the name in stat may hold anything', () => {
  const check = (stat: string, expected: string): void => {
    const found = parseStat(stat)
    assert.equal(found ? `${found.comm} ${found.numbers[1]}` : 'none', expected, stat)
  }
  check('1 (init) S 0 1', 'init 0')
  check('1 (a b) S 5 1', 'a b 5')
  check('1 () S 5 1', ' 5')
  check('1 (a) (b)) S 5 1', 'a) (b) 5')
  check('1 (a) S 9 (b) S 5 1', 'a) S 9 (b 5')
  check('1 (a\nb) S 5 1', 'a\nb 5')
  check('1 (\xff\xfe) S 5 1', '\xff\xfe 5')
  check('', 'none')
  check('1', 'none')
  check('1 (a', 'none')
  check('1 a) S 5', 'none')
  check(')(', 'none')
})

test('a process is read with its parent, links and numbers', () => {
  makeProcess(10, {
    stat: `10 (a) b) ${numbers(4, 8, 34816, 123)}`,
    status:
      'Name:\ta) b\nCapInh:\t0\nCapPrm:\t000001ffffffffff\nCapEff:\tx\nNStgid:\t10\t3\nNSpid:\t10\t3\nNSpgid:\t8\t2\n',
    cmdline: '/bin/a b\0-x\0\0y z\0',
    loginuid: '1000',
    cgroup: '0::/pod\n',
    exe: '/nowhere/a b (deleted)',
    cwd: '/tmp',
  })
  const found = readProcess(root, 10)
  assert.ok(found)
  const { process, ppid, cgroupPath } = found
  assert.deepEqual(
    { ppid, cgroupPath, ...process },
    {
      ppid: 4,
      cgroupPath: '/pod',
      pid: 10,
      startNs: 1_230_000_000,
      startExact: false,
      vpid: 3,
      comm: 'a) b',
      exe: '/bin/a b',
      args: ['-x', '', 'y z'],
      environment: undefined,
      exePath: '/nowhere/a b',
      cwd: '/tmp',
      cwdOutside: false,
      cgroupId: 0,
      tty: 34816,
      pgid: 8,
      vpgid: 2,
      sid: 8,
      loginUid: 1000,
      exeInode: 0,
      exeCtimeNs: 0,
      exeMtimeNs: 0,
      namespaceStartNs: 0,
      exeFlags: undefined,
      capabilities: { effective: 0n, permitted: 0x1ffffffffffn, inheritable: 0n },
      truncated: [],
      startedOnHost: false,
      byThread: false,
      exePathBefore: '',
      parent: undefined,
      makerPid: 0,
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
})

test('what is missing stays unknown, what is garbage is no process', () => {
  const check = (pid: number, files: Readonly<Record<string, string>>, expected: string): void => {
    makeProcess(pid, files)
    const found = readProcess(root, pid)
    const { process } = found ?? {}
    const text = process
      ? `${process.comm} ${process.startNs} ${process.vpid} ${process.exe} ${process.loginUid}`
      : 'none'
    assert.equal(text, expected, JSON.stringify(files))
  }
  const stat = `20 (k) ${numbers(2, 0, 0, 5)}`
  check(20, {}, 'none')
  check(21, { stat: '' }, 'none')
  check(22, { stat: '\0\0\0\xff(' }, 'none')
  check(23, { stat: '23 (a) S 1' }, 'none')
  check(24, { stat: '24 (a) S x x x x x' }, 'none')
  check(25, { stat: `25 (a) ${numbers(1, 1, 1, -5)}` }, 'none')
  check(26, { stat: `26 (a) ${numbers(1, 1, 1, 5)}`.replace(' 5 ', ' 5.5 ') }, 'none')
  check(27, { stat }, 'k 50000000 27  4294967295')
  check(28, { stat, status: '', cmdline: '', loginuid: '' }, 'k 50000000 28  4294967295')
  check(29, { stat, status: 'NStgid: x\nNSpgid:', loginuid: 'x' }, 'k 50000000 29  4294967295')
  check(30, { stat, status: '\xff\0'.repeat(9999) }, 'k 50000000 30  4294967295')
  assert.equal(readProcess(root, 999_999), undefined)
  assert.equal(readProcess(join(root, 'nowhere'), 1), undefined)
})

test('the environment is read when it is asked for, up to what a record holds', () => {
  const files = { stat: `40 (a) ${numbers(1, 0, 0, 5)}` }
  makeProcess(40, { ...files, environ: 'A=1\0B=\xff\0' })
  makeProcess(41, { ...files, environ: 'x'.repeat(9_000) })
  makeProcess(42, { ...files, environ: '' })
  makeProcess(43, files)
  const of = (pid: number, asked: boolean): string | undefined =>
    readProcess(root, pid, asked)?.process.environment
  assert.equal(of(40, false), undefined)
  assert.equal(of(40, true), 'A=1\0B=\xff')
  assert.equal(of(41, true)?.length, recordLimits.environmentBytesMax)
  assert.equal(of(42, true), '')
  assert.equal(of(43, true), undefined)
})

test('this process is read as it is', () => {
  const found = readProcess('/proc', process.pid)
  assert.equal(found?.ppid, process.ppid)
  assert.equal(found?.process.pid, process.pid)
  assert.equal(found?.process.exePath, process.execPath)
  assert.equal(found?.process.cwd, process.cwd())
  assert.ok(found?.process.args.some((each) => each.endsWith('procfs.test.ts')))
  assert.ok(Number(found?.process.exeInode) > 0)
  assert.ok(BigInt(found?.process.exeMtimeNs ?? 0) > 0n)
})

test('the folders of /proc that are numbers are processes', () => {
  const folder = join(root, 'list')
  for (const name of ['9', '10', 'self', '1a', '-1', 'sys', '007']) {
    mkdirSync(join(folder, name), { recursive: true })
  }
  assert.deepEqual(listPids(folder), [7, 9, 10])
  assert.ok(listPids('/proc').includes(process.pid))
})

test('an exact start is the same as its ticks', () => {
  assert.equal(sameStart(1_239_999_999, 1_230_000_000), true)
  assert.equal(sameStart(1_229_999_999, 1_230_000_000), false)
  assert.equal(sameStart(1_240_000_000, 1_230_000_000), false)
  assert.equal(sameStart(2n ** 60n, (2n ** 60n / 10_000_000n) * 10_000_000n), true)
})
