/**
 * The kernel's own function of each system call. Each takes the caller's registers and gives the
 * result; on machines with 32-bit programs there is a further one for those.
 */
import type { Machine } from '@bulwark/schema'
import type { KernelFunction } from '@bulwark/native'
import { findKernelFunction } from '@bulwark/native'

const prefixes: Readonly<Record<Machine, string>> = { x64: '__x64_sys_', arm64: '__arm64_sys_' }

/** Calls whose function has another name, by the name of the call. */
const renamed: Readonly<Record<Machine, Readonly<Record<string, string>>>> = {
  x64: {
    stat: 'newstat',
    fstat: 'newfstat',
    lstat: 'newlstat',
    uname: 'newuname',
    sendfile: 'sendfile64',
    umount2: 'umount',
    pread: 'pread64',
    pwrite: 'pwrite64',
    prlimit: 'prlimit64',
  },
  arm64: {
    fstat: 'newfstat',
    uname: 'newuname',
    sendfile: 'sendfile64',
    umount2: 'umount',
    pread: 'pread64',
    pwrite: 'pwrite64',
    prlimit: 'prlimit64',
    fadvise64: 'fadvise64_64',
  },
}

/** Calls without arguments have theirs under another name on x86-64; with it, the one to know. */
const bare: Readonly<Record<Machine, string>> = { x64: '__do_sys_', arm64: '__arm64_sys_' }
const bareExample = 'getpid'

/** A function that programs attach to. */
export interface CallFunction extends KernelFunction {
  readonly name: string
}

const find = (name: string): CallFunction | undefined => {
  const found = findKernelFunction(name)
  return found && { name, ...found }
}

/**
 * The function of a call without arguments, if it is one. It serves 32-bit calls as well, and has
 * further names, under which it cannot be attached to twice.
 */
const bareFunction = (machine: Machine, name: string): CallFunction | undefined => {
  // Under this prefix there are inner functions too, which take the arguments themselves.
  const inner = find(bare[machine] + name)
  return inner?.prototype === find(bare[machine] + bareExample)?.prototype ? inner : undefined
}

/** The function of a system call; `undefined` when this kernel does not have it. */
export const functionOfCall = (machine: Machine, call: string): CallFunction | undefined => {
  const name = renamed[machine][call] ?? call
  return bareFunction(machine, name) ?? find(prefixes[machine] + name)
}

/** Slots of the 32-bit table whose function has a name that no rule gives. */
const compatSlots: Readonly<Record<number, string>> = {
  18: 'sys_stat',
  28: 'sys_fstat',
  59: 'sys_olduname',
  84: 'sys_lstat',
  90: 'compat_sys_ia32_mmap',
  109: 'sys_uname',
  120: 'compat_sys_ia32_clone',
  192: 'sys_mmap_pgoff',
}

const compatNames: Readonly<Record<string, string>> = { umount2: 'umount', _newselect: 'select' }

/**
 * Functions that a 32-bit call of a name may come to: 32-bit ids and times, 16-bit ids, and those
 * that take their structures or long numbers apart. A name has several numbers, so it can be any.
 */
const compatForms: readonly ((name: string) => readonly string[])[] = [
  // The first of a line that a kernel has; the second then serves no 32-bit call.
  (name) => [`compat_sys_${name}`, `sys_${name}`],
  (name) => [`compat_sys_new${name}`],
  (name) => [`compat_sys_ia32_${name}64`, `compat_sys_ia32_${name.replace(/^new/, '')}64`],
  (name) => [`sys_ia32_${name}64`],
  (name) => [`sys_ia32_${name}`],
  (name) => [`compat_sys_${name}64`, `sys_${name}64`],
  (name) => [`sys_${name}16`],
  (name) => [`compat_sys_${name}_time32`, `sys_${name}_time32`],
  (name) => [`compat_sys_${name}_time64`],
  (name) => [`sys_old${name}`, `compat_sys_old_${name}`],
]

const compatFunction = (name: string): CallFunction | undefined =>
  bareFunction('x64', name.replace(/^sys_/, '')) ?? find(`__ia32_${name}`)

/** Every function that a 32-bit call may come to; none where the kernel has no 32-bit calls. */
export const functionsOfCompatCall = (call: string, slot: number): readonly CallFunction[] => {
  const inSlot = compatSlots[slot]
  const name = compatNames[call] ?? call
  const lines = inSlot === undefined ? compatForms.map((forms) => forms(name)) : [[inSlot]]
  return lines
    .map((line) => line.map(compatFunction).find((found) => found !== undefined))
    .filter((found) => found !== undefined)
}
