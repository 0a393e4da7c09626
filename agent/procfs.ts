/**
 * Reads what /proc says of a process: for those that ran before the agent did, and to heal the
 * table after a loss. Everything here can vanish between two reads; then the answer is
 * `undefined`, never an error.
 */
import { closeSync, openSync, readSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { recordLimits } from '@bulwark/schema'
import { cgroupPathIn, unifiedNumber } from './container/cgroups.ts'
import type { Question } from './outside.ts'
import type { Process } from './process.ts'
import { unknownProcess } from './process.ts'

/** USER_HZ: what /proc counts in, on every machine that Linux runs on. */
const nsPerTick = 10_000_000

/** Most files of /proc fit into it. One for all: a start reads some thousand of them. */
const part = Buffer.alloc(4096)

/** As `readFileSync`, which takes half as long again where a file does not say its length. */
const readText = (path: string): string | undefined => {
  let fd: number | undefined
  try {
    fd = openSync(path, 'r')
    let text = ''
    for (;;) {
      const bytes = readSync(fd, part)
      if (bytes === 0) return text
      text += part.toString('latin1', 0, bytes)
    }
  } catch {
    return undefined
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** The executable of a process; `undefined` for a thread of the kernel, or when it is gone. */
const statOfExe = (path: string): BigIntStats | undefined => {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

const readLink = (path: string): string => {
  try {
    return readlinkSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** What is after `Name:` on a line of /proc/PID/status, in columns. */
const statusColumns = (status: string, name: string): readonly string[] =>
  new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]?.trim().split(/\s+/) ?? []

/** A set of bits, in hexadecimal digits on a line of /proc/PID/status. */
const statusBits = (status: string, name: string): bigint => {
  const digits = statusColumns(status, name)[0] ?? ''
  return /^[0-9a-f]{1,16}$/.test(digits) ? BigInt(`0x${digits}`) : 0n
}

const isCount = (value: number | undefined): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0

const asCount = (text: string | undefined): number | undefined => {
  const value = text === undefined || text.trim() === '' ? undefined : Number(text)
  return isCount(value) ? value : undefined
}

/** A process and what its own entry of the table needs to be linked with. */
export interface ProcEntry {
  readonly process: Process
  readonly ppid: number
  /** Path in the v2 hierarchy. */
  readonly cgroupPath: string | undefined
}

/**
 * The numbers of /proc/PID/stat after the name, which may hold any character but is the last
 * thing in parentheses.
 */
export const parseStat = (
  stat: string,
): { readonly comm: string; readonly numbers: readonly number[] } | undefined => {
  const open = stat.indexOf('(')
  const close = stat.lastIndexOf(')')
  if (open < 0 || close < open) return undefined
  // The state letter comes first and becomes NaN; nobody asks for it.
  const numbers = stat
    .slice(close + 2)
    .split(' ')
    .map(Number)
  return { comm: stat.slice(open + 1, close), numbers }
}

/** Questions to /proc: which processes there are; one of them; the cgroups of one. */
export const pidsQuestion: Question<readonly number[]> = { name: 'pids' }
export const processQuestion: Question<ProcEntry> = { name: 'process' }
export const cgroupsOfQuestion: Question<string> = { name: 'cgroups-of' }

/** The text of a process's /proc/PID/cgroup now. */
export const readCgroupsOf = (root: string, pid: number): string | undefined =>
  readText(`${root}/${pid}/cgroup`)

/** The first bytes of a file; `undefined` when it cannot be read. */
const readStart = (path: string, bytesMax: number): string | undefined => {
  let fd: number | undefined
  try {
    fd = openSync(path, 'r')
    const bytes = Buffer.alloc(bytesMax)
    return bytes.toString('latin1', 0, readSync(fd, bytes))
  } catch {
    return undefined
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/**
 * @param root         /proc, or a copy of one in tests
 * @param environment  whether to read that, too: the process may have changed it since it started
 */
export const readProcess = (
  root: string,
  pid: number,
  environment = false,
): ProcEntry | undefined => {
  const folder = `${root}/${pid}`
  const stat = parseStat(readText(`${folder}/stat`) ?? '')
  const startTicks = stat?.numbers[19]
  if (!stat || !isCount(startTicks)) return undefined
  const [, ppid = 0, pgid = 0, sid = 0, tty = 0] = stat.numbers
  const status = readText(`${folder}/status`) ?? ''
  const argv = (readText(`${folder}/cmdline`) ?? '').replace(/\0$/, '').split('\0')
  const process = unknownProcess(pid, startTicks * nsPerTick)
  process.startExact = false
  process.comm = stat.comm
  process.exe = argv[0] ?? ''
  process.args = argv.slice(1)
  if (environment) {
    const text = readStart(`${folder}/environ`, recordLimits.environmentBytesMax)
    process.environment = text?.replace(/\0$/, '')
  }
  process.exePath = readLink(`${folder}/exe`).replace(/ \(deleted\)$/, '')
  const exe = statOfExe(`${folder}/exe`)
  if (exe) {
    process.exeInode = Number(exe.ino)
    process.exeCtimeNs = exe.ctimeNs
    process.exeMtimeNs = exe.mtimeNs
  }
  process.cwd = readLink(`${folder}/cwd`)
  process.tty = tty
  process.sid = sid
  process.pgid = pgid
  process.vpid = asCount(statusColumns(status, 'NStgid').at(-1)) ?? pid
  process.vpgid = asCount(statusColumns(status, 'NSpgid').at(-1)) ?? 0
  if (status.includes('CapPrm:')) {
    process.capabilities = {
      effective: statusBits(status, 'CapEff'),
      permitted: statusBits(status, 'CapPrm'),
      inheritable: statusBits(status, 'CapInh'),
    }
  }
  process.loginUid = asCount(readText(`${folder}/loginuid`)) ?? 0xffff_ffff
  return {
    process,
    ppid,
    cgroupPath: cgroupPathIn(readText(`${folder}/cgroup`) ?? '', unifiedNumber),
  }
}

/** The pids of all processes there are now, ascending. */
export const listPids = (root: string): readonly number[] =>
  readdirSync(root)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .toSorted((a, b) => a - b)

/** Whether an exact start is the one that /proc shows in ticks. */
export const sameStart = (exactNs: number | bigint, ticksNs: number | bigint): boolean =>
  BigInt(exactNs) / BigInt(nsPerTick) === BigInt(ticksNs) / BigInt(nsPerTick)
