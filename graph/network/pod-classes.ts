/**
 * Pods in classes: those of a class are one to every policy, so that reach is decided between
 * classes. A change of a pod, a policy or a namespace moves what it concerns; pods of a namespace
 * whose policies read something new are sorted again when somebody asks.
 */
import type { KnownLabels, Labels } from '@bulwark/schema'
import type { Cluster } from '../cluster.ts'
import { podsByNamespace } from '../objects/indices.ts'
import type { Pod } from '../objects/pod.ts'
import type { PodSpec } from '../objects/podspec.ts'
import type { IpBlock, NamedPort, PodEnd } from './policy.ts'
import { isProtocol } from './ports.ts'
import type { Effect, ReadKeys } from './read-keys.ts'

export interface PodClass {
  readonly namespace: string
  /** What its pods have in common, as text; with the namespace it is the class's identity. */
  readonly name: string
  readonly labels: Labels
  readonly isHostNetwork: boolean
  readonly namedPorts: readonly NamedPort[]
  /** Its pods have addresses. */
  readonly isAddressed: boolean
  /** Texts of the blocks that its pods' addresses lie in. */
  readonly blocks: ReadonlySet<string>
  readonly pods: ReadonlySet<Pod>
}

interface Sorted {
  readonly classes: Map<string, PodClass & { readonly pods: Set<Pod> }>
  readonly ofPod: Map<string, PodClass & { readonly pods: Set<Pod> }>
}

const none: ReadonlySet<string> = new Set()
const nameLabel = 'kubernetes.io/metadata.name'

/** Labels of a namespace; of one that is not known, only the one that each has. */
export const namespaceLabels = ({ objects }: Cluster, name: string): KnownLabels => {
  const labels = objects.get('Namespace', '', name)?.labels
  if (!labels) return { labels: [[nameLabel, name]], isWhole: false }
  if (labels.some(([key]) => key === nameLabel)) return { labels, isWhole: true }
  const own: Labels = [...labels, [nameLabel, name] as const]
  return { labels: own.toSorted(([a], [b]) => (a < b ? -1 : 1)), isWhole: true }
}

/** A word of a class's name: no value of a label may look like two of them. */
const plain = (text: string): string => (/[\s,="]/.test(text) ? JSON.stringify(text) : text)

const sortedUnion = (sets: readonly ReadonlySet<string>[]): ReadonlySet<string> => {
  const all = new Set<string>()
  for (const set of sets) for (const text of set) all.add(text)
  return new Set([...all].toSorted())
}

/** Named ports that a pod's policies resolve: not those of containers that end before it runs. */
const namedPortsOf = (spec: PodSpec, keys: ReadKeys): readonly NamedPort[] =>
  spec.containers
    .filter(({ role }) => role === 'main' || role === 'sidecar')
    .flatMap(({ ports }) => ports)
    .flatMap(({ name, protocol, number: port }): readonly NamedPort[] =>
      name !== '' && keys.hasPortName(name) && isProtocol(protocol)
        ? [{ name, protocol, port }]
        : [],
    )

export class PodClasses {
  readonly #cluster: Cluster
  readonly #keys: ReadKeys
  readonly #sorted = new Map<string, Sorted>()
  readonly #stale = new Set<string>()
  /** Named ports of specs, which many pods share. */
  #portsOfSpec = new WeakMap<PodSpec, readonly NamedPort[]>()
  /** Grows when a class comes or goes. */
  version = 0

  constructor(cluster: Cluster, keys: ReadKeys) {
    this.#cluster = cluster
    this.#keys = keys
    for (const pod of cluster.objects.all('Pod')) this.#stale.add(pod.namespace)
  }

  /** What policies read has changed. */
  onKeys(effect: Effect, namespace: string): void {
    if (effect === 'namespace') this.#stale.add(namespace)
    if (effect !== 'all') return
    for (const name of this.#sorted.keys()) this.#stale.add(name)
    this.#portsOfSpec = new WeakMap()
  }

  onPod(before: Pod | undefined, after: Pod | undefined): void {
    const namespace = (after ?? before)?.namespace ?? ''
    if (this.#stale.has(namespace)) return
    const sorted = this.#sorted.get(namespace) ?? this.#empty(namespace)
    const own = before && sorted.ofPod.get(before.name)
    if (own && before && after && !after.isOver && this.#classOf(after).name === own.name) {
      own.pods.delete(before)
      own.pods.add(after)
      return
    }
    if (before) this.#leave(sorted, before)
    if (after) this.#enter(sorted, after)
    if (sorted.ofPod.size === 0) this.#sorted.delete(namespace)
  }

  #empty(namespace: string): Sorted {
    const sorted: Sorted = { classes: new Map(), ofPod: new Map() }
    this.#sorted.set(namespace, sorted)
    return sorted
  }

  #enter(sorted: Sorted, pod: Pod): void {
    if (pod.isOver) return
    const made = this.#classOf(pod)
    let own = sorted.classes.get(made.name)
    if (!own) {
      own = { ...made, pods: new Set() }
      sorted.classes.set(made.name, own)
      this.version++
    }
    own.pods.add(pod)
    sorted.ofPod.set(pod.name, own)
  }

  #leave(sorted: Sorted, pod: Pod): void {
    const own = sorted.ofPod.get(pod.name)
    if (!own) return
    own.pods.delete(pod)
    sorted.ofPod.delete(pod.name)
    if (own.pods.size > 0) return
    sorted.classes.delete(own.name)
    this.version++
  }

  #classOf(pod: Pod): Omit<PodClass, 'pods'> {
    const { namespace, spec } = pod
    const labels = pod.labels.filter(([key]) => this.#keys.has(namespace, key))
    const isHostNetwork = spec.hostNetwork
    const namedPorts = this.#namedPorts(spec)
    const found = pod.addresses.map((address) => this.#keys.addresses().blocksOf(address))
    const [first = none, ...others] = found
    const blocks = others.length === 0 ? first : sortedUnion(found)
    const isAddressed = pod.addresses.length > 0 || !this.#keys.hasBlocks
    const parts = [
      ...labels.map(([key, value]) => `${plain(key)}=${plain(value)}`),
      ...namedPorts.map(({ name, protocol, port }) => `${plain(name)}=${protocol} ${port}`),
      ...this.#addressParts(pod, blocks),
      ...(isHostNetwork ? ['on the host'] : []),
    ]
    const name = parts.length === 0 ? 'all pods' : parts.join(', ')
    return { namespace, name, labels, isHostNetwork, namedPorts, isAddressed, blocks }
  }

  #namedPorts(spec: PodSpec): readonly NamedPort[] {
    let ports = this.#portsOfSpec.get(spec)
    if (!ports) this.#portsOfSpec.set(spec, (ports = namedPortsOf(spec, this.#keys)))
    return ports
  }

  /**
   * What tells the blocks that a pod lies in: those of a few addresses, and those of all of a
   * protocol that it is not in.
   */
  #addressParts({ addresses }: Pod, blocks: ReadonlySet<string>): readonly string[] {
    if (!this.#keys.hasBlocks) return []
    if (addresses.length === 0) return ['without address']
    const versions = new Set(addresses.map((address) => (address.includes('.') ? 4 : 6)))
    const { widest, usual } = this.#keys.addresses()
    return [
      ...(versions.has(6) ? [versions.has(4) ? 'of IPv4 and IPv6' : 'of IPv6'] : []),
      ...[...blocks].filter((block) => !usual.has(block)).map((block) => `in ${block}`),
      ...widest
        .filter(({ text, cidr }) => versions.has(cidr.version) && !blocks.has(text))
        .map(({ text }) => `not in ${text}`),
    ]
  }

  #sort(namespace: string): void {
    this.#stale.delete(namespace)
    this.version++
    const pods = this.#cluster.objects.find(podsByNamespace, namespace)
    if (pods.size === 0) {
      this.#sorted.delete(namespace)
      return
    }
    const sorted = this.#empty(namespace)
    for (const pod of pods) this.#enter(sorted, pod)
  }

  #fresh(): void {
    for (const namespace of this.#stale) this.#sort(namespace)
  }

  /** The class of a pod; `undefined`: it is not there, or over. */
  ofPod(namespace: string, name: string): PodClass | undefined {
    if (this.#stale.has(namespace)) this.#sort(namespace)
    return this.#sorted.get(namespace)?.ofPod.get(name)
  }

  find(namespace: string, name: string): PodClass | undefined {
    if (this.#stale.has(namespace)) this.#sort(namespace)
    return this.#sorted.get(namespace)?.classes.get(name)
  }

  inNamespace(namespace: string): Iterable<PodClass> {
    if (this.#stale.has(namespace)) this.#sort(namespace)
    return this.#sorted.get(namespace)?.classes.values() ?? []
  }

  /** All, in no order that means something. */
  *all(): Iterable<PodClass> {
    this.#fresh()
    for (const { classes } of this.#sorted.values()) yield* classes.values()
  }

  /** A class as policies see it, with its namespace's labels as they are now. */
  endOf({ namespace, labels, isHostNetwork, namedPorts, blocks }: PodClass): PodEnd {
    return {
      is: 'pod',
      namespace,
      namespaceLabels: namespaceLabels(this.#cluster, namespace),
      labels,
      isHostNetwork,
      namedPorts,
      isIn: (block: IpBlock) => blocks.has(block.text),
    }
  }
}
