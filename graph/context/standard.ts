/**
 * The Pod Security Standard that a pod keeps to by its spec, whatever its namespace asks for.
 * Fields that the graph does not read (sysctls, types of volumes that reach nothing) are not looked
 * at.
 */
import type { Fact } from '../edges.ts'
import type { Pod } from '../objects/pod.ts'
import type { Container, PodSpec } from '../objects/podspec.ts'

export type Standard = 'privileged' | 'baseline' | 'restricted'

/** What a pod keeps to, and the first thing that keeps it from the next. */
export interface KeptStandard {
  readonly level: Standard
  /** Every container has a profile of seccomp that is not Unconfined. */
  readonly hasSeccomp: boolean
  readonly facts: readonly Fact[]
}

/** Capabilities that baseline lets a container add. */
const addedInBaseline: ReadonlySet<string> = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
])

const seLinuxTypes: ReadonlySet<string> = new Set([
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
])

/** Text and path of what breaks a standard. */
type Breach = readonly [text: string, path: string]

const podBreach = ({ hostNetwork, hostPid, hostIpc, containers }: PodSpec): Breach | undefined => {
  if (hostNetwork) return ['the pod is in the network of its node', 'spec.hostNetwork']
  if (hostPid) return ['the pod sees the processes of its node', 'spec.hostPID']
  if (hostIpc) return ['the pod shares the IPC of its node', 'spec.hostIPC']
  for (const { mounts } of containers) {
    const mount = mounts.find(({ source }) => source.is === 'host')
    if (mount) return ['the pod mounts a path of its node', mount.at]
  }
  return undefined
}

const containerBreach = (container: Container): Breach | undefined => {
  const { name, at, capabilitiesAdded, ports } = container
  const context = `${at}.securityContext`
  if (container.isPrivileged) return [`container ${name} is privileged`, `${context}.privileged`]
  const added = capabilitiesAdded.find((each) => !addedInBaseline.has(each.replace(/^CAP_/, '')))
  if (added !== undefined) {
    return [`container ${name} adds the capability ${added}`, `${context}.capabilities.add`]
  }
  if (container.procMount !== 'Default') {
    return [`container ${name} has an unmasked /proc`, `${context}.procMount`]
  }
  if (container.seccomp === 'Unconfined') {
    return [`container ${name} has no seccomp`, `${context}.seccompProfile.type`]
  }
  if (container.apparmor === 'Unconfined') {
    return [`container ${name} has no AppArmor`, `${context}.appArmorProfile.type`]
  }
  const { selinuxType = '' } = container
  if (selinuxType !== '' && !seLinuxTypes.has(selinuxType)) {
    return [`container ${name} has the SELinux type ${selinuxType}`, `${context}.seLinuxOptions`]
  }
  const port = ports.find(({ hostPort }) => hostPort !== 0)
  return port && [`container ${name} takes a port of its node`, `${at}.ports`]
}

const isConfined = ({ seccomp }: Container): boolean =>
  seccomp === 'RuntimeDefault' || seccomp === 'Localhost'

/** What keeps a container of baseline from restricted. */
const restrictedBreach = (container: Container): Breach | undefined => {
  const { name, at } = container
  const context = `${at}.securityContext`
  if (container.mayEscalate !== false) {
    return [`container ${name} may gain privileges`, `${context}.allowPrivilegeEscalation`]
  }
  if (container.runAsUser === 0) return [`container ${name} runs as root`, `${context}.runAsUser`]
  if (container.runAsNonRoot !== true) {
    return [`nothing says that container ${name} is not root`, `${context}.runAsNonRoot`]
  }
  if (!isConfined(container)) {
    return [`container ${name} asks for no seccomp`, `${context}.seccompProfile.type`]
  }
  if (!container.capabilitiesDropped.includes('ALL')) {
    return [`container ${name} keeps capabilities`, `${context}.capabilities.drop`]
  }
  const added = container.capabilitiesAdded.find((each) => each !== 'NET_BIND_SERVICE')
  return added === undefined
    ? undefined
    : [`container ${name} adds the capability ${added}`, `${context}.capabilities.add`]
}

const firstOf = <Item>(
  items: readonly Item[],
  find: (item: Item) => Breach | undefined,
): Breach | undefined => {
  for (const item of items) {
    const breach = find(item)
    if (breach) return breach
  }
  return undefined
}

/** The standard that a pod keeps to. */
export const standardOf = ({ namespace, name, spec }: Pod): KeptStandard => {
  const { containers } = spec
  const hasSeccomp = containers.every(isConfined)
  const fact = ([text, path]: Breach): readonly Fact[] => [
    { text, object: { kind: 'Pod', namespace, name }, path },
  ]
  const worst = podBreach(spec) ?? firstOf(containers, containerBreach)
  if (worst) return { level: 'privileged', hasSeccomp, facts: fact(worst) }
  const next = firstOf(containers, restrictedBreach)
  if (next) return { level: 'baseline', hasSeccomp, facts: fact(next) }
  const kept: Breach = [
    'no container is root, gains privileges, or keeps capabilities; all have seccomp',
    'spec',
  ]
  return { level: 'restricted', hasSeccomp, facts: fact(kept) }
}
