/**
 * What runc is told of a container of the demo: named and placed as containerd's plugin for
 * Kubernetes does it, so that the sensor takes it for the pod. Its files are the host's programs
 * and libraries, which it can only read. Pure.
 */
import { join } from 'node:path'

export interface DemoPod {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly container: string
  readonly image: string
}

/** A folder of the host that is there. */
export interface HostFolder {
  /** `/usr` */
  readonly path: string
  /** Where it leads, when it is a link: `usr/bin`. */
  readonly link: string | undefined
}

/** What of the host a container is made of. */
export const hostFolders = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/usr'] as const

export interface Bundle {
  readonly id: string
  readonly pod: DemoPod
  readonly folders: readonly HostFolder[]
  /** On the host; becomes what runs in the container under another name. */
  readonly program: string
  /** How long it lives if nobody ends it, seconds. */
  readonly secondsMax: number
}

/** The name under which the shop's server runs, and what it is given. */
export const serverProgram = '/opt/java/bin/java'
export const serverArchive = '/app/web.jar'

const quiet = ['nosuid', 'noexec', 'nodev']

const mountOf = (path: string, source: string): object => ({
  destination: path,
  type: 'bind',
  source,
  options: ['rbind', 'ro'],
})

/** The cgroup of a container, as the kubelet places it. */
export const cgroupOf = (id: string, { uid }: DemoPod): string => {
  const pod = `kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice`
  return join('/kubepods.slice/kubepods-burstable.slice', pod, `cri-containerd-${id}.scope`)
}

/** config.json. */
export const ociConfig = ({ id, pod, folders, program, secondsMax }: Bundle): object => {
  const cri = 'io.kubernetes.cri'
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: ['/bin/sleep', String(secondsMax)],
      env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
      cwd: '/',
      capabilities: {},
      noNewPrivileges: true,
    },
    root: { path: 'root', readonly: true },
    hostname: pod.name,
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: quiet },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
      },
      ...folders.filter(({ link }) => link === undefined).map(({ path }) => mountOf(path, path)),
      mountOf(serverProgram, program),
    ],
    annotations: {
      [`${cri}.container-type`]: 'container',
      [`${cri}.container-name`]: pod.container,
      [`${cri}.image-name`]: pod.image,
      [`${cri}.sandbox-id`]: id,
      [`${cri}.sandbox-name`]: pod.name,
      [`${cri}.sandbox-namespace`]: pod.namespace,
      [`${cri}.sandbox-uid`]: pod.uid,
    },
    linux: {
      cgroupsPath: cgroupOf(id, pod),
      namespaces: ['pid', 'ipc', 'uts', 'mount', 'network'].map((type) => ({ type })),
      resources: { devices: [{ allow: false, access: 'rwm' }] },
      maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware'],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  }
}
