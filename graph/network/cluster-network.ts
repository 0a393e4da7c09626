/**
 * Who reaches whom, from the objects of a cluster: classes of pods, the policies that hold for
 * each, and verdicts between them. What is kept of a class lasts until a policy or the labels of
 * its namespace change, or a policy that may hold everywhere.
 */
import type { IpAddress } from '@bulwark/schema'
import type { Cluster, StateSpec } from '../cluster.ts'
import { limits } from '../limits.ts'
import type { Kind, KindMap } from '../objects/kinds.ts'
import type { Pod } from '../objects/pod.ts'
import type { Index, OnChange } from '../objects/table.ts'
import { Engines } from './engines.ts'
import type { AdminPolicy, Direction, ForeignPolicy, NetworkPolicy, PodEnd } from './policy.ts'
import type { PodClass } from './pod-classes.ts'
import { PodClasses } from './pod-classes.ts'
import { ReadKeys } from './read-keys.ts'
import type { Doubt, Enforced, Holding, Verdict } from './verdict.ts'
import {
  bothVerdicts,
  directionVerdict,
  isHeldBy,
  isSubjectOf,
  openVerdict,
  withEnforced,
} from './verdict.ts'

const policiesByNamespace: Index<'NetworkPolicy'> = {
  kind: 'NetworkPolicy',
  keys: ({ namespace }) => [namespace],
}

/** Kinds of policies of engines that are not judged. */
export const foreignKinds = [
  'AuthorizationPolicy',
  'CalicoGlobalNetworkPolicy',
  'CalicoNetworkPolicy',
  'CiliumClusterwideNetworkPolicy',
  'CiliumNetworkPolicy',
  'ClusterNetworkPolicy',
] as const satisfies readonly Kind[]

type ForeignKind = (typeof foreignKinds)[number]

/** Those of a namespace, and by an empty name those that may hold everywhere. */
const foreignByNamespace = foreignKinds.map((kind) => ({
  kind,
  keys: ({ namespace }: ForeignPolicy): readonly string[] => [namespace],
}))

export const networkIndices = [policiesByNamespace, ...foreignByNamespace] as const

const policyKinds: ReadonlySet<Kind> = new Set<Kind>([
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
  'Namespace',
  'NetworkPolicy',
  ...foreignKinds,
])

/** By priority, then by name: among equal priorities Kubernetes leaves the order open. */
const byPriority = (a: AdminPolicy, b: AdminPolicy): number =>
  a.priority - b.priority || (a.name < b.name ? -1 : 1)

/** What is kept of a class. It is made anew, as another object, when a policy changes. */
interface OfClass {
  readonly end: PodEnd
  readonly ingress: Holding
  readonly egress: Holding
  /** What comes from and goes to addresses outside. */
  readonly outside: Readonly<Record<Direction, Map<IpAddress, Verdict>>>
  /** What its pods may send to those of others. */
  readonly to: Map<OfClass, Verdict>
}

export class ClusterNetwork {
  readonly #cluster: Cluster
  readonly #keys = new ReadKeys()
  readonly classes: PodClasses
  readonly #engines: Engines
  #policies = 0
  /** By namespace. */
  readonly #kept = new Map<string, WeakMap<PodClass, OfClass>>()
  /** Verdicts that are kept, or were. */
  #pairs = 0
  /** How often more was kept than the bound, so that all was forgotten. */
  restarts = 0

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    this.#engines = new Engines(cluster.objects.all('Pod'))
    this.classes = new PodClasses(cluster, this.#keys)
    for (const policy of cluster.objects.all('NetworkPolicy')) this.#keys.addNamespaced(policy, 1)
    for (const kind of ['AdminNetworkPolicy', 'BaselineAdminNetworkPolicy'] as const) {
      for (const policy of cluster.objects.all(kind)) this.#keys.addAdmin(policy, 1)
    }
  }

  /** Hears of each change of an object. */
  readonly onChange: OnChange = (kind, before, after) => {
    if (kind === 'Pod') {
      const [was, is] = [before as Pod | undefined, after as Pod | undefined]
      this.classes.onPod(was, is)
      if (!this.#engines.onPod(was, is)) return
      this.#policies++
      this.#kept.clear()
      return
    }
    if (!policyKinds.has(kind)) return
    this.#policies++
    this.#forget(kind, after ?? before)
    for (const [policy, by] of [[after, 1] as const, [before, -1] as const]) {
      if (policy) this.#read(kind, policy, by)
    }
  }

  /** What rested on an object. */
  #forget(kind: Kind, object: KindMap[Kind] | undefined): void {
    const space = kind === 'Namespace' ? object?.name : object?.namespace
    if (space === undefined || space === '') this.#kept.clear()
    else this.#kept.delete(space)
  }

  #read(kind: Kind, policy: KindMap[Kind], by: 1 | -1): void {
    if (kind === 'NetworkPolicy') {
      const effect = this.#keys.addNamespaced(policy as NetworkPolicy, by)
      this.classes.onKeys(effect, policy.namespace)
    } else if (kind === 'AdminNetworkPolicy' || kind === 'BaselineAdminNetworkPolicy') {
      this.classes.onKeys(this.#keys.addAdmin(policy as AdminPolicy, by), '')
    }
  }

  /** Whether policies are enforced, and by what as far as that is known. */
  get enforced(): { readonly is: Enforced; readonly by: string } {
    return this.#engines.enforced()
  }

  /** Grows when an answer between classes may have changed. */
  get version(): string {
    return `${this.#policies}/${this.classes.version}`
  }

  #of(podClass: PodClass): OfClass {
    if (this.#pairs >= limits.networkVerdictsMax) {
      this.restarts++
      this.#pairs = 0
      this.#kept.clear()
    }
    let inNamespace = this.#kept.get(podClass.namespace)
    if (!inNamespace) this.#kept.set(podClass.namespace, (inNamespace = new WeakMap()))
    let known = inNamespace.get(podClass)
    if (!known) {
      const end = this.classes.endOf(podClass)
      known = {
        end,
        ingress: this.#holding(end, 'ingress'),
        egress: this.#holding(end, 'egress'),
        to: new Map(),
        outside: { ingress: new Map(), egress: new Map() },
      }
      inNamespace.set(podClass, known)
    }
    return known
  }

  /** Another object when what policies say of a class may have changed. */
  stateOf(podClass: PodClass): object {
    return this.#of(podClass)
  }

  #holding(pod: PodEnd, direction: Direction): Holding {
    const { objects } = this.#cluster
    const namespaced = [...objects.find(policiesByNamespace, pod.namespace)]
      .filter((policy) => policy[direction] !== undefined && isHeldBy(policy, pod))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const admin = this.#subjectOf('AdminNetworkPolicy', pod, direction)
    const baseline = this.#subjectOf('BaselineAdminNetworkPolicy', pod, direction)
    return {
      namespaced,
      admin: admin.policies,
      baseline: baseline.policies,
      unknown: pod.isHostNetwork
        ? 'nothing'
        : admin.isUnknown || baseline.isUnknown
          ? 'everything'
          : this.#foreignDoubt(pod.namespace),
    }
  }

  #foreignDoubt(namespace: string): Doubt {
    const foreign = this.foreignOf(namespace)
    if (foreign.length === 0) return 'nothing'
    return foreign.every(({ kind }) => kind === 'AuthorizationPolicy') ? 'allowed' : 'everything'
  }

  #subjectOf(
    kind: 'AdminNetworkPolicy' | 'BaselineAdminNetworkPolicy',
    pod: PodEnd,
    direction: Direction,
  ): { readonly policies: readonly AdminPolicy[]; readonly isUnknown: boolean } {
    const policies: AdminPolicy[] = []
    let isUnknown = false
    for (const policy of this.#cluster.objects.all(kind)) {
      if (policy[direction].length === 0) continue
      const is = isSubjectOf(policy, pod)
      if (is === undefined) isUnknown = true
      if (is === true) policies.push(policy)
    }
    policies.sort(byPriority)
    const isTie = policies.some(
      (policy, index) => index > 0 && policies[index - 1]?.priority === policy.priority,
    )
    return { policies, isUnknown: isUnknown || isTie }
  }

  /** Policies that are not judged and may hold in a namespace, by kind and name. */
  foreignOf(namespace: string): readonly { kind: ForeignKind; namespace: string; name: string }[] {
    const { objects } = this.#cluster
    return foreignByNamespace.flatMap((index) => {
      const found = new Set<ForeignPolicy>(objects.find<ForeignKind>(index, ''))
      for (const each of objects.find<ForeignKind>(index, namespace)) found.add(each)
      return [...found]
        .map((each) => ({ kind: index.kind, namespace: each.namespace, name: each.name }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    })
  }

  end(podClass: PodClass): PodEnd {
    return this.#of(podClass).end
  }

  holding(podClass: PodClass, direction: Direction): Holding {
    return this.#of(podClass)[direction]
  }

  /** What pods of one class may send to pods of another, or to one more of their own. */
  verdict(from: PodClass, to: PodClass): Verdict {
    const source = this.#of(from)
    const destination = this.#of(to)
    let known = source.to.get(destination)
    if (!known) {
      const egress = directionVerdict(source.egress, 'egress', source.end, destination.end)
      const ingress = directionVerdict(destination.ingress, 'ingress', destination.end, source.end)
      known = withEnforced(this.enforced.is, bothVerdicts(egress, ingress))
      source.to.set(destination, known)
      this.#pairs++
    }
    return known
  }

  /** What pods of a class may send to an address outside the cluster. */
  egressTo(from: PodClass, address: IpAddress): Verdict {
    return this.#outside(from, 'egress', address)
  }

  /** What an address outside the cluster may send to pods of a class. */
  ingressFrom(to: PodClass, address: IpAddress): Verdict {
    return this.#outside(to, 'ingress', address)
  }

  #outside(podClass: PodClass, direction: Direction, address: IpAddress): Verdict {
    const of = this.#of(podClass)
    const known = of.outside[direction].get(address)
    if (known) return known
    const other = { is: 'address', address } as const
    const judged = directionVerdict(of[direction], direction, of.end, other)
    const verdict = withEnforced(this.enforced.is, judged)
    of.outside[direction].set(address, verdict)
    this.#pairs++
    return verdict
  }

  /** First addresses of the blocks that policies have, and those behind their exceptions. */
  blockAddresses(): readonly IpAddress[] {
    return this.#keys.addresses().begins
  }

  /** What a pod may send to another; open when one of the two is not there. */
  podVerdict(from: Pod, to: Pod): Verdict {
    const source = this.classes.ofPod(from.namespace, from.name)
    const destination = this.classes.ofPod(to.namespace, to.name)
    return source && destination ? this.verdict(source, destination) : openVerdict
  }
}

export const clusterNetwork: StateSpec<ClusterNetwork> = {
  create: (cluster) => new ClusterNetwork(cluster),
  change: (network) => network.onChange,
}
