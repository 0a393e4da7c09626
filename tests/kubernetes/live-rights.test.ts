/** deploy/server-rbac.yaml: what a server may do is what it does, no more and no less. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { policyGroup } from '@bulwark/schema'
import { Live } from './live.ts'
import { manifests } from './manifests.ts'

type Json = Readonly<Record<string, unknown>>

const timeout = 60_000
const user = 'system:serviceaccount:bulwark:bulwark-server'
const all = manifests('server-rbac.yaml')

const start = (t: TestContext, rbac: readonly Json[]): Promise<Live> =>
  Live.start(t, {
    rbac,
    tokens: new Map([['server', user]]),
    access: { token: { text: 'server' } },
  })

const nameOf = (group: string, resource: string): string =>
  group === '' ? resource : `${resource}.${group}`

/** Verbs and resources that the manifest gives, without what is for agents' tokens, and policies. */
const given = (): readonly string[] =>
  all
    .filter(({ kind }) => kind === 'ClusterRole')
    .flatMap(({ rules }) => rules as readonly Readonly<Record<string, readonly string[]>>[])
    .flatMap(({ apiGroups = [], resources = [], verbs = [] }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((each) => verbs.map((verb) => `${verb} ${nameOf(group, each)}`)),
      ),
    )
    .filter((each) => each !== 'create tokenreviews.authentication.k8s.io')
    .filter((each) => !each.endsWith(`.${policyGroup}`))
    .toSorted()

/** Verbs and resources that were asked for. */
const askedOf = ({ server }: Live): readonly string[] => {
  const words = server.asked.flatMap((line) => {
    const [, group = '', , resource = '', query = ''] =
      /^GET \/apis?\/(?:([^/]+)\/)?(v[0-9a-z]+)\/([a-z0-9]+)\?(.*)$/.exec(line) ?? []
    const verb = query.includes('watch=true') ? 'watch' : 'list'
    return resource === '' ? [] : [`${verb} ${nameOf(group, resource)}`]
  })
  return [...new Set(words)].toSorted()
}

test('a server asks for what its role gives, and gets it', { timeout }, async (t) => {
  const live = await start(t, all)
  await live.untilListed()
  await live.until('all is watched', () => live.server.watches.count === live.cluster.kinds.length)
  assert.deepEqual(live.log, [])
  assert.deepEqual(askedOf(live), given())
})

test('without the role for secrets all else is known, and that is said', { timeout }, async (t) => {
  const less = all.filter(
    ({ metadata }) => (metadata as Json)['name'] !== 'bulwark-server-secret-names',
  )
  const live = await start(t, less)
  await live.untilListed()
  const notWatched = live.cluster.kinds.filter(({ status }) => status !== 'watched')
  assert.deepEqual(
    notWatched.map(({ kind, status }) => `${kind} ${status}`),
    ['Secret forbidden'],
  )
  assert.match(live.log.join('\n'), /^secrets of .*the right to list secrets is missing/m)
})
