/** Facts that conditions of policies ask for: what is known, and what is not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { contextFields, contextPartIds, factorIds } from '@bulwark/schema'
import { factReader } from './facts.ts'
import { factorsOf } from './judge.ts'
import { defaultSettings } from './settings.ts'
import { factorTable } from './table.ts'
import { alertOf, contextOf } from './testdata/contexts.ts'

type Short = Readonly<Record<string, unknown>>

/** What is read of a context; `?`: it is not known, `-`: there is none. */
const shown = (short: Short, alert: Short, fact: string): string => {
  const [, name = '', argument] = /^([^[]*)(?:\[(.*)\])?$/.exec(fact) ?? []
  const input = { alert: alertOf(alert), context: contextOf(short), settings: defaultSettings }
  const read = factReader(input, new Set(factorsOf(input).map(({ id }) => id)))
  const found = read(name, argument)
  return found ? String(found.value ?? '-') : '?'
}

/** Context, then `fact value` pairs. An alert is of the container `web` if nothing else is said. */
const cases: readonly (readonly [context: string, ...facts: string[]])[] = [
  [
    '{}',
    ...contextFields
      .filter(({ name, argument }) => !argument && name.startsWith('graph.'))
      .map(({ name }) => `${name} ?`),
    'graph.factor[exposure.internet] ?',
    'graph.factor[alerts.chain] false',
    'graph.known[exposure] false',
    'k8s.ns.name shop',
    'k8s.pod.name web-1',
    'container.name web',
    'k8s.ns.label[env] ?',
    'k8s.pod.label[app] ?',
  ],
  [
    '{exposure: {level: 6, certainty: certain}}',
    'graph.internet_exposed true',
    'graph.exposure_level 6',
    'graph.known[exposure] true',
    'graph.factor[exposure.internet] true',
    'graph.factor[exposure.none] false',
    'graph.factor[identity.secrets] ?',
  ],
  ['{exposure: {level: 6, certainty: observed}}', 'graph.internet_exposed true'],
  [
    '{exposure: {level: 6, certainty: possible}}',
    'graph.internet_exposed ?',
    'graph.exposure_level 6',
    'graph.factor[exposure.internet] false',
  ],
  ['{exposure: {level: 5, certainty: certain}}', 'graph.internet_exposed false'],
  ['{exposure: {level: 0, certainty: certain}}', 'graph.exposure_level 0'],
  [
    '{identity: {hasToken: false, reaches: nothing, steps: 1, certainty: certain}}',
    'graph.has_token false',
    'graph.token_reaches nothing',
    'graph.path_to_cluster_admin ?',
  ],
  [
    '{identity: {hasToken: false, reaches: nothing, steps: 1, certainty: certain}, escapes: []}',
    'graph.path_to_cluster_admin false',
    'graph.path_to_node false',
    'graph.privileged false',
  ],
  [
    '{identity: {hasToken: true, reaches: cluster-admin, steps: 2, certainty: certain}}',
    'graph.has_token true',
    'graph.token_reaches cluster-admin',
    'graph.path_to_cluster_admin true',
  ],
  [
    '{identity: {hasToken: true, reaches: cluster-admin, steps: 2, certainty: possible}, escapes: []}',
    'graph.token_reaches ?',
    'graph.path_to_cluster_admin ?',
  ],
  [
    '{identity: {hasToken: true, reaches: secrets, steps: 2, certainty: certain}, escapes: [],' +
      ' notLookedAt: [ways over the network]}',
    'graph.token_reaches ?',
    'graph.path_to_cluster_admin ?',
  ],
  [
    '{identity: {hasToken: false, reaches: nothing, steps: 1, certainty: certain}, escapes: [],' +
      ' path: {from: container shop/web-1/web, to: cluster-admin, certainty: certain, steps: []}}',
    'graph.path_to_cluster_admin true',
  ],
  [
    '{escapes: [{edge: ESC_PRIV, title: x, container: web, certainty: certain}]}',
    'graph.path_to_node true',
    'graph.privileged true',
  ],
  [
    '{escapes: [{edge: ESC_SOCK, title: x, container: web, certainty: possible}]}',
    'graph.path_to_node ?',
    'graph.privileged false',
  ],
  [
    '{escapes: [{edge: ESC_PRIV, title: x, container: sidecar, certainty: certain}]}',
    'graph.path_to_node false',
  ],
  [
    '{posture: {level: restricted, hasSeccomp: true}}',
    'graph.pod_security restricted',
    'graph.seccomp true',
    'graph.sandboxed false',
  ],
  ['{posture: {level: baseline, hasSeccomp: false, sandbox: gvisor}}', 'graph.sandboxed true'],
  ['{secrets: [a @ Pod x/y z]}', 'graph.secrets 1'],
  ['{secrets: []}', 'graph.secrets 0'],
  ['{neighbours: [a @ Pod x/y]}', 'graph.critical_neighbours true'],
  ['{neighbours: []}', 'graph.critical_neighbours false'],
  [
    '{cves: [{findings: [CVE-1 in a 1 high open kev loaded]}]}',
    'graph.cve_kev true',
    'graph.cve_in_use_kev true',
  ],
  [
    '{cves: [{findings: [CVE-1 in a 1 high open kev unseen]}]}',
    'graph.cve_kev true',
    'graph.cve_in_use_kev false',
  ],
  ['{cves: [{findings: [CVE-1 in a 1 high open kev]}]}', 'graph.cve_in_use_kev ?'],
  ['{cves: [{findings: [CVE-1 in a 1 high open kev built-in]}]}', 'graph.cve_in_use_kev ?'],
  ['{cves: [{findings: [CVE-1 in a 1 high open loaded]}]}', 'graph.cve_kev false'],
  ['{cves: [{findings: [CVE-1 in a 1 high kev loaded vex=fixed]}]}', 'graph.cve_kev false'],
  [
    '{cves: [{reported: false}]}',
    'graph.cve_kev ?',
    'graph.cve_in_use_kev ?',
    'graph.factor[cve.exploited] ?',
    'graph.factor[cve.unreported] true',
  ],
  ['{cves: [{findings: []}]}', 'graph.factor[cve.exploited] false'],
  ['{cves: [{container: sidecar, findings: [CVE-1 in a 1 high kev loaded]}]}', 'graph.cve_kev ?'],
  [
    '{namespaceLabels: {env: dev}, podLabels: {app: weÿ}}',
    'k8s.ns.label[env] dev',
    'k8s.ns.label[team] -',
    `k8s.pod.label[app] we${String.fromCharCode(0xc3, 0xbf)}`,
    'graph.factor[namespace.development] true',
  ],
]

for (const [context, ...facts] of cases) {
  test(context, () => {
    const short = parse(context) as Short
    const got = facts.map((line) => {
      const fact = line.slice(0, line.indexOf(' '))
      return `${fact} ${shown(short, {}, fact)}`
    })
    assert.deepEqual(got, facts)
  })
}

test('each fact is read, and named in a case', () => {
  const full = contextOf(parse('{}') as Short)
  const input = { alert: alertOf({}), context: full, settings: defaultSettings }
  const read = factReader(input, new Set())
  const named = new Set(
    cases.flatMap(([, ...facts]) => facts.map((line) => /^[^ [?]*/.exec(line)?.[0])),
  )
  for (const { name } of contextFields) assert.ok(named.has(name), name)
  for (const id of factorIds) {
    const answer = read('graph.factor', id)
    const row = factorTable.find((each) => each.id === id)
    assert.equal(answer === undefined, row?.part !== 'alert', id)
  }
  for (const id of contextPartIds) assert.deepEqual(read('graph.known', id), { value: false }, id)
})

test('the schema has the ids of the table, in its order', () => {
  assert.deepEqual(
    factorTable.map(({ id }) => id),
    factorIds,
  )
})
