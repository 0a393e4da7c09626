/**
 * The whole chain: pods that containerd runs over CRI, known to an API server with what is around
 * them, the same shell in one that is exposed and in one that nothing leads to, and what
 * `bulwark run --kubeconfig FILE --context` makes of the two, before and after a binding is gone;
 * and what `bulwark server` does, to which an agent hands them over.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { NewObject } from '@bulwark/tools'
import { ApiServer, kubeconfigText, makeCertificates, startContainerd } from '@bulwark/tools'
import { Pods } from '../containerd/pods.ts'
import { makeFolder, skip, useSetUp } from '../kernel/stage.ts'
import { end, startRun, startServer } from '../running.ts'
import { allResources, resourceOf } from './live.ts'

const timeout = 120_000
const node = 'node-a'
const namespace = 'shop'
const container = 'app'
const shell = 'Shell in a container'

const rules = `
- rule: ${shell}
  desc: d
  condition: >
    evt.type = execve and evt.failed = false and container.id != host
    and proc.cmdline = "sh -c id"
  output: a shell (pod=%k8s.pod.name ns=%k8s.ns.name account=%k8s.sa.name)
  priority: NOTICE
  tags: [T1059.004]
`

const restricted = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  runAsUser: 1000,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
}

const podOf = (name: string, uid: string, own: object, spec: object): NewObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace, name, uid, labels: { app: name } },
  spec: { nodeName: node, containers: [own], ...spec },
  status: { phase: 'Running' },
})

const token = { name: 'token', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }

/** Open to the internet, with a token that is bound to every right. */
const exposed = (uid: string): NewObject =>
  podOf(
    'web-1',
    uid,
    { name: container, image: 'app:1', volumeMounts: [token] },
    {
      serviceAccountName: 'web',
      volumes: [
        { name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
      ],
    },
  )

const isolated = (uid: string): NewObject =>
  podOf(
    'toolbox-1',
    uid,
    { name: container, image: 'app:1', securityContext: restricted },
    { serviceAccountName: 'default', automountServiceAccountToken: false },
  )

const rbac = 'rbac.authorization.k8s.io/v1'
const role = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' }
const binding: NewObject = {
  apiVersion: rbac,
  kind: 'ClusterRoleBinding',
  metadata: { name: 'web' },
  roleRef: role,
  subjects: [{ kind: 'ServiceAccount', namespace, name: 'web' }],
}

const around: readonly NewObject[] = [
  binding,
  {
    apiVersion: rbac,
    kind: 'ClusterRole',
    metadata: { name: 'cluster-admin' },
    rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
  },
  { apiVersion: 'v1', kind: 'Node', metadata: { name: node } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: 'web' } },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name: 'web' },
    spec: { type: 'LoadBalancer', selector: { app: 'web-1' }, ports: [{ port: 80 }] },
    status: { loadBalancer: { ingress: [{ ip: '203.0.113.9' }] } },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace, name: 'closed' },
    spec: {
      podSelector: { matchLabels: { app: 'toolbox-1' } },
      policyTypes: ['Ingress', 'Egress'],
    },
  },
]

let folder: string
let server: ApiServer
let pods: Pods
/** Containers by the names of their pods. */
const ids = new Map<string, string>()

useSetUp(async (undo) => {
  folder = makeFolder(undo)
  const containerd = await startContainerd()
  undo(() => containerd.close())
  pods = new Pods(containerd)
  undo(() => pods.close())
  await pods.untilReady()
  const certificates = makeCertificates(folder, 'agent')
  server = await ApiServer.start({
    certificates,
    tokens: new Map([['secret', 'agent']]),
    resources: allResources,
  })
  undo(() => server.stop())
  server.putNamespace(namespace)
  for (const object of around) server.put(resourceOf(server, object), object)
  const forever = ['/bin/sleep', '2147483647']
  for (const make of [exposed, isolated]) {
    const uid = randomUUID()
    const object = make(uid)
    server.putPod(object)
    const { name } = object.metadata as { readonly name: string }
    ids.set(name, await pods.start(await pods.run(name, 'cgroupfs', {}, uid), container, forever))
  }
  const text = kubeconfigText(server.url, { token: 'secret' }, certificates.authority)
  writeFileSync(join(folder, 'kubeconfig'), text)
  writeFileSync(join(folder, 'rules.yaml'), rules)
})

interface Read {
  readonly rule: string
  readonly priority: string
  readonly output_fields: Readonly<Record<string, unknown>>
  readonly bulwark: {
    readonly context?: {
      readonly severity: string
      readonly factors: readonly {
        readonly id: string
        readonly text: string
        readonly facts: readonly { readonly object: { readonly kind: string } }[]
      }[]
    }
  }
}

type Context = NonNullable<Read['bulwark']['context']>

/** Runs the shell in a pod, and reads what is told of it. */
const shellIn = async (pod: string, alert: () => Promise<string>): Promise<Context> => {
  assert.equal(await pods.exec(ids.get(pod) ?? '', ['/bin/sh', '-c', 'id']), 0)
  const read = JSON.parse(await alert()) as Read
  assert.deepEqual([read.rule, read.priority], [shell, 'Notice'])
  assert.equal(read.output_fields['k8s.pod.name'], pod)
  assert.ok(read.bulwark.context, 'it was not judged')
  return read.bulwark.context
}

const idsOf = ({ factors }: Context): readonly string[] =>
  factors.map(({ id }) => id).filter((id) => !/^(?:cve|escape\.unknown)/.test(id))

const ofExposed = ['exposure.internet', 'identity.cluster-admin']
const ofIsolated = ['exposure.none', 'identity.no-token', 'posture.restricted']

test('an agent hands alerts over to a server, which judges them', { skip, timeout }, async (t) => {
  const kubeconfig = ['--kubeconfig', join(folder, 'kubeconfig')]
  const judging = await startServer(t, [...kubeconfig, '--listen=127.0.0.1:0'])
  const args = [...kubeconfig, '--node', node, '--no-cri', '--server', judging.url]
  const { child } = await startRun(t, join(folder, 'rules.yaml'), args)
  const bad = await shellIn('web-1', judging.alert)
  assert.deepEqual([bad.severity, idsOf(bad)], ['high', ofExposed])
  const good = await shellIn('toolbox-1', judging.alert)
  assert.deepEqual([good.severity, idsOf(good)], ['low', ofIsolated])
  assert.equal(await end(child, 'SIGTERM'), 0)
  assert.equal(await end(judging.child, 'SIGTERM'), 0)
})

test('the same shell in two pods, judged by what is around them', { skip, timeout }, async (t) => {
  const args = ['--kubeconfig', join(folder, 'kubeconfig'), '--node', node, '--context', '--no-cri']
  const { child, alert } = await startRun(t, join(folder, 'rules.yaml'), [...args, '-o', 'json'])

  const told = (pod: string): Promise<Context> => shellIn(pod, alert)

  const bad = await told('web-1')
  assert.equal(bad.severity, 'high')
  assert.deepEqual(idsOf(bad), ofExposed)
  const objects = bad.factors.flatMap(({ facts }) => facts.map(({ object }) => object.kind))
  const kinds = new Set(objects)
  for (const kind of ['Service', 'ClusterRoleBinding', 'Pod']) assert.ok(kinds.has(kind), kind)

  const good = await told('toolbox-1')
  assert.equal(good.severity, 'low')
  assert.deepEqual(idsOf(good), ofIsolated)

  server.remove(resourceOf(server, binding), binding)
  // The watch tells of it in a moment; until then it is judged as before.
  for (let now = bad; now.severity !== 'medium'; now = await told('web-1')) {
    assert.equal(now.severity, 'high')
  }
  assert.equal(await end(child, 'SIGTERM'), 0)
})
