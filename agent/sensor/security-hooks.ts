/**
 * Which security hooks (BPF LSM) take programs. Tried one by one: where the kernel passes no
 * structures to programs, as before Linux 6.1, a hook with one among its arguments takes none.
 */
import { findKernelFunction, isNativeError, loadProgram } from '@bulwark/native'
import { allow } from './stub.ts'

const found = new Map<string, boolean>()

const tryHook = (hook: string): boolean => {
  const target = findKernelFunction(`bpf_lsm_${hook}`)
  if (!target) return false
  try {
    loadProgram(allow(target.id)).close()
    return true
  } catch (error) {
    if (isNativeError(error) && error.code === 'EINVAL') return false
    throw error
  }
}

/**
 * Whether a hook takes a program.
 *
 * @throws NativeError  the kernel takes none at any, and says why
 */
export const takesHook = (hook: string): boolean => {
  const takes = found.get(hook) ?? tryHook(hook)
  found.set(hook, takes)
  return takes
}
