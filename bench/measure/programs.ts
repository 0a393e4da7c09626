/**
 * The BPF programs of a running process, as the kernel tells of them in /proc: how often each ran
 * and for how long, and how many instructions the verifier walked. Root only.
 */
import { readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { atEnd } from './at-end.ts'

/** One program that a process holds. */
export interface HeldProgram {
  readonly id: number
  /** Its own and that of its hash, where several programs are alike. */
  readonly name: string
  /** While statistics were on: runs but for those by tail call, whose time is the caller's. */
  readonly runs: number
  readonly runNs: number
  /** 0 before Linux 5.16. */
  readonly verifiedInstructions: number
}

const statistics = '/proc/sys/kernel/bpf_stats_enabled'

/** Names of the machine's programs by the hash of their instructions. */
const namesByTag = (): ReadonlyMap<string, string> => {
  const lines = readFileSync('/proc/kallsyms', 'latin1').matchAll(/ bpf_prog_([0-9a-f]{16})_(\S+)/g)
  return new Map([...lines].map(([, tag = '', name = '']) => [tag, name]))
}

/** The programs that a process holds, each once. */
export const programsOf = (pid: number, names = namesByTag()): readonly HeldProgram[] => {
  const found = new Map<number, HeldProgram>()
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    let text
    try {
      if (readlinkSync(`/proc/${pid}/fd/${fd}`) !== 'anon_inode:bpf-prog') continue
      text = readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1')
    } catch {
      continue // It was closed meanwhile.
    }
    const valueOf = (name: string): string =>
      new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(text)?.[1] ?? ''
    const tag = valueOf('prog_tag')
    const id = Number(valueOf('prog_id'))
    found.set(id, {
      id,
      name: names.get(tag) ?? tag,
      runs: Number(valueOf('run_cnt')),
      runNs: Number(valueOf('run_time_ns')),
      verifiedInstructions: Number(valueOf('verified_insns')),
    })
  }
  return [...found.values()]
}

/** What programs have run. */
export interface Runs {
  readonly runs: number
  readonly runNs: number
}

const noNames: ReadonlyMap<string, string> = new Map()

/** What each program of a process has run while something was done. */
const eachDuring = async (pid: number, work: () => Promise<unknown>): Promise<readonly Runs[]> => {
  const before = new Map(programsOf(pid, noNames).map((each) => [each.id, each]))
  await work()
  return programsOf(pid, noNames).map(({ id, runs, runNs }) => {
    const from = before.get(id)
    return { runs: runs - (from?.runs ?? 0), runNs: runNs - (from?.runNs ?? 0) }
  })
}

/** What all programs of a process together have run while something was done. */
export const runsDuring = async (pid: number, work: () => Promise<unknown>): Promise<Runs> => {
  const each = await eachDuring(pid, work)
  return each.reduce((sum, { runs, runNs }) => ({
    runs: sum.runs + runs,
    runNs: sum.runNs + runNs,
  }))
}

/** What the one of them has run that ran most often: the hook of all system calls, where it is. */
export const busiest = async (pid: number, work: () => Promise<unknown>): Promise<Runs> => {
  const each = await eachDuring(pid, work)
  return each.reduce((most, one) => (one.runs > most.runs ? one : most))
}

/**
 * Lets the kernel measure its programs (`kernel.bpf_stats_enabled`) while something is done; the
 * setting is as before then, also when this process is ended by a signal.
 */
export const withStatistics = async <T>(work: () => Promise<T>): Promise<T> => {
  const before = readFileSync(statistics, 'utf8')
  const restore = (): void => writeFileSync(statistics, before)
  const restored = atEnd(restore)
  writeFileSync(statistics, '1')
  try {
    return await work()
  } finally {
    restore()
    restored()
  }
}
