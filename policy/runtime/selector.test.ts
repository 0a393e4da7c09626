/**
 * What LabelSelectors select: a table of cases, each as a file has it. The rules are those of
 * `metav1.LabelSelectorAsSelector` and of `labels.Requirement.Matches` of Kubernetes' apimachinery.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer, Labels, PodSubject } from '@bulwark/schema'
import { readPolicies } from './read.ts'
import { scopeOf } from './scope.ts'

const unknownPod: PodSubject = {
  namespace: undefined,
  namespaceLabels: undefined,
  podName: undefined,
  podUid: undefined,
  podLabels: undefined,
  workload: undefined,
  serviceAccount: undefined,
  container: undefined,
  image: undefined,
  imageDigest: undefined,
}

/** A policy with this scope, as a file has it. */
const policyText = (scope: string): string => `
apiVersion: bulwark.dev/v1alpha1
kind: RuntimePolicy
metadata: {name: p}
spec:
  scope: ${scope}
  rules: [{name: r, condition: evt.type = open, output: x}]
`

const answerOf = (scopeText: string, subject: Partial<PodSubject>, isInPod = true): Answer => {
  const [policy] = readPolicies('p.yaml', policyText(scopeText))
  assert.ok(policy?.definition, JSON.stringify(policy?.found.map(({ message }) => message)))
  const { scope } = policy.definition
  if (!scope) return true
  return scopeOf(scope)({ is: 'container', subject: { ...unknownPod, ...subject }, isInPod })
}

type Case = readonly [selector: string, labels: Readonly<Record<string, string>>, Answer]

const web = { app: 'web', tier: 'front', empty: '' }
const expression = (key: string, operator: string, values = ''): string =>
  `{matchExpressions: [{key: ${key}, operator: ${operator}${values && `, values: [${values}]`}}]}`

const cases: readonly Case[] = [
  ['{}', {}, true],
  ['{}', web, true],
  ['{matchLabels: {}}', web, true],
  ['{matchExpressions: []}', web, true],
  ['{matchLabels: {app: web}}', web, true],
  ['{matchLabels: {app: Web}}', web, false],
  ['{matchLabels: {app: web}}', {}, false],
  ['{matchLabels: {app: web, tier: front}}', web, true],
  ['{matchLabels: {app: web, tier: back}}', web, false],
  ["{matchLabels: {empty: ''}}", web, true],
  ["{matchLabels: {missing: ''}}", web, false],
  [expression('app', 'In', 'api, web'), web, true],
  [expression('app', 'In', 'api'), web, false],
  [expression('missing', 'In', 'api'), web, false],
  [expression('app', 'In', "''"), web, false],
  [expression('empty', 'In', "''"), web, true],
  [expression('app', 'NotIn', 'api'), web, true],
  [expression('app', 'NotIn', 'api, web'), web, false],
  [expression('missing', 'NotIn', 'api'), web, true],
  [expression('missing', 'NotIn', "''"), web, true],
  [expression('empty', 'NotIn', "''"), web, false],
  [expression('app', 'Exists'), web, true],
  [expression('empty', 'Exists'), web, true],
  [expression('missing', 'Exists'), web, false],
  [expression('app', 'DoesNotExist'), web, false],
  [expression('missing', 'DoesNotExist'), web, true],
  [expression('app', 'DoesNotExist'), {}, true],
  // What both parts ask for must hold.
  ['{matchLabels: {app: web}, matchExpressions: [{key: tier, operator: Exists}]}', web, true],
  ['{matchLabels: {app: web}, matchExpressions: [{key: x, operator: Exists}]}', web, false],
  ['{matchLabels: {app: api}, matchExpressions: [{key: tier, operator: Exists}]}', web, false],
  [
    '{matchExpressions: [{key: app, operator: In, values: [web]}, {key: app, operator: NotIn, values: [web]}]}',
    web,
    false,
  ],
  // Keys with a domain are other keys; and names of what objects have are keys as any other.
  ['{matchLabels: {example.com/app: web}}', web, false],
  ['{matchLabels: {example.com/app: web}}', { 'example.com/app': 'web' }, true],
  [expression('constructor', 'Exists'), web, false],
  [expression('valueOf', 'In', 'a'), web, false],
  // A value that looks like something else is the text that stands there.
  ["{matchLabels: {version: '1.10'}}", { version: '1.10' }, true],
  ['{matchLabels: {version: 1.10}}', { version: '1.10' }, true],
  ['{matchLabels: {on: yes}}', { on: 'yes' }, true],
]

const labelsOf = (labels: Readonly<Record<string, string>>): Labels =>
  Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))

for (const [selector, labels, expected] of cases) {
  test(`${selector} on ${JSON.stringify(labels)}: ${String(expected)}`, () => {
    const of = labelsOf(labels)
    assert.equal(answerOf(`{podSelector: ${selector}}`, { podLabels: of }), expected)
    assert.equal(answerOf(`{namespaceSelector: ${selector}}`, { namespaceLabels: of }), expected)
  })
}

/** Keys and values as Kubernetes validates them. */
const validity: readonly (readonly [selector: string, isValid: boolean])[] = [
  ['{matchLabels: {a: b}}', true],
  [`{matchLabels: {${'a'.repeat(63)}: b}}`, true],
  [`{matchLabels: {${'a'.repeat(64)}: b}}`, false],
  [`{matchLabels: {${'a.'.repeat(126)}b/name: x}}`, true],
  [`{matchLabels: {${'a.'.repeat(127)}b/name: x}}`, false],
  ['{matchLabels: {Example.com/a: b}}', false],
  ['{matchLabels: {example.com/: b}}', false],
  ['{matchLabels: {/a: b}}', false],
  ['{matchLabels: {a/b/c: d}}', false],
  ['{matchLabels: {a_b.c-d: b}}', true],
  ['{matchLabels: {-a: b}}', false],
  ['{matchLabels: {a-: b}}', false],
  ["{matchLabels: {a: ''}}", true],
  ['{matchLabels: {a: b_c.D-1}}', true],
  ['{matchLabels: {a: -b}}', false],
  ["{matchLabels: {a: 'b c'}}", false],
  [`{matchLabels: {a: ${'b'.repeat(63)}}}`, true],
  [`{matchLabels: {a: ${'b'.repeat(64)}}}`, false],
  ['{matchLabels: {a: }}', false],
  [expression('a', 'In', 'b c'), false],
  [expression('a', 'In'), false],
  [expression('a', 'NotIn'), false],
  [expression('a', 'Exists', 'b'), false],
  ['{matchExpressions: [{key: a, operator: Exists, values: []}]}', true],
  [expression('a', 'DoesNotExist', 'b'), false],
  [expression('a', 'Gt', '1'), false],
  [expression("''", 'Exists'), false],
  ['{matchLabels: [a]}', false],
  ['{matchExpressions: {key: a}}', false],
  ['', false],
]

for (const [selector, isValid] of validity) {
  test(`${selector.slice(0, 80)} is ${isValid ? 'one' : 'none'}`, () => {
    const [policy] = readPolicies('p.yaml', policyText(`{podSelector: ${selector}}`))
    assert.equal(policy?.definition !== undefined, isValid)
  })
}

const named = { namespace: 'shop', podName: 'api-0', podUid: 'u' }
const digest = `sha256:${'0'.repeat(64)}`

const scopes: readonly (readonly [scope: string, Partial<PodSubject>, Answer])[] = [
  // What is not known does not matter where nothing asks for it.
  ['{podSelector: {}}', {}, true],
  ['{podSelector: {matchLabels: {a: b}}}', {}, undefined],
  ['{podSelector: {matchLabels: {a: b}}, containers: [x]}', { container: 'y' }, false],
  ['{podSelector: {matchLabels: {a: b}}, containers: [y]}', { container: 'y' }, undefined],
  [`{namespaceSelector: ${expression('a', 'DoesNotExist')}}`, named, undefined],
  // The name of a namespace is a label of it, also where its labels are not known.
  ['{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}', named, true],
  ['{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: bank}}}', named, false],
  [
    `{namespaceSelector: ${expression('kubernetes.io/metadata.name', 'NotIn', 'bank')}}`,
    named,
    true,
  ],
  [
    '{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: bank, a: b}}}',
    { ...named, podLabels: [] },
    false,
  ],
  ['{workloads: [{kind: Deployment}]}', { workload: { kind: 'Deployment', name: 'a' } }, true],
  ['{workloads: [{kind: Daemon*, name: a}]}', { workload: { kind: 'DaemonSet', name: 'a' } }, true],
  ['{workloads: [{kind: Job}, {name: a}]}', { workload: { kind: 'Pod', name: 'a' } }, true],
  ['{workloads: [{kind: Job, name: a}]}', { workload: { kind: 'Pod', name: 'a' } }, false],
  ['{workloads: [{kind: Job}]}', {}, undefined],
  ['{serviceAccounts: [api, db-*]}', { serviceAccount: 'db-1' }, true],
  ['{serviceAccounts: [api]}', { serviceAccount: 'API' }, false],
  ['{serviceAccounts: ["*"]}', {}, undefined],
  ['{containers: [side*]}', { container: 'sidecar' }, true],
  ['{containers: [side]}', { container: 'sidecar' }, false],
  // Images: by any of the names that people give them, with the tag where the glob has one.
  ['{images: [{name: nginx}]}', { image: 'docker.io/library/nginx:1.25' }, true],
  ['{images: [{name: nginx}]}', { image: 'nginx' }, true],
  ['{images: [{name: docker.io/library/nginx}]}', { image: 'nginx:1.25' }, true],
  ['{images: [{name: bitnami/*}]}', { image: 'docker.io/bitnami/redis:7' }, true],
  ['{images: [{name: nginx}]}', { image: 'example.com/nginx:1' }, false],
  ['{images: [{name: "*/nginx"}]}', { image: 'example.com/a/nginx:1' }, true],
  ['{images: [{name: "nginx:1.*"}]}', { image: 'nginx:1.25' }, true],
  ['{images: [{name: "nginx:1.*"}]}', { image: 'nginx:2.0' }, false],
  ['{images: [{name: "nginx:latest"}]}', { image: 'nginx' }, true],
  ['{images: [{name: "nginx:*"}]}', { image: `nginx@${digest}` }, false],
  ['{images: [{name: "localhost:5000/a"}]}', { image: 'localhost:5000/a:1' }, true],
  [`{images: [{digest: "${digest}"}]}`, { image: 'a', imageDigest: digest }, true],
  [`{images: [{digest: "${digest}"}]}`, { image: `a@${digest}` }, true],
  [`{images: [{digest: "${digest}"}]}`, { image: 'a' }, undefined],
  [`{images: [{name: b, digest: "${digest}"}]}`, { image: 'a' }, false],
  ['{images: [{name: a}, {name: b}]}', { image: 'b' }, true],
]

for (const [scope, subject, expected] of scopes) {
  test(`${scope} of ${JSON.stringify(subject)}: ${String(expected)}`, () => {
    assert.equal(answerOf(scope, subject), expected)
  })
}

test('a container without a pod is in no scope that asks for something of a pod', () => {
  assert.equal(answerOf('{podSelector: {}}', { image: 'a' }, false), false)
  assert.equal(answerOf('{serviceAccounts: ["*"]}', { image: 'a' }, false), false)
  assert.equal(answerOf('{images: [{name: a}]}', { image: 'a' }, false), true)
  assert.equal(answerOf('{}', { image: 'a' }, false), true)
})

test('the host is in no scope that asks for something', () => {
  for (const scope of ['{podSelector: {}}', '{images: [{name: "*"}]}']) {
    const [policy] = readPolicies('p.yaml', policyText(scope))
    const asked = policy?.definition?.scope
    assert.ok(asked)
    assert.equal(scopeOf(asked)({ is: 'host' }), false)
  }
})
