/** The server's answers over real connections. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { defaultSettings, readCveJson } from '@bulwark/graph'
import type { AlertContext, UsageReport } from '@bulwark/schema'
import { alertsPath, graphPath, usagePath } from '@bulwark/schema'
import type { ClusterFeed } from '../feed.ts'
import type { ClusterInput } from '../input/index.ts'
import { inputJson, readClusterFiles } from '../input/index.ts'
import { limits } from '../limits.ts'
import type { ReceivedAlert } from '../link/index.ts'
import { alertAt, linesOf } from '../testdata/alerts.ts'
import type { RunningServer, ServerOptions } from './start.ts'
import { startHttp } from './start.ts'

const shop = join(import.meta.dirname, '../../tests/clusters/shop')

const shopFeed = async (more: (input: ClusterInput) => void = () => {}): Promise<ClusterFeed> => {
  const input = await readClusterFiles(shop)
  more(input)
  const { sources } = input
  const ages = new Map([['Pod', 1.5]])
  const files = new Map([['kept', 1]])
  return {
    sources,
    input: () => inputJson(input, shop),
    ages: () => ages,
    counts: new Map(),
    files,
  }
}

const unknownFeed = async (): Promise<ClusterFeed> => ({
  ...(await shopFeed()),
  sources: undefined,
})

const nobody = { tokenFile: undefined, accounts: [] }

interface Told {
  readonly alert: ReceivedAlert
  readonly context: AlertContext | undefined
}

const startOf = async (
  t: TestContext,
  more: Partial<ServerOptions> = {},
): Promise<RunningServer & { readonly told: readonly Told[] }> => {
  const told: Told[] = []
  const server = await startHttp({
    listen: { host: '127.0.0.1', port: 0, isLoopback: true },
    tls: undefined,
    roles: { agent: nobody, reader: nobody },
    audience: 'bulwark-server',
    access: undefined,
    feed: await shopFeed(),
    settings: { now: defaultSettings },
    tell: (alert, { context }) => told.push({ alert, context }),
    lost: () => [['file', 2]],
    log: (line) => assert.fail(line),
    ...more,
  })
  t.after(() => server.close())
  return { ...server, told }
}

const lines = 'application/x-ndjson'

const post = async (
  { url }: RunningServer,
  body: string,
  headers: Readonly<Record<string, string>> = { 'content-type': lines },
): Promise<{ readonly status: number; readonly json: unknown; readonly headers: Headers }> => {
  const answer = await fetch(`${url}${alertsPath}`, { method: 'POST', body, headers })
  return { status: answer.status, json: await answer.json(), headers: answer.headers }
}

test('a batch is judged in the context of its pods', async (t) => {
  const server = await startOf(t)
  const { subject: _, ...plain } = alertAt(3)
  const bad = { ...alertAt(2), rule: '' }
  const { status, json } = await post(server, linesOf([alertAt(1), bad, plain]))
  const reason = 'rule: Too small: expected string to have >=1 characters'
  const reasons = [{ at: 1, uuid: alertAt(2).uuid, reason }]
  assert.deepEqual([status, json], [200, { accepted: 2, repeated: 0, refused: 1, reasons }])
  const [first, second] = server.told
  assert.match(first?.context?.summary ?? '', /^medium, detected as low/)
  assert.deepEqual([second?.alert.uuid, second?.context], [alertAt(3).uuid, undefined])
  const again = await post(server, JSON.stringify([alertAt(1)]), {
    'content-type': 'application/json; charset=utf-8',
  })
  assert.deepEqual(again.json, { accepted: 0, repeated: 1, refused: 0, reasons: [] })
})

const digest = `sha256:${'a'.repeat(64)}`

const usage: UsageReport = {
  node: 'n1',
  time_ms: 1_795_000_000_000,
  from_start: true,
  containers: [
    {
      id: 'c1',
      namespace: 'shop-prod',
      pod: 'web',
      container: 'web',
      image_digests: [digest],
      watched_since_ms: null,
      missed_ms: null,
      ended: false,
      files: [{ path: '/usr/bin/curl', use: 'executed', by: 'sh', since_ms: 1 }],
    },
  ],
}

/** What runs in the CI runner has a hole that is exploited, and lies in curl's library. */
const runnerReport = {
  SchemaVersion: 2,
  ArtifactName: 'platform/ci-runner',
  Metadata: {
    RepoDigests: [
      'platform/ci-runner@sha256:718fa9efbcd2ebce22fd3429dc7f56da18529b291de568b57c3a1b5297c93c22',
    ],
  },
  Results: [
    {
      Class: 'os-pkgs',
      Type: 'debian',
      Packages: [{ Name: 'libcurl4', Version: '7.88', InstalledFiles: ['/usr/lib/libcurl.so.4'] }],
      Vulnerabilities: [
        {
          VulnerabilityID: 'CVE-2026-1000',
          PkgName: 'libcurl4',
          InstalledVersion: '7.88',
          Severity: 'CRITICAL',
        },
      ],
    },
  ],
}

const exploited = {
  catalogVersion: '2026.11.27',
  vulnerabilities: [{ cveID: 'CVE-2026-1000', dateAdded: '2026-11-01' }],
}

const runner: UsageReport['containers'][number] = {
  id: 'fed9ec341173',
  namespace: 'platform',
  pod: 'ci-runner-25ff08462-0eba9',
  container: 'runner',
  image_digests: [],
  watched_since_ms: 1_795_000_000_000,
  missed_ms: null,
  ended: false,
  files: [],
}

const minutesMs = 60_000

/** What becomes of an alert of the runner after reports of its node; and of a pod's question. */
const judgedAfter = async (
  t: TestContext,
  reports: readonly Partial<UsageReport>[],
): Promise<{
  readonly statuses: readonly number[]
  readonly exploited: boolean
  readonly pod: string
}> => {
  const feed = await shopFeed((input) => {
    for (const [file, json] of Object.entries({ runnerReport, exploited })) {
      input.takeDocument({ file, item: '' }, readCveJson(file, json))
    }
  })
  const server = await startOf(t, { feed })
  const statuses: number[] = []
  for (const [at, report] of reports.entries()) {
    const first = { ...usage, node: 'worker-1', containers: [], from_start: at === 0 }
    const body = JSON.stringify({ ...first, ...report })
    const headers = { 'content-type': 'application/json' }
    statuses.push(
      (await fetch(`${server.url}${usagePath}`, { method: 'POST', headers, body })).status,
    )
  }
  await post(server, linesOf([alertAt(1)]))
  const factors = server.told[0]?.context?.['factors'] as readonly { readonly id: string }[]
  const asked = await fetch(
    `${server.url}${graphPath}/pod?pod=platform/ci-runner-25ff08462-0eba9&facts=yes`,
  )
  return {
    statuses,
    exploited: factors.some(({ id }) => id === 'cve.exploited'),
    pod: await asked.text(),
  }
}

test('a package that was never seen in use raises nothing; one that was does', async (t) => {
  const start = usage.time_ms
  const after = (minutes: number, more: Partial<UsageReport> = {}): Partial<UsageReport> => ({
    time_ms: start + minutes * minutesMs,
    ...more,
  })
  const watched = { containers: [runner] }
  const unseen = await judgedAfter(t, [after(0, watched), after(15)])
  assert.deepEqual([unseen.statuses, unseen.exploited], [[204, 204], false])
  assert.match(
    unseen.pod,
    /CVE-2026-1000 in libcurl4 7\.88 does not count, as its package was never/,
  )
  assert.match(unseen.pod, /libcurl4 7\.88 was not seen in use in 15 minutes of watching/)
  const files = [{ path: '/lib/libcurl.so.4', use: 'mapped', by: 'git', since_ms: start }] as const
  const twins: Readonly<Record<string, readonly Partial<UsageReport>[]>> = {
    'it runs': [after(0, { containers: [{ ...runner, files }] }), after(15)],
    'not for long enough': [after(0, watched), after(9)],
    'what ran before is still looked at': [
      after(0, { containers: [{ ...runner, watched_since_ms: null }] }),
      after(15),
    ],
    'something was missed': [
      after(0, watched),
      after(15, { containers: [{ ...runner, missed_ms: start + 10 * minutesMs }] }),
    ],
    'the server hears of the node for a minute': [after(14, watched), after(15)],
    'nobody tells': [],
  }
  for (const [what, reports] of Object.entries(twins)) {
    assert.equal((await judgedAfter(t, reports)).exploited, true, what)
  }
})

test('news of a node of which nothing is known is taken, and all is asked for', async (t) => {
  const start = usage.time_ms
  const news = { containers: [runner], from_start: false }
  const { statuses } = await judgedAfter(t, [
    { ...news, time_ms: start },
    { ...news, time_ms: start + 1 },
    { time_ms: start + 2, node: 'worker-2', from_start: true },
  ])
  assert.deepEqual(statuses, [409, 204, 204])
})

test('files that run are taken in, and told to whoever asks for packages', async (t) => {
  const feed = await shopFeed()
  const { url } = await startOf(t, { feed })
  const send = async (body: unknown, to = url): Promise<readonly [number, string]> => {
    const headers = { 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    const answer = await fetch(`${to}${usagePath}`, init)
    return [answer.status, await answer.text()]
  }
  assert.deepEqual(await send(usage), [204, ''])
  const places = { files: ['/bin/curl'], folders: [] }
  const curl = { name: 'curl', version: '1', kind: 'os', purl: undefined, places } as const
  const found = feed.sources?.used.useOf(curl, { digests: [digest], executables: [] })
  assert.deepEqual([found?.use, found?.seen?.by], ['loaded', 'sh'])
  const bad: readonly (readonly [unknown, RegExp])[] = [
    [[], /expected object/],
    [{ ...usage, time_ms: -1 }, /time_ms: /],
    [{ ...usage, containers: [{ ...usage.containers[0], image_digests: ['x'] }] }, /is no digest/],
    [
      { ...usage, containers: [{ ...usage.containers[0], files: [{ path: 'x' }] }] },
      /files\.0\.path/,
    ],
  ]
  for (const [body, why] of bad) {
    const [status, text] = await send(body)
    assert.equal(status, 400)
    assert.match(text, why)
  }
  const early = await startOf(t, { feed: await unknownFeed() })
  assert.equal((await send(usage, early.url))[0], 503)
})

test('what is not served is answered with what to do', async (t) => {
  const server = await startOf(t)
  const check = async (
    body: string,
    headers: Readonly<Record<string, string>>,
    status: number,
    error: RegExp,
  ): Promise<void> => {
    const answer = await post(server, body, headers)
    const { message, help } = answer.json as { readonly message: string; readonly help: string }
    assert.equal(answer.status, status)
    assert.match(message, error)
    assert.notEqual(help, '')
  }
  await check('x', { 'content-type': 'text/plain' }, 415, /type of the request is not known/)
  await check('[', { 'content-type': 'application/json' }, 400, /is no JSON/)
  const large = ' '.repeat(limits.bodyBytesMax + 1)
  await check(large, { 'content-type': lines }, 413, /more than 8388608 bytes/)
  const nowhere = await fetch(`${server.url}/api/v1/nothing`)
  assert.deepEqual(
    [nowhere.status, await nowhere.json()],
    [404, { message: 'nothing is at GET /api/v1/nothing', help: 'see docs/server.md' }],
  )
  assert.deepEqual(server.told, [])
})

test('health and numbers', async (t) => {
  const server = await startOf(t)
  await post(server, linesOf([alertAt(1), alertAt(1), 'x']))
  const get = async (path: string): Promise<string> => {
    const answer = await fetch(`${server.url}${path}`)
    return `${answer.status} ${await answer.text()}`
  }
  assert.equal(await get('/healthz'), '200 ok\n')
  assert.equal(await get('/readyz'), '200 ready\n')
  const metrics = await get('/metrics')
  for (const line of [
    'bulwark_server_alerts_received_total 3',
    'bulwark_server_alerts_total{outcome="judged"} 1',
    'bulwark_server_alerts_total{outcome="refused"} 1',
    'bulwark_server_alerts_total{outcome="repeated"} 1',
    'bulwark_server_alerts_lost_total{channel="file"} 2',
    '# TYPE bulwark_server_alerts_shed_total counter',
    'bulwark_server_alerts_unjoined_total 0',
    'bulwark_server_alerts_waiting 0',
    'bulwark_server_cluster_known 1',
    'bulwark_server_kind_age_seconds{kind="Pod"} 1.5',
    'bulwark_server_requests_total{answer="/api/v1/alerts 200"} 1',
  ]) {
    assert.ok(metrics.split('\n').includes(line), line)
  }
})

test('before the cluster is known, alerts are put off', async (t) => {
  const server = await startOf(t, { feed: await unknownFeed() })
  const { status, headers, json } = await post(server, linesOf([alertAt(1)]))
  assert.deepEqual([status, headers.get('retry-after')], [503, '2'])
  assert.match((json as { readonly message: string }).message, /cluster is not known yet/)
  assert.equal((await fetch(`${server.url}/readyz`)).status, 503)
  assert.deepEqual([server.told.length, server.counts.put_off], [0, 1])
})

test('when there is no room, agents come again', async (t) => {
  const server = await startOf(t, { waitingMax: 1 })
  const { status, headers } = await post(server, linesOf([alertAt(1), alertAt(2)]))
  assert.deepEqual([status, headers.get('retry-after'), server.counts.put_off], [429, '2', 2])
  assert.equal((await post(server, linesOf([alertAt(1)]))).status, 200)
})

test('a page in a browser cannot come in by another name', async (t) => {
  const { url, told } = await startOf(t)
  const { promise, resolve } = Promise.withResolvers<number | undefined>()
  const { request } = await import('node:http')
  const headers = { host: 'evil.example', 'content-type': lines }
  request(`${url}${alertsPath}`, { method: 'POST', headers }, ({ statusCode }) =>
    resolve(statusCode),
  ).end(linesOf([alertAt(1)]))
  assert.deepEqual([await promise, told], [403, []])
})

test('whoever has a token comes in, and nobody else', async (t) => {
  const roles = { agent: { tokenFile: '/nowhere', accounts: [] }, reader: nobody }
  const { url } = await startOf(t, { roles })
  const answer = await fetch(`${url}${alertsPath}`, { method: 'POST' })
  assert.deepEqual([answer.status, answer.headers.get('www-authenticate')], [401, 'Bearer'])
})
