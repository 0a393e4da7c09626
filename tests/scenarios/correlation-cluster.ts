/**
 * The cluster of the correlation scenarios, as objects: a pod for each part that somebody plays,
 * each scenario on nodes and under names of its own, so that none has a say in another.
 */
import { createHash } from 'node:crypto'

type Json = Readonly<Record<string, unknown>>

/** A folder of the node in a container. */
export interface NodeFolder {
  /** In the container. */
  readonly path: string
  /** On the node, as the objects say. */
  readonly onNode: string
}

/** A pod that plays a part. */
export interface Player {
  readonly name: string
  readonly node: string
  /** Its service account, with a token. */
  readonly account?: string
  readonly isRestricted?: boolean
  readonly isPrivileged?: boolean
  readonly hostPid?: boolean
  readonly address?: string
  readonly folders?: readonly NodeFolder[]
  /** Its image was rolled out minutes ago. */
  readonly isNew?: boolean
}

const namespace = 'shop'
export const container = 'app'
const image = 'registry.example/shop/app'

const restricted = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  runAsUser: 1000,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
}

/** As of an image of the player's own. */
const digestOf = (name: string): string =>
  `sha256:${createHash('sha256').update(name).digest('hex')}`

export const players: readonly Player[] = [
  // CORR-01 and CORR-02: the same shell in five pods.
  { name: 'web-1', node: 'n1', account: 'admin' },
  { name: 'toolbox-1', node: 'n1' },
  { name: 'isolated-1', node: 'n1', isRestricted: true },
  // CORR-04: the same vulnerability, with two statements about it.
  { name: 'not-affected-1', node: 'n4', isRestricted: true },
  { name: 'investigated-1', node: 'n4', isRestricted: true },
  // CORR-05: a way out of the one, and none out of the other.
  { name: 'debug-1', node: 'n5', hostPid: true, isPrivileged: true },
  { name: 'held-1', node: 'n6', isRestricted: true },
  // CORR-07: from the one to the other; and two that speak without an alert on either side.
  { name: 'front-1', node: 'n7', address: '127.0.7.1' },
  { name: 'store-1', node: 'n8', address: '127.0.7.2' },
  { name: 'front-2', node: 'n7', address: '127.0.7.3' },
  { name: 'store-2', node: 'n8', address: '127.0.7.4' },
  // CORR-08: a file of the node written, beside a pod with an alert; and the twin's node.
  {
    name: 'writer-1',
    node: 'n9',
    folders: [{ path: '/node/etc/kubernetes', onNode: '/etc/kubernetes' }],
  },
  { name: 'neighbour-1', node: 'n9', account: 'neighbour' },
  {
    name: 'installer-1',
    node: 'n10',
    folders: [{ path: '/node/opt/cni/bin', onNode: '/opt/cni/bin' }],
  },
  { name: 'neighbour-2', node: 'n10' },
  // CORR-10: an image of minutes ago, and one of last month.
  { name: 'fresh-1', node: 'n11', isNew: true },
  { name: 'settled-1', node: 'n11' },
]

const tokenFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

const minuteMs = 60_000
const monthMs = 30 * 24 * 60 * minuteMs

const podOf = (player: Player, nowMs: number): Json => {
  const { name, node, account, isRestricted = false, isPrivileged = false, folders = [] } = player
  const ageMs = player.isNew === true ? minuteMs : monthMs
  const token = account === undefined ? [] : [{ name: 'token', mountPath: tokenFolder }]
  const mounts = folders.map(({ path }, index) => ({ name: `node-${index}`, mountPath: path }))
  const tokens = [{ serviceAccountToken: { path: 'token' } }]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      uid: `uid-${name}`,
      labels: { app: name },
      creationTimestamp: new Date(nowMs - ageMs).toISOString(),
    },
    spec: {
      nodeName: node,
      serviceAccountName: account ?? 'default',
      automountServiceAccountToken: account !== undefined,
      ...(player.hostPid === true ? { hostPID: true } : {}),
      containers: [
        {
          name: container,
          image,
          volumeMounts: [...token, ...mounts],
          ...(isRestricted ? { securityContext: restricted } : {}),
          ...(isPrivileged ? { securityContext: { privileged: true } } : {}),
        },
      ],
      volumes: [
        { name: 'token', projected: { sources: tokens } },
        ...folders.map(({ onNode }, index) => ({
          name: `node-${index}`,
          hostPath: { path: onNode },
        })),
      ],
    },
    status: {
      phase: 'Running',
      podIPs: player.address === undefined ? [] : [{ ip: player.address }],
      containerStatuses: [{ name: container, imageID: `${image}@${digestOf(name)}` }],
    },
  }
}

const serviceOf = (name: string, more: Json, status: Json = {}): Json => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: { selector: { app: name }, ports: [{ port: 80 }], ...more },
  status,
})

const balanced = { loadBalancer: { ingress: [{ ip: '203.0.113.9' }] } }

const vulnerable = ['web-1', 'not-affected-1', 'investigated-1']

/** A vulnerability of its own for each, so that a statement is about one of them. */
export const cveOf = (name: string): string => `CVE-2026-${1000 + vulnerable.indexOf(name)}`

const reportOf = (name: string): Json => ({
  apiVersion: 'aquasecurity.github.io/v1alpha1',
  kind: 'VulnerabilityReport',
  metadata: { name: `report-${name}`, namespace },
  report: {
    updateTimestamp: '2026-11-25T03:00:12Z',
    artifact: { repository: 'shop/app', digest: digestOf(name) },
    vulnerabilities: vulnerable.includes(name)
      ? [
          {
            vulnerabilityID: cveOf(name),
            resource: 'yaml',
            installedVersion: '1.0',
            severity: 'CRITICAL',
            score: 9.8,
            cvss: { nvd: { V3Vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' } },
            class: 'lang-pkgs',
            packagePURL: 'pkg:pypi/yaml@1.0',
          },
        ]
      : [],
  },
})

const statementOf = (name: string, status: Json): Json => ({
  vulnerability: { name: cveOf(name) },
  products: [{ '@id': 'pkg:pypi/yaml@1.0' }],
  ...status,
})

const justification = 'vulnerable_code_not_in_execute_path'

const vex: Json = {
  '@context': 'https://openvex.dev/ns/v0.2.0',
  author: 'shop',
  timestamp: '2026-11-01T00:00:00Z',
  statements: [
    statementOf('not-affected-1', { status: 'not_affected', justification }),
    statementOf('investigated-1', { status: 'under_investigation' }),
  ],
}

const exploited: Json = {
  catalogVersion: '2026.11.25',
  vulnerabilities: vulnerable.map((name) => ({ cveID: cveOf(name), dateAdded: '2026-01-01' })),
}

const binding: Json = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'admin' },
  roleRef: { kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ kind: 'ServiceAccount', namespace, name: 'admin' }],
}

const everything: Json = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'cluster-admin' },
  rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
}

const closed: Json = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'closed', namespace },
  spec: { podSelector: { matchLabels: { app: 'toolbox-1' } }, policyTypes: ['Ingress', 'Egress'] },
}

const nodes = [...new Set(players.map(({ node }) => node))].map((name) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  status: { nodeInfo: { kernelVersion: '6.12.0', containerRuntimeVersion: 'containerd://2.1.0' } },
}))

const objectsAt = (nowMs: number): readonly Json[] => [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  ...nodes,
  ...players.map((player) => podOf(player, nowMs)),
  ...['admin', 'neighbour', 'default'].map((name) => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace },
  })),
  serviceOf('web-1', { type: 'LoadBalancer' }, balanced),
  serviceOf('isolated-1', { type: 'ClusterIP', clusterIP: '10.96.0.2' }),
  serviceOf('not-affected-1', { type: 'ClusterIP', clusterIP: '10.96.0.4' }),
  serviceOf('investigated-1', { type: 'ClusterIP', clusterIP: '10.96.0.5' }),
  // Open to the internet, for who is from there.
  serviceOf(
    'front-1',
    { type: 'LoadBalancer', loadBalancerSourceRanges: ['198.51.100.0/24'] },
    balanced,
  ),
  serviceOf('store-1', { type: 'ClusterIP', clusterIP: '10.96.0.7' }),
  everything,
  binding,
  closed,
]

const listOf = (items: readonly Json[]): Json => ({ apiVersion: 'v1', kind: 'List', items })

/** Files of the folder, by their names, as the cluster is now. */
export const clusterFiles = (nowMs: number): Readonly<Record<string, Json>> => ({
  'objects.json': listOf(objectsAt(nowMs)),
  'reports.json': listOf(players.map(({ name }) => reportOf(name))),
  'shop.openvex.json': vex,
  'known-exploited.json': exploited,
})
