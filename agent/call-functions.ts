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
  },
  arm64: {
    fstat: 'newfstat',
    uname: 'newuname',
    sendfile: 'sendfile64',
    umount2: 'umount',
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

/** The function of a system call; `undefined` when this kernel does not have it. */
export const functionOfCall = (machine: Machine, call: string): CallFunction | undefined => {
  const name = renamed[machine][call] ?? call
  const found = find(prefixes[machine] + name)
  if (found) return found
  // Under this prefix there are inner functions too, which take the arguments themselves.
  const inner = find(bare[machine] + name)
  return inner?.prototype === find(bare[machine] + bareExample)?.prototype ? inner : undefined
}
