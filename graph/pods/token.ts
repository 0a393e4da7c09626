/** Whether a container has a token of its pod's service account. */
import type { Cluster } from '../cluster.ts'
import type { Means } from './confinement.ts'
import type { ContainerIn } from './container.ts'
import { containerFact, podFact } from './container.ts'

/** Where tokens are by default: what stands there is instead of one. */
const tokenFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Whether an audience is the API server's; its own default is not in the objects. */
const isOfServer = (audience: string): boolean =>
  audience === '' || /(?:^|\/\/)kubernetes\.default(?:\.svc)?(?:[.:/]|$)/.test(audience)

/**
 * The token in a container. What is mounted counts; only where a pod was not admitted yet, as in a
 * file that somebody wrote, do pod and service account say whether one will be.
 */
export const tokenOf = ({ objects }: Cluster, found: ContainerIn): Means | undefined => {
  const { pod, container } = found
  for (const { source, at } of container.mounts) {
    if (source.is !== 'token' || !isOfServer(source.audience)) continue
    const text =
      `container ${container.name} has a token of service account ` + pod.spec.serviceAccount
    const fix = 'set `automountServiceAccountToken: false`'
    return { certainty: 'certain', facts: [podFact(pod, at, text, fix)] }
  }
  const wasAdmitted = pod.uid !== '' || pod.isMirror
  if (wasAdmitted || container.mounts.some(({ path }) => path === tokenFolder)) return undefined
  const account = objects.get('ServiceAccount', pod.namespace, pod.spec.serviceAccount)
  if (!(pod.spec.automount ?? account?.automount ?? true)) return undefined
  const text =
    `container ${container.name} gets a token of service account ` + pod.spec.serviceAccount
  const fix = 'set `automountServiceAccountToken: false`'
  return { certainty: 'certain', facts: [containerFact(found, '', text, fix)] }
}
