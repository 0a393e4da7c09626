/** Factors of the alert itself, and of other alerts. */
import type { FactorRow, JudgedInput } from './factor.ts'
import { mayLeadOut } from './pod-factors.ts'

/** ATT&CK: escape to host. */
const escapeTag = 'T1611'

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** An escape that was no more than tried, where no way leads out. */
const isHopeless = (input: JudgedInput): boolean => {
  const { alert } = input
  if (alert?.outcome !== 'failed' && alert?.outcome !== 'tried') return false
  return alert.tags.includes(escapeTag) && !mayLeadOut(input)
}

export const alertFactors: readonly FactorRow[] = [
  {
    id: 'alerts.chain',
    direction: 'raise',
    weight: 10,
    part: 'alert',
    when:
      'Other alerts are on the same path: earlier ones of this pod; and of a pod that connected ' +
      'to it, or that it connected to, where network policies let that through.',
    why: 'Two steps of one way are no coincidence.',
    find: ({ alert }) =>
      alert && alert.related.length > 0
        ? { text: 'other alerts are on the same attack path', facts: alert.related }
        : undefined,
  },
  {
    id: 'chain.exposure',
    direction: 'raise',
    weight: 4,
    part: 'alert',
    when:
      'A connection that was an alert led to the pod from one that the internet reaches (levels ' +
      '5 and 6), itself or by another such connection; the pod is not that open.',
    why:
      'Whoever came in there is here now. Less than half a level, since the connection counts ' +
      'already: it outweighs that nothing outside leads to the pod.',
    find: ({ alert }) => {
      const { inherited } = alert ?? {}
      if (!inherited) return undefined
      const { from, steps, certainty, level, facts } = inherited
      const way = steps === 1 ? '' : ` over ${steps} connections`
      const pod = `${from.namespace}/${from.name}`
      const open = level === 6 ? 'open to the internet' : 'reached from the internet behind a login'
      const doubt = certainty === 'certain' || certainty === 'observed' ? '' : ' (possible)'
      return {
        text: `it was reached${way} from pod ${pod}, which is ${open}${doubt}`,
        facts,
      }
    },
  },
  {
    id: 'escape.walked',
    direction: 'raise',
    weight: 10,
    part: 'alert',
    when:
      'The alert shows that a way from the container to its node was walked: the kernel has let ' +
      'it be done, and the objects know the way, or nobody without one could have done it.',
    why: 'The node is lost, and with it the pods, service accounts and secrets on it.',
    find: ({ alert }) => {
      const ways = (alert?.walked ?? []).filter(({ lost }) => lost)
      const [way] = ways
      if (!way?.lost) return undefined
      const { node, counts } = way.lost
      const names = [...new Set(ways.map(({ edge }) => edge))].join(', ')
      const text =
        `node ${node} is taken over (${names}): within reach are ${counted(counts.pods, 'pod')}, ` +
        `${counted(counts.serviceAccounts, 'service account')} and ` +
        counted(counts.secrets, 'secret')
      return { text, facts: way.facts }
    },
  },
  {
    id: 'node.taken',
    direction: 'raise',
    weight: 20,
    part: 'alert',
    when: 'Something has got out of a container onto the node of the pod.',
    why: 'Whatever the pod does now may be done by whoever has the node.',
    find: ({ alert }) =>
      alert && alert.nodeTaken.length > 0
        ? { text: "the pod's node is taken over", facts: alert.nodeTaken }
        : undefined,
  },
  {
    id: 'attempt.failed',
    direction: 'lower',
    weight: 10,
    part: 'alert',
    when: 'The kernel has refused what was tried.',
    why: 'Nothing has happened yet; that somebody tries stays worth a look.',
    find: ({ alert }) =>
      alert?.outcome === 'failed' ? { text: 'the kernel has refused it', facts: [] } : undefined,
  },
  {
    id: 'attempt.no-way',
    direction: 'lower',
    weight: 10,
    part: 'escapes',
    when:
      'An escape was tried, and the objects know no way from the container to its node but by ' +
      'faults that may be mended.',
    why: 'Two reasons that do not depend on each other say that it holds.',
    find: (input) =>
      isHopeless(input)
        ? { text: 'no way is known from the container to its node', facts: [] }
        : undefined,
  },
  {
    id: 'attempt.unproven',
    direction: 'lower',
    weight: 10,
    part: 'escapes',
    when: 'The same, and the event is only what comes before an escape: a tool that is started.',
    why: 'The escape itself would be another event, with an alert of its own.',
    find: (input) =>
      isHopeless(input) && input.alert?.outcome === 'tried'
        ? { text: 'it only leads to what the rule is about', facts: [] }
        : undefined,
  },
  {
    id: 'learning.anomaly',
    direction: 'lower',
    weight: 10,
    part: 'alert',
    when:
      'A rule on what is unusual, in the first hour of an image: all pods that run it, by its ' +
      'digest, were made since.',
    why: 'All that is new is unusual then. Rules on what is bad are not lowered.',
    find: ({ alert }) =>
      alert?.isAnomaly === true && alert.isLearning
        ? { text: 'it is still learned what is usual in this container', facts: [] }
        : undefined,
  },
  {
    id: 'audit.authorised',
    direction: 'lower',
    weight: 10,
    part: 'alert',
    when: 'The audit log has the `kubectl exec` or the like, by somebody who may do it.',
    why: 'A known person at work. Their account may be stolen: a level, and not more.',
    find: ({ alert }) =>
      alert && alert.authorised.length > 0
        ? {
            text: 'somebody who may do it has asked for it by the API server',
            facts: alert.authorised,
          }
        : undefined,
  },
]
