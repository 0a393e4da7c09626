/**
 * An engine, and events that no rule matches: one that does, or a fault, ends the measurement.
 */
import { Engine, LiveEvent, Sockets, Users, newCounters } from '@bulwark/agent'
import type { Rule } from '@bulwark/policy'
import type { RecordValues } from '@bulwark/schema'
import { KeptTexts, RecordView, encodeRecord } from '@bulwark/schema'

export const engineOf = (rules: readonly Rule[]): Engine =>
  new Engine({
    rules,
    matching: 'first',
    surroundings: { users: new Users(), hostname: 'bench' },
    counters: newCounters(),
    resolve: () => () => new Set(),
    onAlert: ({ rule }) => {
      throw new Error(`the event was to match nothing, and matched "${rule}"`)
    },
    log: (line) => {
      throw new Error(line)
    },
  })

/** An event of a record, without its kind, type and process. */
export const eventOfRecord = (kind: string, values: RecordValues): LiveEvent => {
  const { buffer } = encodeRecord(kind, values)
  const memory = Buffer.from(buffer)
  const text = (start: number, end: number): string => memory.toString('latin1', start, end)
  const view = new RecordView(new DataView(buffer), text, new KeptTexts())
  return new LiveEvent(view, new Sockets(newCounters()), 'x64')
}
