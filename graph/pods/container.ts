/** A container as the rules of escapes ask for it: with its pod, its node and its sandbox. */
import type { Cluster } from '../cluster.ts'
import type { Fact } from '../edges.ts'
import type { GraphNode } from '../nodes.ts'
import type { Pod } from '../objects/pod.ts'
import type { Container } from '../objects/podspec.ts'

export interface ContainerIn {
  readonly pod: Pod
  readonly container: Container
}

/** The container that a node stands for, while its pod lives. */
export const containerOf = (
  { objects }: Cluster,
  { namespace, name, part }: GraphNode,
): ContainerIn | undefined => {
  const pod = objects.get('Pod', namespace, name)
  if (!pod || pod.isOver) return undefined
  const container = pod.spec.containers.find((each) => each.name === part)
  return container && { pod, container }
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
