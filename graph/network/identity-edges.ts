/** What a place in the network gives: services of the node, roles of the cloud, the API server. */
import { parseAddress } from '@bulwark/schema'
import type { Cluster } from '../cluster.ts'
import type { EdgeKind, Fact } from '../edges.ts'
import { cloudRoleNode, nodeServicesNode } from '../nodes.ts'
import type { ClusterNode, ServiceAccount } from '../objects/basics.ts'
import type { Pod } from '../objects/pod.ts'
import { containerFact, containerOf, podFact } from '../pods/container.ts'
import type { ClusterNetwork } from './cluster-network.ts'
import { clusterNetwork } from './cluster-network.ts'
import type { PodClass } from './pod-classes.ts'
import { hasPort, portNumber } from './ports.ts'

const hostNetwork: EdgeKind = {
  id: 'HOSTNET',
  from: ['container'],
  to: ['node-services'],
  title: "a container in its node's network reaches what listens there for the node alone",
  preconditions: [
    "the pod has `hostNetwork: true`: the node's loopback is its own, and network policies do " +
      'not hold for it',
  ],
  observable: 'connect() to 127.0.0.1 by a container',
  attack: ['T1046'],
  cost: 1,
  derive: (cluster, from, emit) => {
    const found = containerOf(cluster, from)
    if (!found?.pod.spec.hostNetwork || found.pod.nodeName === '') return
    emit(nodeServicesNode(found.pod.nodeName), 'certain', () => [
      podFact(
        found.pod,
        'spec.hostNetwork',
        `the pod is in the network of node ${found.pod.nodeName}`,
        'give the pod a network of its own',
      ),
    ])
  },
}

// --- Roles of clouds -----------------------------------------------------------------------------

const clouds: readonly (readonly [provider: RegExp, name: string])[] = [
  [/^aws:/, 'AWS'],
  [/^gce:/, 'Google Cloud'],
  [/^azure:/, 'Azure'],
  [/^openstack:/, 'OpenStack'],
  [/^digitalocean:/, 'DigitalOcean'],
  [/^alicloud|^[a-z]{2}-[a-z]+-?\d?\.i-/, 'Alibaba Cloud'],
  [/^oci|^ocid1\./, 'Oracle Cloud'],
]

/** Where machines of clouds ask for the role that they have. */
const metadataAddress = '169.254.169.254'
const metadata = parseAddress(metadataAddress)
const metadataPort = portNumber('TCP', 80)

/** Pods get roles of their own service accounts there, and none of the node's. */
const ownMetadata = 'iam.gke.io/gke-metadata-server-enabled'

const nodeFact = ({ name, provider }: ClusterNode, cloud: string): Fact => ({
  text:
    `node ${name} is the machine ${provider} of ${cloud}; whether it has a role, and how far its ` +
    'metadata service answers, is in no object',
  object: { kind: 'Node', namespace: '', name },
  path: 'spec.providerID',
})

const cloudOf = (node: ClusterNode | undefined): string | undefined =>
  node && clouds.find(([provider]) => provider.test(node.provider))?.[1]

const guardsMetadata = (node: ClusterNode): boolean =>
  node.labels.some(([key, value]) => key === ownMetadata && value === 'true')

type MetadataAnswer = 'sure' | 'perhaps' | 'none'

/** Of a class of pods, as long as policies say the same of it. */
const metadataAnswers = new WeakMap<object, MetadataAnswer>()

/** Whether pods of a class get an answer of the metadata service. */
const metadataAnswer = (network: ClusterNetwork, own: PodClass): MetadataAnswer => {
  const state = network.stateOf(own)
  const kept = metadataAnswers.get(state)
  if (kept !== undefined) return kept
  if (metadata === undefined) return 'none'
  const { sure, most } = network.egressTo(own, metadata)
  const open = hasPort(sure, metadataPort) ? 'sure' : 'perhaps'
  const is = hasPort(most, metadataPort) ? open : 'none'
  metadataAnswers.set(state, is)
  return is
}

/** Why a pod gets an answer of its node's metadata service; `undefined`: it gets none. */
const metadataFact = (cluster: Cluster, pod: Pod, node: ClusterNode): Fact | undefined => {
  if (pod.spec.hostNetwork) {
    return podFact(pod, 'spec.hostNetwork', 'the pod is in the network of its node')
  }
  if (guardsMetadata(node)) return undefined
  const network = cluster.state(clusterNetwork)
  const own = network.classes.ofPod(pod.namespace, pod.name)
  if (!own) return undefined
  const answer = metadataAnswer(network, own)
  if (answer === 'none') return undefined
  const certainty = answer === 'sure' ? '' : 'as far as is known, '
  return {
    ...podFact(
      pod,
      '',
      `${certainty}no network policy keeps the pod from ${metadataAddress}`,
      `deny egress to ${metadataAddress}/32`,
    ),
  }
}

const nodeRole: EdgeKind = {
  id: 'NODE_IAM',
  from: ['node', 'container'],
  to: ['cloud-role'],
  title: "who reaches a machine's metadata service has the machine's role in its cloud",
  preconditions: [
    'the node says which machine of which cloud it is',
    'the container is in the network of its node, or no network policy keeps it from ' +
      metadataAddress,
    'the node has no metadata service of its own for pods (GKE)',
    'whether the machine has a role, and the limit of hops, are in no object: it is possible',
  ],
  observable: `connect() to ${metadataAddress}`,
  attack: ['T1552.005'],
  cost: 1,
  derive: (cluster, from, emit) => {
    const found = from.kind === 'container' ? containerOf(cluster, from) : undefined
    if (from.kind === 'container' && !found) return
    const node = cluster.objects.get('Node', '', found ? found.pod.nodeName : from.name)
    const cloud = cloudOf(node)
    if (!node || cloud === undefined) return
    const way = found && metadataFact(cluster, found.pod, node)
    if (found && !way) return
    emit(cloudRoleNode(node.provider), 'possible', () => [
      ...(way ? [way] : []),
      nodeFact(node, cloud),
    ])
  },
}

/** Annotations of service accounts that name a role, and the audience of tokens for it. */
const roleAnnotations: readonly {
  readonly key: string
  readonly cloud: string
  readonly audience: string
}[] = [
  { key: 'eks.amazonaws.com/role-arn', cloud: 'AWS', audience: 'sts.amazonaws.com' },
  { key: 'iam.gke.io/gcp-service-account', cloud: 'Google Cloud', audience: '' },
  {
    key: 'azure.workload.identity/client-id',
    cloud: 'Azure',
    audience: 'api://AzureADTokenExchange',
  },
]

/** Of EKS Pod Identity the association is in the cloud alone. */
const podIdentityAudience = 'pods.eks.amazonaws.com'

const rolesOf = (account: ServiceAccount) =>
  // Most have no annotation of these at all.
  (account.annotations.length === 0 ? [] : roleAnnotations).flatMap((each) => {
    const role = account.annotations.find(([key]) => key === each.key)?.[1]
    return role === undefined || role === '' ? [] : [{ ...each, role }]
  })

type CloudRole = ReturnType<typeof rolesOf>[number]

const roleFact = ({ namespace, name }: ServiceAccount, { key, cloud, role }: CloudRole): Fact => ({
  text: `service account ${name} has the role ${role} of ${cloud}`,
  object: { kind: 'ServiceAccount', namespace, name },
  path: `metadata.annotations[${key}]`,
  fix: `give role ${role} fewer rights`,
})

const accountRole: EdgeKind = {
  id: 'SA_CLOUD',
  from: ['service-account', 'container'],
  to: ['cloud-role'],
  title: 'a service account has a role of a cloud',
  preconditions: [
    'the service account is annotated with the role (EKS, GKE, AKS), or a token for EKS Pod ' +
      'Identity is mounted',
    "a container has a token for the cloud's audience, or on GKE its node's metadata service " +
      'answers for its service account',
    'who holds the service account otherwise must first get such a token: it is possible',
  ],
  observable: "open of the cloud's token, or connect() to the metadata service",
  attack: ['T1078.004', 'T1552.005'],
  cost: 1,
  derive: (cluster, from, emit) => {
    const { objects } = cluster
    if (from.kind === 'service-account') {
      const account = objects.get('ServiceAccount', from.namespace, from.name)
      for (const each of account ? rolesOf(account) : []) {
        emit(cloudRoleNode(each.role), 'possible', () => (account ? [roleFact(account, each)] : []))
      }
      return
    }
    const found = containerOf(cluster, from)
    if (!found) return
    const { pod, container } = found
    const account = objects.get('ServiceAccount', pod.namespace, pod.spec.serviceAccount)
    const tokens = container.mounts.filter(({ source }) => source.is === 'token')
    for (const each of account ? rolesOf(account) : []) {
      const token = tokens.find(
        ({ source }) => source.is === 'token' && source.audience === each.audience,
      )
      const node = objects.get('Node', '', pod.nodeName)
      const isAnswered = each.audience === '' && node !== undefined && guardsMetadata(node)
      if ((each.audience === '' || !token) && !isAnswered) continue
      emit(cloudRoleNode(each.role), 'certain', () => [
        token
          ? podFact(pod, token.at, `container ${container.name} has a token for ${each.cloud}`)
          : podFact(pod, 'spec.serviceAccountName', "the node's metadata service answers for it"),
        ...(account ? [roleFact(account, each)] : []),
      ])
    }
    const identity = tokens.find(
      ({ source }) => source.is === 'token' && source.audience === podIdentityAudience,
    )
    if (!identity) return
    const role = `EKS Pod Identity of ${pod.namespace}/${pod.spec.serviceAccount}`
    emit(cloudRoleNode(role), 'certain', () => [
      containerFact(
        found,
        '',
        `container ${container.name} has a token for EKS Pod Identity; its role is in no object`,
      ),
    ])
  },
}

export const placeEdges: readonly EdgeKind[] = [hostNetwork, nodeRole, accountRole]
