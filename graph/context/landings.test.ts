/** Footholds over the network in a large cluster, as a table: where a way leads, and its twin. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { Cluster } from '../cluster.ts'
import { readCveJson } from '../cves/document.ts'
import { CveStore } from '../cves/store.ts'
import { useImageCves } from '../network/image-cves.ts'
import { containerNode, serviceAccountNode } from '../nodes.ts'
import type { GraphNode } from '../nodes.ts'
import { worstOf } from './power.ts'

const image = `app@sha256:${'1'.repeat(64)}`
const report = {
  apiVersion: 'aquasecurity.github.io/v1alpha1',
  kind: 'VulnerabilityReport',
  metadata: { name: 'image', namespace: 'a' },
  report: {
    artifact: { repository: 'app', digest: image.slice(4) },
    vulnerabilities: [
      {
        vulnerabilityID: 'CVE-2026-0001',
        resource: 'libweb',
        installedVersion: '1.0',
        severity: 'CRITICAL',
        cvss: { nvd: { V3Vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' } },
      },
    ],
  },
}

const rbac = 'apiVersion: rbac.authorization.k8s.io/v1'
const web = `- {apiVersion: v1, kind: Pod, metadata: {namespace: shop, name: web}, spec: {automountServiceAccountToken: false, containers: [{name: c, image: app}]}}\n`
const admin = `- {${rbac}, kind: ClusterRole, metadata: {name: all}, rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]}
- {${rbac}, kind: ClusterRoleBinding, metadata: {name: all}, roleRef: {kind: ClusterRole, name: all}, subjects: [{kind: ServiceAccount, namespace: ops, name: root}]}\n`
const node = (name: string, label: string): string =>
  `- {apiVersion: v1, kind: Node, metadata: {name: ${name}, labels: {${label}}}}\n`
const pod = (name: string, spec: string, labels = ''): string =>
  `- {apiVersion: v1, kind: Pod, metadata: {namespace: ops, name: ${name}, uid: u, labels: {${labels}}, ownerReferences: [{kind: ReplicaSet, name: r, controller: true}]}, spec: {${spec}}}\n`
const open = `containers: [{name: c, image: '${image}', securityContext: {privileged: true}}]`
const token = `volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: token}}]}}]`
const holder = (of: string): string =>
  `serviceAccountName: root, ${token}, containers: [{name: c, image: '${of}', volumeMounts: [{name: t, mountPath: /t}]}]`
const secret = (account: string): string =>
  `- {apiVersion: v1, kind: Secret, metadata: {namespace: ops, name: s, annotations: {kubernetes.io/service-account.name: ${account}}}}
${pod('reader', `volumes: [{name: v, secret: {secretName: s}}], containers: [{name: c, image: '${image}', volumeMounts: [{name: v, mountPath: /v}]}]`)}`
const control = 'node-role.kubernetes.io/control-plane: ""'

/** Only one of two replicas may connect to the API server: the other is the first by name. */
const replicas = (egress: string): string =>
  `${pod('r1', holder(image), 'app: x')}${pod('r2', holder(image), 'app: y')}
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: {namespace: ops, name: p}
  spec: {podSelector: {${egress}}, policyTypes: [Egress]}
- apiVersion: v1
  kind: Pod
  metadata: {namespace: kube-system, name: calico}
  spec: {hostNetwork: true, containers: [{name: c, image: calico/node}]}
- apiVersion: discovery.k8s.io/v1
  kind: EndpointSlice
  metadata: {namespace: default, name: k, labels: {kubernetes.io/service-name: kubernetes}}
  endpoints: [{addresses: [192.0.2.1]}]
  ports: [{port: 6443}]
- ${rbac}
  kind: Role
  metadata: {namespace: ops, name: exec}
  rules: [{apiGroups: [''], resources: [pods/exec], verbs: [create]}]
- ${rbac}
  kind: RoleBinding
  metadata: {namespace: ops, name: exec}
  roleRef: {kind: Role, name: exec}
  subjects: [{kind: ServiceAccount, namespace: ops, name: op}]
`

const fromWeb = containerNode('shop', 'web', 'c')
const fromOperator = serviceAccountNode('ops', 'op')

for (const [what, from, objects, reaches] of [
  ['a token of every right', fromWeb, pod('r', holder(image)), true],
  ['the same without a vulnerability', fromWeb, pod('r', holder('other')), false],
  [
    'a way out to the control plane',
    fromWeb,
    node('n', control) + pod('d', `nodeName: n, ${open}`),
    true,
  ],
  [
    'a way out to a node where nothing is',
    fromWeb,
    node('n', '') + pod('d', `nodeName: n, ${open}`),
    false,
  ],
  [
    'a way out to where a token is',
    fromWeb,
    node('n', '') + pod('d', `nodeName: n, ${open}`) + pod('r', `nodeName: n, ${holder('other')}`),
    true,
  ],
  ['a secret with a token', fromWeb, secret('root'), true],
  ['a secret with a token of nobody', fromWeb, secret('nobody'), false],
  ['one of two replicas, of a hub', fromOperator, replicas('matchLabels: {app: x}'), true],
  ['none of two replicas', fromOperator, replicas(''), false],
] as readonly (readonly [string, GraphNode, string, boolean])[]) {
  test(what, () => {
    const cluster = new Cluster({ powerReachPodsMax: 0 })
    const cves = new CveStore()
    useImageCves(cluster, cves)
    cves.put('report', readCveJson('report', report))
    for (const each of parse(web + admin + objects) as readonly unknown[]) cluster.put(each)
    assert.equal(worstOf(cluster, [from]).reaches === 'cluster-admin', reaches)
  })
}
