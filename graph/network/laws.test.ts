/** Laws of the network: policies mean what the reference says, and history leaves no trace. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseAddress } from '@bulwark/schema'
import { Cluster } from '../cluster.ts'
import { edgesFrom } from '../graph.ts'
import type { GraphNode } from '../nodes.ts'
import { networkNode, reachableNode } from '../nodes.ts'
import { clusterNetwork } from './cluster-network.ts'
import type { ClusterNetwork } from './cluster-network.ts'
import type { PodClass } from './pod-classes.ts'
import { hasPort, portNumber } from './ports.ts'
import {
  addresses,
  calico,
  keyOf,
  namespacesOf,
  object,
  triedPorts,
  triedProtocols,
  withVersion,
} from './testdata/random.ts'
import type { RawEnd, RawObject, RawPod } from './testdata/reference.ts'
import { Reference } from './testdata/reference.ts'
import type { Verdict } from './verdict.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const runs = Number(process.env['TEST_RUNS'] ?? 500)

const law = <T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  hold: (input: T, reach: () => void) => void,
): void => {
  test(name, (context: TestContext) => {
    let reached = 0
    let tried = 0
    context.diagnostic(`TEST_SEED=${seed}`)
    const property = fc.property(inputs, (input) => {
      tried++
      let isReached = false
      hold(input, () => (isReached = true))
      if (isReached) reached++
    })
    fc.assert(property, { seed, numRuns: runs })
    context.diagnostic(`${reached} of ${tried} inputs reached the law`)
    assert.ok(reached * 2 >= tried, `only ${reached} of ${tried} inputs reached the law`)
  })
}

const podsOf = (objects: readonly RawObject[]): readonly RawPod[] =>
  objects.filter((each): each is RawPod => each.kind === 'Pod')

const classOf = (network: ClusterNetwork, pod: RawPod): PodClass => {
  const found = network.classes.ofPod(pod.metadata.namespace, pod.metadata.name)
  assert.ok(found)
  return found
}

const verdictOf = (network: ClusterNetwork, from: RawEnd, to: RawEnd): Verdict => {
  if (typeof from === 'string') {
    assert.ok(typeof to !== 'string')
    return network.ingressFrom(classOf(network, to), parseAddress(from) ?? 0)
  }
  const source = classOf(network, from)
  if (typeof to === 'string') return network.egressTo(source, parseAddress(to) ?? 0)
  return network.verdict(source, classOf(network, to))
}

const answerOf = ({ sure, most }: Verdict, port: number): string =>
  hasPort(sure, port) ? 'yes' : hasPort(most, port) ? 'unknown' : 'no'

/** Objects, each once. */
const clusters = fc
  .tuple(namespacesOf, fc.array(object, { minLength: 5, maxLength: 20 }))
  .map(([first, objects]) => objects.concat(first))
  .map((objects) => Array.from(new Map(objects.map((each) => [keyOf(each), each])).values()))

law(
  'what policies let through is what the reference says, port by port',
  fc.tuple(clusters, addresses),
  ([objects, outside], reach) => {
    const cluster = new Cluster()
    for (const each of [calico, ...objects.map(withVersion)]) cluster.put(each)
    const network = cluster.state(clusterNetwork)
    const reference = new Reference(objects)
    const pods = podsOf(objects)
    const answers = new Set<string>()
    const check = (from: RawEnd, to: RawEnd): void => {
      const verdict = verdictOf(network, from, to)
      for (const protocol of triedProtocols) {
        for (const port of triedPorts) {
          const wanted = reference.connects({ from, to, protocol, port })
          const got = answerOf(verdict, portNumber(protocol, port))
          answers.add(got)
          if (got !== wanted) {
            assert.equal(got, wanted, `${nameOf(from)} > ${nameOf(to)} ${protocol} ${port}`)
          }
        }
      }
    }
    for (const pod of pods) {
      check(outside, pod)
      check(pod, outside)
      for (const other of pods) check(pod, other)
    }
    if (answers.size > 1) reach()
  },
)

const nameOf = (end: RawEnd): string =>
  typeof end === 'string' ? end : `${end.metadata.namespace}/${end.metadata.name}`

/** What is put, and of what is put how much is taken away again. */
const histories = fc.array(fc.record({ object, isGone: fc.boolean() }), {
  minLength: 10,
  maxLength: 40,
})

/** All that can be asked of a cluster's network, as text. */
const everythingOf = (network: ClusterNetwork): string => {
  const classes = [...network.classes.all()].toSorted((a, b) =>
    `${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1,
  )
  return JSON.stringify(
    classes.map((from) => [
      from.namespace,
      from.name,
      [...from.pods].map(({ name }) => name).toSorted(),
      classes.map((to) => network.verdict(from, to)),
    ]),
  )
}

law('any order of changes leaves what a fresh list gives', histories, (history, reach) => {
  const cluster = new Cluster()
  cluster.put(calico)
  const network = cluster.state(clusterNetwork)
  const left = new Map<string, RawObject>()
  for (const [index, each] of history.entries()) {
    cluster.put(withVersion(each.object))
    left.set(keyOf(each.object), each.object)
    // Asked in between, so that something is kept.
    if (index % 5 === 0) everythingOf(network)
    if (!each.isGone) continue
    cluster.delete(withVersion(each.object))
    left.delete(keyOf(each.object))
  }
  const fresh = new Cluster()
  for (const each of [...left.values()].toReversed()) fresh.put(withVersion(each))
  fresh.put(calico)
  const wanted = everythingOf(fresh.state(clusterNetwork))
  assert.equal(everythingOf(network), wanted)
  if (wanted.includes('=')) reach()
})

/** Classes that are reached from one by edges, with the surest certainty of a way. */
const reachedByEdges = (cluster: Cluster, from: PodClass): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  const note = (node: GraphNode, certainties: readonly string[]): void => {
    const isCertain = certainties.every((each) => each === 'certain')
    if (isCertain || !found.has(node.id)) found.set(node.id, isCertain ? 'certain' : 'possible')
  }
  for (const { to, certainty } of edgesFrom(cluster, networkNode(from.namespace, from.name))) {
    if (to.kind === 'reachable') note(to, [certainty])
    else for (const next of edgesFrom(cluster, to)) note(next.to, [certainty, next.certainty])
  }
  return found
}

const enforcement = fc.constantFrom([calico], [])

law(
  'edges of reach lead where policies let connections through, and nowhere else',
  fc.tuple(clusters, enforcement, fc.boolean()),
  ([objects, plugIns, isTold], reach) => {
    const cluster = new Cluster()
    // Without its object, the labels of a namespace are not known.
    const told = isTold ? objects : objects.filter(({ kind }) => kind !== 'Namespace')
    for (const each of [...plugIns, ...told.map(withVersion)]) cluster.put(each)
    const network = cluster.state(clusterNetwork)
    const classes = [...network.classes.all()]
    const kinds = new Set<string>()
    for (const from of classes) {
      const found = reachedByEdges(cluster, from)
      for (const to of classes) {
        const { sure, most } = network.verdict(from, to)
        const wanted = sure.length > 0 ? 'certain' : most.length > 0 ? 'possible' : 'none'
        const got = found.get(reachableNode(to.namespace, to.name).id) ?? 'none'
        kinds.add(wanted)
        // Whether policies hold where labels are not known, groups of classes leave open.
        if (!isTold && wanted === 'none' && got === 'possible') continue
        assert.equal(got, wanted, `${from.namespace}/${from.name} > ${to.namespace}/${to.name}`)
      }
    }
    if (kinds.size > 1) reach()
  },
)
