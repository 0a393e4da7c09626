/** Rules under scopes: where they are judged, and what becomes of what is not known. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { IpAddress, Labels } from '@bulwark/schema'
import type { Rule } from '@bulwark/policy'
import type { Alert } from '../alert.ts'
import type { Container, ContainerMetadata } from './container.ts'
import { newContainer, noMetadata } from './container.ts'
import { newCounters } from '../counters.ts'
import { Engine } from '../engine.ts'
import { Scopes } from './scopes.ts'
import { eventOf } from '../testdata/events.ts'
import { applyingText, policyRulesOf, policyText, ruleText } from '../testdata/rules.ts'
import { Users } from '../users.ts'

const containerWith = (metadata: Partial<ContainerMetadata>): Container => {
  const container = newContainer({ id: 'c', podUid: undefined, runtime: 'containerd' })
  container.metadata = { ...noMetadata, ...metadata }
  return container
}

const podWith = (labels: Labels, more: Partial<ContainerMetadata> = {}): Container =>
  containerWith({ podUid: 'u', podName: 'p', namespace: 'shop', podLabels: labels, ...more })

const alertsOf = (rules: readonly Rule[]): ((container?: Container) => readonly Alert[]) => {
  const alerts: Alert[] = []
  const engine = new Engine({
    rules,
    matching: 'all',
    surroundings: { users: new Users(), hostname: 'node1' },
    counters: newCounters(),
    resolve: () => () => new Set<IpAddress>(),
    onAlert: (alert) => alerts.push(alert),
    log: (line) => assert.equal(line, ''),
  })
  engine.prepare(['openat'])
  return (container) => {
    alerts.length = 0
    const event = eventOf(
      'open',
      { path: '/x', result: 3 },
      { type: 'openat', ...(container && { container }) },
    )
    engine.run(event)
    return [...alerts]
  }
}

const namesOf = (alerts: readonly Alert[]): readonly string[] =>
  alerts.map(({ rule, bulwark }) => `${rule}/${bulwark.policy ?? ''}`)

const anyOpen = 'evt.type = openat'

test('a rule of a policy is judged in its scope alone, and its alerts name the policy', () => {
  const run = alertsOf(
    policyRulesOf(
      ruleText('everywhere', anyOpen),
      policyText('web', '{podSelector: {matchLabels: {app: web}}}', anyOpen),
      policyText('images', '{images: [{name: nginx}]}', anyOpen),
      policyText('all', '{}', anyOpen),
    ),
  )
  assert.deepEqual(namesOf(run()), ['rule of all/all', 'everywhere/'])
  assert.deepEqual(namesOf(run(podWith([['app', 'web']], { image: 'busybox' }))), [
    'rule of web/web',
    'rule of all/all',
    'everywhere/',
  ])
  // In no pod.
  assert.deepEqual(namesOf(run(containerWith({ image: 'nginx:1.25' }))), [
    'rule of images/images',
    'rule of all/all',
    'everywhere/',
  ])
})

test('a rule of a rule file holds where the policies hold that apply to it', () => {
  const run = alertsOf(
    policyRulesOf(
      ruleText('A', anyOpen) + ruleText('B', anyOpen),
      applyingText('web', '{podSelector: {matchLabels: {app: web}}}', ['A']),
      applyingText('front', '{podSelector: {matchLabels: {tier: front}}}', ['A']),
    ),
  )
  assert.deepEqual(namesOf(run()), ['B/'])
  assert.deepEqual(namesOf(run(podWith([['tier', 'front']]))), ['A/front', 'B/'])
  const both = podWith([
    ['app', 'web'],
    ['tier', 'front'],
  ])
  assert.deepEqual(namesOf(run(both)), ['A/web', 'A/front', 'B/'])
})

test('what is not known of a container is not taken for no, and the alert says so', () => {
  const run = alertsOf(
    policyRulesOf(
      '',
      policyText('labels', '{namespaceSelector: {matchLabels: {env: prod}}}', anyOpen),
      policyText(
        'named',
        '{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}',
        anyOpen,
      ),
    ),
  )
  const bare = newContainer({ id: 'c', podUid: 'u', runtime: 'containerd' })
  assert.deepEqual(
    run(bare).map(({ bulwark }) => [bulwark.policy, bulwark.scopeUnknown]),
    [
      ['labels', true],
      ['named', true],
    ],
  )
  assert.deepEqual(
    run(podWith([])).map(({ bulwark }) => [bulwark.policy, bulwark.scopeUnknown]),
    [
      ['labels', true],
      ['named', undefined],
    ],
  )
  assert.deepEqual(namesOf(run(podWith([], { namespace: 'bank' }))), ['rule of labels/labels'])
  assert.deepEqual(run(), [])
})

test('a scope follows what becomes known, and changes while a container runs', () => {
  const run = alertsOf(
    policyRulesOf('', policyText('web', '{podSelector: {matchLabels: {app: web}}}', anyOpen)),
  )
  const container = newContainer({ id: 'c', podUid: 'u', runtime: 'containerd' })
  assert.equal(run(container).length, 1)
  container.metadata = { ...noMetadata, podUid: 'u', podLabels: [['app', 'api']] }
  assert.equal(run(container).length, 0)
  container.metadata = { ...noMetadata, podUid: 'u', podLabels: [['app', 'web']] }
  assert.equal(run(container).length, 1)
})

test('labels that were cut are not taken for all there are', () => {
  const selector = (key: string, operator: string, values = ''): string =>
    `{matchExpressions: [{key: ${key}, operator: ${operator}${values}}]}`
  const policies = (name: string): readonly string[] => [
    policyText(`${name}-in`, `{${name}Selector: {matchLabels: {env: prod}}}`, anyOpen),
    policyText(`${name}-not`, `{${name}Selector: ${selector('env', 'DoesNotExist')}}`, anyOpen),
    policyText(`${name}-kept`, `{${name}Selector: {matchLabels: {app: web}}}`, anyOpen),
    policyText(`${name}-other`, `{${name}Selector: {matchLabels: {app: api}}}`, anyOpen),
  ]
  const run = alertsOf(policyRulesOf('', ...policies('pod'), ...policies('namespace')))
  const labels: Labels = [['app', 'web']]
  const said = (more: Partial<ContainerMetadata>): readonly string[] =>
    run(podWith(labels, { namespaceLabels: labels, ...more }))
      .map(({ bulwark: { policy, scopeUnknown } }) => `${policy}${scopeUnknown ? '?' : ''}`)
      .toSorted()
  const whole = ['namespace-kept', 'namespace-not', 'pod-kept', 'pod-not']
  assert.deepEqual(said({}), whole)
  const maybe = (name: string): readonly string[] => [`${name}-in?`, `${name}-kept`, `${name}-not?`]
  assert.deepEqual(said({ podLabelsCut: true }), [...whole.slice(0, 2), ...maybe('pod')])
  assert.deepEqual(said({ namespaceLabelsCut: true }), [...maybe('namespace'), ...whole.slice(2)])
})

test('containers that are in the same scopes are of one class', () => {
  const selector = (app: string): string => `{podSelector: {matchLabels: {app: ${app}}}}`
  const scopes = new Scopes(
    policyRulesOf(
      '',
      policyText('a', selector('web'), anyOpen),
      policyText('b', selector('web'), anyOpen),
      policyText('c', '{containers: [side*]}', anyOpen),
    ),
  )
  const web = scopes.classOf(podWith([['app', 'web']], { name: 'main' }))
  assert.equal(scopes.classOf(podWith([['app', 'web']], { name: 'other' })), web)
  assert.equal(web.scopes.size, 1)
  assert.notEqual(scopes.classOf(podWith([['app', 'web']], { name: 'sidecar' })), web)
  const none = scopes.classOf(podWith([['app', 'x']], { name: 'main' }))
  assert.equal(none.scopes.size, 0)
  assert.equal(scopes.classOf(undefined), scopes.host)
})

test('a class stays while nothing changes that a scope can ask for', () => {
  const scopes = new Scopes(
    policyRulesOf('', policyText('a', '{podSelector: {matchLabels: {app: web}}}', anyOpen)),
  )
  const container = podWith([['app', 'web']])
  const web = scopes.classOf(container)
  const become = (more: Partial<ContainerMetadata>): void => {
    container.metadata = { ...(container.metadata ?? noMetadata), ...more }
  }
  become({ podIp: '10.0.0.9', podLabels: [['app', 'web']] })
  assert.equal(scopes.classOf(container), web)
  become({ podLabels: [['app', 'api']] })
  assert.notEqual(scopes.classOf(container), web)
  become({ podLabelsCut: true, podLabels: [] })
  assert.equal([...scopes.classOf(container).scopes.values()].join(), 'unknown')
})

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['TEST_RUNS'] ?? 200)

test('law: a rule under a scope is the scope and the condition', (context) => {
  context.diagnostic(`TEST_SEED=${seed}`)
  const values = ['a', 'b', 'c']
  const label = fc.constantFrom(...values)
  const requirement = fc.oneof(
    fc.record({
      key: label,
      operator: fc.constantFrom('In', 'NotIn'),
      values: fc.array(label, { minLength: 1 }),
    }),
    fc.record({ key: label, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
  )
  const selectors = fc.array(fc.array(requirement, { maxLength: 3 }), {
    minLength: 1,
    maxLength: 6,
  })
  const labels = fc.dictionary(label, label)
  const seen = { yes: 0, no: 0 }
  fc.assert(
    fc.property(selectors, fc.array(labels, { minLength: 1, maxLength: 5 }), (all, pods) => {
      const texts = all.map((matchExpressions, i) =>
        policyText(`p${i}`, JSON.stringify({ podSelector: { matchExpressions } }), anyOpen),
      )
      const run = alertsOf(policyRulesOf('', ...texts))
      for (const pod of pods) {
        const sorted = Object.entries(pod).toSorted(([x], [y]) => (x < y ? -1 : 1))
        const got = run(podWith(sorted)).map(({ bulwark }) => bulwark.policy)
        const wanted = all.flatMap((requirements, i) => {
          const isIn = requirements.every((each) => {
            const value = pod[each.key]
            if (!('values' in each)) return (value !== undefined) === (each.operator === 'Exists')
            const isAmong = value !== undefined && each.values.includes(value)
            return isAmong === (each.operator === 'In')
          })
          seen[isIn ? 'yes' : 'no']++
          return isIn ? [`p${i}`] : []
        })
        assert.deepEqual(got, wanted)
      }
    }),
    { seed, numRuns },
  )
  context.diagnostic(`${seen.yes} policies held, ${seen.no} did not`)
  assert.ok(seen.yes > seen.no / 10 && seen.no > seen.yes / 10, JSON.stringify(seen))
})
