/** What must hold of alerts that are joined. The table of laws is `tests/laws.md`. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parse } from 'yaml'
import { catalogue } from '../catalogue.ts'
import { limits } from '../limits.ts'
import { clusterOf } from '../testdata/clusters.ts'
import { observations } from './observations.ts'
import type { ToldLevel } from './window.ts'
import type { ShortAlert } from './testdata/alerts.ts'
import { alertOf, tell } from './testdata/alerts.ts'
import { AlertJudging } from './judging.ts'
import type { ContextSources } from '../context/contexts.ts'
import { CveStore } from '../cves/store.ts'
import { UsedFiles } from '../cves/usage.ts'
import { defaultSettings } from '../judgement/settings.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['TEST_RUNS'] ?? 200)

const pod = (name: string, node: string, address: string, more = ''): string =>
  `- {kind: Pod, metadata: {namespace: shop, name: ${name}, uid: u, labels: {app: ${name}}}, ` +
  `spec: {nodeName: ${node}, containers: [{name: c${more}}]}, status: {podIPs: [{ip: ${address}}]}}`

/** A web server that is open to the internet, others behind it, one with a way to its node. */
const cluster = clusterOf(
  [
    '- {kind: Node, metadata: {name: n1}}',
    '- {kind: Node, metadata: {name: n2}}',
    pod('web', 'n1', '10.0.0.1'),
    pod('api', 'n1', '10.0.0.2', ', securityContext: {privileged: true}'),
    pod('db', 'n2', '10.0.0.3'),
    pod('job', 'n2', '10.0.0.4', ', securityContext: {privileged: true}'),
    '- {kind: Service, metadata: {namespace: shop, name: web}, spec: {type: LoadBalancer, ' +
      'selector: {app: web}, ports: [{port: 80}]}, status: {loadBalancer: {ingress: [{ip: 203.0.113.9}]}}}',
    '- {kind: Service, metadata: {namespace: shop, name: db}, spec: {clusterIP: 10.96.0.3, ' +
      'selector: {app: db}, ports: [{port: 5432}]}}',
    '- {kind: NetworkPolicy, metadata: {namespace: shop, name: job}, spec: {podSelector: ' +
      '{matchLabels: {app: job}}, ingress: [{from: [{podSelector: {matchLabels: {app: db}}}]}]}}',
    '- {kind: Pod, metadata: {namespace: kube-system, name: calico, labels: {k8s-app: ' +
      'calico-node}}, spec: {nodeName: n1, hostNetwork: true, containers: [{name: c, image: calico/node}]}}',
  ].join('\n'),
)

/** Without those that go over what is kept of a rule in a pod: nothing raises what is forgotten. */
const kept = (all: readonly ShortAlert[]): ShortAlert[] =>
  all.filter((one, index) => {
    const isLike = (each: ShortAlert): boolean => each.pod === one.pod && each.rule === one.rule
    return all.slice(0, index).filter(isLike).length < limits.alertsOfRuleMax
  })

const alerts = fc
  .array(
    fc.record({
      at: fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 12 }) }, fc.nat({ max: 900 })),
      pod: fc.constantFrom('shop/web', 'shop/api', 'shop/db', 'shop/job', 'shop/gone'),
      priority: fc.constantFrom('Notice' as const, 'Warning' as const, 'Error' as const),
      what: fc.oneof(
        fc.constant({ rule: 'Shell' }),
        fc
          .constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.96.0.3')
          .map((address) => ({ rule: 'Spoken to', connects: `${address}:5432` })),
        fc.constant({ rule: 'Disk of the node opened', tags: ['T1611'], opens: '/dev/vda' }),
        fc.constantFrom('Token read', 'Shell').map((rule) => ({ rule })),
      ),
      outcome: fc.constantFrom('done' as const, 'done' as const, 'failed' as const),
    }),
    { minLength: 4, maxLength: 9 },
  )
  .map((all) =>
    kept(
      all.map(({ what, ...each }, index): ShortAlert => ({ id: `a${index}`, ...each, ...what })),
    ),
  )

const inTwoOrders = alerts.chain((all) =>
  fc.tuple(
    fc.constant(all),
    fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
  ),
)

/** What each alert says at last, in the order of their ids. */
const ends = (all: readonly ShortAlert[]): readonly string[] =>
  [...tell(cluster, all).last]
    .map(([id, { judgement }]) => `${id} ${judgement.effective}`)
    .toSorted()

test('the same alerts end at the same severities, in whatever order they come', (context) => {
  context.diagnostic(`TEST_SEED=${seed}`)
  let raised = 0
  fc.assert(
    fc.property(inTwoOrders, ([one, other]) => {
      assert.deepEqual(ends(one), ends(other))
      const lines = [...tell(cluster, one).lines, ...tell(cluster, other).lines]
      if (lines.some((line) => line.startsWith('raises'))) raised++
    }),
    { seed, numRuns },
  )
  context.diagnostic(`${raised} had an alert that was raised`)
  assert.ok(raised > numRuns / 2)
})

test('an alert more never lowers another, and each that is raised is told', (context) => {
  context.diagnostic(`TEST_SEED=${seed}`)
  const levels = ['info', 'low', 'medium', 'high', 'critical']
  fc.assert(
    fc.property(alerts, (all) => {
      const judging = new AlertJudging<string>()
      const sources = { cluster, cves: new CveStore(), used: new UsedFiles(), hasReports: false }
      const now = new Map<string, string>()
      for (const each of all) {
        const { judgement, raised } = judging.judge(sources, alertOf(each), defaultSettings)
        now.set(each.id, judgement.effective)
        for (const { uuid, before, judgement: then } of raised) {
          assert.equal(before, now.get(uuid))
          assert.ok(levels.indexOf(then.effective) > levels.indexOf(before))
          now.set(uuid, then.effective)
        }
      }
      // What was told at last is what would be said of all of them.
      const said = [...now].map(([id, level]) => `${id} ${level}`).toSorted()
      assert.deepEqual(said, ends(all))
    }),
    { seed, numRuns },
  )
})

const sourcesOf = (): ContextSources => ({
  cluster,
  cves: new CveStore(),
  used: new UsedFiles(),
  hasReports: false,
})

test('a judging that takes up what another one has told goes on as that would have', (context) => {
  context.diagnostic(`TEST_SEED=${seed}`)
  let raisedOver = 0
  fc.assert(
    fc.property(alerts, fc.nat(), (all, at) => {
      const cut = 1 + (at % (all.length - 1))
      const told = new Map<string, ToldLevel>()
      const first = new AlertJudging<string>()
      const tellBy = (judging: AlertJudging<string>, some: readonly ShortAlert[]): string[] =>
        some.flatMap((each) => {
          const { judgement, joined, raised } = judging.judge(
            sourcesOf(),
            alertOf(each),
            defaultSettings,
          )
          told.set(each.id, { effective: judgement.effective, isSuppressed: false })
          for (const { uuid, judgement: now } of raised) {
            told.set(uuid, { effective: now.effective, isSuppressed: false })
          }
          return [
            `${each.id} ${judgement.effective} ${joined.join()}`,
            ...raised.map(
              ({ uuid, before, judgement: now }) => `${uuid} ${before} ${now.effective}`,
            ),
          ]
        })
      tellBy(first, all.slice(0, cut))
      const second = new AlertJudging<string>()
      for (const taken of first.window.taken) second.window.restoreTaken(taken)
      const before = new Map(told)
      tellBy(second, all.slice(0, cut))
      second.window.restoreTold(before)
      const rest = all.slice(cut)
      const lines = tellBy(first, rest)
      assert.deepEqual(tellBy(second, rest), lines)
      if (lines.length > rest.length) raisedOver++
    }),
    { seed, numRuns },
  )
  context.diagnostic(`${raisedOver} raised an alert of before, or of after`)
  assert.ok(raisedOver > numRuns / 4)
})

test('an alert rises from what was told of it, not from what it is judged to be by now', () => {
  const [first, second] = [
    { id: 'a', at: 0, pod: 'shop/db', rule: 'Token read' },
    { id: 'b', at: 1, pod: 'shop/db', rule: 'Shell' },
  ].map(alertOf)
  assert.ok(first && second)
  const raisedFrom = (effective: ToldLevel['effective']): readonly unknown[] => {
    const judging = new AlertJudging<string>()
    // The later one is there first: the earlier one raises it.
    const { judgement } = judging.judge(sourcesOf(), second, defaultSettings)
    assert.equal(judgement.effective, 'low')
    judging.window.restoreTold(new Map([['b', { effective, isSuppressed: false }]]))
    const { raised } = judging.judge(sourcesOf(), first, defaultSettings)
    return raised.map(({ uuid, before }) => [uuid, before])
  }
  assert.deepEqual(raisedFrom('info'), [['b', 'info']])
  assert.deepEqual(raisedFrom('critical'), [])
})

const judgeMany = (count: number, alert: (index: number) => ShortAlert) => {
  const judging = new AlertJudging<string>()
  const sources = { cluster, cves: new CveStore(), used: new UsedFiles(), hasReports: false }
  for (let i = 0; i < count; i++) judging.judge(sources, alertOf(alert(i)), defaultSettings)
  return { judging, sources }
}

test('no more alerts are kept than the bounds say, and what is forgotten is counted', () => {
  const more = 5
  const ofRule = judgeMany(limits.alertsOfRuleMax + more, (i) => ({
    id: `${i}`,
    at: i,
    pod: 'shop/db',
  }))
  assert.equal(ofRule.judging.window.size, limits.alertsOfRuleMax)
  assert.equal(ofRule.judging.window.forgotten, more)
  const rules = limits.alertsOfPodMax + more
  const ofPod = judgeMany(rules, (i) => ({ id: `${i}`, at: i, pod: 'shop/db', rule: `r${i}` }))
  assert.equal(ofPod.judging.window.size, limits.alertsOfPodMax)
  assert.equal(ofPod.judging.window.forgotten, more)
  const all = judgeMany(limits.openAlertsMax + more, (i) => ({
    id: `${i}`,
    at: 0,
    pod: `shop/p${i}`,
  }))
  assert.equal(all.judging.window.size, limits.openAlertsMax)
  assert.equal(all.judging.window.forgotten, more)
})

test('no alert is joined with more connections than the bound says, and the rest is counted', () => {
  const more = 8
  const count = limits.connectedAlertsMax + more
  const { judging, sources } = judgeMany(count, (i) => ({
    id: `${i}`,
    at: i,
    pod: i % 2 === 0 ? 'shop/web' : 'shop/api',
    rule: `r${i}`,
    connects: '10.0.0.3:5432',
  }))
  const last = alertOf({ id: 'last', at: count, pod: 'shop/db' })
  judging.judge(sources, last, defaultSettings)
  assert.equal(judging.window.unchecked, more)
})

test('a rule that comes again and again drives no other out', () => {
  const { judging, sources } = judgeMany(1 + 10 * limits.alertsOfPodMax, (i) =>
    i === 0
      ? { id: 'first', at: 0, pod: 'shop/db', rule: 'Token read' }
      : { id: `${i}`, at: 1, pod: 'shop/db' },
  )
  const last = alertOf({ id: 'last', at: 2, pod: 'shop/db', rule: 'Other' })
  assert.ok(judging.judge(sources, last, defaultSettings).joined.includes('first'))
})

test('observations name kinds of edges, and rules of the pack', () => {
  const folder = join(import.meta.dirname, '../../rules')
  const names = new Set(
    globSync('*.yaml', { cwd: folder }).flatMap((file) =>
      (parse(readFileSync(join(folder, file), 'utf8')) as { rule?: string }[]).map(
        ({ rule }) => rule,
      ),
    ),
  )
  const ids = new Set(catalogue.map(({ id }) => id))
  for (const { edges, rules, falcoRules, tags } of observations) {
    for (const id of edges) assert.ok(ids.has(id), id)
    for (const rule of rules) assert.ok(names.has(rule), rule)
    assert.ok(rules.length + falcoRules.length + tags.length > 0)
  }
  const shown = new Set(observations.flatMap(({ edges }) => edges))
  const escapes = catalogue.filter(({ id }) => id.startsWith('ESC_') && !id.endsWith('_CVE'))
  for (const { id } of escapes) assert.ok(shown.has(id), `${id}: no alert shows it`)
})
