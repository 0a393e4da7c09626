/** What belongs to what: containers to pods, pods to nodes. Nobody does anything on these edges. */
import type { EdgeKind } from '../edges.ts'
import { containerNode, podNode } from '../nodes.ts'
import { podsByNode } from '../objects/indices.ts'

const contains: EdgeKind = {
  id: 'CONTAINS',
  from: ['pod'],
  to: ['container'],
  title: 'a pod has containers',
  preconditions: ['the container is in the spec of the pod, and the pod has not ended'],
  observable: undefined,
  attack: [],
  cost: 0,
  derive: ({ objects }, { namespace, name }, emit) => {
    const pod = objects.get('Pod', namespace, name)
    if (!pod || pod.isOver) return
    for (const container of pod.spec.containers) {
      emit(containerNode(namespace, name, container.name), 'certain', () => [
        {
          text: `the pod has a container ${container.name}`,
          object: { kind: 'Pod', namespace, name },
          path: container.at,
        },
      ])
    }
  },
}

const runsOn: EdgeKind = {
  id: 'NODE_TO_POD',
  from: ['node'],
  to: ['pod'],
  title: 'root on a node controls the pods that run on it',
  preconditions: ['the pod is scheduled on the node, and has not ended'],
  observable: undefined,
  attack: ['T1609'],
  cost: 1,
  derive: ({ objects }, { name: node }, emit) => {
    for (const { namespace, name, isOver } of objects.find(podsByNode, node)) {
      if (isOver) continue
      emit(podNode(namespace, name), 'certain', () => [
        {
          text: `the pod runs on node ${node}`,
          object: { kind: 'Pod', namespace, name },
          path: 'spec.nodeName',
        },
      ])
    }
  },
}

export const structureEdges: readonly EdgeKind[] = [contains, runsOn]
