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

test('a blast radius, a box for each kind and distance', () => {
  const answer = answered(askBlastRadius(shop, 'service-account:platform/ci-runner', 'certain'))
  const arrows = arrowsOf(drawBlastRadius(answer))
  const runner = 'service account platform/ci-runner'
  assert.equal(arrows[0], `${runner} -[at once]-> cluster-admin`)
  assert.ok(arrows.includes(`${runner} -[in 1 step]-> node: control-1, worker-1, worker-2`))
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
