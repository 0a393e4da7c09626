/**
 * The hooks that tell which files run in containers. They are no rule's, so they are beside the
 * plan of the rules: see bpf/usage.bpf.h.
 */
import { statSync, statfsSync } from 'node:fs'
import type { BpfObject } from '@bulwark/native'
import type { EventKind } from '@bulwark/schema'
import { EventNumber, eventKinds, numbersNamed, syscallNumbers } from '@bulwark/schema'
import { containerInPath } from '../container/container.ts'
import type { AttachedHook, PlanFor } from './hook-plan.ts'
import { readCgroupsOf } from '../procfs.ts'

/** Maps that hold nothing while nobody asks. */
export const usageMaps = ['used_files', 'used_shares'] as const

/** The program in the slots of mmap, and what goes on after it. */
export const mapHandler = 'on_mmap_used'
export const afterMapHandler = 'after_used'

/** The slots that it has, of the native table and of that of 32-bit programs. */
export interface MapSlots {
  readonly native: number
  /** Only of mmap2: the older call has its arguments in memory, and nothing makes it any more. */
  readonly compat: number | undefined
}

export interface UsagePlan {
  /** Programs that attach to what their sections say. */
  readonly hooks: readonly AttachedHook[]
  /** Where system calls have slots, those of mmap. */
  readonly slots: MapSlots | undefined
}

const kindOfUsage = (): EventKind => {
  const kind = eventKinds.find((each) => each.kind === EventNumber.file_used)
  if (!kind) throw new Error('the schema has no kind file_used')
  return kind
}

/** The hooks on a backend. */
export const planUsage = ({ machine, backend, tellsUsage = false }: PlanFor): UsagePlan => {
  if (!tellsUsage) return { hooks: [], slots: undefined }
  const kind = kindOfUsage()
  const exec = { name: 'sched_process_exec', program: 'on_exec_used', kind }
  if (backend === 'security') {
    const map = { name: 'fentry:security_mmap_file', program: 'on_map_used', kind }
    return { hooks: [exec, map], slots: undefined }
  }
  const native = syscallNumbers[machine]['mmap']
  const [compat] = machine === 'x64' ? numbersNamed('ia32', 'mmap2') : []
  return { hooks: [exec], slots: native === undefined ? undefined : { native, compat } }
}

/** Of btrfs: the device that stat(2) shows is another than the kernel compares. */
const btrfsMagic = 0x9123_683e

/** As the kernel has a device: 20 bits of the minor number. */
const kernelDevice = (device: number): number => {
  const major = (device >>> 8) & 0xfff
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff_00)
  return ((major << 20) | minor) >>> 0
}

const isInContainer = (): boolean =>
  (readCgroupsOf('/proc', process.pid) ?? '')
    .split('\n')
    .some((line) => containerInPath(line.replace(/^[^/]*/, '')) !== undefined)

/**
 * Tells the programs the root directory of this process, where it is that of the machine: files
 * that are seen from there are no container's.
 */
export const setAgentRoot = (object: BpfObject): void => {
  if (isInContainer()) return
  const { ino, dev } = statSync('/')
  const { type } = statfsSync('/')
  if (type === btrfsMagic) return
  object.setVariable('.rodata', 'agent_root_inode', ino)
  object.setVariable('.rodata', 'agent_root_magic', type)
  object.setVariable('.rodata', 'agent_root_device', kernelDevice(dev))
}
