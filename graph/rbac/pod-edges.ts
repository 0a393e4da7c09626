/** What rights on pods and on what makes pods lead to. */
import type { Cluster } from '../cluster.ts'
import type { EdgeKind, Fact } from '../edges.ts'
import { hubNode, kubeletNode, singleNode } from '../nodes.ts'
import type { Kind } from '../objects/kinds.ts'
import { admissionOf, guardsOf, labelAdmits } from './admission.ts'
import {
  accountTargets,
  emitHolding,
  factsOf,
  podTargets,
  rightEdge,
  simpleEdge,
  together,
} from './emit.ts'
import { everywhere } from './grants.ts'
import type { Holding } from './rights.ts'
import { held } from './rights.ts'

/** From this version on the API server asks for `create` also where a WebSocket begins with GET. */
const createOnlySince = 35

const exec = rightEdge(
  {
    id: 'CAN_EXEC',
    to: ['pods', 'pod'],
    title: 'who may run commands in pods controls them',
    preconditions: [
      '`create` of `pods/exec` or `pods/attach`, in the namespace of the pod or everywhere, ' +
        'for the ' +
        'pod or for all',
      'or `get` of them, before Kubernetes 1.35; possible where the version is not known',
    ],
    observable: 'audit of `pods/exec`; a process whose parent is outside of the container',
    attack: ['T1609'],
  },
  (power, emit, cluster) => {
    for (const holding of held(power, 'exec')) emitHolding(cluster, podTargets, holding, emit)
    const { minorVersion } = cluster.settings
    if (minorVersion !== undefined && minorVersion >= createOnlySince) return
    const certainty = minorVersion === undefined ? 'possible' : 'certain'
    for (const holding of held(power, 'execByGet')) {
      emitHolding(cluster, podTargets, holding, emit, certainty)
    }
  },
)

const ephemeral = simpleEdge(
  {
    id: 'CAN_EPHEMERAL',
    to: ['pods', 'pod'],
    title: 'who may add a container to a running pod controls it',
    preconditions: ['`patch` or `update` of `pods/ephemeralcontainers`'],
    observable: 'audit of `pods/ephemeralcontainers`; a container that no spec had before',
    attack: ['T1609', 'T1610'],
  },
  'ephemeral',
  podTargets,
)

const updatePod = simpleEdge(
  {
    id: 'UPDATE_POD',
    to: ['pods', 'pod'],
    title: 'who may change a pod gives it another image',
    preconditions: ['`patch` or `update` of `pods`: images are what may be changed of a pod'],
    observable: 'audit of the change; the container starts again with another image',
    attack: ['T1610', 'T1525'],
  },
  'patchPods',
  podTargets,
)

const nodeProxy = rightEdge(
  {
    id: 'CAN_NODE_PROXY',
    to: ['pods', 'kubelet'],
    title: "who may talk to kubelets runs commands in their nodes' pods",
    preconditions: [
      '`get` or `create` of `nodes/proxy`, for the node or for all; `nodes/metrics`, ' +
        '`nodes/log`, ' +
        '`nodes/stats`, `nodes/pods`, `nodes/configz` and `nodes/healthz` do not give it',
    ],
    observable: 'audit of `nodes/proxy`; a process from outside without an audit of `pods/exec`',
    attack: ['T1609'],
  },
  (power, emit, { objects }) => {
    for (const { names, facts } of held(power, 'nodeProxy')) {
      if (names === undefined) emit(hubNode('pods', everywhere), 'certain', facts)
      for (const name of names ?? []) {
        if (objects.get('Node', '', name)) emit(kubeletNode(name), 'certain', facts)
      }
    }
  },
)

const createPod = rightEdge(
  {
    id: 'CREATE_POD',
    to: ['pod-creation'],
    title: 'who may make pods, or what makes them, chooses what they are',
    preconditions: [
      '`create` of pods, deployments, daemonsets, statefulsets, replicasets, jobs, cronjobs or ' +
        'replicationcontrollers, each of its own API group, in a namespace or everywhere',
      'or of workflows, task runs and the like of Argo, Tekton and Knative: possible, as ' +
        'they need ' +
        'their controller',
    ],
    observable: 'audit of the creation; a new pod',
    attack: ['T1610'],
  },
  (power, emit) => {
    for (const { scope, facts } of held(power, 'createPods')) {
      emit(hubNode('pod-creation', scope), 'certain', facts)
    }
    for (const { scope, facts } of held(power, 'createCustom')) {
      emit(hubNode('pod-creation', scope), 'possible', facts)
    }
  },
)

/** Kinds with templates, by the names of their resources. */
const workloadKinds: Readonly<Record<string, Kind>> = {
  deployments: 'Deployment',
  daemonsets: 'DaemonSet',
  statefulsets: 'StatefulSet',
  replicasets: 'ReplicaSet',
  jobs: 'Job',
  cronjobs: 'CronJob',
  replicationcontrollers: 'ReplicationController',
}

/** Jobs refuse another template. */
const isChangeable = (resource: string): boolean => resource !== 'jobs'

/** Namespaces with a workload whose template somebody may change. */
const changeable = ({ objects }: Cluster, holding: Holding): ReadonlySet<string> => {
  const namespaces = new Set<string>()
  for (const resource of holding.resources.filter(isChangeable)) {
    const kind = workloadKinds[resource]
    if (!kind) continue
    for (const { namespace, name } of objects.all(kind)) {
      if (holding.scope !== everywhere && namespace !== holding.scope) continue
      if (holding.names === undefined || holding.names.includes(name)) namespaces.add(namespace)
    }
  }
  return namespaces
}

const updateWorkload = rightEdge(
  {
    id: 'UPDATE_WORKLOAD',
    to: ['pod-creation'],
    title: 'who may change the template of a workload chooses what its pods are',
    preconditions: [
      '`patch` or `update` of a kind of workload, other than jobs',
      'there is such a workload in the namespace',
    ],
    observable: 'audit of the change; new pods of the workload',
    attack: ['T1610'],
  },
  (power, emit, cluster) => {
    for (const holding of held(power, 'patchWorkloads')) {
      for (const namespace of changeable(cluster, holding)) {
        emit(hubNode('pod-creation', namespace), 'certain', holding.facts)
      }
    }
  },
)

const creationAccount: EdgeKind = {
  id: 'CREATE_POD_SA',
  from: ['pod-creation'],
  to: ['service-accounts'],
  title: 'who makes pods in a namespace has the rights of all its service accounts',
  preconditions: ['a pod may name any service account of its namespace'],
  observable: 'a new pod with that service account',
  attack: ['T1610', 'T1528'],
  cost: 1,
  derive: (_cluster, { namespace }, emit) => {
    emit(hubNode('service-accounts', namespace), 'certain', () => [])
  },
}

const creationSecret: EdgeKind = {
  id: 'CREATE_POD_SECRET',
  from: ['pod-creation'],
  to: ['secrets'],
  title: 'who makes pods in a namespace reads all its secrets',
  preconditions: ['a pod may mount any secret of its namespace'],
  observable: 'a new pod with that secret',
  attack: ['T1610', 'T1552.007'],
  cost: 1,
  derive: (_cluster, { namespace }, emit) => {
    emit(hubNode('secrets', namespace), 'certain', () => [])
  },
}

const creationNode: EdgeKind = {
  id: 'CREATE_POD_NODE',
  from: ['pod-creation'],
  to: ['nodes'],
  title: 'who may make privileged pods has the nodes',
  preconditions: [
    'admission lets privileged pods into the namespace: its label ' +
      '`pod-security.kubernetes.io/enforce` is `privileged` or missing (the default for ' +
      'namespaces ' +
      'without it is not in the objects, and is taken to be the usual one: privileged)',
    'no policy of Kyverno, Gatekeeper or of the API server that is about this denies it; ' +
      'where one ' +
      'may, whether it does is unknown',
  ],
  observable: 'a new privileged pod, or one with a volume of the node',
  attack: ['T1610', 'T1611'],
  cost: 1,
  derive: (cluster, { namespace }, emit) => {
    if (namespace === everywhere) return
    const admission = admissionOf(cluster, namespace)
    if (admission.certainty === 'never') return
    const { facts } = admission
    emit(singleNode('nodes'), admission.certainty, () => facts)
  },
}

const relabel = rightEdge(
  {
    id: 'PSA_BYPASS',
    to: ['nodes'],
    title: 'who may make pods in a namespace and change its labels lets privileged pods in',
    preconditions: [
      '`create` of pods or of workloads in the namespace',
      '`patch` or `update` of the namespace, which also a RoleBinding in it gives',
    ],
    observable: 'audit of a change of `pod-security.kubernetes.io/enforce`',
    attack: ['T1562', 'T1610', 'T1611'],
  },
  (power, emit, cluster) => {
    for (const { a, b, scope } of together(power, 'createPods', 'patchNamespaces')) {
      const names = b.names ?? (scope === everywhere ? undefined : [scope])
      const some = names?.filter((name) => scope === everywhere || name === scope)
      if (some?.length === 0) continue
      const isThere = some === undefined || some.some((name) => isNamespace(cluster, name))
      if (isThere) emit(singleNode('nodes'), 'certain', factsOf(a, b))
    }
  },
)

const isNamespace = ({ objects }: Cluster, name: string): boolean =>
  objects.get('Namespace', '', name) !== undefined

const unguard = rightEdge(
  {
    id: 'ADMISSION_OFF',
    to: ['nodes'],
    title: 'who may make pods and switch off what denies them has the nodes',
    preconditions: [
      '`create` of pods or of workloads in a namespace whose own label lets privileged pods in',
      'a policy or a webhook for admission that may deny them',
      '`delete`, `patch` or `update` of that policy or webhook',
    ],
    observable: 'audit of the change of the policy or webhook',
    attack: ['T1562', 'T1610', 'T1611'],
  },
  (power, emit, cluster) => {
    const off = held(power, 'unguard')
    if (off.length === 0) return
    for (const create of held(power, 'createPods')) {
      for (const { name } of cluster.objects.all('Namespace')) {
        if (create.scope !== everywhere && create.scope !== name) continue
        const guards = labelAdmits(cluster, name) ? guardsOf(cluster, name) : []
        if (guards.length === 0) continue
        const keys = guards.map(({ guard }) =>
          off.find(
            ({ resources, names }) =>
              resources.includes(guard.resource) && names?.includes(guard.name) !== false,
          ),
        )
        const missing = keys.some((key) => key === undefined)
        if (missing) continue
        const needed = keys.filter((key) => key !== undefined)
        const facts: readonly Fact[] = guards.map(({ fact }) => fact)
        emit(singleNode('nodes'), 'certain', () => [...factsOf(create, ...needed)(), ...facts])
      }
    }
  },
)

const volumes = rightEdge(
  {
    id: 'PV_HOSTPATH',
    to: ['nodes'],
    title: "who may make volumes and pods mounts any folder of a node, past admission's eyes",
    preconditions: [
      '`create` of `persistentvolumes`, whose folders admission of pods does not see',
      '`create` of pods or of workloads in a namespace',
      '`create` of `persistentvolumeclaims` there; otherwise it takes a claim that waits: possible',
    ],
    observable: 'audit of a new volume with `hostPath` or `local`',
    attack: ['T1610', 'T1611'],
  },
  (power, emit) => {
    for (const { a, b, scope } of together(power, 'createVolumes', 'createPods')) {
      const claims = held(power, 'createClaims')
      const claim = claims.find((each) => each.scope === everywhere || each.scope === scope)
      if (claim) emit(singleNode('nodes'), 'certain', factsOf(a, b, claim))
      else emit(singleNode('nodes'), 'possible', factsOf(a, b))
    }
  },
)

const tokenRequest = simpleEdge(
  {
    id: 'TOKEN_REQUEST',
    to: ['service-accounts', 'service-account'],
    title: 'who may ask for tokens of service accounts has their rights',
    preconditions: ['`create` of `serviceaccounts/token`, for the service account or for all'],
    observable: 'audit of the request, with the id of what was issued',
    attack: ['T1528', 'T1098.001'],
  },
  'requestTokens',
  accountTargets,
)

export const podRightEdges: readonly EdgeKind[] = [
  exec,
  ephemeral,
  updatePod,
  nodeProxy,
  createPod,
  updateWorkload,
  creationAccount,
  creationSecret,
  creationNode,
  relabel,
  unguard,
  volumes,
  tokenRequest,
]
