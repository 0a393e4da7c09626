/** What a server still knows when it was killed and is started again with the same folder. */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { LinkAlert } from '@bulwark/schema'
import { alertsPath } from '@bulwark/schema'
import { shopFolder } from '../testdata/shop-server.ts'
import type { Running } from '../testdata/running.ts'
import { end, startServer, timeout } from '../testdata/running.ts'

const pod = 'ci-runner-25ff08462-0eba9'

const alertOf = (at: number, rule: string): LinkAlert => ({
  uuid: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
  rule,
  priority: 'Notice',
  source: 'syscall',
  tags: [],
  hostname: 'node-1',
  time: `2026-11-18T11:06:4${at}.000000001Z`,
  message: rule,
  output: rule,
  output_fields: {},
  bulwark: { container_id: null, from_user_memory: false, pid: 7, pod_uid: null, truncated: [] },
  subject: { namespace: 'platform', pod, programs: [], outcome: 'done' },
})

const folderOf = (t: TestContext): string => {
  const above = mkdtempSync(join(tmpdir(), 'bulwark-restart-'))
  t.after(() => rmSync(above, { recursive: true }))
  return join(above, 'state')
}

const start = (t: TestContext, folder: string): Promise<Running & { readonly url: string }> =>
  startServer(t, ['--from-files', shopFolder, '--listen', '127.0.0.1:0', '--state-dir', folder])

const post = async (url: string, alerts: readonly LinkAlert[]): Promise<unknown> => {
  const headers = { 'content-type': 'application/json' }
  const init = { method: 'POST', headers, body: JSON.stringify(alerts) }
  const { accepted, repeated } = (await (await fetch(`${url}${alertsPath}`, init)).json()) as {
    readonly accepted: number
    readonly repeated: number
  }
  return { accepted, repeated }
}

test(
  'a server that was killed tells nothing twice, and joins what comes',
  { timeout },
  async (t) => {
    const folder = folderOf(t)
    const [shell, token] = [alertOf(2, 'A shell'), alertOf(1, 'Token read')]
    const first = await start(t, folder)
    assert.deepEqual(await post(first.url, [shell]), { accepted: 1, repeated: 0 })
    await first.alert()
    await end(first.child, 'SIGKILL')
    assert.equal(statSync(join(folder, 'alerts.jsonl')).mode & 0o777, 0o600)

    const second = await start(t, folder)
    await second.said('alerts of an earlier run: 1 were told, 1 are joined')
    assert.deepEqual(await post(second.url, [shell, token]), { accepted: 1, repeated: 1 })
    assert.match(await second.alert(), /"rule":"Token read"/)
    const raised = await second.alert()
    assert.match(raised, /"rule":"Bulwark internal: alert raised"/)
    assert.match(raised, new RegExp(`"of":"${shell.uuid}","because":"${token.uuid}"`))
    assert.equal(await end(second.child, 'SIGTERM'), 0)
    assert.deepEqual(readdirSync(folder), ['alerts.jsonl'])

    // A twin without a folder knows nothing.
    const other = await startServer(t, ['--from-files', shopFolder, '--listen', '127.0.0.1:0'])
    assert.deepEqual(await post(other.url, [shell, token]), { accepted: 2, repeated: 0 })
  },
)

test(
  'files that others could have written are not taken, and that is said',
  { timeout },
  async (t) => {
    const folder = folderOf(t)
    const first = await start(t, folder)
    await post(first.url, [alertOf(1, 'A shell')])
    assert.equal(await end(first.child, 'SIGTERM'), 0)
    chmodSync(join(folder, 'alerts.jsonl'), 0o622)
    const second = await start(t, folder)
    assert.match(
      await second.said('not read'),
      /alerts kept in \S+alerts\.jsonl are not read: others may write to \S+ \(mode 622\)/,
    )
    assert.deepEqual(await post(second.url, [alertOf(1, 'A shell')]), { accepted: 1, repeated: 0 })
    assert.equal(await end(second.child, 'SIGTERM'), 0)

    const taken = join(folder, 'file')
    writeFileSync(taken, '')
    const third = await start(t, join(taken, 'state'))
    assert.deepEqual(await post(third.url, [alertOf(2, 'A shell')]), { accepted: 1, repeated: 0 })
    assert.match(await third.said('not kept'), /over a restart: ENOTDIR.*another --state-dir$/)
  },
)
