/** Says which policies select no container of this node, each once for each set of rules. */
import type { Agent } from '@bulwark/agent'
import { onBeat } from '@bulwark/agent'
import { log } from './report.ts'

/** Beats between two looks, while the rules stay the same. */
const lookBeats = 10
/** Names in one line. */
const namesMax = 10

/** Returns what ends it. */
export const watchUnusedPolicies = (agent: Agent): (() => void) => {
  let told = new Set<string>()
  let rules: unknown
  let beats = 0
  const look = (): void => {
    const { scopes } = agent.engine
    if (rules === scopes && ++beats % lookBeats !== 0) return
    // Of pods that nobody has listed yet nothing can be said.
    const { podsAge } = agent
    if (podsAge && podsAge.podsMs === undefined) return
    if (rules !== scopes) told = new Set()
    rules = scopes
    const fresh = agent.unusedPolicies().filter((name) => !told.has(name))
    for (const name of fresh) told.add(name)
    if (fresh.length === 0) return
    const more = fresh.length > namesMax ? ` and ${fresh.length - namesMax} more` : ''
    log(`policies that select no container here: ${fresh.slice(0, namesMax).join(', ')}${more}`)
  }
  return onBeat(look)
}
