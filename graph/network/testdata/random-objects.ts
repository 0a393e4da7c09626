/** Random services, routes and policies over the few names of the graph's other random objects. */
import * as fc from 'fast-check'

const namespace = fc.constantFrom('a', 'b')
const name = fc.constantFrom('x', 'y')
const inNamespace = fc.record({ name, namespace })
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined, freq: 2 })

/** Labels that pods have, and that selectors here read. */
export const podLabels = fc.constantFrom({}, { app: 'x' }, { app: 'y' })
export const podAddresses = fc.constantFrom([], [{ ip: '10.0.0.1' }], [{ ip: '10.0.1.1' }])
export const podPorts = fc.constantFrom(
  undefined,
  [{ name: 'http', containerPort: 80 }],
  [{ name: 'http', containerPort: 81, hostPort: 80 }],
)
export const images = fc.constantFrom(
  undefined,
  'calico/node',
  'cloudflare/cloudflared',
  'ingress-nginx/controller',
)

const selector = fc.constantFrom(
  {},
  { matchLabels: { app: 'x' } },
  { matchExpressions: [{ key: 'app', operator: 'Exists' }] },
)
const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector, podSelector: selector }),
  fc.record({ ipBlock: fc.record({ cidr: fc.constantFrom('10.0.0.0/24', '0.0.0.0/0') }) }),
)
const ports = maybe(fc.constantFrom([{ port: 80 }], [{ port: 'http' }], [{ protocol: 'UDP' }]))
const rules = (key: string): fc.Arbitrary<unknown> =>
  maybe(
    fc.array(fc.record({ [key]: maybe(fc.array(peer, { maxLength: 2 })), ports }), {
      maxLength: 2,
    }),
  )

const backend = fc.record({
  service: fc.record({ name, port: fc.constantFrom({ number: 80 }, { name: 'http' }) }),
})
const addresses = fc.constantFrom([], [{ ip: '203.0.113.7' }], [{ ip: '10.9.9.9' }])
const scope = fc.constantFrom(
  { namespaces: {} },
  { pods: { podSelector: { matchLabels: { app: 'x' } } } },
)

interface Shape {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

const of = (
  apiVersion: string,
  kind: string,
  metadata: fc.Arbitrary<Shape['metadata']>,
  body: Record<string, fc.Arbitrary<unknown>>,
): fc.Arbitrary<Shape> =>
  fc.record({ apiVersion: fc.constant(apiVersion), kind: fc.constant(kind), metadata, ...body })

const service = of('v1', 'Service', inNamespace, {
  spec: fc.record({
    type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
    clusterIP: fc.constantFrom('None', '10.96.0.1'),
    externalTrafficPolicy: fc.constantFrom('Local', 'Cluster'),
    externalIPs: fc.constantFrom([], ['203.0.113.9']),
    selector: fc.constantFrom(undefined, { app: 'x' }, { app: 'y' }),
    ports: fc.constant([{ name: 'http', port: 80, targetPort: 'http', nodePort: 30080 }]),
  }),
  status: fc.record({ loadBalancer: fc.record({ ingress: addresses }) }),
})

const slice = of(
  'discovery.k8s.io/v1',
  'EndpointSlice',
  fc.record({
    name,
    namespace,
    labels: name.map((each) => ({ 'kubernetes.io/service-name': each })),
  }),
  {
    endpoints: fc.array(
      fc.oneof(
        fc.record({ targetRef: fc.record({ kind: fc.constant('Pod'), name }) }),
        fc.record({ addresses: fc.constantFrom(['10.0.0.1'], ['10.0.1.1']) }),
      ),
      { maxLength: 2 },
    ),
    ports: fc.constant([{ name: 'http', port: 80 }]),
  },
)

const ingress = of('networking.k8s.io/v1', 'Ingress', inNamespace, {
  spec: fc.record({ ingressClassName: maybe(name), defaultBackend: backend }),
  status: maybe(fc.record({ loadBalancer: fc.record({ ingress: addresses }) })),
})

const gatewayApi = 'gateway.networking.k8s.io/v1'

export const networkObjects: fc.Arbitrary<Shape> = fc.oneof(
  { weight: 4, arbitrary: service },
  { weight: 2, arbitrary: slice },
  { weight: 2, arbitrary: ingress },
  {
    weight: 4,
    arbitrary: of('networking.k8s.io/v1', 'NetworkPolicy', inNamespace, {
      spec: fc.record({
        podSelector: selector,
        policyTypes: maybe(fc.constantFrom(['Ingress'], ['Egress'], ['Ingress', 'Egress'])),
        ingress: rules('from'),
        egress: rules('to'),
      }),
    }),
  },
  of('networking.k8s.io/v1', 'IngressClass', fc.record({ name }), {
    spec: fc.constant({ controller: 'k8s.io/ingress-nginx' }),
  }),
  of('policy.networking.k8s.io/v1alpha1', 'AdminNetworkPolicy', fc.record({ name }), {
    spec: fc.record({
      priority: fc.constantFrom(1, 2),
      subject: scope,
      ingress: fc.array(
        fc.record({ action: fc.constantFrom('Allow', 'Deny', 'Pass'), from: fc.tuple(scope) }),
        { maxLength: 1 },
      ),
    }),
  }),
  of('cilium.io/v2', 'CiliumNetworkPolicy', inNamespace, { spec: fc.constant({}) }),
  of(gatewayApi, 'Gateway', inNamespace, {
    spec: fc.record({
      listeners: fc.constantFrom(
        [{ name: 'web' }],
        [{ name: 'web', allowedRoutes: { namespaces: { from: 'All' } } }],
      ),
    }),
    status: fc.constant({ addresses: [{ value: '203.0.113.8' }] }),
  }),
  of(gatewayApi, 'HTTPRoute', inNamespace, {
    spec: fc.record({
      parentRefs: fc.tuple(fc.record({ name, namespace })),
      rules: fc.tuple(fc.record({ backendRefs: fc.tuple(fc.record({ name, namespace })) })),
    }),
  }),
  of('gateway.networking.k8s.io/v1beta1', 'ReferenceGrant', inNamespace, {
    spec: fc.record({
      from: fc.tuple(fc.record({ kind: fc.constant('HTTPRoute'), namespace })),
      to: fc.constant([{ kind: 'Service' }]),
    }),
  }),
  of('projectcontour.io/v1', 'HTTPProxy', inNamespace, {
    spec: fc.record({
      ingressClassName: name,
      routes: fc.tuple(fc.record({ services: fc.tuple(fc.record({ name })) })),
    }),
  }),
)
