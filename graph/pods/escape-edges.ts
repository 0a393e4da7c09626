/**
 * Escapes as kinds of edges. Whether a container's text can be enough is decided once for all
 * containers that share it; what is left asks for the volumes and the node.
 */
import type { Cluster } from '../cluster.ts'
import type { EdgeKind } from '../edges.ts'
import type { GraphNode } from '../nodes.ts'
import { credentialsNode, hostNode } from '../nodes.ts'
import type { Container, PodSpec } from '../objects/podspec.ts'
import type { ContainerIn, Escape } from './container.ts'
import { containerOf, inSandbox, sandboxOf } from './container.ts'
import { escapes } from './escapes.ts'
import { hostPathEscapes } from './host-paths.ts'
import { kernelEscapes } from './kernel.ts'

const all: readonly Escape[] = [...escapes, ...hostPathEscapes, ...kernelEscapes]

/** Of a spec, by its containers. Specs are shared by the pods of a workload, and do not change. */
const known = new WeakMap<PodSpec, Map<Container, ReadonlySet<Escape>>>()

const possible = (found: ContainerIn): ReadonlySet<Escape> => {
  const { pod, container } = found
  let ofSpec = known.get(pod.spec)
  if (!ofSpec) {
    ofSpec = new Map<Container, ReadonlySet<Escape>>()
    known.set(pod.spec, ofSpec)
  }
  let ofContainer = ofSpec.get(container)
  if (!ofContainer) {
    ofContainer = new Set(all.filter((escape) => escape.may(found)))
    ofSpec.set(container, ofContainer)
  }
  return ofContainer
}

const deriver =
  (escape: Escape): EdgeKind['derive'] =>
  (cluster: Cluster, from: GraphNode, emit) => {
    const found = containerOf(cluster, from)
    if (!found || found.pod.nodeName === '' || !possible(found).has(escape)) return
    const { nodeName } = found.pod
    const sandbox = sandboxOf(cluster, found.pod)
    const node = cluster.objects.get('Node', '', nodeName)
    for (const means of escape.means(found, cluster, node)) {
      const to =
        means.sort === undefined ? hostNode(nodeName) : credentialsNode(nodeName, means.sort)
      const { certainty, facts } = inSandbox(means, sandbox)
      emit(to, certainty, () => facts)
    }
  }

export const escapeEdges: readonly EdgeKind[] = all.map((escape) => ({
  id: escape.id,
  from: ['container'],
  to: [escape.to],
  title: escape.title,
  preconditions: [...escape.preconditions, 'the pod is scheduled on a node'],
  observable: escape.observable,
  attack: escape.attack,
  cost: 1,
  derive: deriver(escape),
}))
