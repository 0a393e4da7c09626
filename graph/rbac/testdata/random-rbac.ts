/** Random roles and bindings over few names, so that they meet, and requests about them. */
import * as fc from 'fast-check'
import type { Identity } from '../grants.ts'
import { accountIdentity } from '../grants.ts'
import type { Request } from '../match.ts'
import type { RawObject } from './slow-rbac.ts'

const apiVersion = 'rbac.authorization.k8s.io/v1'
const some = <Value>(...values: readonly Value[]): fc.Arbitrary<Value[]> =>
  fc.subarray([...values], { minLength: 1 })

const verbs = ['get', 'list', 'create', 'deletecollection', 'patch', 'impersonate']
const groups = ['', 'apps']
const resources = ['pods', 'pods/exec', 'secrets', 'deployments', 'namespaces', 'serviceaccounts']
const namespaces = ['a', 'b']
const names = ['x', 'y', 'a']
const paths = ['/metrics', '/logs/x', '/log']

const rule = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      verbs: some(...verbs, '*'),
      apiGroups: some(...groups, '*'),
      resources: some(...resources, '*', '*/exec', 'pods/*'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      verbs: some(...verbs, '*'),
      apiGroups: some(...groups, '*'),
      resources: some(...resources, '*'),
      resourceNames: some(...names, ''),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      verbs: some('get', '*'),
      nonResourceURLs: some('/metrics', '/logs/*', '*'),
    }),
  },
)
const rules = fc.array(rule, { maxLength: 3 })
const roleName = fc.constantFrom('r', 's', 't')
const namespace = fc.constantFrom(...namespaces)

const subject = fc.oneof(
  fc.record({ kind: fc.constant('User'), name: fc.constantFrom('u', 'v') }),
  fc.record({ kind: fc.constant('User'), name: fc.constant('system:serviceaccount:a:x') }),
  fc.record({
    kind: fc.constant('Group'),
    name: fc.constantFrom('dev', 'system:serviceaccounts', 'system:serviceaccounts:a'),
  }),
  fc.record({ kind: fc.constant('Group'), name: fc.constant('system:authenticated') }),
  fc.record({ kind: fc.constant('ServiceAccount'), name: fc.constantFrom('x', 'y'), namespace }),
  fc.record({ kind: fc.constant('ServiceAccount'), name: fc.constantFrom('x', 'y') }),
)

const binding = (kind: string, metadata: fc.Arbitrary<RawObject['metadata']>) =>
  fc.record({
    apiVersion: fc.constant(apiVersion),
    kind: fc.constant(kind),
    metadata,
    roleRef: fc.record({
      kind: fc.constantFrom('Role', 'ClusterRole', 'ClusterRole'),
      name: roleName,
    }),
    subjects: fc.array(subject, { minLength: 1, maxLength: 3 }),
  })
const role = (kind: string, metadata: fc.Arbitrary<RawObject['metadata']>) =>
  fc.record({ apiVersion: fc.constant(apiVersion), kind: fc.constant(kind), metadata, rules })

const object: fc.Arbitrary<RawObject> = fc.oneof(
  role('Role', fc.record({ name: roleName, namespace })),
  role('ClusterRole', fc.record({ name: roleName })),
  binding('RoleBinding', fc.record({ name: fc.constantFrom('p', 'q'), namespace })),
  binding('ClusterRoleBinding', fc.record({ name: fc.constantFrom('p', 'q') })),
)

/** Objects of a cluster: each of its kind and name once. */
export const rbacObjects: fc.Arbitrary<RawObject[]> = fc.uniqueArray(object, {
  minLength: 6,
  maxLength: 16,
  selector: ({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`,
})

const identity: fc.Arbitrary<Identity> = fc.oneof(
  fc.tuple(namespace, fc.constantFrom('x', 'y')).map(([ns, name]) => accountIdentity(ns, name)),
  fc.record({
    user: fc.constantFrom('u', 'v'),
    groups: fc.subarray(['dev', 'system:authenticated']),
  }),
)

const request: fc.Arbitrary<Request> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        verb: fc.constantFrom(...verbs),
        group: fc.constantFrom(...groups),
        what: fc.constantFrom(...resources),
        namespace: fc.constantFrom(...namespaces, ''),
        name: fc.constantFrom(...names, ''),
      })
      .map(({ what, verb, group, name, ...where }): Request => {
        const [resource = '', subresource = ''] = what.split('/')
        return { verb, group, resource, subresource, name, namespace: where.namespace }
      }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ verb: fc.constantFrom('get', 'post'), path: fc.constantFrom(...paths) }),
  },
)

export const requests: fc.Arbitrary<{ identity: Identity; request: Request }> = fc.record({
  identity,
  request,
})
