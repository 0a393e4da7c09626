/** Connections through the API server: they come from it, wherever who asks for them is. */
import type { Cluster } from '../cluster.ts'
import type { EdgeKind, Emit } from '../edges.ts'
import { endpointNode, hubNode } from '../nodes.ts'
import { podsByName, podsByNamespace } from '../objects/indices.ts'
import type { Pod } from '../objects/pod.ts'
import type { Index } from '../objects/table.ts'
import { rightEdge } from '../rbac/emit.ts'
import { everywhere } from '../rbac/grants.ts'
import type { Holding } from '../rbac/rights.ts'
import { held } from '../rbac/rights.ts'
import { podsBehind } from './backends.ts'

export const servicesByName: Index<'Service'> = { kind: 'Service', keys: ({ name }) => [name] }

const emitPod = ({ namespace, name, spec, isOver }: Pod, emit: Emit, { facts }: Holding): void => {
  if (isOver) return
  for (const container of spec.containers) {
    if (container.role !== 'main' && container.role !== 'sidecar') continue
    emit(endpointNode(namespace, name, container.name), 'certain', facts)
  }
}

/** `https:web:8080` is the object `web`. */
const objectOf = (name: string): string => {
  const parts = name.split(':')
  return parts[parts.length === 3 ? 1 : 0] ?? name
}

const isIn = (scope: string, namespace: string): boolean =>
  scope === everywhere || scope === namespace

const emitNamed = ({ objects }: Cluster, name: string, holding: Holding, emit: Emit): void => {
  for (const pod of objects.find(podsByName, name)) {
    if (isIn(holding.scope, pod.namespace)) emitPod(pod, emit, holding)
  }
}

const emitServices = (cluster: Cluster, name: string, holding: Holding, emit: Emit): void => {
  for (const service of cluster.objects.find(servicesByName, name)) {
    if (!isIn(holding.scope, service.namespace)) continue
    for (const pod of podsBehind(cluster, service)) emitPod(pod, emit, holding)
  }
}

const proxy = rightEdge(
  {
    id: 'CAN_PROXY_POD',
    to: ['endpoints', 'endpoint'],
    title: 'who may use the proxy of pods or services connects to them through the API server',
    preconditions: [
      '`get` or `create` of pods/proxy or services/proxy, for the pod or service or for all',
      'network policies seldom hold back the API server',
    ],
    observable: 'audit of pods/proxy, services/proxy',
    attack: ['T1090', 'T1210'],
  },
  (power, emit, cluster) => {
    for (const holding of held(power, 'podProxy')) {
      const { names, scope, resources, facts } = holding
      if (names === undefined) {
        emit(hubNode('endpoints', scope), 'certain', facts)
        continue
      }
      for (const name of names.map(objectOf)) {
        if (resources.includes('pods/proxy')) emitNamed(cluster, name, holding, emit)
        if (resources.includes('services/proxy')) emitServices(cluster, name, holding, emit)
      }
    }
  },
)

const forward = rightEdge(
  {
    id: 'CAN_PORTFORWARD',
    to: ['endpoints', 'endpoint'],
    title: 'who may forward ports connects to pods through their kubelets',
    preconditions: [
      '`create` of pods/portforward, for the pod or for all',
      'connections come from within the pod: network policies do not hold them back',
    ],
    observable: 'audit of pods/portforward',
    attack: ['T1090', 'T1210'],
  },
  (power, emit, cluster) => {
    for (const holding of held(power, 'portForward')) {
      if (holding.names === undefined) {
        emit(hubNode('endpoints', holding.scope), 'certain', holding.facts)
        continue
      }
      for (const name of holding.names) emitNamed(cluster, name, holding, emit)
    }
  },
)

const served: EdgeKind = {
  id: 'SERVES',
  from: ['endpoints'],
  to: ['endpoints', 'endpoint'],
  title: 'connections to every pod are connections to each',
  preconditions: ['the pod is in the namespace, and has not ended'],
  observable: undefined,
  attack: [],
  cost: 0,
  derive: ({ objects }, { namespace }, emit) => {
    if (namespace === everywhere) {
      for (const each of objects.keys(podsByNamespace)) {
        emit(hubNode('endpoints', each), 'certain', () => [
          {
            text: `namespace ${each} has pods`,
            object: { kind: 'Namespace', namespace: '', name: each },
            path: '',
          },
        ])
      }
      return
    }
    for (const pod of objects.find(podsByNamespace, namespace)) {
      const { name } = pod
      const object = { kind: 'Pod', namespace, name }
      const facts = () => [{ text: `pod ${name} is in namespace ${namespace}`, object, path: '' }]
      for (const container of pod.isOver ? [] : pod.spec.containers) {
        if (container.role !== 'main' && container.role !== 'sidecar') continue
        emit(endpointNode(namespace, name, container.name), 'certain', facts)
      }
    }
  },
}

export const proxyEdges: readonly EdgeKind[] = [proxy, forward, served]
