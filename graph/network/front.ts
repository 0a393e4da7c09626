/** Where connections from outside come in: load balancers, ports of nodes, external addresses. */
import type { Cluster } from '../cluster.ts'
import type { Certainty, Fact } from '../edges.ts'
import type { Pod } from '../objects/pod.ts'
import type { Index } from '../objects/table.ts'
import { isPublicText } from './addresses.ts'
import { byName } from './backends.ts'
import type { Service } from './service.ts'

/**
 * How far something is reached from. What is said of a level holds for all below it.
 */
export const exposureLevels = [
  'nothing reaches it',
  'pods reach it',
  'pods reach it through a service',
  'the network of the nodes reaches it',
  'networks inside reach it, through a load balancer or proxy',
  'the internet reaches it, behind something that lets in a few',
  'the internet reaches it',
] as const
export type Level = 0 | 1 | 2 | 3 | 4 | 5 | 6

export interface Front {
  readonly level: Level
  readonly certainty: Certainty
  /** Connections come from addresses of nodes, not from those of clients. */
  readonly isFromNodes: boolean
  readonly facts: readonly Fact[]
}

const outerAddress = 'ExternalIP'

/** Nodes with an address of the internet. */
export const outerNodes: Index<'Node'> = {
  kind: 'Node',
  keys: ({ addresses }) =>
    addresses.some(({ type, address }) => type === outerAddress && isPublicText(address) !== false)
      ? ['outer']
      : [],
}

/** A fact that a node may be reached from the internet: of the first of those that count. */
export const outerNodeFact = (
  { objects }: Cluster,
  nodes: ReadonlySet<string> | undefined,
): Fact | undefined => {
  const node = byName(objects.find(outerNodes, 'outer')).find(
    ({ name }) => nodes === undefined || nodes.has(name),
  )
  const index = node?.addresses.findIndex(({ type }) => type === outerAddress)
  return (
    node && {
      text:
        `node ${node.name} has the address ${node.addresses[index ?? 0]?.address ?? ''} of the ` +
        'internet; whether a firewall stands before it is not known',
      object: { kind: 'Node', namespace: '', name: node.name },
      path: `status.addresses[${index ?? 0}]`,
    }
  )
}

const factOf = ({ namespace, name }: Service, path: string, text: string, fix?: string): Fact => ({
  text,
  object: { kind: 'Service', namespace, name },
  path,
  fix,
})

/** The value of an annotation that makes a load balancer one inside, by its key. */
const insideAnnotations: ReadonlyMap<string, RegExp> = new Map([
  ['service.beta.kubernetes.io/aws-load-balancer-scheme', /^internal$/],
  ['service.beta.kubernetes.io/aws-load-balancer-internal', /^(?:true|0\.0\.0\.0\/0)$/],
  ['networking.gke.io/load-balancer-type', /^internal$/i],
  ['cloud.google.com/load-balancer-type', /^internal$/i],
  ['service.beta.kubernetes.io/azure-load-balancer-internal', /^true$/i],
  ['service.beta.kubernetes.io/oci-load-balancer-internal', /^true$/i],
  ['service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type', /^intranet$/],
  ['service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type', /^private$/],
  ['service.beta.kubernetes.io/openstack-internal-load-balancer', /^true$/],
  ['load-balancer.hetzner.cloud/disable-public-network', /^true$/],
])

const awsScheme = 'service.beta.kubernetes.io/aws-load-balancer-scheme'
const awsType = 'service.beta.kubernetes.io/aws-load-balancer-type'

/** Why a load balancer is reached from inside alone; `undefined`: nothing says so. */
const insideFact = (service: Service): Fact | undefined => {
  const annotations = new Map(service.annotations)
  for (const [key, value] of insideAnnotations) {
    const written = annotations.get(key)
    if (written === undefined || !value.test(written)) continue
    const path = `metadata.annotations[${key}]`
    return factOf(service, path, `its load balancer is inside (${written})`)
  }
  const hasController =
    service.balancerClass === 'service.k8s.aws/nlb' ||
    /^(?:external|nlb-ip)$/.test(annotations.get(awsType) ?? '')
  if (hasController && annotations.get(awsScheme) !== 'internet-facing') {
    return factOf(
      service,
      'metadata.annotations',
      'its load balancer is inside, as the AWS controller makes them when no scheme is given',
    )
  }
  if (service.balancerClass === 'tailscale') {
    return factOf(service, 'spec.loadBalancerClass', 'its load balancer is in a private network')
  }
  const { balancerAddresses: addresses } = service
  if (addresses.length > 0 && addresses.every(isInsideAddress)) {
    const text = `its load balancer has the address ${addresses.join(', ')}, which is inside`
    return factOf(service, 'status.loadBalancer.ingress', text)
  }
  return undefined
}

/** Also names that AWS gives to load balancers that are inside. */
export const isInsideAddress = (address: string): boolean =>
  isPublicText(address) === false || /^internal-.*\.elb\./.test(address)

/** Of source ranges, whether they let in all of the internet, some of it, or none. */
const rangesOf = (ranges: readonly string[]): 'all' | 'some' | 'none' => {
  if (ranges.length === 0 || ranges.some((range) => range.trim().endsWith('/0'))) return 'all'
  return ranges.some((range) => isPublicText(range.trim()) !== false) ? 'some' : 'none'
}

const levelOfRanges = { all: 6, some: 5, none: 4 } as const

const balancerFront = (service: Service): Front => {
  const { balancerAddresses: addresses, sourceRanges } = service
  const isGiven = addresses.length > 0
  const inside = insideFact(service)
  const ranges = rangesOf(sourceRanges)
  const level = inside ? 4 : levelOfRanges[ranges]
  const facts = [
    isGiven
      ? factOf(
          service,
          'status.loadBalancer.ingress',
          `service ${service.name} has a load balancer at ${addresses.join(', ')}`,
          'give it no load balancer, or one that is inside',
        )
      : factOf(service, 'spec.type', 'it asks for a load balancer, and was given none yet'),
    ...(inside ? [inside] : []),
    ...(ranges === 'all' || inside
      ? []
      : [
          factOf(
            service,
            'spec.loadBalancerSourceRanges',
            `its load balancer lets in ${sourceRanges.join(', ')} alone`,
          ),
        ]),
  ]
  const certainty = isGiven ? 'certain' : 'possible'
  return { level, certainty, isFromNodes: !service.isLocal, facts }
}

const nodePortFronts = (cluster: Cluster, service: Service, pods: readonly Pod[]): Front[] => {
  const numbers = service.ports.flatMap(({ nodePort }) => (nodePort === 0 ? [] : [nodePort]))
  const isFromNodes = !service.isLocal
  const fact = factOf(
    service,
    'spec.ports',
    `service ${service.name} is at port ${numbers.join(', ')} of nodes`,
    service.type === 'LoadBalancer'
      ? 'set `allocateLoadBalancerNodePorts: false`'
      : 'use a service of type ClusterIP',
  )
  const nodes = service.isLocal ? new Set(pods.map(({ nodeName }) => nodeName)) : undefined
  const outer = outerNodeFact(cluster, nodes)
  const inner: Front = { level: 3, certainty: 'certain', isFromNodes, facts: [fact] }
  if (!outer) return [inner]
  return [{ level: 6, certainty: 'possible', isFromNodes, facts: [fact, outer] }, inner]
}

const externalFronts = (service: Service): readonly Front[] => {
  const { externalAddresses: addresses } = service
  if (addresses.length === 0) return []
  const outer = addresses.filter((address) => isPublicText(address) !== false)
  const fact = factOf(
    service,
    'spec.externalIPs',
    `nodes take connections to ${addresses.join(', ')} for it`,
    'remove `externalIPs`',
  )
  const inner: Front = { level: 3, certainty: 'certain', isFromNodes: true, facts: [fact] }
  return outer.length === 0 ? [inner] : [{ ...inner, level: 6, certainty: 'possible' }, inner]
}

/** Where connections to a service come in, beside those that pods make. */
export const frontsOf = (
  cluster: Cluster,
  service: Service,
  pods: readonly Pod[],
): readonly Front[] => {
  const isBalanced = service.type === 'LoadBalancer'
  const hasNodePort =
    service.type === 'NodePort' ||
    (isBalanced &&
      service.allocatesNodePorts &&
      service.ports.some(({ nodePort }) => nodePort !== 0))
  return [
    ...(isBalanced ? [balancerFront(service)] : []),
    ...(hasNodePort ? nodePortFronts(cluster, service, pods) : []),
    ...externalFronts(service),
  ]
}
