/** Bounds of a search: what it leaves out it tells. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clusterOf } from '../testdata/clusters.ts'
import { hubNode } from '../nodes.ts'
import type { Bounds } from './explore.ts'
import { explore } from './explore.ts'

const pods = ['a', 'b', 'c'].map(
  (name) => `
- kind: Pod
  metadata: { name: ${name}, namespace: shop }
  spec: { serviceAccountName: web, containers: [{ name: app }] }`,
)

const within = (
  objects: readonly string[],
  bounds: Partial<Bounds>,
): readonly [string, boolean] => {
  const account = '\n- { kind: ServiceAccount, metadata: { name: web, namespace: shop } }'
  const { nodes, isCut } = explore(
    clusterOf([...objects, account].join('')),
    [hubNode('pods', 'shop')],
    {
      wants: 'paths',
      certainty: 'possible',
      isTarget: () => false,
      slack: 0,
      bounds: {
        stepsMax: 6,
        edgesMax: 100,
        narrow: noNetwork,
        ...bounds,
      },
    },
  )
  return [nodes.map(({ id }) => id).join(' '), isCut]
}

/** Where policies decide is not followed. */
const noNetwork: Bounds['narrow'] = ({ kind }) => kind === 'network'

const hub = 'pods:shop'
const members = `${hub} pod:shop/a pod:shop/b pod:shop/c`
const containers = `${members} container:shop/a/app container:shop/b/app container:shop/c/app`
const all = `${containers} network:shop/all pods service-account:shop/web`

for (const [what, bounds, expected] of [
  ['room for all', {}, [all, false]],
  ['just so', { edgesMax: 12 }, [all, false]],
  ['not for the last edge', { edgesMax: 11 }, [all, true]],
  ['for the containers of some', { edgesMax: 4 }, [`${members} container:shop/a/app`, true]],
  ['for no member: all of them or none', { edgesMax: 2 }, [hub, true]],
  ['no step', { stepsMax: 0 }, [all, true]],
  ['as many steps as there are', { stepsMax: 1 }, [all, false]],
  ['only some edges', { narrow: ({ kind }) => kind !== 'pods' }, [members, false]],
] as readonly (readonly [string, Partial<Bounds>, readonly [string, boolean]])[]) {
  test(`bounds: ${what}`, () => {
    assert.deepEqual(within(pods, bounds), expected)
    assert.deepEqual(within(pods.toReversed(), bounds), expected, 'in another order')
  })
}
