/** Which pods stand behind a service, and which services before a pod. */
import type { Cluster } from '../cluster.ts'
import { podsByNamespace } from '../objects/indices.ts'
import type { Kind } from '../objects/kinds.ts'
import type { Named } from '../objects/metadata.ts'
import type { Pod } from '../objects/pod.ts'
import type { Index } from '../objects/table.ts'
import type { PortSet } from './ports.ts'
import { isProtocol, noPorts, portMax, portRange, union } from './ports.ts'
import type { Route } from './route.ts'
import type { Endpoints, Service, ServicePort } from './service.ts'

const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`

const ofService = ({ namespace, service }: Endpoints): readonly string[] =>
  service === '' ? [] : [keyOf(namespace, service)]
const slicesByService: Index<'EndpointSlice'> = { kind: 'EndpointSlice', keys: ofService }
const endpointsByService: Index<'Endpoints'> = { kind: 'Endpoints', keys: ofService }

/** By name of the pod, and by address where no pod is named. */
const ofPod = ({ namespace, endpoints }: Endpoints): readonly string[] => [
  ...new Set(
    endpoints.flatMap(({ pod, addresses }) => (pod === '' ? addresses : [keyOf(namespace, pod)])),
  ),
]
const slicesByPod: Index<'EndpointSlice'> = { kind: 'EndpointSlice', keys: ofPod }
const endpointsByPod: Index<'Endpoints'> = { kind: 'Endpoints', keys: ofPod }

const podsByAddress: Index<'Pod'> = {
  kind: 'Pod',
  keys: ({ addresses, spec }) => (spec.hostNetwork ? [] : addresses),
}

const servicesByNamespace: Index<'Service'> = {
  kind: 'Service',
  keys: ({ namespace }) => [namespace],
}

export const backendIndices = [
  endpointsByPod,
  endpointsByService,
  podsByAddress,
  servicesByNamespace,
  slicesByPod,
  slicesByService,
] as const

export const byName = <Value extends Named>(values: Iterable<Value>): readonly Value[] =>
  [...values].toSorted((a, b) => (keyOf(a.namespace, a.name) < keyOf(b.namespace, b.name) ? -1 : 1))

/** Slices of a service, or, where there are none, its Endpoints object. */
const endpointsOf = ({ objects }: Cluster, namespace: string, name: string) => {
  const slices = objects.find(slicesByService, keyOf(namespace, name))
  return slices.size > 0 ? slices : objects.find(endpointsByService, keyOf(namespace, name))
}

/** @param labels  the pod's, by key */
const selectsPod = (
  { selector, namespace }: Service,
  pod: Pod,
  labels: ReadonlyMap<string, string> = new Map(pod.labels),
): boolean =>
  selector !== undefined &&
  namespace === pod.namespace &&
  !pod.isOver &&
  selector.every(([key, value]) => labels.get(key) === value)

/** Pods behind a service, by name. Where no slice tells of them its selector does. */
export const podsBehind = (cluster: Cluster, service: Service): readonly Pod[] => {
  const { objects } = cluster
  if (service.type === 'ExternalName') return []
  const told = endpointsOf(cluster, service.namespace, service.name)
  if (told.size === 0) {
    const pods = [...objects.find(podsByNamespace, service.namespace)]
    return byName(pods.filter((pod) => selectsPod(service, pod)))
  }
  const pods = new Set<Pod>()
  for (const { namespace, endpoints } of told) {
    for (const { pod, addresses } of endpoints) {
      const named = pod === '' ? undefined : objects.get('Pod', namespace, pod)
      if (named) pods.add(named)
      if (pod !== '') continue
      for (const address of addresses) {
        for (const each of objects.find(podsByAddress, address)) pods.add(each)
      }
    }
  }
  return byName([...pods].filter(({ isOver }) => !isOver))
}

/** Services before a pod, by name. */
export const servicesBefore = (cluster: Cluster, pod: Pod): readonly Service[] => {
  const { objects } = cluster
  const found = new Set<Service>()
  if (pod.isOver) return []
  const add = (endpoints: Iterable<Endpoints>): void => {
    for (const { namespace, service } of endpoints) {
      const of = objects.get('Service', namespace, service)
      if (of && of.type !== 'ExternalName') found.add(of)
    }
  }
  const keys = [keyOf(pod.namespace, pod.name), ...(pod.spec.hostNetwork ? [] : pod.addresses)]
  for (const key of keys) {
    add(objects.find(slicesByPod, key))
    for (const each of objects.find(endpointsByPod, key)) {
      const slices = objects.find(slicesByService, keyOf(each.namespace, each.service))
      if (slices.size === 0) add([each])
    }
  }
  const labels = new Map(pod.labels)
  for (const service of objects.find(servicesByNamespace, pod.namespace)) {
    if (service.type === 'ExternalName' || !selectsPod(service, pod, labels)) continue
    if (endpointsOf(cluster, service.namespace, service.name).size === 0) found.add(service)
  }
  return byName(found)
}

/** The pod's port that one of a service's leads to; a name that no container has: none. */
const targetOf = ({ target, protocol }: ServicePort, pod: Pod): PortSet => {
  if (typeof target === 'number') {
    return target >= 1 && target <= portMax ? portRange(protocol, target, target) : noPorts
  }
  return pod.spec.containers
    .flatMap(({ ports }) => ports)
    .filter((port) => port.name === target && port.protocol === protocol)
    .reduce<PortSet>((set, { number }) => union(set, portRange(protocol, number, number)), noPorts)
}

/** Ports of a pod that a service leads to; of `only` when it is given, by number or name. */
export const portsBehind = (
  { objects }: Cluster,
  service: Service,
  pod: Pod,
  only: number | string | undefined,
): PortSet => {
  const ports = service.ports.filter(
    ({ name, port }) => only === undefined || only === port || only === name,
  )
  if (service.selector !== undefined) {
    return ports.reduce<PortSet>((set, port) => union(set, targetOf(port, pod)), noPorts)
  }
  // Nobody resolves names for a service without selector: its slices have the numbers.
  const names = new Set(ports.map(({ name }) => name))
  return [...objects.find(slicesByService, keyOf(service.namespace, service.name))]
    .flatMap((slice) => slice.ports)
    .filter(({ name }) => names.has(name))
    .reduce<PortSet>((set, { protocol, port }) => union(set, portRange(protocol, port, port)), [])
}

/** Which containers take connections to ports: those that declare one, else every one may. */
export const declaredPorts = (pod: Pod, container: string): PortSet =>
  pod.spec.containers
    .filter(({ name }) => name === container)
    .flatMap(({ ports }) => ports)
    .reduce<PortSet>(
      (set, { protocol, number }) =>
        isProtocol(protocol) ? union(set, portRange(protocol, number, number)) : set,
      noPorts,
    )

// --- Routes --------------------------------------------------------------------------------------

export const routeKinds = [
  'GRPCRoute',
  'HTTPProxy',
  'HTTPRoute',
  'Ingress',
  'IngressRoute',
  'IngressRouteTCP',
  'IngressRouteUDP',
  'OpenShiftRoute',
  'TCPRoute',
  'TLSRoute',
  'UDPRoute',
  'VirtualService',
] as const satisfies readonly Kind[]

export type RouteKind = (typeof routeKinds)[number]

const toServices = ({ backends }: Route): readonly string[] => [
  ...new Set(backends.map(({ namespace, service }) => keyOf(namespace, service))),
]
export const routesByService = routeKinds.map((kind) => ({ kind, keys: toServices }))

export interface RouteOfKind {
  readonly kind: RouteKind
  readonly route: Route
}

/** Routes with a backend that is the service, by kind and name. */
export const routesTo = ({ objects }: Cluster, service: Named): readonly RouteOfKind[] =>
  routesByService.flatMap((index) =>
    byName(objects.find<RouteKind>(index, keyOf(service.namespace, service.name))).map((route) => ({
      kind: index.kind,
      route,
    })),
  )
