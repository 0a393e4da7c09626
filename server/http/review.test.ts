/** What is made of an API server's answers about tokens. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { tokenReviewer } from './review.ts'

test('whose a token is', async (t) => {
  let answer: unknown = {}
  let status = 201
  const asked: unknown[] = []
  const reply = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    asked.push([request.method, request.url, JSON.parse(await text(request)) as unknown])
    response.writeHead(status).end(JSON.stringify(answer))
  }
  const server = createServer((request, response) => void reply(request, response))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const none = { authorities: undefined, insecure: false, serverName: undefined }
  const access = { ...none, clientCert: undefined, clientKey: undefined, token: undefined }
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const review = tokenReviewer({ ...access, server: url }, 'bulwark-server')
  const check = async (told: unknown, expected: object): Promise<void> => {
    answer = { kind: 'TokenReview', status: told }
    assert.deepEqual(await review('t'), expected)
  }
  const username = 'system:serviceaccount:bulwark:agent'
  const good = { authenticated: true, user: { username }, audiences: ['x', 'bulwark-server'] }
  await check(good, { user: username })
  const key = 'authentication.kubernetes.io/node-name'
  const bound = (extra: unknown): object => ({ ...good, user: { username, extra } })
  await check(bound({ [key]: ['worker-1'] }), { user: username, node: 'worker-1' })
  for (const extra of [{}, { [key]: [] }, { [key]: [''] }, { [key]: 'worker-1' }, 'x', null]) {
    await check(bound(extra), { user: username })
  }
  await check({ ...good, authenticated: false }, { refused: 'nobody has it' })
  await check({ ...good, authenticated: 'true' }, { refused: 'nobody has it' })
  await check({ authenticated: false, error: 'it is over' }, { refused: 'it is over' })
  const others = { refused: 'it was not made for the audience bulwark-server' }
  await check({ ...good, audiences: ['https://kubernetes.default.svc'] }, others)
  await check({ ...good, audiences: undefined }, others)
  await check({ ...good, audiences: 'bulwark-server' }, others)
  await check({ ...good, user: {} }, { refused: 'it has no user' })
  await check(undefined, { refused: 'nobody has it' })
  assert.deepEqual(asked[0], [
    'POST',
    '/apis/authentication.k8s.io/v1/tokenreviews',
    {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token: 't', audiences: ['bulwark-server'] },
    },
  ])
  status = 403
  answer = { message: 'no right' }
  await assert.rejects(review('t'), /HTTP 403: no right/)
})
