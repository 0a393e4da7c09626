/** What belongs to what: containers to pods. Nobody does anything on these edges. */
import type { EdgeKind } from '../edges.ts'
import { containerNode } from '../nodes.ts'
import { podFact } from './container.ts'

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
        podFact(pod, container.at, `the pod has a container ${container.name}`),
      ])
    }
  },
}

export const structureEdges: readonly EdgeKind[] = [contains]
