/** Random clusters for the laws of the network: few names and labels, so that much is selected. */
import * as fc from 'fast-check'
import type {
  RawAdmin,
  RawNamespace,
  RawObject,
  RawPod,
  RawPolicy,
  RawPort,
  RawRule,
  Selector,
} from './reference.ts'

const pick = <Value>(...values: readonly Value[]): fc.Arbitrary<Value> => fc.constantFrom(...values)

const namespaces = pick('red', 'blue', 'green')
const labels = fc.dictionary(pick('app', 'tier'), pick('a', 'b'), { maxKeys: 2 })

const expression = fc.oneof(
  fc.record({
    key: pick('app', 'tier'),
    operator: pick('In', 'NotIn'),
    values: fc.uniqueArray(pick('a', 'b'), { minLength: 1 }),
  }),
  fc.record({ key: pick('app', 'tier'), operator: pick('Exists', 'DoesNotExist') }),
)
const selector: fc.Arbitrary<Selector> = fc.oneof(
  fc.constant({}),
  fc.record({ matchLabels: labels }),
  fc.record({ matchExpressions: fc.array(expression, { maxLength: 2 }) }),
)
const namespaceSelector: fc.Arbitrary<Selector> = fc.oneof(
  selector,
  namespaces.map((name) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } })),
)

const network = pick(
  '10.0.0.0/8',
  '10.1.0.0/16',
  '10.1.2.0/24',
  '10.1.2.1/32',
  '0.0.0.0/0',
  '9.0.0.0/8',
)
const ipBlock = fc.record(
  { cidr: network, except: fc.array(network, { maxLength: 2 }) },
  { requiredKeys: ['cidr'] },
)
const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector }),
  fc.record({ podSelector: selector, namespaceSelector }),
  fc.record({ ipBlock }),
)

/** The ports that connections are tried on; ranges and names are about these. */
export const triedPorts: readonly number[] = [1, 79, 80, 81, 443, 65_535]
export const triedProtocols = ['TCP', 'UDP', 'SCTP'] as const

const protocol = pick(...triedProtocols)
const port: fc.Arbitrary<RawPort> = fc.oneof(
  fc.record({ protocol, port: pick(...triedPorts) }, { requiredKeys: ['port'] }),
  fc.record({ protocol, port: pick('web', 'dns') }, { requiredKeys: ['port'] }),
  fc.record({ protocol }),
  fc.record({ port: pick(1, 80), endPort: pick(80, 443) }),
)

const rule = (key: 'from' | 'to'): fc.Arbitrary<RawRule> =>
  fc.record(
    { [key]: fc.array(peer, { maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) },
    { requiredKeys: [] },
  )

const policy: fc.Arbitrary<RawPolicy> = fc.record({
  kind: fc.constant('NetworkPolicy' as const),
  metadata: fc.record({ namespace: namespaces, name: pick('one', 'two', 'three') }),
  spec: fc.record(
    {
      podSelector: selector,
      policyTypes: fc.uniqueArray(pick('Ingress', 'Egress')),
      ingress: fc.array(rule('from'), { maxLength: 3 }),
      egress: fc.array(rule('to'), { maxLength: 3 }),
    },
    { requiredKeys: ['podSelector'] },
  ),
})

const pods = fc.record({ namespaceSelector, podSelector: selector })
const scope = fc.oneof(fc.record({ namespaces: namespaceSelector }), fc.record({ pods }))
const adminPort = fc.record({ portNumber: fc.record({ protocol, port: pick(...triedPorts) }) })
const scopes = fc.array(scope, { minLength: 1, maxLength: 2 })
const adminPorts = fc.array(adminPort, { minLength: 1, maxLength: 2 })
const action = pick('Allow', 'Deny', 'Pass')
const adminRules = {
  subject: scope,
  ingress: fc.array(
    fc.record({ action, from: scopes, ports: adminPorts }, { requiredKeys: ['action', 'from'] }),
    { maxLength: 2 },
  ),
  egress: fc.array(
    fc.record({ action, to: scopes, ports: adminPorts }, { requiredKeys: ['action', 'to'] }),
    { maxLength: 2 },
  ),
}

/** Each name has a priority of its own: among equal ones the order is open. */
const admin: fc.Arbitrary<RawAdmin> = pick(10, 20, 30).chain((priority) =>
  fc.record({
    kind: fc.constant('AdminNetworkPolicy' as const),
    metadata: fc.constant({ name: `admin-${priority}` }),
    spec: fc.record({ ...adminRules, priority: fc.constant(priority) }),
  }),
)
const baseline: fc.Arbitrary<RawAdmin> = fc.record({
  kind: fc.constant('BaselineAdminNetworkPolicy' as const),
  metadata: fc.constant({ name: 'default' }),
  spec: fc.record(adminRules),
})

const namedPorts = fc.array(
  fc.record({
    name: pick('web', 'dns'),
    containerPort: pick(...triedPorts),
    protocol: pick('TCP', 'UDP'),
  }),
  { maxLength: 2 },
)
const address = fc.tuple(pick(1, 2), pick(2, 3), pick(1, 2)).map((parts) => `10.${parts.join('.')}`)
const pod: fc.Arbitrary<RawPod> = fc.record({
  kind: fc.constant('Pod' as const),
  metadata: fc.record({ namespace: namespaces, name: pick('x', 'y', 'z'), labels }),
  spec: fc.record({
    hostNetwork: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
    containers: namedPorts.map((ports) => [{ name: 'app', ports }]),
  }),
  status: fc.record({ podIPs: address.map((ip) => [{ ip }]) }),
})

const namespace: fc.Arbitrary<RawNamespace> = fc.record({
  kind: fc.constant('Namespace' as const),
  metadata: fc.record({ name: namespaces, labels }),
})

/** Each namespace is told of, as in a cluster: the reference knows no labels that are not known. */
export const namespacesOf: fc.Arbitrary<readonly RawNamespace[]> = fc
  .tuple(labels, labels, labels)
  .map((of) =>
    ['red', 'blue', 'green'].map((name, index) => ({
      kind: 'Namespace',
      metadata: { name, labels: of[index] ?? {} },
    })),
  )

export const addresses = pick('9.1.1.1', '10.1.2.9', '203.0.113.1')

/** Any object, so that of many there are some of each name. */
export const object: fc.Arbitrary<RawObject> = fc.oneof(
  { weight: 5, arbitrary: pod },
  { weight: 4, arbitrary: policy },
  { weight: 1, arbitrary: admin },
  { weight: 1, arbitrary: baseline },
  { weight: 2, arbitrary: namespace },
)

const groups = {
  Pod: 'v1',
  Namespace: 'v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  AdminNetworkPolicy: 'policy.networking.k8s.io/v1alpha1',
  BaselineAdminNetworkPolicy: 'policy.networking.k8s.io/v1alpha1',
} as const

export const withVersion = (raw: RawObject): object => ({ apiVersion: groups[raw.kind], ...raw })

export const keyOf = (raw: RawObject): string => {
  const namespaceOf = 'namespace' in raw.metadata ? raw.metadata.namespace : ''
  return `${raw.kind} ${namespaceOf}/${raw.metadata.name}`
}

/** A pod of a plug-in that enforces. */
export const calico = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'kube-system', name: 'calico' },
  spec: { hostNetwork: true, containers: [{ name: 'node', image: 'calico/node:v3' }] },
}
