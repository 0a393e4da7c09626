/** What an agent runs with, and where a recording goes. */
import type { Machine, UsageReport } from '@bulwark/schema'
import type { Rule } from '@bulwark/policy'
import type { Alert } from './alert.ts'
import type { ChosenBackend } from './sensor/backend.ts'
import type { Sink } from './capture/writer.ts'
import type { RuleMatching } from './engine.ts'
import type { Folding } from './fold.ts'
import type { PodOrigin } from './kubernetes/index.ts'

/** What an agent runs with. */
export interface AgentOptions {
  /** The bytes of the backend's object, `tracepoint.bpf.o` or `security.bpf.o`. */
  readonly object: Uint8Array
  /** `tracepoint` when not said: see `chooseBackend`. */
  readonly backend?: ChosenBackend
  readonly machine: Machine
  readonly rules: readonly Rule[]
  readonly matching: RuleMatching
  /** Equal alerts that become one; none when not said. */
  readonly folding?: Folding
  /** The name of this node in alerts; the machine's when not said. */
  readonly hostname?: string | undefined
  /** Where container runtimes may listen; where those of Kubernetes do when not said. */
  readonly criSockets?: readonly string[]
  /** From where the pods of this node are known; from the runtime alone when not said. */
  readonly pods?: PodOrigin | undefined
  /** In order; the alert is a value of its own and may be kept. */
  readonly onAlert: (alert: Alert) => void
  /** Takes an alert about nothing, now and again, to do all with it but tell it: so that the first
   * one after a while is as quick as any. */
  readonly onRehearsal?: (alert: Alert) => void
  /** Lines for people, on stderr. */
  readonly log: (line: string) => void
  /** Rules whose events are watched beside those that run; or all events. */
  readonly watchFor?: readonly Rule[] | 'all'
  /** Whether the kernel drops what no rule can match; it does when not said, but not while the
   * agent records or watches for more than its rules want. */
  readonly kernelFilter?: boolean
  /** Size of the ring, bytes, a power of two; `limits.ringBytes` when not said. */
  readonly ringBytes?: number
  /** What a container may send while there is little room in the ring; 0: no flood control.
   * `limits.floodEventsPerSecond` when not said. */
  readonly floodEventsPerSecond?: number | undefined
  /** Hears which files run in containers; none is told of when not said. `false`: the last report,
   * or this one, is lost, and the next has all. */
  readonly onUsage?: ((report: UsageReport) => boolean) | undefined
  /** Keeps all that the pipeline gets: see `bulwark replay`. */
  readonly record?: RecordOptions
  /** The agent cannot go on; it has detached its hooks. */
  readonly onFault: (error: unknown) => void
}

/** Where a recording goes. */
export interface RecordOptions {
  /** Takes the bytes in order; what it throws ends the recording, not the agent. */
  readonly sink: Sink
  /** The recording has ended before the agent did. */
  readonly onFault: (error: unknown) => void
}
