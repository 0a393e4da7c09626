/**
 * The lab's API server answers as a real one has: `testdata/recorded.json` was recorded from a
 * kube-apiserver 1.20.2 with etcd 3.4.23, built from Debian's sources. To record again, start one with
 * the tokens `admin` (system:masters) and `agent` (the account of deploy/agent-rbac.yaml) and RBAC,
 * apply deploy/, and run this with BULWARK_API_SERVER=URL, BULWARK_ETCD=URL and
 * NODE_TLS_REJECT_UNAUTHORIZED=0.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { ApiServer } from '@bulwark/tools'
import type { Exchange } from './conversation.ts'
import { converse } from './conversation.ts'
import { manifests } from './manifests.ts'

const path = join(import.meta.dirname, 'testdata/recorded.json')
const { BULWARK_API_SERVER: url, BULWARK_ETCD: etcd = '' } = process.env

/** Forgets all but the last revision. */
const compactEtcd = async (): Promise<void> => {
  const etcdctl = async (...words: readonly string[]): Promise<string> => {
    const env = { ...process.env, ETCDCTL_API: '3' }
    return (await promisify(execFile)('etcdctl', [`--endpoints=${etcd}`, ...words], { env })).stdout
  }
  const [, revision = ''] = /"revision":(\d+)/.exec(await etcdctl('get', 'x', '-w', 'json')) ?? []
  await etcdctl('compact', revision)
}

if (url !== undefined) {
  const told = await converse({ url, compact: compactEtcd, bookmark: () => {} })
  writeFileSync(path, `${JSON.stringify(told, undefined, 1)}\n`)
}

test('the lab answers as a real API server has', { timeout: 60_000 }, async (t) => {
  const tokens = new Map([
    ['admin', 'admin'],
    ['agent', 'system:serviceaccount:bulwark:bulwark-agent'],
  ])
  const server = await ApiServer.start({ tokens, rbac: manifests('agent-rbac.yaml') })
  t.after(() => server.stop())
  const said = await converse({
    url: server.url,
    compact: () => Promise.resolve(server.compact()),
    bookmark: () => server.watches.bookmark(),
  })
  // As it would be recorded: without what is undefined.
  const told = JSON.parse(JSON.stringify(said)) as readonly Exchange[]
  const recorded = JSON.parse(readFileSync(path, 'utf8')) as readonly Exchange[]
  assert.deepEqual(
    told.map(({ asked }) => asked),
    recorded.map(({ asked }) => asked),
  )
  for (const [i, each] of told.entries()) assert.deepEqual(each, recorded[i], each.asked)
})
