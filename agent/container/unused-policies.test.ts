/** Policies that select nothing: of containers that there are, and of those that pods bring. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Container, ContainerMetadata } from './container.ts'
import { newContainer, noMetadata } from './container.ts'
import { Scopes } from './scopes.ts'
import { policyRulesOf, policyText, ruleText } from '../testdata/rules.ts'
import { unusedPolicies } from './unused-policies.ts'

const anyOpen = 'evt.type = openat'

const containerWith = (metadata: Partial<ContainerMetadata>): Container => {
  const container = newContainer({ id: 'c', podUid: 'u', runtime: 'containerd' })
  container.metadata = { ...noMetadata, ...metadata }
  return container
}

test('policies without a container are told, and no others', () => {
  const active = policyRulesOf(
    ruleText('of a file', anyOpen),
    policyText('everywhere', '{}', anyOpen),
    policyText('web', '{podSelector: {matchLabels: {app: web}}}', anyOpen),
    policyText('api', '{podSelector: {matchLabels: {app: api}}}', anyOpen),
    policyText('images', '{images: [{name: nginx}]}', anyOpen),
  )
  const scopes = new Scopes(active)
  const check = (
    here: readonly Container[],
    expected: readonly Container[],
    unused: readonly string[],
  ): void => {
    const containers = {
      containerCgroups: () => here.map((container) => ({ container })),
      expectedContainers: () => expected,
    }
    assert.deepEqual(unusedPolicies({ active, scopes }, containers), unused)
  }
  const web = containerWith({ podLabels: [['app', 'web']], image: 'busybox' })
  const api = containerWith({ podLabels: [['app', 'api']], image: 'nginx' })
  check([], [], ['api', 'images', 'web'])
  check([web], [], ['api', 'images'])
  check([web], [api], [])
  // What is not known may be what they select.
  check([containerWith({ image: 'busybox' })], [], ['images'])
  const none = { active: policyRulesOf(ruleText('r', anyOpen)), scopes: new Scopes([]) }
  const nobody = { containerCgroups: () => [], expectedContainers: () => [] }
  assert.deepEqual(unusedPolicies(none, nobody), [])
})
