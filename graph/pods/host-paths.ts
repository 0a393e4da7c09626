/** Ways out of a container by what of the node's file system is in it. */
import type { Cluster } from '../cluster.ts'
import type { Certainty } from '../edges.ts'
import { serviceAccountNode } from '../nodes.ts'
import { held, powerOf } from '../rbac/rights.ts'
import type { Means } from './confinement.ts'
import { allOf, hasCapability, rootFact, rootOf } from './confinement.ts'
import type { ContainerIn, Escape } from './container.ts'
import { containerFact } from './container.ts'
import { credentialSorts } from './escapes.ts'
import type { HostMount } from './mounts.ts'
import { certaintyOf, hostMounts, meets } from './mounts.ts'
import { tokenOf } from './token.ts'

/** Whether a spec has volumes that may be the node's; the rest is not looked at. */
const mayHaveHost = ({ container }: ContainerIn): boolean =>
  container.mounts.some(({ source }) => source.is === 'host' || source.is === 'claim')

/** Who is not root of the node may find a file closed: then nothing is certain. */
const asRoot = (found: ContainerIn, means: Means): Means => {
  const root = rootFact(found)
  const isNobody = found.pod.spec.hostUsers === false
  if (root && !isNobody) return { ...means, facts: [...means.facts, root] }
  const why = isNobody
    ? "root of the pod is another user on the node, unless the volume's users are mapped"
    : `container ${found.container.name} is not root, and the files may be closed to it`
  const at = isNobody ? '' : 'securityContext.runAsUser'
  return {
    certainty: means.certainty === 'certain' ? 'possible' : means.certainty,
    facts: [...means.facts, containerFact(found, at, why)],
  }
}

interface Met {
  readonly mount: HostMount
  readonly certainty: Certainty
  readonly place: string
}

/** Each mount with the first of the places that it has, all of one before a part of one. */
const meetAny = (mounts: readonly HostMount[], places: readonly string[]): readonly Met[] =>
  mounts.flatMap((mount): readonly Met[] => {
    const met = (how: 'all' | 'part'): string | undefined =>
      places.find((place) => meets(mount.path, place) === how)
    const whole = met('all')
    if (whole !== undefined) return [{ mount, certainty: certaintyOf(mount, 'all'), place: whole }]
    const part = met('part')
    if (part === undefined) return []
    return [{ mount, certainty: certaintyOf(mount, 'part'), place: part }]
  })

const meansOf = (found: ContainerIn, { mount, certainty, place }: Met, what: string): Means => {
  const fact = containerFact(found, '', `${place} on the node ${what}`)
  return { certainty, facts: [mount.fact, fact] }
}

/** What is run, or says what is run, by root of the node. Any file in these is enough. */
const codeFolders = [
  '/etc/cron.d',
  '/etc/cron.daily',
  '/etc/cron.hourly',
  '/etc/crontab',
  '/etc/init.d',
  '/etc/kubernetes/manifests',
  '/etc/ld.so.preload',
  '/etc/passwd',
  '/etc/profile.d',
  '/etc/shadow',
  '/etc/ssh',
  '/etc/sudoers.d',
  '/etc/systemd',
  '/boot',
  '/dev',
  '/lib/modules',
  '/lib/systemd',
  '/opt/cni',
  '/root/.ssh',
  '/sys',
  '/usr/bin',
  '/usr/lib',
  '/usr/local/bin',
  '/usr/sbin',
  '/var/lib/containerd',
  '/var/lib/docker',
  '/var/lib/kubelet',
  '/var/spool/cron',
]
/** Folders of which only a part leads further. */
const codeParents = ['/etc', '/root', '/home', '/usr', '/bin', '/sbin', '/lib', '/lib64', '/opt']

/** Whether root of the node runs a file, or what it says; a path on the node. */
export const isRunByRoot = (path: string): boolean =>
  [...codeFolders, ...codeParents].some((place) => meets(place, path) === 'all')

const writePaths: Escape = {
  id: 'ESC_HOSTPATH_W',
  to: 'node',
  title: 'a container writes what root of the node runs',
  preconditions: [
    'a volume of the node (`hostPath`, or a claim on a volume that is one) that covers a ' +
      'place of ' +
      'programs or of what starts them: `/etc`, `/root`, `/home`, `/usr`, `/bin`, `/lib`, ' +
      '`/opt/cni`, ' +
      '`/var/lib/kubelet`, `/var/lib/containerd`, `/var/lib/docker`, `/var/spool/cron`, `/boot`, ' +
      '`/dev`, `/sys`; only a part of such a place makes it possible',
    'it is not mounted read only',
    'the container runs as root; otherwise it is possible',
  ],
  observable: 'writing there',
  attack: ['T1611', 'T1053.003', 'T1543.002'],
  may: mayHaveHost,
  means: (found, cluster) => {
    const mounts = hostMounts(cluster, found).filter(
      ({ isReadOnly, isDevice }) => !isReadOnly && !isDevice,
    )
    const places = [...codeFolders, ...codeParents]
    return meetAny(mounts, places).map((met) =>
      asRoot(found, meansOf(found, met, 'is run, or says what is run, by root')),
    )
  },
}

/** Places of credentials, by sort. */
export const credentialPlaces: Readonly<Record<string, readonly string[]>> = {
  admin: ['/etc/kubernetes'],
  cloud: ['/root/.aws', '/root/.azure', '/root/.config/gcloud', '/var/lib/cloud'],
  etcd: ['/var/lib/etcd'],
  kubelet: ['/var/lib/kubelet/pki', '/etc/kubernetes/kubelet.conf'],
  pods: ['/var/lib/kubelet/pods'],
  processes: ['/proc'],
  shadow: ['/etc/shadow'],
  ssh: ['/root/.ssh', '/home', '/etc/ssh'],
}

const readPaths: Escape = {
  id: 'ESC_HOSTPATH_R',
  to: 'credentials',
  title: "a container reads credentials among the node's files",
  preconditions: [
    'a volume of the node that covers a place of credentials: `/etc/kubernetes`, ' +
      '`/var/lib/kubelet`, ' +
      '`/root/.ssh`, `/home`, `/etc/shadow`, `/var/lib/etcd`, `/proc`, those of a cloud; ' +
      'only a part of such ' +
      'a place makes it possible',
    'the container runs as root; otherwise it is possible',
  ],
  observable: 'opening a file there',
  attack: ['T1552.001', 'T1611'],
  may: mayHaveHost,
  means: (found, cluster) => {
    const mounts = hostMounts(cluster, found).filter(({ isDevice }) => !isDevice)
    return credentialSorts.flatMap((sort) =>
      meetAny(mounts, credentialPlaces[sort] ?? []).map((met) =>
        Object.assign({ sort }, asRoot(found, meansOf(found, met, 'holds credentials'))),
      ),
    )
  },
}

const sockets = [
  '/run/docker.sock',
  '/run/containerd/containerd.sock',
  '/run/k3s/containerd/containerd.sock',
  '/run/crio/crio.sock',
  '/run/cri-dockerd.sock',
  '/run/dockershim.sock',
  '/run/podman/podman.sock',
  '/run/buildkit/buildkitd.sock',
]

const runtimeSocket: Escape = {
  id: 'ESC_RUNTIME_SOCK',
  to: 'node',
  title: 'a container has the container runtime start what it wants',
  preconditions: [
    'a volume of the node that covers the socket of docker, containerd, CRI-O, cri-dockerd, ' +
      'podman or ' +
      'BuildKit; whether it is read only does not matter',
    'the container runs as root; otherwise it is possible',
  ],
  observable: 'connecting to the socket',
  attack: ['T1611', 'T1610'],
  may: mayHaveHost,
  means: (found, cluster) =>
    meetAny(hostMounts(cluster, found), sockets)
      .filter(({ mount, place }) => meets(mount.path, place) === 'all')
      .map((met) => asRoot(found, meansOf(found, met, 'is the socket of a container runtime'))),
}

const corePattern: Escape = {
  id: 'ESC_CORE_PATTERN',
  to: 'node',
  title: 'a container says what the kernel runs when a process crashes',
  preconditions: [
    'a volume of the node that covers `/proc/sys/kernel` and is not read only; or the ' +
      'container is ' +
      'privileged; or its `/proc` is not masked (`procMount: Unmasked`) in the user ' +
      'namespace of the node',
    'the container runs as root',
  ],
  observable: 'writing `core_pattern`, then a crash',
  attack: ['T1611'],
  may: (found) =>
    found.pod.spec.hostUsers !== false &&
    rootOf(found.container) !== 'no' &&
    (found.container.isPrivileged ||
      found.container.procMount === 'Unmasked' ||
      mayHaveHost(found)),
  means: (found, cluster) => {
    const { container } = found
    const fact = (path: string, text: string, fix: string): Means => ({
      certainty: 'certain',
      facts: [containerFact(found, path, text, fix)],
    })
    const means: (Means | undefined)[] = meetAny(
      hostMounts(cluster, found).filter(({ isReadOnly }) => !isReadOnly),
      ['/proc/sys/kernel'],
    )
      .filter(({ mount }) => meets(mount.path, '/proc/sys/kernel') === 'all')
      .filter(({ mount }) => mount.path.startsWith('/proc') || mount.path === '/')
      .map((met) => allOf(meansOf(found, met, "sets the kernel's behaviour"), rootFact(found)))
    if (container.isPrivileged) {
      const text = `container ${container.name} is privileged`
      const fix = 'run the container without `privileged`'
      means.push(allOf(fact('securityContext.privileged', text, fix), rootFact(found)))
    } else if (container.procMount === 'Unmasked') {
      const text = `the /proc of container ${container.name} is not masked`
      const fix = 'leave `procMount` at its default'
      means.push(allOf(fact('securityContext.procMount', text, fix), rootFact(found)))
    }
    return means.filter((each) => each !== undefined)
  },
}

const blockDevice: Escape = {
  id: 'ESC_MKNOD',
  to: 'node',
  title: "a container opens one of the node's block devices",
  preconditions: [
    'a volume that is a block device of the node (`volumeDevices`): possible, as it may hold ' +
      'nothing of the system; or the container is privileged and has MKNOD',
  ],
  observable: 'opening a block device',
  attack: ['T1611', 'T1006'],
  may: (found) =>
    (found.container.isPrivileged && found.pod.spec.hostUsers !== false) || mayHaveHost(found),
  means: (found, cluster) => {
    const means: Means[] = hostMounts(cluster, found)
      .filter(({ isDevice }) => isDevice)
      .map(({ fact }) => ({ certainty: 'possible', facts: [fact] }))
    const { container, pod } = found
    if (
      container.isPrivileged &&
      pod.spec.hostUsers !== false &&
      hasCapability(container, 'MKNOD')
    ) {
      const text = `container ${container.name} is privileged, and may make device files`
      const fix = 'run the container without `privileged`'
      const fact = containerFact(found, 'securityContext.privileged', text, fix)
      means.push({ certainty: 'certain', facts: [fact] })
    }
    return means
  },
}

/** The logs of containers are below it, and those of the node beside it. */
const podLogsFolder = '/var/log/pods'

/**
 * What a pod's own service account may read of the logs in a folder: the kubelet follows links for
 * it. Whoever may read those of pods is given files of their folder alone.
 */
const logsRight = (cluster: Cluster, found: ContainerIn, folder: string): Means | undefined => {
  const token = tokenOf(cluster, found)
  if (!token) return undefined
  const { namespace } = found.pod
  const power = powerOf(cluster, serviceAccountNode(namespace, found.pod.spec.serviceAccount))
  const ofPods = meets(folder, podLogsFolder) === 'none' ? [] : held(power, 'podLogs')
  const right =
    ofPods.find(({ scope }) => scope === '*' || scope === namespace) ?? held(power, 'nodeLogs')[0]
  return right && allOf(token, { certainty: 'certain', facts: right.facts() })
}

const logLinks: Escape = {
  id: 'ESC_LOG_SYMLINK',
  to: 'credentials',
  title: "a container has the kubelet read any of the node's files as a log",
  preconditions: [
    'a volume of the node that covers `/var/log`, or a folder in it, and is not read only',
    'the container runs as root',
    'its service account, whose token it has, may get logs of nodes; or those of pods there, if ' +
      `the volume has \`${podLogsFolder}\` or some of it`,
  ],
  observable: '`symlink` in `/var/log`, then reading the log',
  attack: ['T1611', 'T1552.001'],
  may: (found) => mayHaveHost(found) && rootOf(found.container) !== 'no',
  means: (found, cluster) =>
    meetAny(hostMounts(cluster, found), ['/var/log'])
      .filter(({ mount }) => !mount.isReadOnly)
      .flatMap((met) => {
        const written = meansOf(found, met, 'is where the kubelet looks for logs')
        const means = allOf(written, rootFact(found), logsRight(cluster, found, met.mount.path))
        return means ? credentialSorts.map((sort) => Object.assign({ sort }, means)) : []
      }),
}

export const hostPathEscapes: readonly Escape[] = [
  writePaths,
  readPaths,
  runtimeSocket,
  corePattern,
  blockDevice,
  logLinks,
]
