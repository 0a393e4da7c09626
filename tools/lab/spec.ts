/**
 * What a lab container is asked to be, and the OCI runtime specification that says it to runc.
 * Pure. Written as containerd's CRI plugin writes it for a pod of the kubelet, where a sensor
 * looks: cgroup path, annotations, capabilities, mounts.
 */
import { join } from 'node:path'
import { defaultCapabilities } from './capabilities.ts'

/** A container, in the words of a pod. Every property has a default. */
export type ContainerOptions = {
  /** The entrypoint and its arguments. Default: a sleep that outlives any test. */
  readonly command?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Name or uid[:gid] of the entrypoint's user. Default: root. */
  readonly user?: string
  /** The entrypoint gets a terminal, as with `tty: true` in a pod. */
  readonly tty?: boolean
  readonly image?: string
  readonly name?: string
  readonly pod?: string
  readonly namespace?: string
  /** Added to containerd's default set; with or without the prefix CAP_. */
  readonly capabilities?: readonly string[]
  /** All capabilities of this machine, all devices, nothing in /proc masked. */
  readonly privileged?: boolean
  /** `own`: a name space of its own with loopback up. `host`: the machine's. Default: own. */
  readonly network?: 'own' | 'host'
  /** Extra addresses on the container's loopback, such as 192.0.2.1/32: they count as remote. */
  readonly addresses?: readonly string[]
  /** Files of the image, by path. */
  readonly files?: Readonly<Record<string, string>>
  /** Paths in the image where `act` stands under another name, such as /usr/sbin/nginx. */
  readonly programs?: readonly string[]
  /** A folder of the host, only read, that is the image in place of the lab's own. */
  readonly root?: string
  /** The cgroup that the container's own is made in, named by its id alone, as the cgroupfs driver
   * has it. Default: a pod's slice, as the systemd driver has it. */
  readonly cgroupParent?: string
  /** File systems in memory from which programs may run, as an emptyDir of medium Memory. */
  readonly memoryMounts?: readonly string[]
}

/** Where the lab put a container: everything the options do not say. */
export type Placement = {
  readonly id: string
  readonly sandboxId: string
  readonly podUid: string
  readonly rootDirectory: string
  /** A folder of the host, laid out like a projected service account token. */
  readonly tokenDirectory: string
  readonly cgroupPath: string
  readonly ipProgram: string
  readonly machineCapabilities: readonly string[]
}

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const tokenMountPoint = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Users of the lab's image: name, uid and gid. */
export const labUsers: Readonly<Record<string, number>> = {
  root: 0,
  daemon: 1,
  'www-data': 33,
  dev: 1000,
  nobody: 65534,
}

const maskedPaths = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
]
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']

/** The names a container has where the options give none. */
export function namesOf(options: ContainerOptions): {
  image: string
  name: string
  pod: string
  namespace: string
} {
  const { image = 'registry.example/shop/web:2.4.1', name = 'web', namespace = 'shop' } = options
  return { image, name, namespace, pod: options.pod ?? `${name}-6d4cf56db6-x7k2p` }
}

/** Numbers of a user given by name or as uid[:gid]. Undefined when there is no such name. */
export function userNumbers(user: string): { uid: number; gid: number } | undefined {
  const named = labUsers[user]
  if (named !== undefined) return { uid: named, gid: named }
  const numbers = /^(\d+)(?::(\d+))?$/.exec(user)
  if (numbers === null) return undefined
  const uid = Number(numbers[1])
  return { uid, gid: Number(numbers[2] ?? uid) }
}

/** The whole of config.json. */
export function ociSpec(options: ContainerOptions, place: Placement): object {
  const { pod } = namesOf(options)
  return {
    ociVersion: '1.0.2-dev',
    process: processOf(options, place),
    root: { path: place.rootDirectory, readonly: false },
    hostname: pod,
    mounts: mountsOf(options, place),
    hooks: { createContainer: (options.addresses ?? []).map((a) => addAddress(place, a)) },
    annotations: annotationsOf(options, place),
    linux: {
      cgroupsPath: place.cgroupPath,
      namespaces: ['pid', 'ipc', 'uts', 'mount', ...(isOnHost(options) ? [] : ['network'])].map(
        (type) => ({ type }),
      ),
      resources: { devices: [{ allow: options.privileged === true, access: 'rwm' }] },
      maskedPaths: options.privileged === true ? [] : maskedPaths,
      readonlyPaths: options.privileged === true ? [] : readonlyPaths,
    },
  }
}

function processOf(options: ContainerOptions, place: Placement): object {
  const added = (options.capabilities ?? []).map((name) => `CAP_${name.replace(/^CAP_/, '')}`)
  const granted = options.privileged === true ? place.machineCapabilities : defaultCapabilities
  const capabilities = [...new Set([...granted, ...added])]
  const environment = { PATH: path, HOSTNAME: namesOf(options).pod, ...options.env }
  return {
    terminal: options.tty === true,
    user: userNumbers(options.user ?? 'root'),
    args: options.command ?? ['/bin/sleep', '2147483647'],
    env: Object.entries(environment).map(([key, value]) => `${key}=${value}`),
    cwd: '/',
    capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
  }
}

function mountsOf(options: ContainerOptions, place: Placement): object[] {
  const quiet = ['nosuid', 'noexec', 'nodev']
  const memory = options.memoryMounts ?? []
  const shm = { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: quiet }
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: quiet },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
    },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: quiet },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...quiet, 'ro'] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [...quiet, 'ro'] },
    ...(memory.includes('/dev/shm') ? [] : [shm]),
    ...memory.map((destination) => ({ destination, type: 'tmpfs', source: 'tmpfs', options: [] })),
    {
      destination: tokenMountPoint,
      type: 'bind',
      source: place.tokenDirectory,
      options: ['rbind', 'ro'],
    },
  ]
}

function annotationsOf(options: ContainerOptions, place: Placement): Record<string, string> {
  const { image, name, pod, namespace } = namesOf(options)
  const cri = 'io.kubernetes.cri'
  return {
    [`${cri}.container-type`]: 'container',
    [`${cri}.container-name`]: name,
    [`${cri}.image-name`]: image,
    [`${cri}.sandbox-id`]: place.sandboxId,
    [`${cri}.sandbox-name`]: pod,
    [`${cri}.sandbox-namespace`]: namespace,
    [`${cri}.sandbox-uid`]: place.podUid,
  }
}

/** A hook that runs in the container's name spaces before its entrypoint, with the host's files. */
function addAddress(place: Placement, address: string): object {
  return { path: place.ipProgram, args: ['ip', 'address', 'add', address, 'dev', 'lo'] }
}

function isOnHost(options: ContainerOptions): boolean {
  return options.network === 'host'
}

/** The cgroup path of a container in its pod's slice. */
export function containerCgroup(slice: string, id: string): string {
  return join(slice, `cri-containerd-${id}.scope`)
}
