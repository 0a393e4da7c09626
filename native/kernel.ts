/**
 * What this kernel can do, asked of the kernel itself and never of its version; its types, by
 * which drift is told; and its clocks.
 */
import { getSystemErrorName } from 'node:util'
import type { Addon, Clocks, KernelFunction, OpenHandles } from './addon.ts'
import { addon } from './addon.ts'

let forgetting = false

/** The addon, for a question about kernel types: they stay in memory for this turn of the loop. */
const withTypes = (): Addon => {
  if (!forgetting) {
    forgetting = true
    const forget = (): void => {
      forgetting = false
      addon().forgetKernelTypes()
    }
    setImmediate(forget).unref()
  }
  return addon()
}

/** An answer with three forms: a machine that refuses to tell is not one that has not. */
export type Probe = 'yes' | 'no' | { readonly unknown: string }

/** Kinds of kernel types that are found by name (BTF_KIND_*). */
export const btfKinds = { struct: 4, union: 5, enum: 6, typedef: 8, function: 12 } as const

const asProbe = (answer: number): Probe => {
  if (answer === 1) return 'yes'
  return answer === 0 ? 'no' : { unknown: getSystemErrorName(answer) }
}

/**
 * Whether the kernel knows a type of program (BPF_PROG_TYPE_*); unknown (ENOTSUP) for types that
 * libbpf does not know. For LSM and tracing a machine in
 * lockdown says 'no' or 'yes' without meaning it: load a small program of the kind instead.
 */
export const probeProgramType = (type: number): Probe => asProbe(addon().probeProgramType(type))

/** Whether the kernel makes maps of a type (BPF_MAP_TYPE_*); unknown where libbpf is older. */
export const probeMapType = (type: number): Probe => asProbe(addon().probeMapType(type))

/**
 * Whether programs of a type may call a helper (BPF_FUNC_*). Unknown (ENOTSUP) for tracing, LSM
 * and ext, whose helpers depend on what they attach to.
 */
export const probeHelper = (programType: number, helper: number): Probe =>
  asProbe(addon().probeHelper(programType, helper))

/** Whether the kernel tells its types (/sys/kernel/btf/vmlinux), which CO-RE needs. */
export const hasKernelTypes = (): boolean => addon().hasKernelTypes()

/**
 * The id of a kernel type; `undefined` when it has none of that name. The first question in a turn
 * of the event loop reads all types (about 10 ms, and 10 MB until the turn ends): ask in one go.
 *
 * @throws NativeError  the kernel does not tell its types
 */
export const findKernelType = (name: string, kind: keyof typeof btfKinds): number | undefined => {
  const id = withTypes().findKernelType(name, btfKinds[kind])
  return id === 0 ? undefined : id
}

/**
 * Reads the kernel's types on another thread: questions in the turn in which it resolves wait for
 * nothing. Never rejects; where there are none, the questions say so.
 */
export const readKernelTypes = async (): Promise<void> => {
  await addon().readKernelTypesAside()
  withTypes()
}

/** A function of the kernel; `undefined` when there is none of that name. As `findKernelType`. */
export const findKernelFunction = (name: string): KernelFunction | undefined => {
  const found = withTypes().findKernelFunction(name)
  return found.id === 0 ? undefined : found
}

/** Whether the kernel has a type of this name. Unknown when it does not tell its types. */
export const probeKernelType = (name: string, kind: keyof typeof btfKinds): Probe => {
  try {
    return findKernelType(name, kind) === undefined ? 'no' : 'yes'
  } catch (error) {
    return { unknown: String(error) }
  }
}

/**
 * Byte offset of a member in a kernel struct or union, those of anonymous parts included;
 * `undefined` when there is none.
 *
 * @throws NativeError  the kernel does not tell its types
 */
export const kernelMemberOffset = (struct: string, member: string): number | undefined => {
  const offset = withTypes().kernelMember(struct, member)
  return offset < 0 ? undefined : offset
}

/**
 * What a file of one of the kernel's own file systems says, such as `debugfs`, whether that is
 * mounted anywhere or not.
 *
 * @param path  below its root
 * @throws NativeError  there is none, or it may not be read
 */
export const readKernelFile = (fileSystem: string, path: string): string =>
  addon().readKernelFile(fileSystem, path)

/** CPUs that a per-CPU map has values for: more than are online, on some machines. */
export const possibleCpus = (): number => addon().possibleCpus()

/** Boot time and wall time at one instant. */
export const clocks = (): Clocks => addon().clocks()

/** Wall time minus time since boot, nanoseconds. Changes when the clock is set. */
export const wallOffsetNs = (): bigint => {
  const { bootNs, realNs } = addon().clocks()
  return realNs - bootNs
}

/** The leak check: all zero when everything was closed. */
export const openHandles = (): OpenHandles => addon().openHandles()
