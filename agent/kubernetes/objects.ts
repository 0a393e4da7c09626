/**
 * Pods and namespaces of the API, read into what the agent keeps of them. They are whatever
 * somebody wrote: nothing is believed before it was looked at, and what is left out is told. Pure.
 */
import type { OnFlaw, Passage, ReadAgain, ReadObject } from '@bulwark/kubernetes'
import type { Json, Labels } from '@bulwark/schema'
import { asObject, asText } from '@bulwark/schema'
import { limits } from '../limits.ts'
import type { ContainerRole, NamespaceFacts, PodContainer, PodFacts } from '../container/pod.ts'
import { workloadOf } from './workload.ts'

/** The annotations that the kubelet gives to a static pod and to its mirror. */
const staticUidAnnotation = 'kubernetes.io/config.hash'
const mirrorAnnotation = 'kubernetes.io/config.mirror'

const short = (value: unknown): string | undefined => {
  const text = asText(value)
  return text !== undefined && text.length <= limits.podNameCharsMax ? text : undefined
}

/** A text that must be there. */
const required = (from: Json | undefined, key: string, onFlaw: OnFlaw): string | undefined => {
  const text = short(from?.[key])
  if (text === undefined) onFlaw(`metadata.${key} is no text of a name's length`)
  return text
}

/** The name of any object. */
export const nameOf = (metadata: Json | undefined, onFlaw: OnFlaw): string | undefined =>
  required(metadata, 'name', onFlaw)

/** Selectors that ask for labels which were cut may select it, or not. */
const maybeSelected = 'policies that select by others are judged on it'

const labelsOf = (
  metadata: Json,
  onFlaw: OnFlaw,
): { readonly labels: Labels; readonly labelsCut?: true } => {
  const value = metadata['labels']
  if (value === undefined || value === null) return { labels: [] }
  const labels = asObject(value)
  if (!labels || Array.isArray(labels)) {
    onFlaw(`metadata.labels is no map: ${maybeSelected}`)
    return { labels: [], labelsCut: true }
  }
  const all = Object.entries(labels)
  const kept = all.filter(
    (pair): pair is [string, string] =>
      typeof pair[1] === 'string' && pair[0].length + pair[1].length <= limits.labelCharsMax,
  )
  if (kept.length < all.length) {
    onFlaw(`a label is no text, or too long, and left out: ${maybeSelected}`)
  }
  if (kept.length > limits.labelsMax) {
    onFlaw(`more labels than the ${limits.labelsMax} that are kept: ${maybeSelected}`)
  }
  const sorted = kept.slice(0, limits.labelsMax).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return sorted.length < all.length ? { labels: sorted, labelsCut: true } : { labels: sorted }
}

/** Objects of a list; what is none is told. */
const objectsIn = (from: Json | undefined, key: string, onFlaw: OnFlaw): readonly Json[] => {
  const value: unknown = from?.[key]
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) {
    onFlaw(`${key} is no list`)
    return []
  }
  const objects = value.flatMap((item): readonly Json[] => {
    const object = asObject(item)
    return object ? [object] : []
  })
  if (objects.length < value.length) onFlaw(`an item of ${key} is no object`)
  if (objects.length > limits.podContainersMax) onFlaw(`more ${key} than are kept`)
  return objects.slice(0, limits.podContainersMax)
}

const digest = /(?:^|@)(sha256:[0-9a-f]{64})$/
const runtimeId = /^[a-z0-9+.-]+:\/\/([0-9a-f]{64})$/

/** The digest in `status.imageID`: of the manifest behind an `@`, of the configuration alone. */
const imageIds = (imageId: string): Pick<PodContainer, 'imageId' | 'imageDigest'> => {
  const found = digest.exec(imageId)?.[1]
  const isManifest = imageId.includes('@')
  return {
    imageId: isManifest ? undefined : found,
    imageDigest: isManifest ? found : undefined,
  }
}

const idsOf = (status: Json | undefined): readonly string[] => {
  const last = asObject(asObject(status?.['lastState'])?.['terminated'])
  return [status?.['containerID'], last?.['containerID']].flatMap(
    (value) => runtimeId.exec(asText(value) ?? '')?.[1] ?? [],
  )
}

const places = [
  ['containers', 'containerStatuses', 'app'],
  ['initContainers', 'initContainerStatuses', 'init'],
  ['ephemeralContainers', 'ephemeralContainerStatuses', 'ephemeral'],
] as const

const roleOf = (role: ContainerRole, container: Json): ContainerRole =>
  role === 'init' && container['restartPolicy'] === 'Always' ? 'sidecar' : role

/** A container as the spec alone has it. */
type SpecContainer = Pick<PodContainer, 'name' | 'role' | 'image'>

/** What of a pod stands in its spec. */
interface SpecFacts extends Pick<
  PodFacts,
  'serviceAccount' | 'hostNetwork' | 'hostPid' | 'hostIpc'
> {
  readonly containers: readonly SpecContainer[]
}

const specContainersOf = (spec: Json, onFlaw: OnFlaw): readonly SpecContainer[] =>
  places.flatMap(([key, , role]) =>
    objectsIn(spec, key, onFlaw).flatMap((container): readonly SpecContainer[] => {
      const name = short(container['name'])
      if (name === undefined) {
        onFlaw(`one of ${key} has no name`)
        return []
      }
      const image = asText(container['image'])
      const isShort = image !== undefined && image.length <= limits.imageCharsMax
      return [{ name, role: roleOf(role, container), image: isShort ? image : undefined }]
    }),
  )

const specFactsOf = (spec: Json, onFlaw: OnFlaw): SpecFacts => ({
  serviceAccount: short(spec['serviceAccountName']),
  hostNetwork: spec['hostNetwork'] === true,
  hostPid: spec['hostPID'] === true,
  hostIpc: spec['hostIPC'] === true,
  containers: specContainersOf(spec, onFlaw),
})

const containersOf = (
  containers: readonly SpecContainer[],
  status: Json,
  onFlaw: OnFlaw,
): readonly PodContainer[] => {
  const [app, init, ephemeral] = places.map(([, key]) => objectsIn(status, key, onFlaw))
  const statuses = { app, init, sidecar: init, ephemeral }
  return containers.map(({ name, role, image }) => {
    const told = statuses[role]?.find((each) => each['name'] === name)
    return { name, role, image, ...imageIds(asText(told?.['imageID']) ?? ''), ids: idsOf(told) }
  })
}

/** The uid after which a static pod's cgroups are named; only mirrors have one. */
const staticUidOf = (metadata: Json): string | undefined => {
  const annotations = asObject(metadata['annotations'])
  return annotations && annotations[mirrorAnnotation] !== undefined
    ? short(annotations[staticUidAnnotation])
    : undefined
}

/**
 * What `readPod` does not look at of a container's status, as an API server writes it: whether it
 * runs, and is ready, changes most often. A container's id and image stand outside.
 */
export const containerStates: readonly Passage[] = [
  {
    head: Buffer.from('"state":{'),
    tail: Buffer.from('"lastState":{'),
    without: [Buffer.from('"name":"'), Buffer.from('"imageID":"')],
  },
  { head: Buffer.from('"ready":'), tail: Buffer.from('"image":"'), bytesMax: 64 },
]

/** What of a pod stands behind its metadata. */
type OtherFacts = Omit<
  PodFacts,
  'uid' | 'staticUid' | 'name' | 'namespace' | 'labels' | 'labelsCut' | 'workload'
>

const otherFactsOf = (spec: SpecFacts, object: Json, onFlaw: OnFlaw): OtherFacts => {
  const { serviceAccount, hostNetwork, hostPid, hostIpc, containers } = spec
  const status = asObject(object['status']) ?? {}
  return {
    serviceAccount,
    ip: hostNetwork ? undefined : short(status['podIP']),
    hostNetwork,
    hostPid,
    hostIpc,
    containers: containersOf(containers, status, onFlaw),
  }
}

const podOf = (object: Json, others: () => OtherFacts, onFlaw: OnFlaw): PodFacts | undefined => {
  const metadata = asObject(object['metadata'])
  const uid = required(metadata, 'uid', onFlaw)
  const name = required(metadata, 'name', onFlaw)
  const namespace = required(metadata, 'namespace', onFlaw)
  if (!metadata || uid === undefined || name === undefined || namespace === undefined) {
    return undefined
  }
  const labels = labelsOf(metadata, onFlaw)
  const workload = workloadOf(metadata, name, labels)
  if (!workload) onFlaw('what it is one of is not known: policies for workloads are judged on it')
  const { serviceAccount, ip, hostNetwork, hostPid, hostIpc, containers } = others()
  return {
    uid,
    staticUid: staticUidOf(metadata),
    name,
    namespace,
    ...labels,
    workload,
    serviceAccount,
    ip,
    hostNetwork,
    hostPid,
    hostIpc,
    containers,
  }
}

/** Reads a Pod. One without uid, name or namespace is none; all else may be missing. */
export const readPod: ReadObject<PodFacts> = (object, onFlaw) =>
  podOf(
    object,
    () => otherFactsOf(specFactsOf(asObject(object['spec']) ?? {}, onFlaw), object, onFlaw),
    onFlaw,
  )

/** Reads a Pod without its spec, and what else it lacks. */
export const readPodAgain: ReadAgain<PodFacts> = (object, before, lacks, onFlaw) =>
  lacks.metadata
    ? { ...before, ...otherFactsOf(before, object, onFlaw) }
    : podOf(object, () => (lacks.status ? before : otherFactsOf(before, object, onFlaw)), onFlaw)

/** Reads a Namespace. */
export const readNamespace: ReadObject<NamespaceFacts> = (object, onFlaw) => {
  const metadata = asObject(object['metadata'])
  const name = required(metadata, 'name', onFlaw)
  const uid = required(metadata, 'uid', onFlaw)
  if (!metadata || name === undefined || uid === undefined) return undefined
  return { name, uid, ...labelsOf(metadata, onFlaw) }
}
