/**
 * Where this kernel preempts programs. It leaves a tracing program out on a CPU where it has not
 * ended, and one whose thread was preempted has not: meanwhile it is lost for all others there. So
 * where programs at tracepoints can be preempted, they are attached through perf, whose own are
 * not; and where those at functions can be, the tracepoint backend is the one that loses none.
 *
 * Asked of the kernel: a program at each place reads whether preemption is switched off there,
 * while this process calls the kernel. See docs/adr/0011-preempted-programs.md.
 */
import { version } from 'node:os'
import type { Machine } from '@bulwark/schema'
import type { BpfObject, Probe } from '@bulwark/native'
import { isNativeError, openObject, probeKernelType, readKernelFile } from '@bulwark/native'
import { functionOfCall } from '../call-functions.ts'
import { directReads } from './object-file.ts'
import type { Finding } from './probe.ts'

/** A call that this process can make, that waits for nothing and changes nothing. */
const ownCall = 'getppid'
const makeOwnCalls = (): readonly number[] => [process.ppid, process.ppid, process.ppid]

/** What programs at a place saw: how often they ran, and how often with preemption off. */
export interface Seen {
  readonly runs: number
  readonly held: number
}

const seenBy = (object: BpfObject, place: string): Seen => {
  const bss = object.memory('.bss')
  const word = (name: string): number =>
    new Uint32Array(bss, object.offsetOf('.bss', name), 1)[0] ?? 0
  return { runs: word(`${place}_runs`), held: word(`${place}_held`) }
}

/** Attaches one program of the object for a moment. */
const lookAt = (bytes: Uint8Array, program: string, place: string, target?: string): Seen => {
  const object = openObject(bytes, 'preemption')
  try {
    for (const { name } of object.programs) object.setAutoload(name, name === program)
    if (target !== undefined) object.setAttachTarget(program, target)
    object.setVariable('.rodata', 'watched_pid', process.pid)
    object.load()
    object.attach(program)
    makeOwnCalls()
    return seenBy(object, place)
  } finally {
    object.close()
  }
}

const isHeld = ({ runs, held }: Seen): boolean => held === runs

/**
 * Whether a kernel preempts itself at all: by its setting where it has one, else by what it was
 * built for, which is in its version's text.
 *
 * @param setting  of `sched/preempt` in debugfs: all modes, the one that is set in brackets
 * @param build  as `uname -v`
 */
export const preemptsItself = (setting: string | undefined, build: string): Probe => {
  const [, mode] = /\((\w+)\)/.exec(setting ?? '') ?? []
  if (mode !== undefined) return mode === 'none' || mode === 'voluntary' ? 'no' : 'yes'
  if (build.includes('PREEMPT_DYNAMIC')) return { unknown: 'debugfs does not say how it is set' }
  return build.includes('PREEMPT') ? 'yes' : 'no'
}

/**
 * Whether a kernel leaves threads alone in programs at tracepoints, by what was seen there and in
 * those of perf. Those of perf run with preemption off; where they see it on, the kernel does
 * not count, because it never preempts itself; unless its build says that it does.
 *
 * @param seeByPerf  asked where it is needed: to detach from perf takes the kernel a moment
 */
export const heldAtTracepoints = (raw: Seen, seeByPerf: () => Seen, build: string): Probe => {
  if (raw.runs === 0) return { unknown: 'no program ran' }
  if (isHeld(raw)) return 'yes'
  const perf = seeByPerf()
  if (perf.runs === 0) return { unknown: 'no program ran through perf' }
  if (isHeld(perf)) return 'no'
  return build.includes('PREEMPT') ? { unknown: 'preemption is on everywhere' } : 'yes'
}

/** Whether a kernel was built for more than one CPU, by its version's text. */
export const hasManyCpus = (build: string): boolean => build.split(' ').includes('SMP')

const readSetting = (): string | undefined => {
  try {
    return readKernelFile('debugfs', 'sched/preempt')
  } catch (error) {
    if (isNativeError(error)) return undefined
    throw error
  }
}

/** The kernel's types have the count, and its symbols (CONFIG_KALLSYMS_ALL) do not. */
const isCountHidden = (error: unknown): boolean => isNativeError(error) && error.code === 'ENOENT'

const orUnknown = (ask: () => Probe): Probe => {
  try {
    return ask()
  } catch (error) {
    if (isCountHidden(error)) {
      return { unknown: 'this kernel does not say where it counts that preemption is off' }
    }
    return { unknown: error instanceof Error ? error.message : String(error) }
  }
}

/**
 * What a program at a tracepoint saw: what follows from its thread not being pinned to a CPU, or
 * where nothing does, of the count. The former is asked first, since kernels that hide the count
 * have what follows in most cases, and each question takes a hundredth of a second. Nothing
 * follows where there is one CPU alone, which no thread needs to be pinned to.
 *
 * @throws NativeError  nothing follows, and the count is hidden
 */
const lookAtTracepoint = (bytes: Uint8Array, build: string): Seen => {
  if (hasManyCpus(build)) {
    const seen = lookAt(bytes, 'at_tracepoint_unpinned', 'unpinned')
    if (seen.runs > 0 && isHeld(seen)) return seen
  }
  return lookAt(bytes, 'at_tracepoint', 'tracepoint')
}

/** Asks about programs at functions; only where there can be some. */
const heldAtFunctions = (bytes: Uint8Array, machine: Machine): Probe => {
  const target = functionOfCall(machine, ownCall)
  if (!target) return { unknown: `no function of ${ownCall}` }
  const seen = lookAt(bytes, 'at_function', 'function', target.name)
  if (seen.runs > 0 && isHeld(seen)) return 'yes'
  const preempts = preemptsItself(readSetting(), version())
  if (typeof preempts !== 'string') return preempts
  return preempts === 'yes' ? 'no' : 'yes'
}

/**
 * Asks this kernel.
 *
 * @param readObject  gives the bytes of `preemption.bpf.o`
 * @param takesFunctions  whether programs attach to functions at all
 */
export const preemptionFindings = (
  machine: Machine,
  readObject: () => Uint8Array,
  takesFunctions: boolean,
): readonly Finding[] => {
  const bytes = readObject()
  const atTracepoints = orUnknown(() =>
    heldAtTracepoints(
      lookAtTracepoint(bytes, version()),
      () => lookAt(bytes, 'by_perf', 'perf'),
      version(),
    ),
  )
  const findings: Finding[] = [
    {
      id: 'held-tracepoints',
      name: 'programs at tracepoints that are not preempted',
      probe: atTracepoints,
      needed: false,
      events: [],
      without: takesPerf(atTracepoints)
        ? 'programs are attached through perf: nothing is lost, and every system call pays more'
        : 'a thread that is preempted hides events of others on its CPU, which an alert says',
      remedy: 'none is needed where perf is used; else boot with preempt=none',
    },
  ]
  if (!takesFunctions) return findings
  const atFunctions = orUnknown(() => heldAtFunctions(bytes, machine))
  return [
    ...findings,
    {
      id: 'held-functions',
      name: 'programs at kernel functions that are not preempted',
      probe: atFunctions,
      needed: false,
      events: [],
      without:
        'the tracepoint backend is chosen: on the other one a thread that is preempted hides the ' +
        'same call of others on its CPU, which an alert says',
      remedy: 'boot with preempt=none or preempt=voluntary, where this kernel has them',
    },
  ]
}

/** Whether programs go through perf at tracepoints. That form reads kernel memory by loads. */
export const takesPerf = (heldThere: Probe | undefined): boolean =>
  heldThere === 'no' && probeKernelType(directReads, 'function') === 'yes'
