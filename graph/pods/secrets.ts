/** What a container has of credentials: its token, secrets, the other containers of its pod. */
import type { EdgeKind } from '../edges.ts'
import { reachesServer } from '../network/server-reach.ts'
import { containerNode, secretNode, serviceAccountNode } from '../nodes.ts'
import { containerOf, podFact } from './container.ts'
import { tokenOf } from './token.ts'

const token: EdgeKind = {
  id: 'POD_SA',
  from: ['container'],
  to: ['service-account'],
  title: 'a container has a token of its service account',
  preconditions: [
    'a token for the API server is mounted in this container, not only in another one of the pod',
    'of a pod that was not admitted yet: neither pod nor service account says that there is none',
    'no network policy keeps the pod from the API server; whether one does may not be known: ' +
      'possible',
  ],
  observable: 'opening the token; calls of the API server by the service account',
  attack: ['T1528', 'T1078.004'],
  cost: 1,
  derive: (cluster, from, emit) => {
    const found = containerOf(cluster, from)
    const means = found && tokenOf(cluster, found)
    if (!means) return
    const reaches = reachesServer(cluster, found.pod)
    if (reaches === false) return
    const to = serviceAccountNode(from.namespace, found.pod.spec.serviceAccount)
    const doubt = podFact(
      found.pod,
      '',
      'whether network policies let the pod connect to the API server is not known',
    )
    if (reaches) emit(to, means.certainty, () => means.facts)
    else emit(to, 'possible', () => [...means.facts, doubt])
  },
}

const mountedSecret: EdgeKind = {
  id: 'MOUNTED_SECRET',
  from: ['container'],
  to: ['secret'],
  title: 'a container has a secret as a file or as a variable',
  preconditions: [
    'a volume, a projected volume, or a variable of the container takes it from the secret',
  ],
  observable: 'reading the file, or the environment of the process',
  attack: ['T1552.001', 'T1552.007'],
  cost: 1,
  derive: (cluster, from, emit) => {
    const found = containerOf(cluster, from)
    if (!found) return
    const { pod, container } = found
    for (const { source, at, path } of container.mounts) {
      if (source.is !== 'secret') continue
      const how = path === '' ? 'in its environment' : `in ${path}`
      emit(secretNode(pod.namespace, source.name), 'certain', () => [
        podFact(
          pod,
          at,
          `container ${container.name} has secret ${source.name} ${how}`,
          `take secret ${source.name} from container ${container.name}`,
        ),
      ])
    }
  },
}

const sharedProcesses: EdgeKind = {
  id: 'SHARE_PID',
  from: ['container'],
  to: ['container'],
  title: 'a container reaches the others of its pod through `/proc`',
  preconditions: ['the containers of the pod see each other (`shareProcessNamespace`)'],
  observable: "opening another container's files through `/proc/PID/root`",
  attack: ['T1057', 'T1055'],
  cost: 1,
  derive: (cluster, from, emit) => {
    const found = containerOf(cluster, from)
    if (!found?.pod.spec.sharesProcesses) return
    const { pod } = found
    for (const { name } of pod.spec.containers) {
      if (name === from.part) continue
      emit(containerNode(pod.namespace, pod.name, name), 'certain', () => [
        podFact(
          pod,
          'spec.shareProcessNamespace',
          "the pod's containers see each other's processes",
          'run the pod without `shareProcessNamespace`',
        ),
      ])
    }
  },
}

export const containerEdges: readonly EdgeKind[] = [token, mountedSecret, sharedProcesses]
