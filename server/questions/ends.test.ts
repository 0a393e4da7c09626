/** Starts, targets, selectors and requests as people write them, and what they are told instead. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cluster } from '@bulwark/graph'
import type { BadEnd } from './ends.ts'
import { isBadEnd, remarkOn, startOf, targetOf } from './ends.ts'
import { requestOf } from './request.ts'
import { readSelector } from './selector.ts'

const cluster = new Cluster()
const rbac = 'rbac.authorization.k8s.io/v1'
for (const [apiVersion, kind, namespace, name, more] of [
  ['v1', 'Namespace', '', 'shop', { labels: { tier: 'gold' } }],
  ['v1', 'Node', '', 'n1', {}],
  ['v1', 'Pod', 'shop', 'web-5d9c', { labels: { app: 'web' } }],
  ['v1', 'ServiceAccount', 'shop', 'web', {}],
  [rbac, 'RoleBinding', 'shop', 'web-reads', {}],
] as const) {
  const metadata = { ...(namespace === '' ? {} : { namespace }), name, ...more }
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' }
  const subjects = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jane' }]
  const spec = { containers: [{ name: 'a', image: 'a' }] }
  cluster.put({ apiVersion, kind, metadata, spec, roleRef, subjects })
}

const told = (bad: BadEnd): string => `${bad.message}; ${bad.help}`

test('starts', () => {
  const check = (text: string, expected: string): void => {
    const start = startOf(cluster, text)
    assert.equal(isBadEnd(start) ? told(start) : start.id, expected, text)
  }
  check('internet', 'internet')
  for (const text of ['pod:shop/web-5d9c', 'pod/shop/web-5d9c', 'po:shop/web-5d9c']) {
    check(text, 'pod:shop/web-5d9c')
  }
  for (const text of ['sa:shop/web', 'serviceaccount/shop/web', 'service-account:shop/web']) {
    check(text, 'service-account:shop/web')
  }
  check('user:jane', 'user:jane')
  check('group:system:nodes', 'group:system:nodes')
  check('pod:shop/web', 'no pod `shop/web`; did you mean `pod:shop/web-5d9c`?')
  check('pod:shp/web-5d9c', 'no pod `shp/web-5d9c`; did you mean `pod:shop/web-5d9c`?')
  check('sa:other/web', 'no service-account `other/web`; did you mean `service-account:shop/web`?')
  check(
    'rolebinding:shop/web-read',
    'no rolebinding `shop/web-read`; did you mean `rolebinding:shop/web-reads`?',
  )
  check('interne', '`interne` is no start; did you mean `internet`?')
  assert.match(told(startOf(cluster, 'x:y') as BadEnd), /no start; one of `internet`, `pod:/)
})

test('what is said of users and groups that no binding names', () => {
  const remark = (text: string): string | undefined => {
    const start = startOf(cluster, text)
    return isBadEnd(start) ? told(start) : remarkOn(cluster, start)
  }
  assert.equal(remark('user:jane'), undefined)
  assert.match(remark('user:joe') ?? '', /^no binding names user joe/)
  assert.match(remark('group:jane') ?? '', /^no binding names group jane/)
})

test('targets', () => {
  const check = (text: string, labels: string | undefined, expected: string): void => {
    const target = targetOf(cluster, text, labels)
    assert.equal(isBadEnd(target) ? told(target) : target.text, expected, text)
  }
  check('cluster-admin', undefined, 'cluster-admin')
  check('node/n1', undefined, 'node:n1')
  check('node', undefined, 'node')
  check('secrets/shop', undefined, 'secrets:shop')
  check('crown-jewels', 'app=web', 'crown-jewels (app=web)')
  check('cluster-admn', undefined, '`cluster-admn` is no target; did you mean `cluster-admin`?')
  check('node:n2', undefined, 'no node `n2`; write `node` for any')
  check('node:node-1', undefined, 'no node `node-1`; write `node` for any')
  check('secrets:shp', undefined, 'no namespace `shp`; did you mean `secrets:shop`?')
  check('crown-jewels', '=', '`=` is no selector; write `tier=database`, as for kubectl -l')
  check('node', 'a=b', '`--crown-jewels` says nothing here; give `--to crown-jewels`')
})

test('crown jewels by a selector: of their own labels, or of their namespace', () => {
  const pod = startOf(cluster, 'pod:shop/web-5d9c')
  const check = (labels: string, expected: boolean): void => {
    const target = targetOf(cluster, 'crown-jewels', labels)
    assert.ok(!isBadEnd(target) && !isBadEnd(pod))
    assert.equal(target.is(pod), expected, labels)
  }
  check('app=web', true)
  check('tier=gold', true)
  check('app=web,tier=gold', false)
  check('app=db', false)
  check('!app', true)
  check('app,!tier', true)
})

test('selectors', () => {
  const check = (text: string, ...expected: readonly string[]): void => {
    const selector = readSelector(text)
    const said = selector?.map(({ key, operator, values }) => [key, operator, ...values].join(' '))
    assert.deepEqual(said ?? ['none'], expected, text)
  }
  check('a=b', 'a In b')
  check('a==b,c!=d', 'a In b', 'c NotIn d')
  check('a in (y, x),b notin (z)', 'a In x y', 'b NotIn z')
  check('a, !b', 'a Exists', 'b DoesNotExist')
  check('a.b/c=', 'a.b/c In ')
  for (const text of ['', ',', '=', 'a=b=c', 'a in b', 'a in (', '!!a']) check(text, 'none')
})

test('requests', () => {
  const check = (verb: string, resource: string, expected: string): void => {
    const request = requestOf({ verb, resource, name: undefined, namespace: undefined })
    if ('message' in request) assert.equal(told(request), expected)
    else if ('path' in request) assert.equal(request.path, expected)
    else {
      const { group, resource: name, subresource } = request
      assert.equal([group, name, subresource].join(' '), expected)
    }
  }
  check('create', 'pods/exec', ' pods exec')
  check('get', 'deployments', 'apps deployments ')
  check('get', 'deployments.apps/scale', 'apps deployments scale')
  check('get', 'applications.argoproj.io', 'argoproj.io applications ')
  check('*', '*', '* * ')
  check('get', '/metrics', '/metrics')
  const other = 'Of others the group is written: `applications.argoproj.io`'
  const noGroup = (name: string): string => `no resource \`${name}\` is known without its API group`
  check('get', 'deploymnts', `${noGroup('deploymnts')}; did you mean \`deployments\`? ${other}`)
  check('get', 'pod', `${noGroup('pod')}; did you mean \`pods\`? ${other}`)
})
