/** Whom an alert is about, as those ask who judge it in its context. */
import { RECORD_RESULT_UNKNOWN, headerOf, printableText } from '@bulwark/schema'
import { limits } from './limits.ts'
import type { LiveEvent } from './live-event.ts'
import type { Process } from './process.ts'

/** What a process runs. Paths are as the container sees them. */
export interface RunProgram {
  readonly executable: string
  /** argv[0], then the rest. */
  readonly programArguments: readonly string[]
  readonly workingDirectory: string
}

/** Not part of what is written of an alert. What is not known is `undefined`. */
export interface AlertSubject {
  readonly namespace: string | undefined
  readonly podName: string | undefined
  /** Name of the container in its pod. */
  readonly container: string | undefined
  /** Of the process, then of those above it in the container. */
  readonly programs: readonly RunProgram[]
  /** `failed`: the kernel has refused the call. */
  readonly outcome: 'done' | 'failed' | 'unknown'
}

const programOf = ({ exePath, exe, args, cwd }: Process): RunProgram => ({
  executable: printableText(exePath),
  programArguments: [exe, ...args.slice(0, limits.subjectArgumentsMax)].map(printableText),
  workingDirectory: printableText(cwd),
})

/** The process and those above it, as long as they are of its cgroup, and so of its container. */
const programsOf = (process: Process): readonly RunProgram[] => {
  const programs: RunProgram[] = []
  let each: Process | undefined = process
  while (each && programs.length < limits.subjectProgramsMax) {
    if (each.cgroupId !== process.cgroupId) break
    if (each.exePath !== '') programs.push(programOf(each))
    each = each.parent
  }
  return programs
}

const outcomeOf = (event: LiveEvent): AlertSubject['outcome'] => {
  if ((headerOf.flags(event.record) & RECORD_RESULT_UNKNOWN) !== 0) return 'unknown'
  return event.isSyscall && event.result < 0 ? 'failed' : 'done'
}

/** The subject of an event, while its record is valid. */
export const subjectOf = (event: LiveEvent): AlertSubject => {
  const metadata = event.container?.metadata
  return {
    namespace: metadata?.namespace,
    podName: metadata?.podName,
    container: metadata?.name,
    programs: event.container ? programsOf(event.process) : [],
    outcome: outcomeOf(event),
  }
}
