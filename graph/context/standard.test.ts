/** The Pod Security Standards, as a table: a pod's spec, what it keeps to, and what keeps it from more. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { clusterOf } from '../testdata/clusters.ts'
import { standardOf } from './standard.ts'

const good =
  'allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, runAsNonRoot: true, ' +
  'seccompProfile: {type: RuntimeDefault}'
const container = (context: string, more = ''): string =>
  `containers: [{name: app, securityContext: {${context}}${more}}]`

/** Level, then the path of what keeps it from the next. */
const table: readonly (readonly [spec: string, level: string, path: string])[] = [
  [container(good), 'restricted', 'spec'],
  [`${container(good)}, hostNetwork: true`, 'privileged', 'spec.hostNetwork'],
  [`${container(good)}, hostPID: true`, 'privileged', 'spec.hostPID'],
  [`${container(good)}, hostIPC: true`, 'privileged', 'spec.hostIPC'],
  [container(`${good}, privileged: true`), 'privileged', 'privileged'],
  [container(good, ', ports: [{containerPort: 1, hostPort: 1}]'), 'privileged', 'ports'],
  [container(good, ', ports: [{containerPort: 1}]'), 'restricted', 'spec'],
  [container('capabilities: {add: [SYS_ADMIN]}'), 'privileged', 'capabilities.add'],
  [container('capabilities: {add: [NET_RAW]}'), 'privileged', 'capabilities.add'],
  [container('capabilities: {add: [ALL]}'), 'privileged', 'capabilities.add'],
  [container('capabilities: {add: [CHOWN]}'), 'baseline', 'allowPrivilegeEscalation'],
  [container('procMount: Unmasked'), 'privileged', 'procMount'],
  [container('seccompProfile: {type: Unconfined}'), 'privileged', 'seccompProfile.type'],
  [container('appArmorProfile: {type: Unconfined}'), 'privileged', 'appArmorProfile.type'],
  [container('seLinuxOptions: {type: spc_t}'), 'privileged', 'seLinuxOptions'],
  [container(`${good}, seLinuxOptions: {type: container_t}`), 'restricted', 'spec'],
  [container(''), 'baseline', 'allowPrivilegeEscalation'],
  [container(good.replace('runAsNonRoot: true, ', '')), 'baseline', 'runAsNonRoot'],
  [container(`${good}, runAsUser: 0`), 'baseline', 'runAsUser'],
  [container(`${good}, runAsUser: 1`), 'restricted', 'spec'],
  [container(good.replace(', seccompProfile: {type: RuntimeDefault}', '')), 'baseline', 'type'],
  [container(good.replace('drop: [ALL]', 'drop: [CHOWN]')), 'baseline', 'capabilities.drop'],
  [container(good.replace('[ALL]', '[ALL], add: [CHOWN]')), 'baseline', 'capabilities.add'],
  [container(good.replace('[ALL]', '[ALL], add: [NET_BIND_SERVICE]')), 'restricted', 'spec'],
  [
    `${container(good, ', volumeMounts: [{name: v, mountPath: /v}]')}, ` +
      'volumes: [{name: v, hostPath: {path: /v}}]',
    'privileged',
    'spec.volumes[0]',
  ],
  [
    `${container(good)}, initContainers: [{name: i, securityContext: {privileged: true}}]`,
    'privileged',
    'privileged',
  ],
]

test('what a pod keeps to', () => {
  for (const [spec, level, path] of table) {
    const text = `[{kind: Pod, metadata: {namespace: a, name: b}, spec: {${spec}}}]`
    assert.ok(parse(text))
    const pod = clusterOf(text).objects.get('Pod', 'a', 'b')
    assert.ok(pod, spec)
    const kept = standardOf(pod)
    assert.equal(kept.level, level, spec)
    assert.ok(kept.facts[0]?.path.endsWith(path), `${spec}: ${kept.facts[0]?.path ?? ''}`)
  }
})
