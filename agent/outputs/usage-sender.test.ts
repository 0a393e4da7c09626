/** Reports of files that run, to a server that comes and goes. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { UsageReport } from '@bulwark/schema'
import { usagePath } from '@bulwark/schema'
import { UsageSender } from './usage-sender.ts'

const report = (ms: number): UsageReport => ({ node: 'n1', time_ms: ms, containers: [] })

test('a report is posted; one that is lost makes the next one whole', async () => {
  const taken: number[] = []
  let status = 503
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      assert.equal(request.url, `/base${usagePath}`)
      taken.push((JSON.parse(text) as UsageReport).time_ms)
      response.writeHead(status).end()
      server.emit('answered')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const settings = { tokenFile: undefined, caFile: undefined }
  const said: string[] = []
  const heard = Promise.withResolvers<undefined>()
  const back = Promise.withResolvers<undefined>()
  const sender = new UsageSender(
    { url: `http://127.0.0.1:${port}/base/`, ...settings },
    (line) => {
      said.push(line)
      if (line.startsWith('warning')) heard.resolve(undefined)
      else back.resolve(undefined)
    },
    0,
  )
  try {
    assert.equal(sender.take(report(1)), true)
    assert.equal(sender.take(report(2)), true, 'it is lost, while the first is under way')
    await heard.promise
    assert.equal(sender.lost, 2)
    status = 204
    while (sender.take(report(3))) await nextTurn()
    assert.deepEqual(taken, [1])
    assert.equal(sender.take(report(1000)), true)
    await back.promise
    assert.deepEqual(taken, [1, 1000])
    assert.match(said[0] ?? '', /^warning: files in use are not told to .*: answers 503/)
    // A server that began again knows nothing, and asks for all: that is no fault.
    const { length } = said
    status = 409
    let isAnswered = false
    server.once('answered', () => (isAnswered = true))
    for (; !isAnswered; await nextTurn()) sender.take(report(2000))
    while (sender.take(report(3000))) await nextTurn()
    assert.equal(said.length, length)
  } finally {
    sender.stop()
    server.close()
    server.closeAllConnections()
  }
})
