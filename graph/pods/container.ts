/** A container as the rules of escapes ask for it: with its pod, its node and its sandbox. */
import type { Cluster, StateSpec } from '../cluster.ts'
import type { Certainty, EdgeKind, Fact } from '../edges.ts'
import type { GraphNode } from '../nodes.ts'
import type { ClusterNode } from '../objects/basics.ts'
import type { Pod } from '../objects/pod.ts'
import type { Container } from '../objects/podspec.ts'
import type { Means } from './confinement.ts'

export interface ContainerIn {
  readonly pod: Pod
  readonly container: Container
}

/** What was asked last: one kind of edge after another asks for the same container. */
interface Last {
  node: GraphNode | undefined
  version: number
  found: ContainerIn | undefined
}

const last: StateSpec<Last> = {
  create: () => ({ node: undefined, version: -1, found: undefined }),
}

/** The container that a node stands for, while its pod lives. */
export const containerOf = (cluster: Cluster, node: GraphNode): ContainerIn | undefined => {
  const kept = cluster.state(last)
  const version = cluster.objects.version('Pod')
  if (kept.node === node && kept.version === version) return kept.found
  const pod = cluster.objects.get('Pod', node.namespace, node.name)
  const container =
    pod && !pod.isOver ? pod.spec.containers.find(({ name }) => name === node.part) : undefined
  kept.node = node
  kept.version = version
  kept.found = pod && container && { pod, container }
  return kept.found
}

/** A fact about a container; `path` is below the container's own. */
export const containerFact = (
  { pod, container }: ContainerIn,
  path: string,
  text: string,
  fix?: string,
): Fact => ({
  text,
  object: { kind: 'Pod', namespace: pod.namespace, name: pod.name },
  path: path === '' ? container.at : `${container.at}.${path}`,
  fix,
})

/** A fact about a pod. */
export const podFact = (pod: Pod, path: string, text: string, fix?: string): Fact => ({
  text,
  object: { kind: 'Pod', namespace: pod.namespace, name: pod.name },
  path,
  fix,
})

/** A fact that a node tells of itself. */
export const nodeFact = (
  { name }: ClusterNode,
  path: string,
  text: string,
  fix?: string,
): Fact => ({
  text,
  object: { kind: 'Node', namespace: '', name },
  path,
  fix,
})

/** A way out of a container, where what makes it one is decided for each container alone. */
export interface Escape extends Omit<EdgeKind, 'from' | 'to' | 'cost' | 'derive'> {
  readonly to: 'node' | 'credentials'
  /**
   * Whether the container's own text can be enough. Asked once for the containers of a workload:
   * it must not ask for anything else.
   */
  readonly may: (found: ContainerIn) => boolean
  /** How, with what of the node it reaches: a sort of credentials, or nothing for the node. */
  readonly means: (
    found: ContainerIn,
    cluster: Cluster,
    node: ClusterNode | undefined,
  ) => Iterable<Means & { readonly sort?: string }>
}

const sandboxes = /gvisor|runsc|kata/i

/** A sandbox between container and node, by its runtime class. */
export const sandboxOf = ({ objects }: Cluster, { spec }: Pod): Fact | undefined => {
  if (spec.runtimeClass === '') return undefined
  const { runtimeClass } = spec
  const handler = objects.get('RuntimeClass', '', runtimeClass)?.handler ?? runtimeClass
  if (!sandboxes.test(handler)) return undefined
  return {
    text: `the pod runs in a sandbox (${handler}), which must be left first`,
    object: { kind: 'RuntimeClass', namespace: '', name: runtimeClass },
    path: 'handler',
  }
}

/** In a sandbox nothing of this is certain. */
export const inSandbox = (means: Means, sandbox: Fact | undefined): Means => {
  if (!sandbox) return means
  const certainty: Certainty = means.certainty === 'certain' ? 'possible' : means.certainty
  return { certainty, facts: [...means.facts, sandbox] }
}
