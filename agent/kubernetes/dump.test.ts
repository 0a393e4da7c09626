/** Dumps, as kubectl writes them and as nobody should. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { AccessError } from '@bulwark/kubernetes'
import { readDump } from './dump.ts'

const folderOf = (t: TestContext, files: Readonly<Record<string, string | object>>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-dump-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files)) {
    const text = typeof content === 'string' ? content : JSON.stringify(content, undefined, 4)
    writeFileSync(join(folder, name), text)
  }
  return folder
}

const pod = (name: string, nodeName: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', uid: `uid-${name}` },
  spec: { nodeName },
})
const namespace = { kind: 'Namespace', metadata: { name: 'shop', uid: 'n', labels: { a: 'b' } } }
const bare = (name: string): object => ({
  metadata: { name, namespace: 'shop', uid: `uid-${name}` },
})

test('lists of several kinds, lists that say the kind themselves, single objects', async (t) => {
  const folder = folderOf(t, {
    'a.json': { apiVersion: 'v1', items: [pod('a', 'x'), namespace], kind: 'List' },
    'b.json': { kind: 'PodList', items: [bare('b')] },
    'c.json': { items: [bare('c')], kind: 'PodList' },
    'd.json': pod('d', 'y'),
    'e.json': { kind: 'List', items: [] },
    'notes.txt': 'no JSON',
  })
  const { changes, flaws } = await readDump(folder)
  assert.deepEqual(
    changes.pods.map(({ name }) => name),
    ['a', 'b', 'c', 'd'],
  )
  assert.deepEqual(changes.namespaces, [{ name: 'shop', uid: 'n', labels: [['a', 'b']] }])
  assert.deepEqual(flaws, [])
  const ofX = await readDump(folder, { node: 'x' })
  assert.deepEqual(
    ofX.changes.pods.map(({ name }) => name),
    ['a'],
  )
})

test('what is no pod is left out, and told', async (t) => {
  const folder = folderOf(t, {
    'a.json': { kind: 'List', items: [7, { kind: 'Node' }, { kind: 'Pod' }, pod('a', 'x')] },
  })
  const { changes, flaws } = await readDump(folder)
  assert.equal(changes.pods.length, 1)
  const text = flaws.join('\n')
  for (const each of [/no object/, /neither a Pod nor/, /metadata.uid/]) assert.match(text, each)
})

test('a folder without dumps, and files that are none', async (t) => {
  const check = async (folder: string, expected: RegExp): Promise<void> => {
    await assert.rejects(readDump(folder), (error) => {
      assert.ok(error instanceof AccessError)
      assert.match(error.message, expected)
      return true
    })
  }
  await check('/nowhere/at/all', /ENOENT/)
  await check(folderOf(t, {}), /has no \*\.json/)
  await check(folderOf(t, { 'a.json': 'nonsense' }), /a\.json is no JSON of Kubernetes/)
  await check(folderOf(t, { 'a.json': '{"kind":"List","items":[{"kind":"Pod"' }), /is no JSON/)
  await check(folderOf(t, { 'a.json': '' }), /is no JSON/)
})
