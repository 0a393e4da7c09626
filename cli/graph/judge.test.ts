/** The context of alerts, as a run gives it to them. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Alert } from '@bulwark/agent'
import { alertJson, alertText } from '@bulwark/agent'
import type { ContextSources } from '@bulwark/graph'
import { defaultSettings } from '@bulwark/graph'
import type { AlertSubject } from '@bulwark/schema'
import { AlertJudge, readClusterFiles } from '@bulwark/server'
import { withContext } from './judge.ts'

const shop = join(import.meta.dirname, '../../tests/clusters/shop')

const subjectOf = (podName: string, container: string): AlertSubject => ({
  namespace: podName === 'debug' ? 'shop-dev' : 'platform',
  podName,
  container,
  programs: [{ executable: '/bin/sh', programArguments: ['sh'], workingDirectory: '/' }],
  outcome: 'done',
})

const startNs = 1_795_000_000_000_000_000n
const secondNs = 1_000_000_000n

const alertOf = (rule: string, subject: AlertSubject | undefined, second = 0n): Alert => ({
  uuid: `${rule} ${second}`,
  rule,
  priority: 'Notice',
  source: 'syscall',
  tags: [],
  hostname: 'n',
  timeNs: startNs + second * secondNs,
  time: '2026-11-18T10:26:40.000000000Z',
  message: 'a shell',
  output: '10:26:40.000000000: Notice a shell',
  outputFields: new Map(),
  bulwark: {
    pid: 1,
    containerId: undefined,
    podUid: undefined,
    truncated: [],
    fromUserMemory: false,
  },
  ...(subject ? { subject } : {}),
})

type JudgeAlert = (alert: Alert) => Alert
type JudgeAll = (alert: Alert) => readonly Alert[]

const judgeAllBy = (sourcesNow: () => ContextSources | undefined): JudgeAll => {
  const log = (line: string): void => assert.fail(line)
  const judge = new AlertJudge<Alert>({ sourcesNow, settings: { now: defaultSettings }, log })
  return (alert) => withContext(alert, judge.judge(alert))
}

const judgeBy = (sourcesNow: () => ContextSources | undefined): JudgeAlert => {
  const all = judgeAllBy(sourcesNow)
  return (alert) => all(alert)[0] ?? alert
}

const judgeOf = async (): Promise<JudgeAlert> => {
  const { sources } = await readClusterFiles(shop)
  return judgeBy(() => sources)
}

const runner = subjectOf('ci-runner-25ff08462-0eba9', 'runner')

interface Written {
  readonly priority: string
  readonly bulwark: {
    readonly context?: {
      readonly severity: string
      readonly detection: string
      readonly factors: readonly { readonly id: string }[]
    }
  }
}

const written = (alert: Alert): Written => JSON.parse(alertJson(alert)) as Written

test('the same shell in a pod bound to cluster-admin and in a debug pod', async () => {
  const judge = await judgeOf()
  const bad = judge(alertOf('shell', runner))
  const { priority, bulwark } = written(bad)
  assert.equal(priority, 'Notice', "the priority stays the rule's")
  assert.equal(bulwark.context?.detection, 'low')
  assert.equal(bulwark.context.severity, 'medium')
  assert.deepEqual(bulwark.context.factors[0]?.id, 'identity.cluster-admin')
  assert.match(
    alertText(bad, false),
    /Notice a shell \[medium, detected as low \(context \+\d+\)\]$/,
  )
  const good = written(judge(alertOf('shell', subjectOf('debug', 'debug'))))
  assert.equal(good.bulwark.context?.severity, 'low')
})

test('a second alert of the pod is one more step', async () => {
  const judge = await judgeOf()
  judge(alertOf('shell', runner))
  const { context } = written(judge(alertOf('token read', runner, 9n))).bulwark
  assert.equal(context?.severity, 'high')
  assert.ok(context.factors.some(({ id }) => id === 'alerts.chain'))
})

/** A pod of the sample's production, which connects to an address if one is given. */
const inProduction = (podName: string, container: string, address?: string): AlertSubject => ({
  ...subjectOf(podName, container),
  namespace: 'shop-prod',
  act: {
    type: address === undefined ? 'execve' : 'connect',
    files: [],
    isWrite: false,
    peer: address === undefined ? undefined : { address, port: 8443, protocol: 'tcp' },
  },
})

test('a connection that leads to an alert elsewhere: the one is told again', async () => {
  const { sources } = await readClusterFiles(shop)
  const judge = judgeAllBy(() => sources)
  const web = inProduction('web-e185b56a5-1716b', 'web', '10.96.12.16')
  const first = judge(alertOf('spoken to', web))
  const second = judge(alertOf('shell', inProduction('payments-ba3c8e8cb-29888', 'payments'), 40n))
  assert.deepEqual([first.length, second.length], [1, 2])
  const update = second[1]
  assert.ok(update)
  const { rule, source, uuid, outputFields, bulwark } = update
  assert.deepEqual([rule, source], ['Bulwark internal: alert raised', 'internal'])
  assert.notEqual(uuid, 'spoken to 0')
  assert.equal(outputFields.get('alert.uuid'), 'spoken to 0')
  assert.deepEqual(bulwark.update, {
    of: 'spoken to 0',
    because: 'shell 40',
    before: written(first[0] ?? update).bulwark.context?.severity,
    severity: bulwark.context?.['severity'],
    reasons: ['other alerts are on the same attack path'],
  })
  assert.match(
    alertText(update, false),
    /Critical spoken to: raised from high to critical: other alerts .* \[critical, detected as low/,
  )
  const judged = written(second[0] ?? update).bulwark.context
  assert.ok(judged?.factors.some(({ id }) => id === 'chain.exposure'))
})

test('alerts of no pod stay as they are, and those of a pod that is not known say so', async () => {
  const judge = await judgeOf()
  const plain = alertOf('shell', undefined)
  assert.equal(judge(plain), plain)
  const host = alertOf('shell', { ...runner, namespace: undefined, podName: undefined })
  assert.equal(judge(host), host)
  const gone = written(judge(alertOf('shell', { ...runner, podName: 'gone' })))
  assert.equal(gone.bulwark.context?.severity, 'low')
})

test('before the cluster is known, alerts go out as they are', () => {
  const judge = judgeBy(() => undefined)
  const alert = alertOf('shell', runner)
  assert.equal(judge(alert), alert)
})
