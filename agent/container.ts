/** What the agent knows of a container, and how it is read out of a cgroup path. Pure. */

/** A container. Its identity is there from the cgroup; the rest as soon as the runtime tells. */
export interface Container {
  /** The whole id, 64 hexadecimal digits with the runtimes of Kubernetes. */
  readonly id: string
  readonly podUid: string | undefined
  /** The runtime that the cgroup's name tells: containerd, cri-o, docker, podman. */
  readonly runtime: string | undefined
  /** What the runtime's own files say; `undefined` until they were read. */
  metadata: ContainerMetadata | undefined
  /** How often they were looked for, and when last: nanoseconds since boot. */
  metadataTries: number
  metadataTriedNs: number
}

/** From the OCI bundle and its annotations. */
export interface ContainerMetadata {
  readonly name: string | undefined
  readonly image: string | undefined
  readonly podName: string | undefined
  readonly namespace: string | undefined
  readonly podUid: string | undefined
  /** All capabilities and nothing of /proc masked: as `privileged: true` makes it. */
  readonly privileged: boolean
  /** The container's root directory as the host sees it. */
  readonly rootPath: string | undefined
  /** Nanoseconds since 1970. */
  readonly startedNs: bigint | undefined
}

const id = '[0-9a-f]{64}'
const runtimes = {
  'cri-containerd': 'containerd',
  crio: 'cri-o',
  docker: 'docker',
  libpod: 'podman',
} as const

// systemd driver: <runtime>-<id>.scope; cgroupfs driver: the id alone, below docker or a pod.
const scoped = new RegExp(`^(${Object.keys(runtimes).join('|')})-(${id})(?:\\.scope)?$`)
const bare = new RegExp(`^${id}$`)
// "pod" and the uid, with "-" written "_" by the systemd driver.
const pod = /(?:^|-)pod([0-9a-f]{8}[-_][0-9a-f_-]{27}|[0-9a-f]{32})(?:\.slice)?$/

/**
 * Finds the container in a cgroup path. The deepest one counts, so that a container in a
 * container is itself.
 *
 * @returns `undefined` on the host
 */
export const containerInPath = (
  path: string,
): Pick<Container, 'id' | 'podUid' | 'runtime'> | undefined => {
  let podUid: string | undefined
  let found: Pick<Container, 'id' | 'podUid' | 'runtime'> | undefined
  let above = ''
  for (const part of path.split('/')) {
    podUid = pod.exec(part)?.[1]?.replaceAll('_', '-') ?? podUid
    const scope = scoped.exec(part)
    if (scope?.[2] !== undefined) {
      const runtime = runtimes[scope[1] as keyof typeof runtimes]
      found = { id: scope[2], podUid, runtime }
    } else if (bare.test(part)) {
      found = { id: part, podUid, runtime: above === 'docker' ? 'docker' : undefined }
    }
    above = part
  }
  return found
}

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
