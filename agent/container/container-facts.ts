/**
 * All that is known of a container, from those who tell. Of the pod the API server counts: it alone
 * tells what changes. Of the container itself the runtime counts, which runs it; then the pod.
 */
import type { Container, ContainerMetadata } from './container.ts'
import { joinMetadata, newContainer } from './container.ts'
import type { PodContainer } from './pod.ts'
import type { KnownPod } from './pod-table.ts'

type Facts = Partial<ContainerMetadata>

const factsOfPod = ({ facts, namespace }: KnownPod): Facts => ({
  podName: facts.name,
  namespace: facts.namespace,
  // A static pod's own is in the cgroup, and is another than its mirror's.
  podUid: facts.staticUid ?? facts.uid,
  podIp: facts.ip,
  podLabels: facts.labels,
  podLabelsCut: facts.labelsCut ?? false,
  hostNetwork: facts.hostNetwork,
  hostPid: facts.hostPid,
  hostIpc: facts.hostIpc,
  workload: facts.workload,
  serviceAccount: facts.serviceAccount,
  namespaceUid: namespace?.uid,
  namespaceLabels: namespace?.labels,
  namespaceLabelsCut: namespace?.labelsCut,
})

const factsOfContainer = ({ name, role, image, imageId, imageDigest }: PodContainer): Facts => ({
  name,
  role,
  image,
  imageId,
  imageDigest,
})

/** Of what a container says, that which holds for all containers of its pod. */
export const sharedInPod = (metadata: ContainerMetadata): Facts => {
  const { podName, namespace, podUid, podLabels, podLabelsCut, sandboxId } = metadata
  return { podName, namespace, podUid, podLabels, podLabelsCut, sandboxId }
}

/** What there is of a container; `undefined` while nobody has told anything. */
export const metadataOf = ({
  id,
  files,
  told,
  ofPod,
  pod,
}: Pick<Container, 'id' | 'files' | 'told' | 'ofPod' | 'pod'>): ContainerMetadata | undefined => {
  if (!files && !told && !ofPod && !pod) return undefined
  const own = joinMetadata(files ?? {}, joinMetadata(told ?? {}, ofPod ?? {}))
  if (!pod) return own
  const { containers } = pod.facts
  const inPod =
    containers.find(({ ids }) => ids.includes(id)) ??
    containers.find(({ name }) => name === own.name)
  return joinMetadata(factsOfPod(pod), joinMetadata(own, inPod ? factsOfContainer(inPod) : {}))
}

/** The containers of a pod as they are known when they are made, the sandbox's own first. */
export const expectedOf = (pod: KnownPod): readonly Container[] => {
  const podUid = pod.facts.staticUid ?? pod.facts.uid
  const names = [undefined, ...pod.facts.containers.map(({ name }) => name)]
  return names.map((name) => {
    const container = newContainer({ id: '', podUid, runtime: undefined })
    container.pod = pod
    container.told = { name }
    container.metadata = metadataOf(container)
    return container
  })
}
