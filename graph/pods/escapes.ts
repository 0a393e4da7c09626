/** Ways out of a container, onto its node. */
import type { EdgeKind } from '../edges.ts'
import { hostNode } from '../nodes.ts'
import { containerFact, containerOf } from './container.ts'

const privileged: EdgeKind = {
  id: 'ESC_PRIV',
  from: ['container'],
  to: ['node'],
  title: 'a privileged container takes its node over',
  preconditions: [
    'the container is privileged',
    'the pod is not in a user namespace of its own (`hostUsers: false`)',
    'the pod is scheduled on a node',
  ],
  observable: 'mount of a block device, load of a module, `nsenter`',
  attack: ['T1611'],
  cost: 1,
  derive: (cluster, from, emit) => {
    const found = containerOf(cluster, from)
    if (!found?.container.isPrivileged || found.pod.spec.hostUsers === false) return
    if (found.pod.nodeName === '') return
    emit(hostNode(found.pod.nodeName), 'certain', () => [
      containerFact(
        found,
        'securityContext.privileged',
        `container ${found.container.name} is privileged`,
        'run the container without `privileged`',
      ),
    ])
  },
}

export const escapeEdges: readonly EdgeKind[] = [privileged]
