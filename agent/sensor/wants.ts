/** What rules want of the kernel side: from it follow the hooks, and what their programs tell. */
import type { Rule } from '@bulwark/policy'
import { ownEventTypes } from '@bulwark/schema'
import { payloadBytesOf, questionsOf, writesOf } from '../network/payload.ts'
import { asksForEnvironment, wantedTypes, wantsFailedExecs } from '../pipeline.ts'

/** What some rules want of the kernel side. */
export interface SensorWants {
  /** Types of events. */
  readonly types: ReadonlySet<string> | 'all'
  /** How many of the first bytes of messages are copied; none when not said. */
  readonly payloadBytes?: number
  /** Questions to name servers that are copied whole: those of messages of wanted types, or also
   * those that are written to a connected socket. */
  readonly questions?: 'messages' | 'writes' | undefined
  /** What else is told of writes on sockets as the messages that they are: the first bytes of
   * connections, or all. */
  readonly writes?: 'openings' | 'all' | undefined
  /** Whether some rule can hold on an exec that failed; true when not said. */
  readonly failures?: boolean | undefined
  /** Some rule asks for the environment of programs, which costs time and room. */
  readonly environment?: boolean
  /** Whether some rule may be told of a process that has changed its working directory since it
   * became its program; true when not said. */
  readonly directories?: boolean | undefined
}

/** An exec says itself where its program begins. */
const execs: ReadonlySet<string> = new Set(['execve', 'execveat'])

/**
 * Whether rules over these events can be told of a process that has moved. One that fails to
 * become another program may have moved before.
 */
const asksForMoves = ({ types, failures }: Pick<SensorWants, 'types' | 'failures'>): boolean =>
  failures === true || types === 'all' || ![...types].every((type) => execs.has(type))

/** What rules that run want, and whoever asks for all events. */
export const wantsOf = (active: readonly Rule[], all = false): SensorWants => {
  const types = all ? 'all' : wantedTypes(active)
  const failures = all || wantsFailedExecs(active)
  return {
    types,
    payloadBytes: payloadBytesOf(active),
    questions: questionsOf(active),
    writes: writesOf(active),
    failures,
    environment: asksForEnvironment(active),
    directories: asksForMoves({ types, failures }),
  }
}

const bothTypes = (a: SensorWants['types'], b: SensorWants['types']): SensorWants['types'] => {
  if (a === 'all' && b === 'all') return 'all'
  const of = (types: SensorWants['types']): ReadonlySet<string> =>
    types === 'all' ? ownEventTypes : types
  return new Set([...of(a), ...of(b)])
}

/** What satisfies both. */
export const wantsOfBoth = (a: SensorWants, b: SensorWants): SensorWants => {
  const questions = [a.questions, b.questions]
  const writes = [a.writes, b.writes]
  return {
    types: bothTypes(a.types, b.types),
    payloadBytes: Math.max(a.payloadBytes ?? 0, b.payloadBytes ?? 0),
    questions: questions.includes('writes') ? 'writes' : (a.questions ?? b.questions),
    writes: writes.includes('all') ? 'all' : (a.writes ?? b.writes),
    failures: (a.failures ?? true) || (b.failures ?? true),
    environment: a.environment === true || b.environment === true,
    directories: (a.directories ?? true) || (b.directories ?? true),
  }
}
