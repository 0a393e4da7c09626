/** What is drawn of answers about the sample cluster. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { defaultSettings } from '@bulwark/graph'
import type { GraphReply, PathsAnswer } from '@bulwark/schema'
import type { Questioned } from '@bulwark/server'
import {
  askBlastRadius,
  askPaths,
  askWhoCan,
  findingsOfPod,
  inputJson,
  podJson,
  readClusterFiles,
} from '@bulwark/server'
import { shopFolder } from '../testdata/shop-server.ts'
import type { Diagram } from './diagram.ts'
import { diagramForms } from './diagram.ts'
import { drawBlastRadius, drawFixes, drawPaths, drawPod, drawWhoCan } from './drawings.ts'

let shop: Questioned
before(async () => {
  const input = await readClusterFiles(shopFolder)
  shop = { sources: input.sources, input: () => inputJson(input, shopFolder) }
})

const answered = <Answer>({ answer }: GraphReply<Answer>): Answer => {
  assert.ok(answer)
  return answer
}

/** `a -[label]-> b`, with the texts of boxes. */
const arrowsOf = ({ points, arrows }: Diagram): readonly string[] => {
  const texts = new Map(points.map(({ id, text }) => [id, text]))
  assert.equal(texts.size, points.length, 'each box once')
  return arrows.map(({ from, to, label, isDashed }) => {
    assert.ok(texts.has(from) && texts.has(to))
    return `${texts.get(from)} -${isDashed ? '.' : ''}[${label}]-> ${texts.get(to)}`
  })
}

const pathsTo = (to: string): PathsAnswer =>
  answered(
    askPaths(shop, {
      from: 'service-account:shop-prod/deployer',
      to,
      crownJewels: undefined,
      certainty: 'possible',
      best: 1,
    }),
  )

test('a way, and what cuts it', () => {
  const answer = pathsTo('cluster-admin')
  const way = arrowsOf(drawPaths(answer))
  assert.equal(
    way[0],
    'service account shop-prod/deployer -[CAN_EXEC]-> every pod in namespace platform',
  )
  const fixed = arrowsOf(drawFixes(answer))
  assert.deepEqual(fixed.slice(0, way.length), way)
  assert.deepEqual(fixed.slice(way.length), [
    'fix 1: ClusterRoleBinding ci-runner-admin subjects[0]: take service account ' +
      'platform/ci-runner out of ClusterRoleBinding ci-runner-admin -[cuts]-> cluster-admin',
  ])
})

test('a blast radius, and the edges by which it is reached', () => {
  const answer = answered(askBlastRadius(shop, 'service-account:shop-prod/deployer', 'possible'))
  const diagram = drawBlastRadius(answer)
  const arrows = arrowsOf(diagram)
  for (const arrow of [
    'service account shop-prod/deployer -[CAN_EXEC]-> every pod in namespace platform',
    'every pod in namespace platform -[MEMBER]-> pod platform/ci-runner-25ff08462-0eba9',
    'container runner of platform/ci-runner-25ff08462-0eba9 -[POD_SA]-> service account platform/ci-runner',
    'service account platform/ci-runner -[IS_ADMIN]-> cluster-admin',
    'secret: shop-prod/deployer-token, shop-prod/payments-tls, shop-prod/shop-tls',
  ]) {
    assert.ok(
      arrows.some((each) => each.includes(arrow)),
      arrow,
    )
  }
  // All of it hangs together, and all of what is reached is drawn or counted.
  const ends = new Set(diagram.arrows.map(({ to }) => to))
  assert.deepEqual(
    diagram.points.filter(({ id }) => !ends.has(id)).map(({ text }) => text),
    ['service account shop-prod/deployer'],
  )
  const isConnection = /^(?:endpoint|network|reachable|open-pods|guarded-pods|node-services)/
  const drawn = answer.ways.flatMap(({ to }) => to).filter(({ kind }) => !isConnection.test(kind))
  const counted = answer.ways.reduce((sum, { more, behind }) => sum + more + behind, 0)
  assert.equal(new Set(drawn.map(({ id }) => id)).size, drawn.length, 'each box once')
  assert.equal(drawn.length + counted + answer.untold, answer.reached.length)
})

test('what a drawing has no room for is counted in it', () => {
  const answer = answered(askBlastRadius(shop, 'internet', 'possible'))
  const [first, ...others] = answer.ways
  assert.ok(first)
  const { points } = drawBlastRadius({ ...answer, ways: [first], untold: others.length })
  assert.equal(points.at(-1)?.text, `${others.length} more`)
  const cut = drawBlastRadius({ ...answer, more: true })
  assert.equal(cut.points.at(-1)?.text, 'a bound was reached: there may be more')
})

test('who can, over bindings and roles', () => {
  const asked = { verb: 'create', resource: 'pods/exec', name: undefined, namespace: 'platform' }
  const diagram = drawWhoCan(answered(askWhoCan(shop, asked)))
  assert.deepEqual(arrowsOf(diagram), [
    'Group system:masters -[without any role]-> create pods/exec in namespace platform',
    'ServiceAccount platform/ci-runner -[subjects[0]]-> ClusterRoleBinding ci-runner-admin',
    'ClusterRoleBinding ci-runner-admin -[]-> ClusterRole cluster-admin',
    'ClusterRole cluster-admin -[rules[0]]-> create pods/exec in namespace platform',
    'ServiceAccount shop-prod/deployer -[subjects[0]]-> RoleBinding platform/ci-debug',
    'RoleBinding platform/ci-debug -[]-> Role platform/ci-debug',
    'Role platform/ci-debug -[rules[1]]-> create pods/exec in namespace platform',
  ])
  assert.ok(diagramForms.dot(diagram).includes('  n3 -> n4'))
  assert.ok(diagramForms.mermaid(diagram).includes('  n4 -->|"rules#91;0#93;"| n1'))
})

test('a pod, its factors, and where it leads', () => {
  const found = findingsOfPod(shop, defaultSettings, 'shop-prod/payments-ba3c8e8cb-29888')
  assert.ok(!('exit' in found))
  const arrows = arrowsOf(drawPod(podJson(found)))
  const pod = 'pod shop-prod/payments-ba3c8e8cb-29888'
  const container = 'container shop-prod/payments-ba3c8e8cb-29888/payments'
  assert.ok(arrows.includes(`+2 the pod has 2 secrets -[data.secrets]-> ${pod}`))
  assert.ok(arrows.includes(`${pod} -[]-> ${container}`))
  assert.ok(arrows.includes(`${container} -[POD_SA]-> service-account shop-prod/payments`))
})
