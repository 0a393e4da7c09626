/**
 * Which way system calls reach the sensor, by trying what this kernel takes: never by its version.
 *
 * - `tracepoint`: the end of every call, sorted by number; runs wherever the sensor runs.
 * - `security`: the return of the wanted calls' own functions, with what LSM hooks have resolved.
 *   No other call is touched.
 */
import { existsSync, readFileSync } from 'node:fs'
import type { Backend, Machine } from '@bulwark/schema'
import type { Probe } from '@bulwark/native'
import { findKernelFunction, isNativeError, loadProgram, probeKernelType } from '@bulwark/native'
import { functionOfCall } from '../call-functions.ts'
import { directReads } from './object-file.ts'
import { takesPerf } from './preemption.ts'
import type { Finding } from './probe.ts'
import { takesHook } from './security-hooks.ts'
import { trialStub } from './stub.ts'

/** What a user can ask for. */
export const backendChoices = ['auto', 'tracepoint', 'security'] as const
export type BackendChoice = (typeof backendChoices)[number]

/**
 * Calls that every kernel has and that nothing waits for, from several parts of the kernel: where
 * programs read their argument, it must have its type in each.
 */
const trialCalls = ['umask', 'socket', 'dup']
const securityModules = '/sys/kernel/security/lsm'

/** Calls that name what they leave no object of: see above, and bpf/file.bpf.h. */
const namedCalls = ['unlink', 'rename', 'link', 'symlink', 'mkdir']
  .flatMap((call) => [call, `${call}at`])
  .concat('renameat2', 'rmdir')

/** What a kernel in lockdown says, one whose types are not whole, and one without trampolines. */
const refusals = new Set(['EPERM', 'EACCES', 'ENOTSUPP', 'EOPNOTSUPP'])

const refusal = (error: unknown): Probe =>
  isNativeError(error) && refusals.has(error.code) ? 'no' : { unknown: String(error) }

/** Whether programs attach to the kernel's functions: one is attached, and taken away again. */
const probeFunctions = (machine: Machine): Probe => {
  try {
    const readsArgument = probeKernelType(directReads, 'function') === 'yes'
    for (const call of trialCalls) {
      const found = functionOfCall(machine, call)
      if (!found) return 'no'
      const trial = loadProgram(trialStub(found.id, readsArgument))
      try {
        trial.attach(found.name).detach()
      } finally {
        trial.close()
      }
    }
    return 'yes'
  } catch (error) {
    return refusal(error)
  }
}

/** Whether the kernel asks BPF programs at its security hooks. */
const probeSecurityHooks = (): Probe => {
  try {
    if (!existsSync(securityModules)) {
      return { unknown: `no ${securityModules}; mount -t securityfs none /sys/kernel/security` }
    }
    const modules = readFileSync(securityModules, 'utf8').trim().split(',')
    return modules.includes('bpf') && findKernelFunction('bpf_lsm_path_unlink') ? 'yes' : 'no'
  } catch (error) {
    return { unknown: String(error) }
  }
}

const probeHook = (hook: string): Probe => {
  try {
    return takesHook(hook) ? 'yes' : 'no'
  } catch (error) {
    return refusal(error)
  }
}

/** What decides between the backends, for people and for `chooseBackend`. */
export const backendFindings = (machine: Machine): readonly Finding[] => [
  {
    id: 'fexit',
    name: 'programs at kernel functions (fexit)',
    events: namedCalls,
    probe: probeFunctions(machine),
    needed: false,
    without:
      'the tracepoint backend is used: it costs a little on every system call, and names that ' +
      'the kernel does not keep (of unlink, rename, …) are from user memory, flagged',
    remedy: 'boot without lockdown, on a kernel with CONFIG_FUNCTION_TRACER=y',
  },
  {
    id: 'lsm',
    name: 'programs at security hooks (BPF LSM)',
    events: namedCalls,
    probe: probeSecurityHooks(),
    needed: false,
    without:
      'names that the kernel does not keep (of unlink, rename, …) are from user memory, flagged',
    remedy: 'boot with bpf in the list of the kernel parameter lsm=',
  },
  {
    id: 'lsm-path_chown',
    name: 'programs at security hooks that take structures (path_chown)',
    events: ['chown', 'lchown', 'fchownat'],
    probe: probeHook('path_chown'),
    needed: false,
    without: 'the names that chown is given are from user memory, flagged',
    remedy: 'as for the security hooks; then Linux 6.1 or newer',
  },
]

/** A backend, and why it is that one. */
export interface ChosenBackend {
  readonly backend: Backend
  /** Whether LSM hooks tell names. */
  readonly hearsNames: boolean
  /** Programs at tracepoints are attached through perf, because this kernel preempts others. */
  readonly byPerf: boolean
  /** Nothing preempts handlers of system calls; not where they are at functions. */
  readonly holdsCalls: boolean
  readonly why: string
}

const stateOf = ({ probe }: Finding): string =>
  typeof probe === 'string' ? probe : `cannot tell: ${probe.unknown}`

/**
 * Chooses by what was found; whoever asks for one gets it, or the kernel's refusal.
 *
 * @param findings  those of `backendFindings` and `preemptionFindings`, by their ids
 */
export const chooseBackend = (
  choice: BackendChoice,
  findings: readonly Finding[],
): ChosenBackend => {
  const answer = (id: string): Probe | undefined => findings.find((each) => each.id === id)?.probe
  const found = findings.map((finding) => `${finding.name}: ${stateOf(finding)}`).join('; ')
  const why = choice === 'auto' ? found : `asked for; ${found}`
  const isBest = answer('fexit') === 'yes' && answer('held-functions') !== 'no'
  const isSecurity = choice === 'security' || (choice === 'auto' && isBest)
  const atTracepoints = answer('held-tracepoints')
  const byPerf = takesPerf(atTracepoints)
  return {
    backend: isSecurity ? 'security' : 'tracepoint',
    hearsNames: isSecurity && answer('lsm') === 'yes',
    byPerf,
    holdsCalls: !isSecurity && (byPerf || atTracepoints === 'yes'),
    why,
  }
}
