/** What rights on secrets, and on what the whole cluster rests on, lead to. */
import type { EdgeKind } from '../edges.ts'
import { clusterAdmin, hubNode, serviceAccountNode, singleNode } from '../nodes.ts'
import { accountAnnotation } from '../objects/storage.ts'
import { factsOf, rightEdge, secretTargets, simpleEdge, together } from './emit.ts'
import { everywhere } from './grants.ts'
import { held } from './rights.ts'

const readSecret = simpleEdge(
  {
    id: 'READ_SECRET',
    to: ['secrets', 'secret'],
    title: 'who may read secrets has their contents',
    preconditions: [
      '`get`, `list` or `watch` of secrets, for the secret or for all: a list has contents too',
    ],
    observable: 'audit of the read',
    attack: ['T1552.007'],
  },
  'readSecrets',
  secretTargets,
)

const secretToken: EdgeKind = {
  id: 'SECRET_TOKEN',
  from: ['secret'],
  to: ['service-account'],
  title: 'a secret holds a token of a service account, without end',
  preconditions: ['the secret says of which service account its token is'],
  observable: 'calls of the API server with that token',
  attack: ['T1528'],
  cost: 1,
  derive: ({ objects }, { namespace, name }, emit) => {
    const secret = objects.get('Secret', namespace, name)
    const account = secret?.annotations.find(([key]) => key === accountAnnotation)?.[1]
    if (account === undefined || account === '') return
    emit(serviceAccountNode(namespace, account), 'certain', () => [
      {
        text: `secret ${name} holds a token of service account ${account}`,
        object: { kind: 'Secret', namespace, name },
        path: `metadata.annotations[${accountAnnotation}]`,
        fix: `delete secret ${name}, and have tokens requested`,
      },
    ])
  },
}

const tokenSecret = rightEdge(
  {
    id: 'TOKEN_SECRET',
    to: ['service-accounts'],
    title: 'who may make secrets and read them has tokens of all service accounts made for it',
    preconditions: [
      '`create` of secrets in the namespace',
      'reading any secret there, or making pods that mount it',
    ],
    observable: 'audit of a new secret of type `kubernetes.io/service-account-token`',
    attack: ['T1528', 'T1098.001'],
  },
  (power, emit) => {
    for (const reading of ['readSecrets', 'createPods'] as const) {
      for (const { a, b, scope } of together(power, 'createSecrets', reading)) {
        if (b.names !== undefined && reading === 'readSecrets') {
          // One of the names that it may read is the one that it makes.
          emit(hubNode('service-accounts', scope), 'possible', factsOf(a, b))
        } else {
          emit(hubNode('service-accounts', scope), 'certain', factsOf(a, b))
        }
      }
    }
  },
)

const webhook = rightEdge(
  {
    id: 'WEBHOOK',
    to: ['pod-creation'],
    title: 'who may change what is made has a part in every pod that somebody makes',
    preconditions: [
      '`create`, `patch` or `update` of mutatingwebhookconfigurations',
      'somebody makes a pod: possible',
    ],
    observable: 'audit of the change; calls to a new address by the API server',
    attack: ['T1546', 'T1610'],
  },
  (power, emit) => {
    for (const { facts } of held(power, 'mutateObjects')) {
      emit(hubNode('pod-creation', everywhere), 'possible', facts)
    }
  },
)

const scheduling = rightEdge(
  {
    id: 'NODE_MOD',
    to: ['scheduling'],
    title: 'who may change nodes says which pods run where',
    preconditions: [
      '`patch` or `update` of nodes: labels, taints',
      'or `delete` of pods, or `create` of `pods/eviction`: possible, as what takes their place ' +
        'comes to the node of an attacker only where there is one with room',
    ],
    observable: 'audit of the change; pods that move',
    attack: ['T1578'],
  },
  (power, emit) => {
    for (const { facts } of held(power, 'patchNodes')) {
      emit(singleNode('scheduling'), 'certain', facts)
    }
    for (const right of ['deletePods', 'evictPods'] as const) {
      for (const { facts } of held(power, right)) {
        emit(singleNode('scheduling'), 'possible', facts)
      }
    }
  },
)

/** Config maps of `kube-system` that say who is who, or what the control plane does. */
const controlMaps: Readonly<Record<string, string>> = {
  'aws-auth': 'it says which roles of the cloud are which users and groups, `system:masters` too',
  coredns: 'it says which names have which addresses',
  'extension-apiserver-authentication': 'it says whom extensions of the API server believe',
  'kube-proxy': 'it says what runs with which settings on every node',
  'kubeadm-config': 'the next update of the control plane takes it',
}

const configuration = rightEdge(
  {
    id: 'CP_CONFIG',
    to: ['cluster-admin'],
    title: "who may write the control plane's config maps says who has which rights",
    preconditions: [
      '`patch` or `update` of a config map of `kube-system` that is there: `aws-auth`; of ' +
        '`coredns`, ' +
        '`kube-proxy`, `kubeadm-config` and `extension-apiserver-authentication` it is possible',
    ],
    observable: 'audit of the change',
    attack: ['T1098', 'T1556'],
  },
  (power, emit, { objects }) => {
    for (const { scope, names, facts } of held(power, 'writeConfigMaps')) {
      if (scope !== everywhere && scope !== 'kube-system') continue
      for (const [name, what] of Object.entries(controlMaps)) {
        if (names?.includes(name) === false) continue
        if (!objects.get('ConfigMap', 'kube-system', name)) continue
        emit(clusterAdmin, name === 'aws-auth' ? 'certain' : 'possible', () => [
          ...facts(),
          {
            text: `config map ${name}: ${what}`,
            object: { kind: 'ConfigMap', namespace: 'kube-system', name },
            path: 'data',
          },
        ])
      }
    }
  },
)

export const clusterEdges: readonly EdgeKind[] = [
  readSecret,
  secretToken,
  tokenSecret,
  webhook,
  scheduling,
  configuration,
]
