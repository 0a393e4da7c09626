/** An engine for events that no rule matches: one that does, or a fault, ends the measurement. */
import { Engine, Users, newCounters } from '@bulwark/agent'
import type { Rule } from '@bulwark/policy'

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
