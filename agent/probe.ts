/**
 * What this kernel and machine can do, as facts with three answers. A machine where the sensor
 * cannot load gets told what is missing and how to get it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { probeKernelType, probeMapType } from '@bulwark/native'
import type { Probe } from '@bulwark/native'
import { cgroupFindings } from './cgroup-probe.ts'
import { machineOf } from './sensor.ts'

/** One thing that the sensor needs, or is better with. */
export interface Finding {
  readonly name: string
  readonly probe: Probe
  /** Without it the sensor does not load. */
  readonly needed: boolean
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

const asProbe = (has: boolean): Probe => (has ? 'yes' : 'no')

const tracepoint = (name: string): Finding => ({
  name: `tracepoint ${name}`,
  probe: probeKernelType(`btf_trace_${name}`, 'typedef'),
  needed: true,
  without: 'the sensor cannot see what it stands for',
  remedy: 'use a kernel built with CONFIG_DEBUG_INFO_BTF and this tracepoint (Linux 5.11 or newer)',
})

/** Asks the machine. Cheap; nothing is loaded. */
export const probeMachine = (): readonly Finding[] => {
  const mayLoad = capability(capSysAdmin) || (capability(capBpf) && capability(capPerfmon))
  const hasBtf = existsSync('/sys/kernel/btf/vmlinux')
  const basics: Finding[] = [
    {
      name: `machine ${process.arch}`,
      probe: asProbe(machineOf(process.arch) !== undefined),
      needed: true,
      without: 'no hook knows this machine',
      remedy: 'run on x86-64 or arm64',
    },
    {
      name: 'right to load programs',
      probe: asProbe(mayLoad),
      needed: true,
      without: 'the kernel refuses the sensor',
      remedy: 'run as root, or with CAP_BPF and CAP_PERFMON',
    },
    {
      name: 'kernel type information (BTF)',
      probe: asProbe(hasBtf),
      needed: true,
      without: 'programs cannot be fitted to this kernel',
      remedy:
        'use a kernel built with CONFIG_DEBUG_INFO_BTF=y, as every Debian kernel from 11 on is',
    },
    ...cgroupFindings(),
  ]
  if (!mayLoad || !hasBtf) return basics
  return [
    ...basics,
    {
      name: 'ring buffer',
      probe: probeMapType(mapTypeRing),
      needed: true,
      without: 'events cannot get out of the kernel',
      remedy: 'use Linux 5.8 or newer',
    },
    ...[
      'sys_exit',
      'sched_process_exec',
      'task_newtask',
      'sched_process_exit',
      'cgroup_mkdir',
      'cgroup_rmdir',
    ].map(tracepoint),
  ]
}

/** Name of this kernel, for people. */
export const kernelName = (): string => `Linux ${release()} ${process.arch}`
