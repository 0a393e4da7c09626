/**
 * Questions that only the verifier answers: a program of a few instructions is loaded, and gone
 * again. Nothing is attached.
 */
import type { Probe } from '@bulwark/native'
import { findKernelFunction, findKernelType, isNativeError, loadProgram } from '@bulwark/native'
import { assemble, license } from './stub.ts'

const typeTracing = 26
const attachRawTracepoint = 23
/** A hook that every kernel of ours has; nothing is attached to it here. */
const hook = 'btf_trace_sys_exit'

const call = 0x85
const kernelFunction = 0x20
const returnZero = [
  [0xb7, 0x00, 0],
  [0x95, 0x00, 0],
] as const

/** What the verifier says to what it does not know. */
const refusals: ReadonlySet<string> = new Set(['EINVAL', 'EACCES', 'ENOENT'])

const tryLoad = (instructions: Parameters<typeof assemble>[0]): Probe => {
  try {
    const attachBtfId = findKernelType(hook, 'typedef')
    if (attachBtfId === undefined) return { unknown: `this kernel has no ${hook} to try with` }
    loadProgram({
      type: typeTracing,
      name: 'bulwark_try',
      license,
      instructions: assemble([...instructions, ...returnZero]),
      expectedAttachType: attachRawTracepoint,
      attachBtfId,
    }).close()
    return 'yes'
  } catch (error) {
    if (isNativeError(error) && refusals.has(error.code)) return 'no'
    return { unknown: error instanceof Error ? error.message : String(error) }
  }
}

/** Whether programs at tracepoints may call a helper without arguments (BPF_FUNC_*). */
export const probeBareHelper = (helper: number): Probe => tryLoad([[call, 0x00, helper]])

/** Whether they may call `bpf_task_pt_regs`, on the task that another helper gives. */
export const probeTaskRegisters = (taskHelper: number, helper: number): Probe =>
  tryLoad([
    [call, 0x00, taskHelper],
    [0xbf, 0x01, 0], // r1 = r0
    [call, 0x00, helper],
  ])

/** Whether they may cast a pointer to a type of the kernel, by a function of the kernel's. */
export const probeCast = (name: string): Probe => {
  try {
    const found = findKernelFunction(name)
    const type = findKernelType('task_struct', 'struct')
    if (!found || type === undefined) return 'no'
    return tryLoad([
      [0xb7, 0x02, type], // r2 = the type; r1 is the context
      [call, kernelFunction, found.id],
    ])
  } catch (error) {
    return { unknown: error instanceof Error ? error.message : String(error) }
  }
}
