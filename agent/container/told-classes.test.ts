/** What the kernel is told of the scopes of containers: never a class that no filter knows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CGROUP_IS_CONTAINER } from '@bulwark/schema'
import { scopeClassMin } from '@bulwark/policy'
import type { Container } from './container.ts'
import { newContainer, noMetadata } from './container.ts'
import { Scopes } from './scopes.ts'
import { policyRulesOf, policyText } from '../testdata/rules.ts'
import type { KnownClasses } from './told-classes.ts'
import { ToldClasses, knownClasses, toldClassesOf } from './told-classes.ts'

const inApp = (app: string): string => `{podSelector: {matchLabels: {app: ${app}}}}`
const rules = policyRulesOf(
  '',
  policyText('a', inApp('web'), 'evt.type = openat'),
  policyText('b', inApp('api'), 'evt.type = openat'),
)

const label = (container: Container, app: string): void => {
  container.metadata = { ...noMetadata, podUid: 'u', podLabels: [['app', app]] }
}

const containerOf = (app: string): Container => {
  const container = newContainer({ id: app, podUid: 'u', runtime: 'containerd' })
  label(container, app)
  return container
}

const cgroupsOf = (...containers: readonly Container[]) =>
  containers.map((container, id) => ({ hierarchy: 0, id: id + 1, container }))

/** @param expected  those that pods will bring */
const classesOf = (
  scopes: Scopes,
  containers: readonly Container[],
  expected: readonly Container[] = [],
): KnownClasses => {
  const steps = knownClasses(scopes, {
    cgroups: () => cgroupsOf(...containers),
    expected: () => expected,
  })
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

const using = (scopes: Scopes, ...containers: readonly Container[]) => {
  const asked = { times: 0 }
  const told = new ToldClasses(() => asked.times++)
  told.use(classesOf(scopes, containers))
  return { told, asked }
}

test('before filters are in place, and where no rule has a scope, it is a container', () => {
  const web = containerOf('web')
  const before = new ToldClasses(() => assert.equal('asked', ''))
  assert.equal(before.numberOf(web), CGROUP_IS_CONTAINER)
  assert.equal(before.hasChanged(web), false)
  const { told } = using(new Scopes([]), web)
  assert.equal(told.numberOf(web), CGROUP_IS_CONTAINER)
})

test('a class that the filters know is told; another one is not, and asks for new filters', () => {
  const [web, other, api] = [containerOf('web'), containerOf('web'), containerOf('api')]
  const { told, asked } = using(new Scopes(rules), web)
  assert.ok(told.numberOf(web) >= scopeClassMin)
  assert.equal(told.numberOf(other), told.numberOf(web))
  assert.equal(asked.times, 0)
  assert.equal(told.numberOf(api), CGROUP_IS_CONTAINER)
  assert.equal(asked.times, 1)
})

test('the class of a container that a pod will bring is known before it is made', () => {
  const [web, api] = [containerOf('web'), containerOf('api')]
  const { told, asked } = using(new Scopes(rules), web)
  told.expect([web])
  assert.equal(asked.times, 0)
  told.expect([web, api, containerOf('nothing')])
  assert.equal(asked.times, 1)
  const scopes = new Scopes(rules)
  const later = new ToldClasses(() => assert.fail('it is known'))
  later.use(classesOf(scopes, [web], [api]))
  later.expect([api])
  assert.ok(later.numberOf(containerOf('api')) >= scopeClassMin)
})

test('a container that changes is told anew, and one that stays is not', () => {
  const [web, api] = [containerOf('web'), containerOf('api')]
  const { told } = using(new Scopes(rules), web, api)
  const [ofWeb, ofApi] = [told.numberOf(web), told.numberOf(api)]
  assert.notEqual(ofWeb, ofApi)
  label(web, 'web')
  assert.equal(told.hasChanged(web), false)
  label(web, 'api')
  assert.equal(told.hasChanged(web), true)
  assert.equal(told.numberOf(web), ofApi)
  label(web, 'nothing')
  assert.equal(told.hasChanged(web), true)
  assert.equal(told.numberOf(web), CGROUP_IS_CONTAINER)
})

test('filters for other rules mean other numbers by what they know', () => {
  const web = containerOf('web')
  const { told } = using(new Scopes(rules), web)
  told.numberOf(web)
  const others = new Scopes(rules.slice(0, 1))
  told.use(classesOf(others, []))
  // Not told yet: it is with all others, before the filters are in place.
  assert.equal(told.hasChanged(web), false)
  assert.equal(told.numberOf(web), CGROUP_IS_CONTAINER)
})

test('what is not known of a container is judged, and so are its rules in the kernel', () => {
  const bare = newContainer({ id: 'c', podUid: 'u', runtime: 'containerd' })
  const [only] = toldClassesOf(classesOf(new Scopes(rules), [bare]))
  assert.ok(only)
  for (const { policy } of rules) assert.equal(only.isJudged(policy?.scope?.key ?? ''), true)
})
