/** What serves a route: which proxies, and where connections to these come in. */
import { selects } from '@bulwark/schema'
import type { Cluster } from '../cluster.ts'
import type { Fact } from '../edges.ts'
import type { Pod } from '../objects/pod.ts'
import type { PodSpec } from '../objects/podspec.ts'
import type { Index } from '../objects/table.ts'
import type { RouteOfKind } from './backends.ts'
import { byName, podsBehind, servicesBefore } from './backends.ts'
import { portFronts } from './pod-fronts.ts'
import type { Front } from './front.ts'
import { frontsOf, isInsideAddress } from './front.ts'
import { namespaceLabels } from './pod-classes.ts'
import type { Backend, Gateway, GatewayRef, IstioGateway, Mark, Route } from './route.ts'
import type { Service } from './service.ts'

/** One way to a proxy that serves a route. */
export interface Server {
  readonly fronts: readonly Front[]
  /** The proxy's pods; `undefined`: it is not in the cluster. */
  readonly pods: readonly Pod[] | undefined
  readonly guard: Fact | undefined
  readonly facts: readonly Fact[]
}

const balancersByAddress: Index<'Service'> = {
  kind: 'Service',
  keys: ({ type, balancerAddresses }) => (type === 'LoadBalancer' ? balancerAddresses : []),
}

const gatewayName = 'gateway.networking.k8s.io/gateway-name'
const servicesByGateway: Index<'Service'> = {
  kind: 'Service',
  keys: ({ namespace, labels }) =>
    labels.flatMap(([key, value]) => (key === gatewayName ? [`${namespace}/${value}`] : [])),
}

export const serverIndices = [balancersByAddress, servicesByGateway] as const

/** Images of proxies, by what they call themselves in classes, or by their product. */
const proxies: readonly (readonly [controller: RegExp, image: RegExp])[] = [
  [/^k8s\.io\/(?:.*ingress-?nginx.*)$/, /(?:ingress-nginx.*controller|ingress-nginx\/controller)$/],
  [/^nginx\.org\/ingress-controller$/, /nginx\/nginx-ingress$|nginx-plus-ingress$/],
  [/traefik/, /(?:^|\/)traefik$/],
  [/haproxy/, /haproxy-ingress$|haproxytech\/kubernetes-ingress$/],
  [/contour/, /(?:^|\/)(?:envoy|contour)$/],
  [/istio/, /(?:^|\/)proxyv2$/],
  [/kong/, /(?:^|\/)kong(?:-gateway)?$/],
  [/^openshift\.io/, /haproxy-router|ose-haproxy-router/],
  [/cilium/, /(?:^|\/)cilium-envoy$/],
]

const imagePath = (image: string): string => image.replace(/@.*$/, '').replace(/:[^:/]*$/, '')

const ofSpec = new WeakMap<PodSpec, readonly string[]>()

/** Places in `proxies` of what a pod runs. */
const proxiesOf = (spec: PodSpec): readonly string[] => {
  let found = ofSpec.get(spec)
  if (!found) {
    const images = spec.containers
      .filter(({ name, role }) => role === 'main' && name !== 'istio-proxy')
      .map(({ image }) => imagePath(image))
    found = proxies.flatMap(([, image], index) =>
      images.some((each) => image.test(each)) ? [String(index)] : [],
    )
    ofSpec.set(spec, found)
  }
  return found
}

export const podsByProxy: Index<'Pod'> = {
  kind: 'Pod',
  keys: ({ spec, isOver }) => (isOver ? [] : proxiesOf(spec)),
}

const routeFact = ({ kind, route }: RouteOfKind, { text, path }: Mark): Fact => ({
  text,
  object: { kind, namespace: route.namespace, name: route.name },
  path,
})

const serviceServer = (cluster: Cluster, service: Service, facts: readonly Fact[]): Server => {
  const pods = podsBehind(cluster, service)
  return { fronts: frontsOf(cluster, service, pods), pods, guard: undefined, facts }
}

/** The services and ports of nodes that lead to some pods. */
const podServers = (
  cluster: Cluster,
  pods: readonly Pod[],
  facts: readonly Fact[],
): readonly Server[] => {
  const services = new Set(pods.flatMap((pod) => servicesBefore(cluster, pod)))
  return [
    ...byName(services).map((service) => serviceServer(cluster, service, facts)),
    ...pods.map((pod) => ({
      fronts: portFronts(cluster, pod).map(({ front }) => front),
      pods: [pod],
      guard: undefined,
      facts,
    })),
  ].filter(({ fronts }) => fronts.length > 0)
}

/** Proxies outside the cluster, by the addresses that the status tells. */
const addressServer = (
  addresses: readonly string[],
  path: string,
  object: Fact['object'],
): readonly Server[] => {
  if (addresses.length === 0) return []
  const isInside = addresses.every(isInsideAddress)
  const text = `it is served at ${addresses.join(', ')}${isInside ? ', which is inside' : ''}`
  const front: Front = {
    level: isInside ? 4 : 6,
    certainty: 'certain',
    isFromNodes: true,
    facts: [{ text, object, path }],
  }
  return [{ fronts: [front], pods: undefined, guard: undefined, facts: [] }]
}

const byAddress = (
  cluster: Cluster,
  addresses: readonly string[],
  facts: readonly Fact[],
): readonly Server[] => {
  const services = new Set<Service>()
  for (const address of addresses) {
    for (const service of cluster.objects.find(balancersByAddress, address)) services.add(service)
  }
  return byName(services).map((service) => serviceServer(cluster, service, facts))
}

const byController = (
  cluster: Cluster,
  controller: string,
  facts: readonly Fact[],
): readonly Server[] => {
  const index = proxies.findIndex(([name]) => name.test(controller))
  const pods = index === -1 ? [] : byName(cluster.objects.find(podsByProxy, String(index)))
  return podServers(cluster, pods, facts)
}

const classServers = (
  cluster: Cluster,
  of: RouteOfKind,
  via: Route['via'] & { readonly is: 'class' },
): readonly Server[] => {
  const { objects } = cluster
  const found =
    via.name === ''
      ? byName(objects.all('IngressClass')).find(({ isDefault }) => isDefault)
      : objects.get('IngressClass', '', via.name)
  const facts: readonly Fact[] = found
    ? [
        {
          text: `class ${found.name} is served by ${found.controller}`,
          object: { kind: 'IngressClass', namespace: '', name: found.name },
          path: 'spec.controller',
        },
      ]
    : []
  const { addresses, namespace, name } = of.route
  const told = byAddress(cluster, addresses, facts)
  if (told.length > 0) return told
  // A class of old is the name of a product by itself.
  const running = byController(cluster, found?.controller ?? `k8s.io/ingress-${via.name}`, facts)
  if (running.length > 0) return running
  const object = { kind: of.kind, namespace, name }
  return addressServer(addresses, 'status.loadBalancer.ingress', object)
}

// --- Gateways ------------------------------------------------------------------------------------

/** Whether a gateway's listeners take a route, and what guards all of those that do. */
const listenersOf = (
  cluster: Cluster,
  gateway: Gateway,
  ref: GatewayRef,
  namespace: string,
): { readonly isTaken: boolean; readonly guard: Fact | undefined } => {
  const taking = gateway.listeners.filter(({ name, from }) => {
    if (ref.listener !== '' && ref.listener !== name) return false
    if (from === 'All') return true
    if (from === 'Same') return gateway.namespace === namespace
    return selects(from, namespaceLabels(cluster, namespace)) !== false
  })
  const guard = taking.every((listener) => listener.guard) ? taking[0]?.guard : undefined
  const object = { kind: 'Gateway', namespace: gateway.namespace, name: gateway.name }
  return {
    isTaken: ref.isAccepted ?? taking.length > 0,
    guard: guard && { ...guard, object },
  }
}

const gatewayServers = (cluster: Cluster, of: RouteOfKind, ref: GatewayRef): readonly Server[] => {
  const gateway = cluster.objects.get('Gateway', ref.namespace, ref.name)
  if (!gateway) return []
  const { isTaken, guard } = listenersOf(cluster, gateway, ref, of.route.namespace)
  if (!isTaken) return []
  const object = { kind: 'Gateway', namespace: gateway.namespace, name: gateway.name }
  const facts = [routeFact(of, { text: `it is a route of gateway ${ref.name}`, path: ref.path })]
  const own = byName(cluster.objects.find(servicesByGateway, `${ref.namespace}/${ref.name}`))
  const servers =
    own.length > 0
      ? own.map((service) => serviceServer(cluster, service, facts))
      : byAddress(cluster, gateway.addresses, facts)
  const found =
    servers.length > 0 ? servers : addressServer(gateway.addresses, 'status.addresses', object)
  return found.map((server) => Object.assign({}, server, { guard }))
}

const hasLabels = (pod: Pod, { selector }: IstioGateway): boolean => {
  const labels = new Map(pod.labels)
  return selector.length > 0 && selector.every(([key, value]) => labels.get(key) === value)
}

const istioServers = (cluster: Cluster, of: RouteOfKind, ref: GatewayRef): readonly Server[] => {
  const gateway = cluster.objects.get('IstioGateway', ref.namespace, ref.name)
  if (!gateway) return []
  const object = { kind: 'IstioGateway', namespace: gateway.namespace, name: gateway.name }
  const guard = gateway.guard && { ...gateway.guard, object }
  const facts = [routeFact(of, { text: `it is a route of gateway ${ref.name}`, path: ref.path })]
  const index = proxies.findIndex(([name]) => name.test('istio'))
  const proxyPods = byName(cluster.objects.find(podsByProxy, String(index)))
  const pods = proxyPods.filter((pod) => hasLabels(pod, gateway))
  return podServers(cluster, pods, facts).map(({ fronts, pods: own, facts: all }) => ({
    fronts,
    pods: own,
    guard,
    facts: all,
  }))
}

/** What serves a route, in order. */
export const serversOf = (cluster: Cluster, of: RouteOfKind): readonly Server[] => {
  const { via } = of.route
  switch (via.is) {
    case 'class':
      return classServers(cluster, of, via)
    case 'controller':
      return byController(cluster, via.controller, [])
    case 'gateways':
      return via.gateways.flatMap((ref) =>
        ref.kind === 'Gateway' ? gatewayServers(cluster, of, ref) : istioServers(cluster, of, ref),
      )
  }
}

const needsGrant: ReadonlySet<string> = new Set([
  'GRPCRoute',
  'HTTPRoute',
  'TCPRoute',
  'TLSRoute',
  'UDPRoute',
])

/** Whether a route may lead to a service of another namespace: its owner must have said so. */
export const isGranted = (
  { objects }: Cluster,
  { kind, route }: RouteOfKind,
  { namespace, service }: Backend,
): boolean =>
  namespace === route.namespace ||
  !needsGrant.has(kind) ||
  [...objects.all('ReferenceGrant')].some(
    (grant) =>
      grant.namespace === namespace &&
      grant.from.some((from) => from.kind === kind && from.namespace === route.namespace) &&
      grant.to.some((name) => name === '' || name === service),
  )
