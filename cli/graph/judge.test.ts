/** The context of alerts, as a run gives it to them. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Alert } from '@bulwark/agent'
import { alertJson, alertText } from '@bulwark/agent'
import type { ContextSources } from '@bulwark/graph'
import { defaultSettings } from '@bulwark/graph'
import type { AlertSubject } from '@bulwark/schema'
import { AlertJudge } from '@bulwark/server'
import { readClusterFiles } from './files.ts'
import { withContext } from './judge.ts'

const shop = join(import.meta.dirname, '../../tests/clusters/shop')

const subjectOf = (podName: string, container: string): AlertSubject => ({
  namespace: podName === 'debug' ? 'shop-dev' : 'platform',
  podName,
  container,
  programs: [{ executable: '/bin/sh', programArguments: ['sh'], workingDirectory: '/' }],
  outcome: 'done',
})

const alertOf = (rule: string, subject: AlertSubject | undefined): Alert => ({
  uuid: 'u',
  rule,
  priority: 'Notice',
  source: 'syscall',
  tags: [],
  hostname: 'n',
  timeNs: 1_795_000_000_000_000_000n,
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

const judgeBy = (sourcesNow: () => ContextSources | undefined): JudgeAlert => {
  const log = (line: string): void => assert.fail(line)
  const judge = new AlertJudge({ sourcesNow, settings: defaultSettings, log })
  return (alert) => withContext(judge, alert)
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
  const { context } = written(judge(alertOf('token read', runner))).bulwark
  assert.equal(context?.severity, 'high')
  assert.ok(context.factors.some(({ id }) => id === 'alerts.chain'))
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
