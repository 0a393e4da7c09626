/** Bookmarks of the lab's API server. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from './store.ts'
import { ApiServer } from './server.ts'
import type { After } from './watches.ts'

test('a watch gets a bookmark in good time, again and again, when it wants them', async () => {
  const waiting: { readonly ms: number; readonly call: () => void }[] = []
  const after: After = (ms, call) => {
    waiting.push({ ms, call })
    return { close: () => {} }
  }
  const server = await ApiServer.start({ after, bookmarkMs: 60_000 })
  const from = async (query: string): Promise<AsyncIterator<Uint8Array>> => {
    const { body } = await fetch(`${server.url}/api/v1/pods?watch=true&${query}`)
    assert.ok(body)
    return body[Symbol.asyncIterator]()
  }
  try {
    const version = `resourceVersion=${server.store.version}`
    const [wanting, other] = [
      await from(`${version}&allowWatchBookmarks=true`),
      await from(version),
    ]
    const next = async (watch: AsyncIterator<Uint8Array>): Promise<Json> =>
      JSON.parse(Buffer.from((await watch.next()).value as Uint8Array).toString()) as Json
    for (let i = 0; i < 2; i++) {
      const due = waiting.splice(0)
      assert.deepEqual(
        due.map(({ ms }) => ms),
        [60_000, 60_000],
      )
      server.putNamespace(`other-${i}`)
      for (const { call } of due) call()
      const { type, object } = await next(wanting)
      assert.equal(type, 'BOOKMARK')
      const { metadata } = object as { metadata: Json }
      assert.equal(metadata['resourceVersion'], String(server.store.version))
    }
    server.putPod({ metadata: { name: 'a', namespace: 'default' }, spec: {} })
    assert.equal((await next(other))['type'], 'ADDED')
  } finally {
    await server.stop()
  }
})
