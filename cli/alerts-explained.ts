/** Which rule an alert is of, and what alerts about Bulwark itself ask for. */
import { lossRule, lostAlertsRule, raisedRule, shedRule } from '@bulwark/agent'
import { refusedConfig } from './config/live.ts'
import { keptRule, refusedPolicy, refusedRule } from './live-rules.ts'

/** What an alert about Bulwark itself is, for whoever is woken by it. */
export interface InternalAlert {
  readonly rule: string
  /** What its message begins with, or has in it. */
  readonly says: RegExp
  readonly meaning: string
  readonly next: string
}

/** All of them; docs/alerts.md has them, too. */
export const internalAlerts: readonly InternalAlert[] = [
  {
    rule: lossRule,
    says: /\bEvents lost: /,
    meaning:
      'The kernel had events for which there was no room, or that it could not hand over. ' +
      'Between the two times nobody knows what was done; the message says where and why.',
    next:
      'Look who was busy then. If it goes on: give the agent more processor time, a larger ring ' +
      '(--ring-mib), or rules that want less (`bulwark doctor` says which are delivered whole). ' +
      'Take what ran on the node at that time for unwatched.',
  },
  {
    rule: shedRule,
    says: /\bEvents shed: /,
    meaning:
      'A container, or a service of the host, sent more events than the agent can take, and its ' +
      'own were left out so that others lose none. What it did meanwhile nobody has seen.',
    next:
      'Find out what it does: an attacker may flood to hide. If it is harmless, make an ' +
      'exception in the rule that wants so much of it, or raise --flood-events-per-second: ' +
      'docs/kernel-filter.md.',
  },
  {
    rule: lostAlertsRule,
    says: /\bAlerts lost: /,
    meaning: 'A channel did not deliver alerts. Other channels have them, where there are any.',
    next:
      'See why in the log (`channel NAME: …`), and mend the receiver, or raise --queue-alerts ' +
      'and --queue-mib: docs/config.md.',
  },
  {
    rule: refusedRule,
    says: /\bRules not changed, those before go on: /,
    meaning:
      'A rule file, or a file of policies, has changed and has a fault. What ran before runs.',
    next: 'Mend the file at the place that is named: `bulwark rules check` or `policy check`.',
  },
  {
    rule: refusedPolicy,
    says: /\bPolicy (?:\S+ )?not taken, /,
    meaning:
      'A RuntimePolicy of the cluster has a fault, or one of a file had one at the start. It ' +
      'stays what it was, or holds nowhere where it was never sound: the message says which.',
    next:
      'Mend it: `kubectl get runtimepolicy NAME -o yaml | bulwark policy check /dev/stdin`, ' +
      'or the file at the place that is named; docs/policies.md.',
  },
  {
    rule: keptRule,
    says: /\bThe API server does not say what policies are: /,
    meaning:
      'The agent has started while the API server did not answer. The policies of the cluster ' +
      'count as an earlier run has kept them; the message says of when each is.',
    next:
      'See why the API server is away (`bulwark doctor --kubeconfig FILE`). Once it answers, ' +
      'what it says counts: docs/policies.md.',
  },
  {
    rule: refusedConfig,
    says: /\bOptions not changed, those before go on: /,
    meaning: 'The file of options was read again and has a fault. The options before hold.',
    next: 'Mend it at the place that is named: `bulwark config check FILE`.',
  },
  {
    rule: raisedRule,
    says: /: raised from \w+ to \w+: /,
    meaning:
      'An alert that was told before is worse than it looked, since others came that belong to ' +
      'it. `bulwark.update.of` is its uuid, `because` that of the one that raised it.',
    next: 'Look at both together, and at all of their pod: docs/severity.md.',
  },
]

/** Of a rule, what tells its alerts. */
interface Telling {
  readonly name: string
  readonly output: string
}

/** Less than that is in many texts. */
const fixedMin = 8

/** What all alerts of a rule begin with, before the first field. */
const fixedOf = (output: string): string => output.replace(/%[\s\S]*$/, '').trim()

/** The name in a line of JSON, if that is what it is. */
const ofJson = (line: string): string | undefined => {
  try {
    const { rule } = JSON.parse(line) as { readonly rule?: unknown }
    return typeof rule === 'string' ? rule : undefined
  } catch {
    return undefined
  }
}

/**
 * The name of the rule that a line is an alert of, in text or JSON; the line itself where it is
 * none.
 */
export const ruleOfAlert = (line: string, rules: readonly Telling[]): string => {
  const named = ofJson(line)
  if (named !== undefined) return named
  const internal = internalAlerts.find(({ says }) => says.test(line))
  if (internal) return internal.rule
  let best = { name: line, length: fixedMin - 1 }
  for (const { name, output } of rules) {
    const fixed = fixedOf(output)
    if (fixed.length > best.length && line.includes(fixed)) best = { name, length: fixed.length }
  }
  return best.name
}
