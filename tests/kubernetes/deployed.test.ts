/** deploy/server: its parts fit each other and the accounts; server.test.ts starts what it does. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { defaultSettings } from '@bulwark/graph'
import { ClusterInput, findingsOfPod } from '@bulwark/server'
import { findProgram } from '@bulwark/tools'
import { deployed } from './deployed.ts'
import { manifests } from './manifests.ts'

const { workload, service, template, container } = deployed

test('its parts fit each other', () => {
  const { labels } = template.metadata
  assert.deepEqual(workload.spec.selector.matchLabels, labels)
  assert.deepEqual(service.spec.selector, labels)
  const [{ name, containerPort } = assert.fail()] = container.ports
  const [{ port, targetPort } = assert.fail()] = service.spec.ports
  assert.deepEqual([targetPort, port], [name, containerPort])
  assert.ok(container.args.includes(`--listen=:${containerPort}`))
  for (const { httpGet } of [container.livenessProbe, container.readinessProbe]) {
    assert.deepEqual([httpGet.port, httpGet.scheme], [name, 'HTTPS'])
  }
  const [mount = assert.fail(), state = assert.fail()] = container.volumeMounts
  const files = container.args.filter((arg) => arg.startsWith('--tls-'))
  assert.ok(files.length === 2 && files.every((file) => file.includes(`=${mount.mountPath}/`)))
  assert.deepEqual(
    template.spec.volumes.map((each) => each.name),
    [mount.name, state.name],
  )
  // Others may write to a volume as it is mounted.
  assert.ok(container.args.includes(`--state-dir=${state.mountPath}/server`))
  const accounts = new Set(
    manifests('server-rbac.yaml', 'agent-rbac.yaml')
      .filter(({ kind }) => kind === 'ServiceAccount')
      .map(({ metadata }) => metadata as { readonly name: string; readonly namespace: string })
      .map((each) => `${each.namespace}/${each.name}`),
  )
  const { namespace } = workload.metadata
  assert.equal(service.metadata.namespace, namespace)
  assert.ok(accounts.has(`${namespace}/${template.spec.serviceAccountName}`))
  const agents = container.args.find((arg) => arg.startsWith('--agent-account='))
  assert.ok(accounts.has(agents?.split('=')[1] ?? ''))
})

test('by what the graph says, it may do no more than it must', () => {
  const input = new ClusterInput()
  const metadata = { namespace: 'bulwark', name: 'server' }
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec }
  input.take({ file: '', item: '' }, pod)
  const found = findingsOfPod({ sources: input.sources }, defaultSettings, 'bulwark/server')
  assert.ok('factors' in found)
  assert.ok(found.factors.some(({ id }) => id === 'posture.restricted'))
})

const skip = findProgram('kubectl') === undefined && 'kubectl is missing'

test('a kustomization names the image', { skip }, (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'bulwark-deployed-')))
  t.after(() => rmSync(folder, { recursive: true }))
  const base = relative(folder, join(import.meta.dirname, '../../deploy/server'))
  const images = [{ name: 'bulwark', newName: 'registry.example/bulwark', newTag: '1' }]
  writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify({ resources: [base], images }))
  const text = execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8' })
  assert.match(text, /^ +image: registry\.example\/bulwark:1$/m)
})
