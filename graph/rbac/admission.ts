/** What admission lets into a namespace: whether a pod that has its node would be made. */
import { selects } from '@bulwark/schema'
import type { Cluster } from '../cluster.ts'
import type { Certainty, Fact } from '../edges.ts'
import type { Guard } from '../objects/admission.ts'
import type { Namespace } from '../objects/basics.ts'
import type { Kind } from '../objects/kinds.ts'

const enforceLabel = 'pod-security.kubernetes.io/enforce'

/** A guard that may deny, as what it is an object of. */
interface InForce {
  readonly guard: Guard
  readonly fact: Fact
}

const isFor = ({ namespaces, except }: Guard, { name, labels }: Namespace): boolean => {
  if (except.includes(name)) return false
  if (namespaces === 'broken') return false
  return namespaces === undefined || selects(namespaces, { labels, isWhole: true }) !== false
}

/**
 * Kinds of guards by their names in facts. A policy of the API server needs a binding beside
 * it.
 */
const guardKinds = [
  'ValidatingAdmissionPolicyBinding',
  'ValidatingWebhookConfiguration',
  'KyvernoClusterPolicy',
  'KyvernoPolicy',
  'K8sPSPCapabilities',
  'K8sPSPHostFilesystem',
  'K8sPSPHostNamespace',
  'K8sPSPPrivilegedContainer',
] as const satisfies readonly Kind[]

const factOf = (kind: string, { namespace, name, denies }: Guard): Fact => {
  const may = denies === 'privileged' ? 'denies' : 'may deny'
  return {
    text: `${kind} ${name} ${may} pods that would have the node`,
    object: { kind, namespace, name },
    path: '',
  }
}

/** What stands in the way of privileged pods of a namespace, apart from its own label. */
export const guardsOf = (cluster: Cluster, namespace: string): readonly InForce[] => {
  const { objects } = cluster
  const named = objects.get('Namespace', '', namespace)
  if (!named) return []
  const found: InForce[] = []
  for (const kind of guardKinds) {
    for (const guard of objects.all(kind)) {
      if (guard.denies === 'nothing' || !isFor(guard, named)) continue
      if (guard.namespace !== '' && guard.namespace !== namespace) continue
      if (guard.policy !== '') {
        const policy = objects.get('ValidatingAdmissionPolicy', '', guard.policy)
        if (!policy || policy.denies === 'nothing' || !isFor(policy, named)) continue
      }
      found.push({ guard, fact: factOf(kind, guard) })
    }
  }
  return found.toSorted((a, b) => (a.fact.text < b.fact.text ? -1 : 1))
}

const levelOf = ({ objects }: Cluster, namespace: string): string | undefined =>
  objects.get('Namespace', '', namespace)?.labels.find(([key]) => key === enforceLabel)?.[1]

/** Whether a namespace's own label lets privileged pods in. */
export const labelAdmits = (cluster: Cluster, namespace: string): boolean => {
  const level = levelOf(cluster, namespace)
  return level !== 'baseline' && level !== 'restricted'
}

/** Whether a privileged pod may be made in a namespace, and why. */
export const admissionOf = (
  cluster: Cluster,
  namespace: string,
): { readonly certainty: Certainty | 'never'; readonly facts: readonly Fact[] } => {
  if (!labelAdmits(cluster, namespace)) return { certainty: 'never', facts: [] }
  const level = levelOf(cluster, namespace)
  const text =
    level === undefined
      ? `namespace ${namespace} does not say which pods it admits: privileged ones, by default`
      : `namespace ${namespace} admits privileged pods`
  const fact: Fact = {
    text,
    object: { kind: 'Namespace', namespace: '', name: namespace },
    path: `metadata.labels[${enforceLabel}]`,
    fix: `label namespace ${namespace} with ${enforceLabel}=baseline`,
  }
  const guards = guardsOf(cluster, namespace)
  if (guards.some(({ guard }) => guard.denies === 'privileged')) {
    return { certainty: 'never', facts: [] }
  }
  const certainty = guards.length > 0 ? 'unknown' : 'certain'
  return { certainty, facts: [fact, ...guards.map((each) => each.fact)] }
}
