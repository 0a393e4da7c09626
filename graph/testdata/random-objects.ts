/** Random objects of every kind that is read, over few names, so that they refer to each other. */
import * as fc from 'fast-check'
import {
  images,
  networkObjects,
  podAddresses,
  podLabels,
  podPorts,
} from '../network/testdata/random-objects.ts'
import { rbacObjects } from '../rbac/testdata/random-rbac.ts'

export interface RawObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

const namespace = fc.constantFrom('a', 'b')
const name = fc.constantFrom('x', 'y')
const node = fc.constantFrom('n', 'm')
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined, freq: 2 })

const capability = fc.constantFrom('SYS_ADMIN', 'CAP_SYS_PTRACE', 'DAC_READ_SEARCH', 'ALL', 'BPF')
const securityContext = fc.record({
  privileged: maybe(fc.boolean()),
  runAsUser: maybe(fc.constantFrom(0, 1000)),
  allowPrivilegeEscalation: maybe(fc.boolean()),
  procMount: maybe(fc.constantFrom('Default', 'Unmasked')),
  capabilities: maybe(
    fc.record({
      add: maybe(fc.array(capability, { maxLength: 2 })),
      drop: maybe(fc.array(capability, { maxLength: 1 })),
    }),
  ),
  seccompProfile: maybe(fc.record({ type: fc.constantFrom('Unconfined', 'RuntimeDefault') })),
})

const volume = fc.oneof(
  fc.record({
    name: fc.constant('v'),
    hostPath: fc.record({ path: fc.constantFrom('/', '/var/run/docker.sock', '/var/log', '/srv') }),
  }),
  fc.record({ name: fc.constant('v'), secret: fc.record({ secretName: name }) }),
  fc.record({
    name: fc.constant('v'),
    persistentVolumeClaim: fc.record({ claimName: name }),
  }),
  fc.constant({ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }),
)
const container = fc.record({
  name: fc.constantFrom('c', 'd'),
  image: images,
  ports: podPorts,
  securityContext: maybe(securityContext),
  volumeMounts: fc.array(
    fc.record({ name: fc.constant('v'), mountPath: fc.constant('/v'), readOnly: fc.boolean() }),
    { maxLength: 1 },
  ),
})
const podSpec = fc.record({
  nodeName: maybe(node),
  serviceAccountName: maybe(name),
  automountServiceAccountToken: maybe(fc.boolean()),
  hostPID: maybe(fc.boolean()),
  hostNetwork: maybe(fc.boolean()),
  hostUsers: maybe(fc.boolean()),
  shareProcessNamespace: maybe(fc.boolean()),
  runtimeClassName: maybe(fc.constant('x')),
  volumes: fc.array(volume, { maxLength: 1 }),
  containers: fc.uniqueArray(container, { minLength: 1, maxLength: 2, selector: (c) => c.name }),
})

const named = (
  apiVersion: string,
  kind: string,
  metadata: fc.Arbitrary<RawObject['metadata']>,
  body: Record<string, fc.Arbitrary<unknown>> = {},
): fc.Arbitrary<RawObject> =>
  fc.record({
    apiVersion: fc.constant(apiVersion),
    kind: fc.constant(kind),
    metadata,
    ...body,
  })

const inNamespace = fc.record({ name, namespace })
const labels = fc.constantFrom({}, { 'pod-security.kubernetes.io/enforce': 'baseline' })
const account = { 'kubernetes.io/service-account.name': 'x' }

/** One object. Its name does not depend on what is in it: two of one name are its versions. */
export const anyObject: fc.Arbitrary<RawObject> = fc.oneof(
  {
    weight: 6,
    arbitrary: named(
      'v1',
      'Pod',
      fc.record({ name, namespace, uid: fc.constantFrom('', 'u'), labels: podLabels }),
      {
        spec: podSpec,
        status: maybe(
          fc.record({ phase: fc.constantFrom('Running', 'Succeeded'), podIPs: podAddresses }),
        ),
      },
    ),
  },
  { weight: 8, arbitrary: networkObjects },
  { weight: 8, arbitrary: rbacObjects.map(([first]) => first as RawObject) },
  named('v1', 'Namespace', fc.record({ name: namespace, labels })),
  named(
    'v1',
    'Node',
    fc.record({
      name: node,
      labels: fc.constantFrom({}, { 'node-role.kubernetes.io/control-plane': '' }),
    }),
    {
      spec: fc.record({ providerID: fc.constantFrom('', 'aws:///z/i-1') }),
      status: fc.record({
        addresses: fc.constantFrom([], [{ type: 'ExternalIP', address: '203.0.113.2' }]),
        nodeInfo: fc.record({
          kernelVersion: fc.constantFrom('5.4.1', '6.12.0'),
          osImage: fc.constantFrom('CentOS Linux 7', 'Ubuntu 24.04 LTS'),
          containerRuntimeVersion: fc.constantFrom('containerd://1.6.0', 'containerd://2.1.0'),
        }),
      }),
    },
  ),
  named('v1', 'ServiceAccount', inNamespace, {
    automountServiceAccountToken: maybe(fc.boolean()),
  }),
  named('v1', 'Secret', fc.record({ name, namespace, annotations: fc.constantFrom({}, account) })),
  named('v1', 'PersistentVolume', fc.record({ name }), {
    spec: fc.record({ hostPath: fc.record({ path: fc.constantFrom('/etc', '/srv') }) }),
  }),
  named('v1', 'PersistentVolumeClaim', inNamespace, {
    spec: fc.record({ volumeName: maybe(name) }),
  }),
  named('apps/v1', 'Deployment', inNamespace),
  named('node.k8s.io/v1', 'RuntimeClass', fc.record({ name: fc.constant('x') }), {
    handler: fc.constantFrom('runc', 'runsc'),
  }),
)
