/**
 * What this kernel and machine can do, as facts with three answers. A machine where the sensor
 * cannot load gets told what is missing and how to get it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import type { EventKind } from '@bulwark/schema'
import { eventKinds, uringOperations } from '@bulwark/schema'
import { probeKernelType, probeMapType } from '@bulwark/native'
import type { Probe } from '@bulwark/native'
import { cgroupFindings } from '../container/cgroup-probe.ts'
import { criFinding } from '../cri/index.ts'
import { inHostNamespace } from './namespaces.ts'
import { directReads } from './object-file.ts'
import { probeBareHelper, probeCast, probeTaskRegisters } from './probe-load.ts'
import { machineOf } from './hook-plan.ts'
import { hasUring, uringSupport } from './uring.ts'

/** One thing that the sensor needs, or is better with. */
export interface Finding {
  /** Stays the same, for scripts. */
  readonly id: string
  readonly name: string
  readonly probe: Probe
  /** Without it the sensor does not load. */
  readonly needed: boolean
  /** `false`: it is not there, and on this machine nobody misses it. */
  readonly missed?: boolean
  /** Types of events that are not seen without it, or are told with less. */
  readonly events: readonly string[]
  /** What is lost without it. */
  readonly without: string
  /** How to get it. */
  readonly remedy: string
}

const capability = (bit: number): boolean => {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  return ((BigInt(`0x${line?.[1] ?? '0'}`) >> BigInt(bit)) & 1n) === 1n
}

const capSysAdmin = 21
const capPerfmon = 38
const capBpf = 39
const mapTypeRing = 27
const helperTaskBtf = 158
const helperTaskRegisters = 175
const kernelTypes = '/sys/kernel/btf/vmlinux'

const asProbe = (has: boolean): Probe => (has ? 'yes' : 'no')

/** The tracepoints that hooks attach to, each with the events that come from it. */
const tracepoints = (): ReadonlyMap<string, readonly EventKind[]> => {
  const found = new Map<string, EventKind[]>()
  for (const kind of eventKinds) {
    for (const hook of kind.hooks) {
      if (!('tracepoint' in hook)) continue
      found.set(hook.tracepoint, [...(found.get(hook.tracepoint) ?? []), kind])
    }
  }
  return found
}

const tracepointFindings = (): readonly Finding[] => [
  {
    id: 'tracepoint-sys_exit',
    name: 'tracepoint sys_exit',
    probe: probeKernelType('btf_trace_sys_exit', 'typedef'),
    needed: true,
    events: [],
    without: 'system calls are not seen',
    remedy: 'use a kernel built with CONFIG_FTRACE_SYSCALLS=y and CONFIG_DEBUG_INFO_BTF=y',
  },
  ...[...tracepoints()].map(([name, kinds]) => ({
    id: `tracepoint-${name}`,
    name: `tracepoint ${name}`,
    probe: probeKernelType(`btf_trace_${name}`, 'typedef'),
    needed: kinds.some(({ state }) => state),
    events: kinds.flatMap(({ types }) => types),
    without: `nothing is told of: ${kinds.map((kind) => kind.name).join(', ')}`,
    remedy: 'use a kernel that has this tracepoint, with CONFIG_DEBUG_INFO_BTF=y',
  })),
]

/** What the programs are better with. They do without it in bpf/read.bpf.h and compat.bpf.h. */
const helperFindings = (): readonly Finding[] => [
  {
    id: 'task-btf',
    name: 'the current task as a typed pointer (bpf_get_current_task_btf)',
    probe: probeBareHelper(helperTaskBtf),
    needed: false,
    events: [],
    without: 'each event costs a few calls more',
    remedy: 'use Linux 5.11 or newer',
  },
  {
    id: 'task-registers',
    name: 'the registers of a task (bpf_task_pt_regs)',
    probe: probeTaskRegisters(helperTaskBtf, helperTaskRegisters),
    needed: false,
    events: ['execveat'],
    without: 'an execveat is told as an execve',
    remedy: 'use Linux 5.15 or newer',
  },
  {
    id: 'direct-reads',
    name: 'kernel memory by plain loads (bpf_rdonly_cast)',
    probe: probeCast(directReads),
    needed: false,
    events: [],
    without: 'each event costs about twice as much',
    remedy: 'use Linux 6.2 or newer',
  },
]

const uringFinding = (): Finding => {
  const { sees } = uringSupport()
  const counted = 'is not seen but counted, and an alert says how much was missed'
  return {
    id: 'io-uring',
    name: 'requests of io_uring',
    probe: asProbe(!hasUring() || sees === 'all'),
    needed: false,
    events: [...new Set(uringOperations.map(([, type]) => type))],
    without: `what is done through io_uring ${sees === 'count' ? counted : 'is not seen'}`,
    remedy: 'use Linux 6.0 or newer, or deny io_uring_setup(2) to containers by seccomp',
  }
}

/** Capabilities of a user namespace count in it alone, and programs are the whole machine's. */
const mayLoad = (): boolean =>
  inHostNamespace('user') &&
  (capability(capSysAdmin) || (capability(capBpf) && capability(capPerfmon)))

const basicFindings = (criSockets?: readonly string[]): readonly Finding[] => [
  {
    id: 'machine',
    name: `machine ${process.arch}${process.arch === 'arm64' ? ' (never tested)' : ''}`,
    probe: asProbe(machineOf(process.arch) !== undefined),
    needed: true,
    events: [],
    without: 'no hook knows this machine',
    remedy: 'run on x86-64 or arm64',
  },
  {
    id: 'right',
    name: 'right to load programs',
    probe: asProbe(mayLoad()),
    needed: true,
    events: [],
    without: 'the kernel refuses the sensor',
    remedy: inHostNamespace('user')
      ? 'run as root, or with CAP_BPF and CAP_PERFMON'
      : 'run outside of this user namespace: root in it (rootless containers) is nobody outside',
  },
  {
    id: 'btf',
    name: 'kernel type information (BTF)',
    probe: asProbe(existsSync(kernelTypes)),
    needed: true,
    events: [],
    without: 'programs cannot be fitted to this kernel',
    remedy: 'use a kernel built with CONFIG_DEBUG_INFO_BTF=y, as every Debian kernel from 11 on is',
  },
  ...cgroupFindings(),
  {
    id: 'pid-namespace',
    name: "the host's process namespace",
    probe: asProbe(inHostNamespace('pid')),
    needed: false,
    events: [],
    without: 'processes that were there before the sensor are not found, or taken for others',
    remedy: "run in the host's process namespace (hostPID: true; docker run --pid host)",
  },
  criFinding({ sockets: criSockets }),
]

/**
 * Asks the machine. Programs of a few instructions are loaded, and gone again at once.
 *
 * @param criSockets  as in AgentOptions
 */
export const probeMachine = (criSockets?: readonly string[]): readonly Finding[] => {
  const basics = basicFindings(criSockets)
  if (!mayLoad() || !existsSync(kernelTypes)) return basics
  return [
    ...basics,
    {
      id: 'ring',
      name: 'ring buffer',
      probe: probeMapType(mapTypeRing),
      needed: true,
      events: [],
      without: 'events cannot get out of the kernel',
      remedy: 'use Linux 5.8 or newer',
    },
    ...tracepointFindings(),
    ...helperFindings(),
    uringFinding(),
  ]
}

/** Name of this kernel, for people. */
export const kernelName = (): string => `Linux ${release()} ${process.arch}`
