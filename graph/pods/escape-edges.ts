/**
 * Escapes as kinds of edges. Whether a container's text can be enough is decided once for all
 * containers that share it; what is left asks for the volumes and the node.
 */
import type { Cluster } from '../cluster.ts'
import type { Certainty, EdgeFamily, EdgeKind, Emit } from '../edges.ts'
import type { GraphNode } from '../nodes.ts'
import { containerNode, credentialsNode, hostNode } from '../nodes.ts'
import type { ClusterNode } from '../objects/basics.ts'
import type { Pod } from '../objects/pod.ts'
import type { Container, PodSpec } from '../objects/podspec.ts'
import type { ContainerIn, Escape } from './container.ts'
import { containerOf, inSandbox, sandboxOf } from './container.ts'
import { escapes } from './escapes.ts'
import { hostPathEscapes } from './host-paths.ts'
import { kernelEscapes } from './kernel.ts'

const all: readonly Escape[] = [...escapes, ...hostPathEscapes, ...kernelEscapes]

/** Of a spec, by its containers. Specs are shared by the pods of a workload, and do not change. */
const known = new WeakMap<PodSpec, Map<Container, readonly Escape[]>>()

const possible = (found: ContainerIn): readonly Escape[] => {
  const { pod, container } = found
  let ofSpec = known.get(pod.spec)
  if (!ofSpec) {
    ofSpec = new Map<Container, readonly Escape[]>()
    known.set(pod.spec, ofSpec)
  }
  let ofContainer = ofSpec.get(container)
  if (!ofContainer) {
    ofContainer = all.filter((escape) => escape.may(found))
    ofSpec.set(container, ofContainer)
  }
  return ofContainer
}

/** Of the kernel and the runtime it is never known whether they have their faults. */
const neverSure: ReadonlySet<string> = new Set([
  'ESC_KERNEL_CVE',
  'ESC_RUNTIME_CVE',
  'ESC_USERNS_CGROUP',
])

const mayLeadOut = new WeakMap<PodSpec, boolean>()

/** Whether a pod may have a way out to its node, but for faults that nobody knows of. */
export const mayEscape = (pod: Pod): boolean => {
  let may = mayLeadOut.get(pod.spec)
  if (may === undefined) {
    may = pod.spec.containers.some((container) =>
      possible({ pod, container }).some(({ id }) => !neverSure.has(id)),
    )
    mayLeadOut.set(pod.spec, may)
  }
  return may
}

/** Calls with each way out of the container that a node stands for. */
const deriveEscapes = (
  cluster: Cluster,
  from: GraphNode,
  emit: (escape: Escape, ...edge: Parameters<Emit>) => void,
): void => {
  const found = containerOf(cluster, from)
  if (!found || found.pod.nodeName === '') return
  const { nodeName } = found.pod
  const ways = possible(found)
  if (ways.length === 0) return
  const sandbox = sandboxOf(cluster, found.pod)
  const node = cluster.objects.get('Node', '', nodeName)
  for (const escape of ways) {
    for (const means of escape.means(found, cluster, node)) {
      const { sort } = means
      const to = sort === undefined ? hostNode(nodeName) : credentialsNode(nodeName, sort)
      const { certainty, facts } = inSandbox(means, sandbox)
      emit(escape, to, certainty, () => facts)
    }
  }
}

const edgeOf = (escape: Escape): EdgeKind => ({
  id: escape.id,
  from: ['container'],
  to: [escape.to],
  title: escape.title,
  preconditions: [...escape.preconditions, 'the pod is scheduled on a node'],
  observable: escape.observable,
  attack: escape.attack,
  cost: 1,
  derive: (cluster, from, emit) => {
    deriveEscapes(cluster, from, (each, ...edge) => {
      if (each === escape) emit(...edge)
    })
  },
})

const kinds = new Map(all.map((escape) => [escape, edgeOf(escape)]))
export const escapeEdges: readonly EdgeKind[] = [...kinds.values()]

/** All of them at once: what they have in common is looked up once. */
export const escapeFamily: EdgeFamily = {
  kinds: escapeEdges,
  derive: (cluster, from, emit) => {
    deriveEscapes(cluster, from, (escape, ...edge) => {
      const kind = kinds.get(escape)
      if (kind) emit(kind, ...edge)
    })
  },
}

/** The surest way out to its node that some container of a pod has; `undefined`: none has one. */
const surestWayOut = (cluster: Cluster, pod: Pod): Certainty | undefined => {
  const found = new Set<Certainty>()
  for (const { name } of pod.spec.containers) {
    const from = containerNode(pod.namespace, pod.name, name)
    deriveEscapes(cluster, from, (_, __, certainty) => found.add(certainty))
  }
  return certainties.find((each) => found.has(each))
}

const certainties: readonly Certainty[] = ['certain', 'possible', 'unknown']

/** What rules of escapes read of a node. */
const sorts = new WeakMap<ClusterNode, string>()

const sortOf = (node: ClusterNode): string => {
  let sort = sorts.get(node)
  if (sort === undefined) {
    sort = JSON.stringify([node.kernel, node.osImage, node.runtime])
    sorts.set(node, sort)
  }
  return sort
}

/** Ways out of pods that have the same spec, namespace and owner: by the sort of their nodes. */
export class WaysOut {
  readonly #cluster: Cluster
  readonly #known = new Map<string, Certainty | undefined>()

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** The surest of one of them; `undefined`: none of its containers has one. */
  surestOf(pod: Pod): Certainty | undefined {
    if (pod.nodeName === '') return undefined
    const node = this.#cluster.objects.get('Node', '', pod.nodeName)
    const sort = node ? sortOf(node) : ''
    if (this.#known.has(sort)) return this.#known.get(sort)
    const surest = surestWayOut(this.#cluster, pod)
    this.#known.set(sort, surest)
    return surest
  }
}
