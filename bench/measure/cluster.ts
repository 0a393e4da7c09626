/**
 * A cluster of a size, as the API server would list it: texts of JSON, a few hundred objects each,
 * made one after another so that they are never all in memory. The same size gives the same texts.
 */

export interface ClusterSize {
  readonly nodes: number
  readonly pods: number
  readonly accounts: number
  readonly rules: number
  readonly services: number
  readonly policies: number
  /** Policies tell each workload apart; else they tell tiers. */
  readonly hasVariedPolicies: boolean
}

/** What a cluster of so many pods has beside them. */
export const sizeOf = (pods: number, hasVariedPolicies = false): ClusterSize => ({
  nodes: Math.ceil(pods / 20),
  pods,
  accounts: Math.max(200, pods / 10),
  rules: Math.ceil((pods * 3) / 10),
  services: Math.ceil(pods / 20),
  policies: Math.ceil(pods / 50),
  hasVariedPolicies,
})

type Json = Readonly<Record<string, unknown>>

const namespaces = 200
const podsPerWorkload = 20

const at = (list: readonly string[], index: number): string => list[index % list.length] ?? ''
const namespaceOf = (workload: number): string => `ns-${workload % namespaces}`
const digest = (index: number): string => index.toString(16).padStart(64, '0')

const tiers = ['front', 'api', 'job', 'data']

/** Every hundredth workload is wrong in a way of its own. */
const contextOf = (workload: number): Json => {
  if (workload % 500 === 7) return { privileged: true }
  if (workload % 100 === 3) return { capabilities: { add: ['NET_ADMIN'] } }
  return {
    runAsNonRoot: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  }
}

const labelsOf = (workload: number): Json => ({
  app: `app-${workload}`,
  tier: at(tiers, workload),
  'app.kubernetes.io/name': `app-${workload}`,
  'pod-template-hash': `h${workload}`,
})

const container = (workload: number, name: string, token: string): Json => ({
  name,
  image: `registry.example/${namespaceOf(workload)}/app-${workload}-${name}:1.${workload % 40}`,
  imagePullPolicy: 'IfNotPresent',
  ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
  env: [
    { name: 'TIER', value: at(tiers, workload) },
    { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: `db-${workload % 50}`, key: 'p' } } },
  ],
  resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
  securityContext: contextOf(workload),
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  volumeMounts: [
    { name: 'settings', mountPath: '/etc/app', readOnly: true },
    {
      name: token,
      mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
      readOnly: true,
    },
  ],
})

const volumesOf = (workload: number, token: string): readonly Json[] => [
  { name: 'settings', configMap: { name: `app-${workload}`, defaultMode: 420 } },
  {
    name: token,
    projected: {
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      ],
    },
  },
]

const statusOf = (size: ClusterSize, index: number, workload: number): Json => ({
  phase: 'Running',
  hostIP: `10.0.${(index % size.nodes) >> 8}.${(index % size.nodes) & 255}`,
  podIP: `10.${(index >> 16) + 1}.${(index >> 8) & 255}.${index & 255}`,
  podIPs: [{ ip: `10.${(index >> 16) + 1}.${(index >> 8) & 255}.${index & 255}` }],
  startTime: '2026-10-01T00:00:00Z',
  conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
    type,
    status: 'True',
    lastTransitionTime: '2026-10-01T00:00:00Z',
  })),
  containerStatuses: ['app', 'proxy'].map((name) => ({
    name,
    ready: true,
    restartCount: 0,
    image: `registry.example/app-${workload}-${name}:1`,
    imageID: `registry.example/app-${workload}-${name}@sha256:${digest(workload % 1000)}`,
    containerID: `containerd://${digest(index)}`,
    state: { running: { startedAt: '2026-10-01T00:00:00Z' } },
  })),
})

const podSpecOf = (size: ClusterSize, index: number, workload: number): Json => {
  const token = `kube-api-access-${index.toString(36).padStart(5, '0')}`
  return {
    nodeName: `node-${index % size.nodes}`,
    serviceAccountName: `sa-${workload % Math.floor(size.accounts / namespaces)}`,
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    containers: ['app', 'proxy'].map((name) => container(workload, name, token)),
    volumes: volumesOf(workload, token),
    tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' }],
  }
}

/** A pod of a workload. `revision`: it is the same one, after so many changes. */
export const podOf = (size: ClusterSize, index: number, revision = 0): Json => {
  const workload = Math.floor(index / podsPerWorkload)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `app-${workload}-h${workload}-${index}`,
      namespace: namespaceOf(workload),
      uid: `00000000-0000-4000-8000-${index.toString().padStart(12, '0')}`,
      resourceVersion: String(1_000_000 + index + revision),
      creationTimestamp: '2026-10-01T00:00:00Z',
      labels: revision % 2 === 0 ? labelsOf(workload) : { ...labelsOf(workload), canary: 'yes' },
      annotations: { 'checksum/config': digest(workload) },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: `app-${workload}-h${workload}`,
          uid: 'r',
          controller: true,
        },
      ],
    },
    spec: podSpecOf(size, index, workload),
    status: statusOf(size, index, workload),
  }
}

export const nodeOf = (index: number, revision = 0): Json => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: `node-${index}`,
    labels: {
      zone: `z${(index + revision) % 3}`,
      ...(index < 3 ? { 'node-role.kubernetes.io/control-plane': '' } : {}),
    },
  },
  spec: { providerID: `aws:///eu-west-1a/i-${index}` },
  status: {
    addresses: [{ type: 'InternalIP', address: `10.0.${index >> 8}.${index & 255}` }],
    nodeInfo: {
      kernelVersion: '6.8.0-1021-aws',
      osImage: 'Ubuntu 24.04.1 LTS',
      kubeletVersion: 'v1.34.1',
      containerRuntimeVersion: 'containerd://2.1.4',
    },
  },
})

const accountOf = (index: number): Json => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: `sa-${Math.floor(index / namespaces)}`, namespace: `ns-${index % namespaces}` },
})

const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete']
const resources = ['pods', 'configmaps', 'services', 'endpoints', 'events', 'leases', 'jobs']

/** Three rules a role. Each hundredth may run commands in its namespace. */
export const roleOf = (index: number, revision = 0): Json => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name: `role-${index}`, namespace: `ns-${index % namespaces}` },
  rules: [0, 1, 2].map((rule) => ({
    apiGroups: ['', 'apps', 'batch'],
    resources:
      (index + revision) % 100 === 5 && rule === 2
        ? ['pods/exec']
        : [at(resources, index + rule), 'events'],
    verbs: (index + revision) % 100 === 5 ? ['create'] : verbs.slice(0, 1 + (index % 3)),
  })),
})

/** A binding of a role to a service account of its namespace. */
export const bindingOf = (size: ClusterSize, index: number, revision = 0): Json => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: `binding-${index}`, namespace: `ns-${index % namespaces}` },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: `role-${index}` },
  subjects: [
    {
      kind: 'ServiceAccount',
      name: `sa-${(index + revision) % Math.floor(size.accounts / namespaces)}`,
      namespace: `ns-${index % namespaces}`,
    },
  ],
})

const clusterRoles: readonly Json[] = [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'cluster-admin' },
    rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
  },
]
const clusterBindings: readonly Json[] = [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'ci-admin' },
    roleRef: { kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'sa-5', namespace: 'ns-5' }],
  },
]

export const serviceOf = (index: number, revision = 0): Json => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: `app-${index}`, namespace: namespaceOf(index) },
  spec: {
    type: index % 50 === 0 ? 'LoadBalancer' : 'ClusterIP',
    clusterIP: `172.20.${index >> 8}.${index & 255}`,
    selector: { app: `app-${index}` },
    ports: [{ port: 80 + revision, targetPort: 8080, protocol: 'TCP' }],
  },
  status:
    index % 50 === 0 ? { loadBalancer: { ingress: [{ hostname: `lb-${index}.example` }] } } : {},
})

/** With a revision one endpoint less. */
export const sliceOf = (size: ClusterSize, index: number, revision = 0): Json => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name: `app-${index}-x`,
    namespace: namespaceOf(index),
    labels: { 'kubernetes.io/service-name': `app-${index}` },
  },
  addressType: 'IPv4',
  ports: [{ port: 8080, protocol: 'TCP', name: '' }],
  endpoints: Array.from({ length: podsPerWorkload - revision }, (_, pod) => {
    const number = index * podsPerWorkload + pod
    return {
      addresses: [`10.${(number >> 16) + 1}.${(number >> 8) & 255}.${number & 255}`],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `node-${number % size.nodes}`,
      targetRef: {
        kind: 'Pod',
        namespace: namespaceOf(index),
        name: `app-${index}-h${index}-${number}`,
      },
    }
  }),
})

/** Whom a policy lets in, by turns: the next tier, one workload, other namespaces, a block. */
const peersOf = (index: number): readonly Json[] =>
  [
    [{ podSelector: { matchLabels: { tier: at(tiers, index + 1) } } }],
    [{ podSelector: { matchLabels: { app: `app-${index + namespaces}` } } }],
    [{ namespaceSelector: { matchLabels: { team: `t-${index % 20}` } }, podSelector: {} }],
    [
      index % 2 === 0
        ? { ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } }
        : { ipBlock: { cidr: `198.51.${index % 200}.0/24` } },
    ],
  ][Math.floor(index / namespaces) % 4] ?? []

export const policyOf = (size: ClusterSize, index: number, revision = 0): Json => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: `policy-${index}`, namespace: `ns-${index % namespaces}` },
  spec: {
    podSelector: { matchLabels: { tier: at(tiers, index + revision) } },
    policyTypes: index % 10 === 7 ? ['Ingress', 'Egress'] : ['Ingress'],
    ingress: [
      {
        from: peersOf(size.hasVariedPolicies ? index : index % namespaces),
        ports: [{ port: 8080 + (revision % 2) }],
      },
    ],
    egress: index % 10 === 7 ? [{ to: [{ namespaceSelector: {} }] }] : [],
  },
})

export const namespaceObject = (index: number, revision = 0): Json => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name: `ns-${index}`,
    labels: {
      'kubernetes.io/metadata.name': `ns-${index}`,
      team: `t-${(index + revision) % 20}`,
      ...(index % 2 === 0 ? { 'pod-security.kubernetes.io/enforce': 'baseline' } : {}),
    },
  },
})

const many = (count: number, make: (index: number) => Json): Iterable<Json> =>
  (function* () {
    for (let index = 0; index < count; index++) yield make(index)
  })()

const listOf = (kind: string, objects: Iterable<Json>): Iterable<string> =>
  (function* () {
    let items: Json[] = []
    let apiVersion = ''
    const text = (): string => JSON.stringify({ kind: `${kind}List`, apiVersion, items })
    for (const object of objects) {
      apiVersion = String(object['apiVersion'])
      items.push(object)
      if (items.length < 500) continue
      yield text()
      items = []
    }
    if (items.length > 0) yield text()
  })()

/** All objects by kind, in the order in which one would ask a server for them; made when read. */
const clusterLists = (size: ClusterSize): readonly (readonly [string, Iterable<Json>])[] => {
  const workloads = Math.floor(size.pods / podsPerWorkload)
  const roles = Math.floor(size.rules / 3)
  return [
    ['Namespace', many(namespaces, namespaceObject)],
    ['Node', many(size.nodes, nodeOf)],
    ['ServiceAccount', many(size.accounts, accountOf)],
    ['Role', many(roles, roleOf)],
    ['RoleBinding', many(roles, (index) => bindingOf(size, index))],
    ['ClusterRole', clusterRoles],
    ['ClusterRoleBinding', clusterBindings],
    ['Service', many(size.services, serviceOf)],
    ['EndpointSlice', many(Math.min(size.services, workloads), (i) => sliceOf(size, i))],
    ['NetworkPolicy', many(size.policies, (index) => policyOf(size, index))],
    ['Pod', many(size.pods, (index) => podOf(size, index))],
  ]
}

/** Texts of lists. `of`: of this kind alone. */
export function* clusterTexts(size: ClusterSize, of?: string): Generator<string> {
  for (const [kind, objects] of clusterLists(size)) {
    if (of === undefined || of === kind) yield* listOf(kind, objects)
  }
}

/** Different vulnerabilities in all images together. */
const vulnerabilities = 20_000

const vulnerabilityOf = (image: number, place: number): Json => {
  const number = (image * 37 + place * 101) % vulnerabilities
  const remote = number % 40 === 0 ? 'N' : 'L'
  return {
    vulnerabilityID: `CVE-20${10 + (number % 16)}-${10_000 + number}`,
    resource: `lib${number % 300}`,
    installedVersion: `1.${number % 30}.0`,
    fixedVersion: number % 3 === 0 ? '' : `1.${number % 30}.1`,
    severity: ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'][(number >> 4) % 4],
    score: 4 + (number % 6),
    cvss: {
      nvd: {
        V3Score: 4 + (number % 6),
        V3Vector: `CVSS:3.1/AV:${remote}/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H`,
      },
    },
    class: 'os-pkgs',
    packageType: 'debian',
  }
}

/** A report of Trivy Operator about an image, with so many vulnerabilities. */
export const reportOf = (image: number, each: number, revision = 0): Json => ({
  apiVersion: 'aquasecurity.github.io/v1alpha1',
  kind: 'VulnerabilityReport',
  metadata: { name: `image-${image}`, namespace: 'ns-0' },
  report: {
    artifact: { repository: `app-${image}`, digest: `sha256:${digest(image)}` },
    vulnerabilities: Array.from({ length: each }, (_, place) =>
      vulnerabilityOf(image + revision, place),
    ),
  },
})

/** Of each image one. */
export function* reportTexts(images: number, each: number): Generator<string> {
  for (let image = 0; image < images; image++) yield JSON.stringify(reportOf(image, each))
}
