/** What the agent knows of a container, and how it is read out of a cgroup path. Pure. */
import type { Labels, Workload } from '@bulwark/schema'
import type { ContainerRole } from './pod.ts'
import type { KnownPod } from './pod-table.ts'
import type { ScopeAnswer } from './scopes.ts'

/** A container. Its identity is there from the cgroup; the rest as soon as the runtime tells. */
export interface Container {
  /** The whole id, 64 hexadecimal digits with the runtimes of Kubernetes. */
  readonly id: string
  readonly podUid: string | undefined
  /** The runtime that the cgroup's name tells: containerd, cri-o, docker, podman. */
  readonly runtime: string | undefined
  /** The container that it runs in, as its cgroup tells. */
  readonly outerId: string | undefined
  /** All that is known beside; `undefined` until its files were read or the runtime told. */
  metadata: ContainerMetadata | undefined
  /** What the runtime's own files say; `undefined` until they were read. */
  files: ContainerMetadata | undefined
  /** How often they were looked for, and when last: nanoseconds since boot. */
  metadataTries: number
  metadataTriedNs: number
  /** What the runtime told over its socket; `undefined` until it did. */
  told: Partial<ContainerMetadata> | undefined
  /** What another container of its pod is known to say of that pod: until its own files do. */
  ofPod: Partial<ContainerMetadata> | undefined
  /** Its pod, as the API server tells; `undefined` until it does, kept when the pod is gone. */
  pod: KnownPod | undefined
  /** It was asked. */
  asked: boolean
  /** It has made a connection that left it: `outbound.ts`. */
  hasConnected: boolean
  /** The scopes of policies that it is in, once somebody has asked: `scopes.ts`. */
  scopes: ScopeAnswer | undefined
}

/** A container of which only the cgroup is known. */
export const newContainer = (
  named: Pick<Container, 'id' | 'podUid' | 'runtime'> & { readonly outerId?: string | undefined },
): Container => ({
  id: named.id,
  podUid: named.podUid,
  runtime: named.runtime,
  outerId: named.outerId,
  metadata: undefined,
  files: undefined,
  metadataTries: 0,
  metadataTriedNs: 0,
  told: undefined,
  ofPod: undefined,
  pod: undefined,
  asked: false,
  hasConnected: false,
  scopes: undefined,
})

/** A folder or file of the host that a container has. */
export interface ContainerMount {
  readonly source: string
  readonly destination: string
  readonly mode: string
  readonly writable: boolean
  /** `private`, `rslave`, `rshared`, …; empty when not told. */
  readonly propagation: string
}

/** From the OCI bundle and its annotations, the runtime's CRI socket, and the API server. */
export interface ContainerMetadata {
  readonly name: string | undefined
  readonly image: string | undefined
  /** `sha256:` and 64 digits: of the image's configuration, and of its manifest. */
  readonly imageId: string | undefined
  readonly imageDigest: string | undefined
  readonly podName: string | undefined
  readonly namespace: string | undefined
  readonly podUid: string | undefined
  readonly podIp: string | undefined
  readonly podLabels: Labels | undefined
  /** The pod, and below the namespace, has labels beside these. */
  readonly podLabelsCut: boolean | undefined
  /** These, down to what it is in its pod: by the API server alone. */
  readonly workload: Workload | undefined
  readonly serviceAccount: string | undefined
  readonly namespaceUid: string | undefined
  readonly namespaceLabels: Labels | undefined
  readonly namespaceLabelsCut: boolean | undefined
  /** What it is in its pod. */
  readonly role: ContainerRole | undefined
  readonly sandboxId: string | undefined
  /** All capabilities and nothing of /proc masked: as `privileged: true` makes it. */
  readonly privileged: boolean | undefined
  readonly hostNetwork: boolean | undefined
  readonly hostPid: boolean | undefined
  readonly hostIpc: boolean | undefined
  readonly labels: Labels | undefined
  readonly mounts: readonly ContainerMount[] | undefined
  /** The container's root directory as the host sees it. */
  readonly rootPath: string | undefined
  /** Nanoseconds since 1970. */
  readonly startedNs: bigint | undefined
}

/** Nothing is known. */
export const noMetadata: ContainerMetadata = {
  name: undefined,
  image: undefined,
  imageId: undefined,
  imageDigest: undefined,
  podName: undefined,
  namespace: undefined,
  podUid: undefined,
  podIp: undefined,
  podLabels: undefined,
  podLabelsCut: undefined,
  workload: undefined,
  serviceAccount: undefined,
  namespaceUid: undefined,
  namespaceLabels: undefined,
  namespaceLabelsCut: undefined,
  role: undefined,
  sandboxId: undefined,
  privileged: undefined,
  hostNetwork: undefined,
  hostPid: undefined,
  hostIpc: undefined,
  labels: undefined,
  mounts: undefined,
  rootPath: undefined,
  startedNs: undefined,
}

/** What the first says, and where that says nothing, the second. */
export const joinMetadata = (
  first: Partial<ContainerMetadata>,
  second: Partial<ContainerMetadata>,
): ContainerMetadata => {
  const said = Object.entries(first).filter(([, value]) => value !== undefined)
  return { ...noMetadata, ...second, ...(Object.fromEntries(said) as Partial<ContainerMetadata>) }
}

/** What a cgroup path alone tells of a container. */
export interface NamedContainer {
  readonly id: string
  readonly podUid: string | undefined
  readonly runtime: string | undefined
  /** The next one above it in the path. */
  readonly outerId: string | undefined
  /** The path down to the container's own cgroup; what it makes for itself is below. */
  readonly base: string
}

const id = '[0-9a-f]{64}'
const runtimes = {
  'cri-containerd': 'containerd',
  nerdctl: 'containerd',
  crio: 'cri-o',
  docker: 'docker',
  libpod: 'podman',
} as const

const prefixes = Object.keys(runtimes).join('|')
// systemd driver: <runtime>-<id>.scope; cgroupfs driver: the id, alone or with the runtime. What
// stands between them (crio-conmon-<id>) is a process of the runtime, outside the container.
const scoped = new RegExp(`^(${prefixes})-(${id})(?:\\.scope)?$`)
const bare = new RegExp(`^${id}$`)
// The runtime was told the systemd driver's form, and took it for a path: <slice>:<runtime>:<id>.
const joined = new RegExp(`^([^:]*):(${prefixes}):(${id})$`)
// "pod" and the uid, with "-" written "_" by the systemd driver. A static pod's uid is a hash.
const pod = /(?:^|-)pod([0-9a-f]{8}[-_][0-9a-f_-]{27}|[0-9a-f]{32})(?:\.slice)?$/

interface Part {
  readonly id: string | undefined
  readonly runtime: string | undefined
  readonly podUid: string | undefined
}

const runtimeOf = (prefix: string | undefined): string | undefined =>
  runtimes[prefix as keyof typeof runtimes]

const podIn = (part: string): string | undefined => pod.exec(part)?.[1]?.replaceAll('_', '-')

const readPart = (part: string, above: string): Part => {
  const scope = scoped.exec(part)
  if (scope) return { id: scope[2], runtime: runtimeOf(scope[1]), podUid: undefined }
  const three = joined.exec(part)
  if (three) return { id: three[3], runtime: runtimeOf(three[2]), podUid: podIn(three[1] ?? '') }
  if (!bare.test(part)) return { id: undefined, runtime: undefined, podUid: podIn(part) }
  return { id: part, runtime: above === 'docker' ? 'docker' : undefined, podUid: undefined }
}

/** The containers in a cgroup path, the outermost first: a container can run others. */
export const containersInPath = (path: string): readonly NamedContainer[] => {
  const found: NamedContainer[] = []
  const parts = path.split('/')
  let podUid: string | undefined
  parts.forEach((part, i) => {
    const read = readPart(part, parts[i - 1] ?? '')
    podUid = read.podUid ?? podUid
    if (read.id === undefined) return
    const base = parts.slice(0, i + 1).join('/')
    const outerId = found.at(-1)?.id
    found.push({ id: read.id, podUid, runtime: read.runtime, outerId, base })
  })
  return found
}

/**
 * Finds the container in a cgroup path. The deepest one counts, so that a container in a
 * container is itself; its pod is the closest one above it.
 *
 * @returns `undefined` on the host
 */
export const containerInPath = (path: string): NamedContainer | undefined =>
  containersInPath(path).at(-1)

/** The name that a container has in alerts: its first 12 digits. */
export const shortId = (container: Container): string => container.id.slice(0, 12)

/** Repository, tag and digest of an image reference, as the container runtimes write it. */
export const imageParts = (
  image: string,
): {
  readonly repository: string
  readonly tag: string | undefined
  digest: string | undefined
} => {
  const [name = '', digest] = image.split('@')
  const colon = name.lastIndexOf(':')
  const tagged = colon > name.lastIndexOf('/')
  return {
    repository: tagged ? name.slice(0, colon) : name,
    tag: tagged ? name.slice(colon + 1) : undefined,
    digest,
  }
}
