/** Services and what stands behind them, from their objects. */
import type { Labels } from '@bulwark/schema'
import type { Named, Reading } from '../objects/metadata.ts'
import { readAnnotations } from '../objects/metadata.ts'
import type { Json, Reader } from '../objects/reader.ts'
import { isProtocol } from './ports.ts'
import type { Protocol } from './ports.ts'

export interface ServicePort {
  /** Empty: it has no name; then it is the only one. */
  readonly name: string
  readonly protocol: Protocol
  readonly port: number
  /** A number, or the name that the pod's container gives its port. */
  readonly target: number | string
  /** 0: none. */
  readonly nodePort: number
}

export interface Service extends Named {
  /** `ClusterIP`, `NodePort`, `LoadBalancer`, `ExternalName`. */
  readonly type: string
  /** Labels that its pods have; `undefined`: somebody else says what stands behind it. */
  readonly selector: Labels | undefined
  readonly ports: readonly ServicePort[]
  /** No address of its own: its name stands for the addresses of its pods. */
  readonly isHeadless: boolean
  /** Its own, inside the cluster. */
  readonly addresses: readonly string[]
  readonly externalAddresses: readonly string[]
  /** Only nodes that have a pod of it take connections, and clients' addresses stay. */
  readonly isLocal: boolean
  readonly allocatesNodePorts: boolean
  readonly balancerClass: string
  readonly sourceRanges: readonly string[]
  /** Addresses and names that a load balancer was given. */
  readonly balancerAddresses: readonly string[]
  /** Those that say what kind of load balancer it is. */
  readonly annotations: Labels
}

/** Annotations of services that say whether their load balancer is inside. */
export const balancerAnnotations: ReadonlySet<string> = new Set([
  'service.beta.kubernetes.io/aws-load-balancer-scheme',
  'service.beta.kubernetes.io/aws-load-balancer-internal',
  'service.beta.kubernetes.io/aws-load-balancer-type',
  'networking.gke.io/load-balancer-type',
  'cloud.google.com/load-balancer-type',
  'service.beta.kubernetes.io/azure-load-balancer-internal',
  'service.beta.kubernetes.io/oci-load-balancer-internal',
  'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type',
  'service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type',
  'service.beta.kubernetes.io/openstack-internal-load-balancer',
  'load-balancer.hetzner.cloud/disable-public-network',
])

/** Addresses and names in `status.loadBalancer` and in forms like it. */
export const readBalancer = (
  reader: Reader,
  status: Json | undefined,
  key: string,
  at: string,
  names: readonly string[],
): readonly string[] =>
  reader
    .maps(status, key, at, (item, itemAt) =>
      names.flatMap((name) => reader.name(item, name, itemAt) ?? []),
    )
    .flat()

const readServicePort = (reader: Reader, item: Json, at: string): ServicePort | undefined => {
  const port = reader.whole(item, 'port', at)
  const protocol = reader.name(item, 'protocol', at) ?? 'TCP'
  if (port === undefined || !isProtocol(protocol)) {
    reader.fault(at, 'is no port that is understood: it is left out')
    return undefined
  }
  const { targetPort } = item
  const isTarget = typeof targetPort === 'number' || typeof targetPort === 'string'
  return {
    name: reader.name(item, 'name', at) ?? '',
    protocol,
    port,
    target: isTarget && targetPort !== 0 && targetPort !== '' ? targetPort : port,
    nodePort: reader.whole(item, 'nodePort', at) ?? 0,
  }
}

/** One of each family; before there were two, one. A headless service has none. */
const clusterAddresses = (all: readonly string[], one: string | undefined): readonly string[] => {
  const told = all.length > 0 || one === undefined ? all : [one]
  return told.filter((each) => each !== 'None' && each !== '')
}

export const readService = (json: Json, reading: Reading): Service => {
  const { reader, sharing, names } = reading
  const spec = reader.map(json, 'spec', '')
  const selector = reader.labels(spec, 'selector', 'spec')
  const balancer = reader.map(reader.map(json, 'status', ''), 'loadBalancer', 'status')
  const clusterAddress = reader.name(spec, 'clusterIP', 'spec')
  return {
    ...names,
    type: sharing.text(reader.name(spec, 'type', 'spec') ?? 'ClusterIP'),
    selector: selector.length === 0 ? undefined : sharing.part(selector),
    ports: reader.maps(spec, 'ports', 'spec', (item, at) => readServicePort(reader, item, at)),
    isHeadless: clusterAddress === 'None',
    addresses: clusterAddresses(reader.texts(spec, 'clusterIPs', 'spec'), clusterAddress),
    externalAddresses: reader.texts(spec, 'externalIPs', 'spec'),
    isLocal: reader.name(spec, 'externalTrafficPolicy', 'spec') === 'Local',
    allocatesNodePorts: reader.flag(spec, 'allocateLoadBalancerNodePorts', 'spec') !== false,
    balancerClass: reader.name(spec, 'loadBalancerClass', 'spec') ?? '',
    sourceRanges: reader.texts(spec, 'loadBalancerSourceRanges', 'spec'),
    balancerAddresses: readBalancer(reader, balancer, 'ingress', 'status.loadBalancer', [
      'ip',
      'hostname',
    ]),
    annotations: readAnnotations(json, reading, balancerAnnotations),
  }
}

/** A place behind a service. */
export interface Endpoint {
  readonly addresses: readonly string[]
  /** The pod; empty: none is named. */
  readonly pod: string
  /** `false`: it takes no connections now. */
  readonly isServing: boolean
}

/** An EndpointSlice, or an Endpoints object: what stands behind one service. */
export interface Endpoints extends Named {
  /** Name of the service in its namespace; empty: of none. */
  readonly service: string
  readonly endpoints: readonly Endpoint[]
  readonly ports: readonly {
    readonly name: string
    readonly protocol: Protocol
    readonly port: number
  }[]
}

const readEndpointPorts = (reader: Reader, from: Json, at: string): Endpoints['ports'] =>
  reader.maps(from, 'ports', at, (item, itemAt) => {
    const port = reader.whole(item, 'port', itemAt)
    const protocol = reader.name(item, 'protocol', itemAt) ?? 'TCP'
    if (port === undefined || !isProtocol(protocol)) return undefined
    return { name: reader.name(item, 'name', itemAt) ?? '', protocol, port }
  })

const podOf = (reader: Reader, item: Json, at: string): string => {
  const target = reader.map(item, 'targetRef', at)
  return target?.['kind'] === 'Pod' ? (reader.name(target, 'name', `${at}.targetRef`) ?? '') : ''
}

export const readEndpointSlice = (json: Json, { reader, sharing, names }: Reading): Endpoints => ({
  ...names,
  service: names.labels.find(([key]) => key === 'kubernetes.io/service-name')?.[1] ?? '',
  endpoints: reader.maps(json, 'endpoints', '', (item, at): Endpoint => {
    const conditions = reader.map(item, 'conditions', at)
    const path = `${at}.conditions`
    const isReady = reader.flag(conditions, 'ready', path)
    return {
      addresses: reader.texts(item, 'addresses', at),
      pod: podOf(reader, item, at),
      isServing: reader.flag(conditions, 'serving', path) ?? isReady ?? true,
    }
  }),
  ports: sharing.part(readEndpointPorts(reader, json, '')),
})

export const readEndpoints = (json: Json, { reader, names }: Reading): Endpoints => {
  const endpoints: Endpoint[] = []
  const ports = reader.maps(json, 'subsets', '', (subset, at) => {
    for (const key of ['addresses', 'notReadyAddresses'] as const) {
      reader.maps(subset, key, at, (item, itemAt) => {
        const addresses = [reader.name(item, 'ip', itemAt)].filter((ip) => ip !== undefined)
        const isServing = key === 'addresses'
        endpoints.push({ addresses, pod: podOf(reader, item, itemAt), isServing })
        return undefined
      })
    }
    return readEndpointPorts(reader, subset, at)
  })
  return { ...names, service: names.name, endpoints, ports: ports.flat() }
}
