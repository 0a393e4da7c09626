/**
 * What network policies let through between two ends, by the rules of Kubernetes. Where something
 * that decides is not known, the answer has two bounds. `testdata/reference.ts` says the same
 * slowly, port by port, and a law compares them.
 */
import type { Answer, IpAddress, Selector } from '@bulwark/schema'
import { allAnswers, anyAnswer, inNetwork, selects } from '@bulwark/schema'
import type {
  AdminPolicy,
  Direction,
  End,
  IpBlock,
  NetworkPolicy,
  Peer,
  PodEnd,
  PolicyPorts,
  PolicyRule,
} from './policy.ts'
import type { PortSet } from './ports.ts'
import { allPorts, intersect, noPorts, portRange, subtract, union } from './ports.ts'

/** Ports that are let through for certain, and those that may be: `sure` is within `most`. */
export interface Verdict {
  readonly sure: PortSet
  readonly most: PortSet
}

export const openVerdict: Verdict = { sure: allPorts, most: allPorts }

/** What is not known because of policies that hold, or may, and are not judged. */
export type Doubt =
  | 'nothing'
  /** Some of what the others let through may be stopped. */
  | 'allowed'
  | 'everything'

/** The policies that hold for a pod in a direction. */
export interface Holding {
  /** Those with rules for the direction, the lowest priority first. */
  readonly admin: readonly AdminPolicy[]
  /** Those that isolate the pod; none: it is not isolated. */
  readonly namespaced: readonly NetworkPolicy[]
  readonly baseline: readonly AdminPolicy[]
  readonly unknown: Doubt
}

export const isInBlock = (address: IpAddress, { cidr, except }: IpBlock): boolean =>
  inNetwork(address, cidr) && !except.some((each) => inNetwork(address, each))

const podSelected = (selector: Selector, { labels }: PodEnd): boolean =>
  selects(selector, { labels, isWhole: true }) === true

/** Whether a policy of the pod's namespace holds for it. */
export const isHeldBy = (policy: NetworkPolicy, pod: PodEnd): boolean =>
  !pod.isHostNetwork && policy.namespace === pod.namespace && podSelected(policy.pods, pod)

/** Whether a policy of the cluster's administrators holds for a pod. */
export const isSubjectOf = (policy: AdminPolicy, pod: PodEnd): Answer =>
  !pod.isHostNetwork &&
  podSelected(policy.pods, pod) &&
  selects(policy.namespaces, pod.namespaceLabels)

/**
 * Whether a peer is this end. A block is meant for addresses outside the cluster: whether it
 * also is a pod whose address lies in it is the network plug-in's matter, and so is whether a pod
 * of the host's network is seen as one.
 *
 * @param own  the policy's namespace; `undefined`: an administrators' policy
 */
export const isPeer = (peer: Peer, end: End, own: string | undefined): Answer => {
  switch (peer.is) {
    case 'unknown':
      return undefined
    case 'block':
      if (end.is === 'address') return isInBlock(end.address, peer.block)
      return end.isIn(peer.block) ? undefined : false
    case 'pods': {
      if (end.is === 'address') return false
      if (!podSelected(peer.pods, end)) return false
      if (end.isHostNetwork && own === undefined) return false
      const isThere =
        peer.namespaces === undefined
          ? end.namespace === own
          : selects(peer.namespaces, end.namespaceLabels)
      return allAnswers([isThere, end.isHostNetwork ? undefined : true])
    }
  }
}

const portsOf = (ports: PolicyPorts, destination: End): PortSet => {
  if (ports.is === 'numbers') return ports.set
  if (destination.is === 'address') return noPorts
  return destination.namedPorts
    .filter(
      ({ name, protocol }) => name === ports.name && (ports.protocol ?? protocol) === protocol,
    )
    .reduce<PortSet>((set, { protocol, port }) => union(set, portRange(protocol, port, port)), [])
}

/** Ports of a rule, names resolved at the destination. */
export const rulePorts = ({ ports }: PolicyRule, destination: End): PortSet =>
  ports === undefined
    ? allPorts
    : ports.reduce<PortSet>((set, each) => union(set, portsOf(each, destination)), noPorts)

/** Whether a rule is about an end. */
export const isAbout = ({ peers }: PolicyRule, end: End, own: string | undefined): Answer =>
  peers === undefined ? true : anyAnswer(peers.map((peer) => isPeer(peer, end, own)))

const join = (a: Verdict, b: Verdict): Verdict => ({
  sure: union(a.sure, b.sure),
  most: union(a.most, b.most),
})

const meet = (a: Verdict, b: Verdict): Verdict => ({
  sure: intersect(a.sure, b.sure),
  most: intersect(a.most, b.most),
})

const nothing: Verdict = { sure: noPorts, most: noPorts }

/** Of `from`, what the first rule that is about the end allows, and what is left to others. */
const byOrder = (
  policies: readonly AdminPolicy[],
  direction: Direction,
  other: End,
  destination: End,
  from: Verdict,
): { readonly allowed: Verdict; readonly left: Verdict } => {
  let undecided = from
  let allowed = nothing
  let passed = nothing
  for (const policy of policies) {
    for (const rule of policy[direction]) {
      const is = isAbout(rule, other, undefined)
      if (is === false) continue
      const ports = rulePorts(rule, destination)
      const hit = meet(undecided, { sure: is === true ? ports : noPorts, most: ports })
      if (rule.action === 'allow') allowed = join(allowed, hit)
      else if (rule.action === 'pass') passed = join(passed, hit)
      undecided = {
        sure: subtract(undecided.sure, ports),
        most: is === true ? subtract(undecided.most, ports) : undecided.most,
      }
    }
  }
  return { allowed, left: join(undecided, passed) }
}

const byUnion = (
  policies: readonly NetworkPolicy[],
  direction: Direction,
  other: End,
  destination: End,
): Verdict => {
  let allowed = nothing
  for (const policy of policies) {
    for (const rule of policy[direction] ?? []) {
      const is = isAbout(rule, other, policy.namespace)
      if (is === false) continue
      const ports = rulePorts(rule, destination)
      allowed = join(allowed, { sure: is === true ? ports : noPorts, most: ports })
    }
  }
  return allowed
}

/**
 * What the policies of one pod let through in one direction.
 *
 * @param subject  the pod that they hold for: source of egress, destination of ingress
 */
export const directionVerdict = (
  holding: Holding,
  direction: Direction,
  subject: PodEnd,
  other: End,
): Verdict => {
  if (subject.isHostNetwork) return openVerdict
  const destination = direction === 'ingress' ? subject : other
  const admin = byOrder(holding.admin, direction, other, destination, openVerdict)
  const isIsolated = holding.namespaced.length > 0
  const base = byOrder(holding.baseline, direction, other, destination, admin.left)
  const rest = isIsolated
    ? meet(admin.left, byUnion(holding.namespaced, direction, other, destination))
    : join(base.allowed, base.left)
  const { sure, most } = join(admin.allowed, rest)
  // Its own node reaches a pod whatever policies say, and pods of the host's network are the node.
  const isNode = direction === 'ingress' && other.is === 'pod' && other.isHostNetwork
  return {
    sure: holding.unknown === 'nothing' ? sure : noPorts,
    most: holding.unknown === 'everything' || isNode ? allPorts : most,
  }
}

/** Whether the network plug-in does what policies say; `undefined`: it is not known. */
export type Enforced = Answer

export const withEnforced = (enforced: Enforced, { sure, most }: Verdict): Verdict => {
  if (enforced === true) return { sure, most }
  return enforced === false ? openVerdict : { sure, most: allPorts }
}

/** A connection must be let out by the source and let in by the destination. */
export const bothVerdicts = meet
