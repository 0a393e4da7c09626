/** What a container may do: capabilities, user, profiles. */
import type { Certainty, Fact } from '../edges.ts'
import type { Container } from '../objects/podspec.ts'
import type { ClusterNode } from '../objects/basics.ts'
import type { ContainerIn } from './container.ts'
import { containerFact } from './container.ts'

/** The capabilities of a container that asks for none, as containerd and Docker give them. */
const givenByDefault: ReadonlySet<string> = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
])

/** `CAP_SYS_ADMIN`, `sys_admin` and `SYS_ADMIN` are one. */
const plain = (name: string): string => name.toUpperCase().replace(/^CAP_/, '')

/**
 * Whether a container has a capability. What is added by name stays when all are dropped; what is
 * dropped by name is not among all that are added.
 */
export const hasCapability = (container: Container, name: string): boolean => {
  if (container.isPrivileged) return true
  const added = container.capabilitiesAdded.map(plain)
  if (added.some((each) => each === name)) return true
  const dropped = container.capabilitiesDropped.map(plain)
  if (dropped.some((each) => each === name)) return false
  if (added.some((each) => each === 'ALL')) return true
  return !dropped.some((each) => each === 'ALL') && givenByDefault.has(name)
}

export type Root = 'said' | 'assumed' | 'no'

/** Whether a container's processes are root. The image's user is not in the objects. */
export const rootOf = ({ runAsUser, runAsNonRoot }: Container): Root => {
  if (runAsUser !== undefined) return runAsUser === 0 ? 'said' : 'no'
  return runAsNonRoot === true ? 'no' : 'assumed'
}

/** Root, as a fact; `undefined`: it is not root. */
export const rootFact = (found: ContainerIn): Fact | undefined => {
  const { container } = found
  const root = rootOf(container)
  if (root === 'no') return undefined
  const text =
    root === 'said'
      ? `container ${container.name} runs as root`
      : `nothing says that container ${container.name} is not root, and its image may be`
  const fix = 'run the container with `runAsNonRoot: true`'
  return containerFact(found, 'securityContext.runAsUser', text, fix)
}

/** What somebody may do by something: how surely, and why. */
export interface Means {
  readonly certainty: Certainty
  readonly facts: readonly Fact[]
}

/**
 * A capability in force. A process that is not root gains it only by a program with more rights,
 * and not at all when that is forbidden. In a user namespace of its own it is worth nothing
 * outside.
 */
export const capability = (found: ContainerIn, name: string): Means | undefined => {
  const { pod, container } = found
  if (pod.spec.hostUsers === false || !hasCapability(container, name)) return undefined
  const isRoot = rootOf(container) !== 'no'
  if (!isRoot && container.mayEscalate === false) return undefined
  const by = container.isPrivileged ? 'privileged' : 'capabilities.add'
  const text = container.isPrivileged
    ? `container ${container.name} is privileged, with all capabilities`
    : `container ${container.name} has the capability ${name}`
  const fix = container.isPrivileged
    ? 'run the container without `privileged`'
    : `take ${name} from the container's capabilities`
  const facts = [containerFact(found, `securityContext.${by}`, text, fix)]
  if (isRoot) return { certainty: 'certain', facts }
  const why =
    `container ${container.name} is not root: it needs a program that gives it ` + `more rights`
  return {
    certainty: 'possible',
    facts: [...facts, containerFact(found, 'securityContext.runAsUser', why)],
  }
}

/** Systems that come with AppArmor, and those that come without. */
const withAppArmor = /ubuntu|debian|suse|container-optimized/i
const withoutAppArmor =
  /red hat|rhel|centos|rocky|alma|fedora|amazon linux|bottlerocket|flatcar|talos/i

/** That AppArmor does not stand in the way; `undefined`: it does. */
export const withoutProfile = (
  found: ContainerIn,
  node: ClusterNode | undefined,
): Means | undefined => {
  const { container } = found
  const at = 'securityContext.appArmorProfile'
  if (container.isPrivileged || container.apparmor === 'Unconfined') {
    const text = `no AppArmor profile confines container ${container.name}`
    const fix = 'give the container the AppArmor profile RuntimeDefault'
    return { certainty: 'certain', facts: [containerFact(found, at, text, fix)] }
  }
  if (container.apparmor !== undefined) return undefined
  if (node && withAppArmor.test(node.osImage)) return undefined
  const isWithout = node !== undefined && withoutAppArmor.test(node.osImage)
  const text = isWithout
    ? `the node's system, ${node.osImage}, comes without AppArmor`
    : 'whether the node has AppArmor is not known'
  return { certainty: isWithout ? 'certain' : 'unknown', facts: [containerFact(found, at, text)] }
}

/** That no seccomp profile filters system calls; `undefined`: one does. */
export const withoutSeccomp = (found: ContainerIn): Means | undefined => {
  const { container } = found
  const at = 'securityContext.seccompProfile'
  const fix = 'give the container the seccomp profile RuntimeDefault'
  const text = `no seccomp profile filters the system calls of container ${container.name}`
  if (container.isPrivileged || container.seccomp === 'Unconfined') {
    return { certainty: 'certain', facts: [containerFact(found, at, text, fix)] }
  }
  if (container.seccomp !== undefined) return undefined
  const unless = `${text}, unless the kubelet gives one by default`
  return { certainty: 'possible', facts: [containerFact(found, at, unless, fix)] }
}

const order: readonly Certainty[] = ['certain', 'possible', 'unknown']

/** All of them together: as sure as the least sure; `undefined` when one of them is missing. */
export const allOf = (...means: readonly (Means | Fact | undefined)[]): Means | undefined => {
  let certainty: Certainty = 'certain'
  const facts: Fact[] = []
  for (const each of means) {
    if (!each) return undefined
    if ('facts' in each) {
      if (order.indexOf(each.certainty) > order.indexOf(certainty)) certainty = each.certainty
      facts.push(...each.facts)
    } else {
      facts.push(each)
    }
  }
  return { certainty, facts }
}
