/** Kinds of objects that say who reaches whom; `objects/kinds.ts` joins them to the others. */
import type { KindSpec } from '../objects/kinds.ts'
import type { Named } from '../objects/metadata.ts'
import type { AdminPolicy, ForeignPolicy, NetworkPolicy } from './policy.ts'
import { readGateway, readGatewayRoute, readReferenceGrant } from './read-gateways.ts'
import { readAdminPolicy, readForeignPolicy, readNetworkPolicy } from './read-policies.ts'
import {
  readHttpProxy,
  readIngress,
  readIngressClass,
  readIngressRoute,
  readIstioGateway,
  readOpenShiftRoute,
  readVirtualService,
} from './read-routes.ts'
import type { Gateway, IngressClass, IstioGateway, ReferenceGrant, Route } from './route.ts'
import type { Endpoints, Service } from './service.ts'
import { readEndpointSlice, readEndpoints, readService } from './service.ts'

export interface NetworkKindMap {
  readonly AdminNetworkPolicy: AdminPolicy
  readonly AuthorizationPolicy: ForeignPolicy
  readonly BaselineAdminNetworkPolicy: AdminPolicy
  readonly CalicoGlobalNetworkPolicy: ForeignPolicy
  readonly CalicoNetworkPolicy: ForeignPolicy
  readonly CiliumClusterwideNetworkPolicy: ForeignPolicy
  readonly CiliumNetworkPolicy: ForeignPolicy
  readonly ClusterNetworkPolicy: ForeignPolicy
  readonly Endpoints: Endpoints
  readonly EndpointSlice: Endpoints
  readonly Gateway: Gateway
  readonly GRPCRoute: Route
  readonly HTTPProxy: Route
  readonly HTTPRoute: Route
  readonly Ingress: Route
  readonly IngressClass: IngressClass
  readonly IngressRoute: Route
  readonly IngressRouteTCP: Route
  readonly IngressRouteUDP: Route
  readonly IstioGateway: IstioGateway
  readonly NetworkPolicy: NetworkPolicy
  readonly OpenShiftRoute: Route
  readonly ReferenceGrant: ReferenceGrant
  readonly Service: Service
  readonly TCPRoute: Route
  readonly TLSRoute: Route
  readonly UDPRoute: Route
  readonly VirtualService: Route
}

type Place = Pick<KindSpec<Named>, 'group' | 'versions' | 'isNamespaced'>

const of = (group: string, ...versions: readonly string[]): Place => ({
  group,
  versions,
  isNamespaced: true,
})
const ofCluster = (group: string, ...versions: readonly string[]): Place => ({
  ...of(group, ...versions),
  isNamespaced: false,
})

const foreign = { read: readForeignPolicy }
const calico = 'crd.projectcalico.org'
const adminGroup = 'policy.networking.k8s.io'
const gatewayGroup = 'gateway.networking.k8s.io'
const istioGroup = 'networking.istio.io'
const istioVersions = ['v1', 'v1beta1', 'v1alpha3'] as const
const traefik = { ...of('traefik.io', 'v1alpha1'), read: readIngressRoute }
const gatewayRoute = (...versions: readonly string[]): KindSpec<Route> => ({
  ...of(gatewayGroup, ...versions),
  read: readGatewayRoute,
})

export const networkKinds: {
  readonly [K in keyof NetworkKindMap]: KindSpec<NetworkKindMap[K]>
} = {
  AdminNetworkPolicy: { ...ofCluster(adminGroup, 'v1alpha1'), read: readAdminPolicy },
  AuthorizationPolicy: { ...of('security.istio.io', 'v1', 'v1beta1'), ...foreign },
  BaselineAdminNetworkPolicy: { ...ofCluster(adminGroup, 'v1alpha1'), read: readAdminPolicy },
  CalicoGlobalNetworkPolicy: {
    ...ofCluster(calico, 'v1'),
    apiKind: 'GlobalNetworkPolicy',
    ...foreign,
  },
  CalicoNetworkPolicy: { ...of(calico, 'v1'), apiKind: 'NetworkPolicy', ...foreign },
  CiliumClusterwideNetworkPolicy: { ...ofCluster('cilium.io', 'v2'), ...foreign },
  CiliumNetworkPolicy: { ...of('cilium.io', 'v2'), ...foreign },
  ClusterNetworkPolicy: { ...ofCluster(adminGroup, 'v1alpha2'), ...foreign },
  Endpoints: { ...of('', 'v1'), read: readEndpoints },
  EndpointSlice: { ...of('discovery.k8s.io', 'v1'), read: readEndpointSlice },
  Gateway: { ...of(gatewayGroup, 'v1', 'v1beta1'), read: readGateway },
  GRPCRoute: gatewayRoute('v1', 'v1alpha2'),
  HTTPProxy: { ...of('projectcontour.io', 'v1'), read: readHttpProxy },
  HTTPRoute: gatewayRoute('v1', 'v1beta1'),
  Ingress: { ...of('networking.k8s.io', 'v1'), read: readIngress },
  IngressClass: { ...ofCluster('networking.k8s.io', 'v1'), read: readIngressClass },
  IngressRoute: traefik,
  IngressRouteTCP: traefik,
  IngressRouteUDP: traefik,
  IstioGateway: {
    ...of(istioGroup, ...istioVersions),
    apiKind: 'Gateway',
    read: readIstioGateway,
  },
  NetworkPolicy: { ...of('networking.k8s.io', 'v1'), read: readNetworkPolicy },
  OpenShiftRoute: {
    ...of('route.openshift.io', 'v1'),
    apiKind: 'Route',
    read: readOpenShiftRoute,
  },
  ReferenceGrant: { ...of(gatewayGroup, 'v1', 'v1beta1', 'v1alpha2'), read: readReferenceGrant },
  Service: { ...of('', 'v1'), read: readService },
  TCPRoute: gatewayRoute('v1', 'v1alpha2'),
  TLSRoute: gatewayRoute('v1', 'v1alpha3', 'v1alpha2'),
  UDPRoute: gatewayRoute('v1', 'v1alpha2'),
  VirtualService: { ...of(istioGroup, ...istioVersions), read: readVirtualService },
}
