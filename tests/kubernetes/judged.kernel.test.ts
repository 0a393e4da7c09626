/**
 * The whole chain: pods that containerd runs over CRI, known to an API server with what is around
 * them, the same shell in one that is exposed and in one that nothing leads to, and what
 * `bulwark run --kubeconfig FILE --context` makes of the two, before and after a binding is gone;
 * and what `bulwark server` does, to which an agent hands them over, and tells which files run: of
 * two packages with the same hole the one that is loaded counts, from when it is.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { NewObject } from '@bulwark/tools'
import { ApiServer, kubeconfigText, makeCertificates, startContainerd } from '@bulwark/tools'
import { Pods } from '../containerd/pods.ts'
import { Calls } from '../kernel/calls.ts'
import { callsProgram } from '../kernel/program.ts'
import { makeFolder, skip, useSetUp } from '../kernel/stage.ts'
import * as api from '../kernel/values.ts'
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

const digest = `sha256:${'a'.repeat(64)}`

const podOf = (name: string, uid: string, own: object, spec: object): NewObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace, name, uid, labels: { app: name } },
  spec: { nodeName: node, containers: [own], ...spec },
  status: {
    phase: 'Running',
    containerStatuses: [{ name: container, imageID: `registry.example/app@${digest}` }],
  },
})

/** Two packages of the image with the same hole: one is loaded by the test, and one never is. */
const [loaded, idle] = ['cryptography', 'pillow']
const site = '/opt/app/site-packages'
const libraryOf = (name: string): string => `${site}/${name}/_native.abi3.so`
const cveOf = (name: string): string => `CVE-2026-${name.length}000`

/** As Trivy Operator writes them. */
const reportOf = (kind: string, more: object): NewObject => ({
  apiVersion: 'aquasecurity.github.io/v1alpha1',
  kind,
  metadata: { namespace, name: 'pod-web-1-app' },
  report: { updateTimestamp: '2026-11-26T00:00:00Z', artifact: { digest }, ...more },
})

const reports: readonly NewObject[] = [
  reportOf('VulnerabilityReport', {
    vulnerabilities: [loaded, idle].map((name) => ({
      vulnerabilityID: cveOf(name),
      resource: name,
      installedVersion: '1.0',
      packagePURL: `pkg:pypi/${name}@1.0`,
      packageType: 'python-pkg',
      class: 'lang-pkgs',
      severity: 'CRITICAL',
      score: 9.8,
      cvss: { nvd: { V3Score: 9.8, V3Vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' } },
    })),
  }),
  reportOf('SbomReport', {
    components: {
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      components: [loaded, idle].map((name) => ({
        'bom-ref': name,
        type: 'library',
        name,
        version: '1.0',
        purl: `pkg:pypi/${name}@1.0`,
        properties: [
          { name: 'aquasecurity:trivy:PkgType', value: 'python-pkg' },
          {
            name: 'aquasecurity:trivy:FilePath',
            value: `${site.slice(1)}/${name}-1.0.dist-info/METADATA`,
          },
        ],
      })),
    },
  }),
]

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
  for (const object of [...around, ...reports]) server.put(resourceOf(server, object), object)
  const app = join(folder, 'app')
  for (const name of [loaded, idle]) {
    const path = join(folder, libraryOf(name).replace('/opt/', ''))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, 'code')
  }
  copyFileSync(callsProgram(), join(app, 'calls'))
  const folders = [{ path: '/opt/app', source: app }]
  const forever = ['/bin/sleep', '2147483647']
  for (const make of [exposed, isolated]) {
    const uid = randomUUID()
    const object = make(uid)
    server.putPod(object)
    const { name } = object.metadata as { readonly name: string }
    const pod = await pods.run(name, 'cgroupfs', {}, uid)
    ids.set(name, await pods.start(pod, container, forever, { folders }))
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
      readonly score: number
      readonly factors: readonly {
        readonly id: string
        readonly text: string
        readonly facts: readonly {
          readonly text: string
          readonly object: { readonly kind: string }
        }[]
      }[]
    }
  }
}

type Context = NonNullable<Read['bulwark']['context']>
type Factor = Context['factors'][number]

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

/** What it says of vulnerabilities. */
const ofCves = ({ factors }: Context): readonly Factor[] =>
  factors.filter(({ id }) => id.startsWith('cve.'))

/** A program of the pod maps a file to execute it, as a loader does with a library. */
const load = async (pod: string, path: string): Promise<void> => {
  const calls = new Calls()
  const fd = calls.call('openat', api.AT_FDCWD, path, api.O_RDONLY)
  const [readExec, mapPrivate] = [1 | 4, 2]
  calls.callNumber(api.numberOf('mmap'), 0, 4096, readExec, mapPrivate, fd, 0)
  assert.equal(await pods.exec(ids.get(pod) ?? '', ['/opt/app/calls', ...calls.words]), 0)
}

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

  // Both packages are there, and nothing says that they run.
  assert.deepEqual(ofCves(bad), [])
  await load('web-1', libraryOf(loaded))
  let now = bad
  // The agent tells of it within a second or two.
  for (; ofCves(now).length === 0; now = await shellIn('web-1', judging.alert)) {
    assert.equal(now.score, bad.score)
  }
  const [open, ...others] = ofCves(now)
  const text = `${cveOf(loaded)} in ${loaded} 1.0 is open to the network, and loaded`
  assert.deepEqual([open?.id, open?.text, others], ['cve.open', text, []])
  assert.match(
    open?.facts.at(-1)?.text ?? '',
    /^cryptography 1\.0 is in use: \/opt\/app\S+_native\.abi3\.so mapped by calls since 2\S+Z$/,
  )
  assert.ok(now.score > bad.score)
  // The same image in a pod that nothing leads to.
  assert.deepEqual(ofCves(await shellIn('toolbox-1', judging.alert)), [])
  assert.equal(await end(child, 'SIGTERM'), 0)
  assert.equal(await end(judging.child, 'SIGTERM'), 0)
})

test('the same shell in two pods, judged by what is around them', { skip, timeout }, async (t) => {
  const args = ['--kubeconfig', join(folder, 'kubeconfig'), '--node', node, '--context', '--no-cri']
  const beside = join(folder, 'vulnerabilities')
  mkdirSync(beside)
  args.push('--vulnerabilities', beside, '-o', 'json')
  const { child, alert, said } = await startRun(t, join(folder, 'rules.yaml'), args)

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

  // What is exploited comes to be known from a file.
  assert.ok(!ofCves(good).some(({ id }) => id === 'cve.exploited'))
  const list = { catalogVersion: '1', vulnerabilities: [{ cveID: cveOf(idle) }] }
  writeFileSync(join(beside, 'kev.json'), JSON.stringify(list))
  await said('kev.json: 1 rows of KEV')
  const exploited = ofCves(await told('toolbox-1')).find(({ id }) => id === 'cve.exploited')
  assert.equal(exploited?.text, `${cveOf(idle)} in ${idle} 1.0 is known to be exploited`)
  assert.equal(await end(child, 'SIGTERM'), 0)
})
