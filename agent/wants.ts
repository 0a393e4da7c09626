/** What rules want of the kernel side: from it follow the hooks, and what their programs tell. */
import type { Rule } from '@bulwark/policy'
import { ownEventTypes } from '@bulwark/schema'
import { payloadBytesOf, questionsOf, writesOf } from './payload.ts'
import { asksForEnvironment, wantedTypes, wantsFailedExecs } from './pipeline.ts'

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
}

/** What rules that run want, and whoever asks for all events. */
export const wantsOf = (active: readonly Rule[], all = false): SensorWants => ({
  types: all ? 'all' : wantedTypes(active),
  payloadBytes: payloadBytesOf(active),
  questions: questionsOf(active),
  writes: writesOf(active),
  failures: all || wantsFailedExecs(active),
  environment: asksForEnvironment(active),
})

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
  }
}
