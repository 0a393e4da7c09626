/** Factors of the alert itself, and of other alerts. */
import type { FactorRow } from './factor.ts'
import { waysOut } from './pod-factors.ts'

/** ATT&CK: escape to host. */
const escapeTag = 'T1611'

export const alertFactors: readonly FactorRow[] = [
  {
    id: 'alerts.chain',
    direction: 'raise',
    weight: 10,
    part: 'alert',
    when: 'Other alerts are on the same path: of this pod, or of one that leads to it.',
    why: 'Two steps of one way are no coincidence.',
    find: ({ alert }) =>
      alert && alert.related.length > 0
        ? { text: 'other alerts are on the same attack path', facts: alert.related }
        : undefined,
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
      'An escape was tried and refused, and the objects know no way from the container to its ' +
      'node.',
    why: 'Two reasons that do not depend on each other say that it holds.',
    find: (input) => {
      const { alert } = input
      if (alert?.outcome !== 'failed' || !alert.tags.includes(escapeTag)) return undefined
      if (waysOut(input).length > 0) return undefined
      return { text: 'no way is known from the container to its node', facts: [] }
    },
  },
  {
    id: 'learning.anomaly',
    direction: 'lower',
    weight: 10,
    part: 'alert',
    when: 'A rule on what is unusual, while it is still learned what is usual.',
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
