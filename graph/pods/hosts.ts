/** What root on a node has, and what the files of a node give to who reads them. */
import type { Cluster } from '../cluster.ts'
import type { Certainty, EdgeKind, Emit, Fact } from '../edges.ts'
import type { GraphNode } from '../nodes.ts'
import {
  clusterAdmin,
  configMapNode,
  hostNode,
  podNode,
  secretNode,
  serviceAccountNode,
  userNode,
} from '../nodes.ts'
import { podsByNode } from '../objects/indices.ts'
import type { Pod } from '../objects/pod.ts'
import type { Index } from '../objects/table.ts'
import { nodeFact, podFact } from './container.ts'
import { tokenOf } from './token.ts'

const runningOn = ({ objects }: Cluster, node: string): readonly Pod[] =>
  [...objects.find(podsByNode, node)].filter(({ isOver }) => !isOver)

const onNode = (pod: Pod): Fact =>
  podFact(pod, 'spec.nodeName', `pod ${pod.namespace}/${pod.name} runs on node ${pod.nodeName}`)

const runsOn: EdgeKind = {
  id: 'NODE_TO_POD',
  from: ['node', 'kubelet'],
  to: ['pod'],
  title: 'root on a node, or orders to its kubelet, control the pods that run on it',
  preconditions: ['the pod is scheduled on the node, and has not ended'],
  observable: undefined,
  attack: ['T1609'],
  cost: 1,
  derive: (cluster, { name }, emit) => {
    for (const pod of runningOn(cluster, name)) {
      emit(podNode(pod.namespace, pod.name), 'certain', () => [onNode(pod)])
    }
  },
}

const tokens: EdgeKind = {
  id: 'NODE_TOKENS',
  from: ['node'],
  to: ['service-account'],
  title: 'a node can ask for a token of every service account whose pods run on it',
  preconditions: [
    'a pod of the service account is scheduled on the node, and has not ended; whether a ' +
      'token is ' +
      'mounted does not matter to the API server',
  ],
  observable: "requests for tokens by the node's own user",
  attack: ['T1528'],
  cost: 1,
  derive: (cluster, { name }, emit) => {
    for (const pod of runningOn(cluster, name)) {
      if (pod.isMirror) continue
      const account = pod.spec.serviceAccount
      emit(serviceAccountNode(pod.namespace, account), 'certain', () => [
        podFact(
          pod,
          'spec.serviceAccountName',
          `pod ${pod.namespace}/${pod.name} of service account ${account} runs on node ${name}`,
        ),
      ])
    }
  },
}

/** Secrets and config maps of a pod: those of its containers, and what it pulls images with. */
const emitReferences = (
  { objects }: Cluster,
  pod: Pod,
  emit: Emit,
  certainty: Certainty,
  withPulls: boolean,
): void => {
  const { namespace, spec } = pod
  for (const { mounts } of spec.containers) {
    for (const { source, at } of mounts) {
      if (source.is !== 'secret' && source.is !== 'configmap') continue
      const make = source.is === 'secret' ? secretNode : configMapNode
      emit(make(namespace, source.name), certainty, () => [
        onNode(pod),
        podFact(pod, at, `the pod refers to ${source.is} ${source.name}`),
      ])
    }
  }
  if (!withPulls) return
  const account = objects.get('ServiceAccount', namespace, spec.serviceAccount)
  for (const secret of [...spec.imagePullSecrets, ...(account?.imagePullSecrets ?? [])]) {
    emit(secretNode(namespace, secret), certainty, () => [
      onNode(pod),
      podFact(pod, 'spec.imagePullSecrets', `images of the pod are pulled with secret ${secret}`),
    ])
  }
}

const secrets: EdgeKind = {
  id: 'NODE_SECRETS',
  from: ['node'],
  to: ['secret', 'configmap'],
  title: 'a node can read every secret and config map that its pods refer to',
  preconditions: ['a pod that refers to it is scheduled on the node, and has not ended'],
  observable: "reads of secrets by the node's own user",
  attack: ['T1552.007'],
  cost: 1,
  derive: (cluster, { name }, emit) => {
    for (const pod of runningOn(cluster, name)) {
      emitReferences(cluster, pod, emit, 'certain', true)
    }
  },
}

const controlPlaneLabels: ReadonlySet<string> = new Set([
  'node-role.kubernetes.io/control-plane',
  'node-role.kubernetes.io/master',
])

export const controlPlaneNodes: Index<'Node'> = {
  kind: 'Node',
  keys: ({ labels }) => (labels.some(([key]) => controlPlaneLabels.has(key)) ? ['control'] : []),
}

/** Why a node is of the control plane; empty: it is none, as far as objects tell. */
const controlPlaneFacts = (cluster: Cluster, name: string): readonly Fact[] => {
  const node = cluster.objects.get('Node', '', name)
  const label = node?.labels.find(([key]) => controlPlaneLabels.has(key))?.[0]
  if (node && label !== undefined) {
    return [nodeFact(node, `metadata.labels[${label}]`, `node ${name} is of the control plane`)]
  }
  return runningOn(cluster, name)
    .filter((pod) => pod.isMirror && /^(?:kube-apiserver|etcd)-/.test(pod.name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, 1)
    .map((pod) =>
      podFact(pod, 'spec.nodeName', `node ${name} runs ${pod.name} of the control plane`),
    )
}

const controlPlane: EdgeKind = {
  id: 'NODE_IS_CP',
  from: ['node'],
  to: ['cluster-admin'],
  title: 'root on a node of the control plane has every right',
  preconditions: [
    'the node has the label of the control plane, or runs a static pod of the API server or ' +
      'of etcd',
  ],
  observable: undefined,
  attack: ['T1078', 'T1552.004'],
  cost: 1,
  derive: (cluster, { name }, emit) => {
    const facts = controlPlaneFacts(cluster, name)
    if (facts.length > 0) emit(clusterAdmin, 'certain', () => facts)
  },
}

const identity: EdgeKind = {
  id: 'NODE_IDENTITY',
  from: ['node'],
  to: ['user'],
  title: 'root on a node has the identity of its kubelet',
  preconditions: ['there is a node of that name'],
  observable: "calls of the API server by the node's user from elsewhere",
  attack: ['T1078.004'],
  cost: 1,
  derive: ({ objects }, { name }, emit) => {
    const node = objects.get('Node', '', name)
    if (!node) return
    emit(userNode(`system:node:${name}`), 'certain', () => [
      nodeFact(node, '', `the kubelet of node ${name} is the user system:node:${name}`),
    ])
  },
}

/** What each sort of files gives. */
const uses: Readonly<Record<string, (cluster: Cluster, from: GraphNode, emit: Emit) => void>> = {
  admin: (cluster, { name }, emit) => {
    const facts = controlPlaneFacts(cluster, name)
    const node = cluster.objects.get('Node', '', name)
    if (facts.length > 0) emit(clusterAdmin, 'certain', () => facts)
    else if (node) {
      const text =
        `/etc/kubernetes of node ${name} has the kubelet's kubeconfig, as kubeadm ` + `puts it`
      emit(userNode(`system:node:${name}`), 'possible', () => [nodeFact(node, '', text)])
    }
  },
  etcd: (cluster, { name }, emit) => {
    const facts = controlPlaneFacts(cluster, name)
    if (facts.length > 0) emit(clusterAdmin, 'certain', () => facts)
  },
  kubelet: (cluster, { name }, emit) => {
    const node = cluster.objects.get('Node', '', name)
    if (!node) return
    const text = `the kubelet of node ${name} keeps its certificate among its files`
    emit(userNode(`system:node:${name}`), 'certain', () => [nodeFact(node, '', text)])
  },
  pods: (cluster, { name }, emit) => {
    for (const pod of runningOn(cluster, name)) {
      for (const container of pod.spec.containers) {
        const means = tokenOf(cluster, { pod, container })
        if (!means) continue
        const to = serviceAccountNode(pod.namespace, pod.spec.serviceAccount)
        emit(to, means.certainty, () => [onNode(pod), ...means.facts])
      }
      emitReferences(cluster, pod, emit, 'certain', false)
    }
  },
  processes: (cluster, { name }, emit) => {
    for (const pod of runningOn(cluster, name))
      emitReferences(cluster, pod, emit, 'possible', false)
  },
}

const keysOfPeople: ReadonlySet<string> = new Set(['ssh', 'shadow'])

const fileUse: EdgeKind = {
  id: 'CREDENTIAL_USE',
  from: ['credentials'],
  to: ['user', 'service-account', 'secret', 'configmap', 'node', 'cluster-admin'],
  title: 'who reads credentials among the files of a node uses them',
  preconditions: [
    "`kubelet`: the identity of the node's kubelet",
    '`pods`: tokens, secrets and config maps of the pods that run on the node',
    '`admin`, `etcd`: every right, on a node of the control plane; on others ' +
      '`/etc/kubernetes` may have ' +
      "the kubelet's kubeconfig",
    '`processes`: secrets in the environment of processes: possible',
    '`ssh`, `shadow`: the node itself, for who may log in: possible',
    '`cloud`: nothing that the objects tell',
  ],
  observable: undefined,
  attack: ['T1552.001', 'T1552.004'],
  cost: 1,
  derive: (cluster, from, emit) => {
    if (keysOfPeople.has(from.part)) {
      const node = cluster.objects.get('Node', '', from.name)
      if (!node) return
      const text = `keys and passwords on node ${from.name} may be those of who logs in there`
      emit(hostNode(from.name), 'possible', () => [nodeFact(node, '', text)])
    }
    uses[from.part]?.(cluster, from, emit)
  },
}

export const hostEdges: readonly EdgeKind[] = [
  runsOn,
  tokens,
  secrets,
  controlPlane,
  identity,
  fileUse,
]
