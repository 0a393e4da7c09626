/** What is reached, and of which nobody has said whether it has a vulnerability. */
import type { EdgeKind } from '../edges.ts'
import { containerNode } from '../nodes.ts'
import { containerFact, containerOf } from '../pods/container.ts'
import { hasReport } from './image-cves.ts'

const unreported: EdgeKind = {
  id: 'RCE_UNREPORTED',
  from: ['endpoint'],
  to: ['container'],
  title: 'who reaches a container may take it over, and no report says otherwise',
  preconditions: ['no report is about the image: whether it has a vulnerability is unknown'],
  observable: 'a shell, or another program, from the process that listens',
  attack: ['T1190', 'T1210'],
  cost: 1,
  derive: (cluster, from, emit) => {
    const found = containerOf(cluster, from)
    if (!found || hasReport(cluster, found.pod, found.container)) return
    const { namespace, name, part } = from
    emit(containerNode(namespace, name, part), 'unknown', () => [
      containerFact(found, 'image', `no report is about the image of container ${part}`),
    ])
  },
}

export const unreportedEdges: readonly EdgeKind[] = [unreported]
