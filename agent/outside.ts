/**
 * What the agent reads from outside the records: /proc, cgroups, the runtimes' files, passwd. Each
 * reading is a question with an answer, so that a capture can hold the answers and a replay give
 * them again. *Invariant:* nothing behind `Pipeline.onRecord` reads the machine but through here.
 */
import type { ContainerMetadata } from './container/container.ts'
import type { IpAddress } from '@bulwark/schema'
import type { ShedReport } from './flood.ts'
import type { LossReport } from './loss.ts'
import type { PodChanges } from './container/pod.ts'

/** A kind of question. The answer is plain data: what JSON holds, bigints and `undefined` too. */
export interface Question<Answer> {
  readonly name: string
  /** Never called: ties the name to the type of its answers. */
  readonly answers?: (answer: Answer) => void
}

export interface Outside {
  /**
   * Asks once.
   *
   * @param about  what the question is about: a pid, a path, a container id
   * @param read   reads the machine
   * @returns `undefined` when there is no such thing (any more)
   */
  ask<Answer>(
    question: Question<Answer>,
    about: string | number,
    read: () => Answer | undefined,
  ): Answer | undefined
}

/** The machine itself: nothing between. */
export const machine: Outside = { ask: (_question, _about, read) => read() }

/** What the pipeline is told between two records: what changed outside without a question. */
export type Told =
  /** The clocks were looked at: time since boot, and wall time minus it, nanoseconds. */
  | { readonly told: 'clock'; readonly bootNs: bigint; readonly wallOffsetNs: bigint }
  /** The host's users or groups may be others now. */
  | { readonly told: 'host-names' }
  /** Addresses of a host name that rules compare with. */
  | { readonly told: 'resolved'; readonly name: string; readonly addresses: readonly IpAddress[] }
  /** What the container runtime says of a container. */
  | {
      readonly told: 'runtime'
      readonly id: string
      readonly facts: Partial<ContainerMetadata>
    }
  /** What the API server, or a dump of it, says of pods. */
  | { readonly told: 'pods'; readonly changes: PodChanges }
  /** Events were lost. */
  | { readonly told: 'lost'; readonly report: LossReport }
  /** Events were shed in a flood. */
  | { readonly told: 'shed'; readonly report: ShedReport }
  /** The processes that there are now. */
  | { readonly told: 'pids'; readonly pids: readonly number[] }
  /** Nothing comes any more. */
  | { readonly told: 'end' }
