/** A real server on loopback: what it gets; and when it is down, slow, broken, or refuses. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readFileSync } from 'node:fs'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import type { HttpSettings } from './http.ts'
import { HttpSink } from './http.ts'
import { channelOf, entry, folderOf, httpSettings as settings } from './testdata/entries.ts'

const timeout = 30_000

interface Post {
  readonly request: IncomingMessage
  readonly body: Buffer
}

/** Answers each POST as `answer` says, and keeps it. */
const keeping =
  (posts: Post[], answer: (response: ServerResponse, post: Post) => void): RequestListener =>
  (request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const post = { request, body: Buffer.concat(parts) }
      posts.push(post)
      answer(response, post)
    })
  }

const listening = async (t: TestContext, server: Server, port = 0): Promise<number> => {
  t.after(() => server.close())
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const ok = (response: ServerResponse): void => {
  response.end('thanks')
}

const bodies = (posts: readonly Post[]): readonly string[] =>
  posts.map(({ body }) => body.toString())

test('each alert is a POST, in order, over one connection', { timeout }, async (t) => {
  const posts: Post[] = []
  const port = await listening(t, createServer(keeping(posts, ok)))
  const { channel } = channelOf(new HttpSink(settings(`http://127.0.0.1:${port}/in?key=1`)))
  channel.offer(entry('{"a":"é"}'))
  channel.offer({ ...entry('text'), form: 'text' })
  assert.deepEqual(await channel.close(10_000), [])
  assert.deepEqual(bodies(posts), ['{"a":"é"}', 'text'])
  const [first, second] = posts.map(({ request }) => request)
  assert.ok(first && second)
  assert.deepEqual([first.method, first.url], ['POST', '/in?key=1'])
  const { 'content-type': type, 'content-length': length, 'user-agent': agent } = first.headers
  assert.deepEqual([type, length, agent], ['application/json', '10', 'bulwark'])
  assert.equal(second.headers['content-type'], 'text/plain')
  assert.equal(first.socket, second.socket)
})

test('compressed bodies, a connection each', { timeout }, async (t) => {
  const posts: Post[] = []
  const port = await listening(t, createServer(keeping(posts, ok)))
  const more = { compress: true, keepAlive: false, userAgent: 'mine' }
  const { channel } = channelOf(new HttpSink(settings(`http://127.0.0.1:${port}/`, more)))
  for (const line of ['one', 'two']) channel.offer(entry(line))
  assert.deepEqual(await channel.close(10_000), [])
  const [first, second] = posts
  assert.ok(first && second)
  assert.deepEqual(
    [first, second].map(({ body }) => gunzipSync(body).toString()),
    ['one', 'two'],
  )
  assert.equal(first.request.headers['content-encoding'], 'gzip')
  assert.equal(first.request.headers['user-agent'], 'mine')
  assert.notEqual(first.request.socket, second.request.socket)
})

test('a server that is down: alerts wait, and come when it is back', { timeout }, async (t) => {
  const posts: Post[] = []
  const probe = createServer()
  const port = await listening(t, probe)
  probe.close()
  await once(probe, 'close')
  const down = Promise.withResolvers<string>()
  const log = (line: string): void => down.resolve(line)
  const { channel } = channelOf(new HttpSink(settings(`http://127.0.0.1:${port}/`)), { log })
  for (const line of ['a', 'b', 'c']) channel.offer(entry(line))
  assert.match(await down.promise, /cannot post to .*ECONNREFUSED.*; alerts wait for it/)
  await listening(t, createServer(keeping(posts, ok)), port)
  assert.deepEqual(await channel.close(20_000), [])
  assert.deepEqual(bodies(posts), ['a', 'b', 'c'])
  assert.deepEqual([channel.delivered, [...channel.lost]], [3, []])
})

test(
  'its own errors are waited out; what it refuses is lost, and counted',
  { timeout },
  async (t) => {
    const posts: Post[] = []
    const statuses = [500, 503, 429, 200, 400, 200]
    const port = await listening(
      t,
      createServer(
        keeping(posts, (response) => {
          response.statusCode = statuses[posts.length - 1] ?? 200
          response.end()
        }),
      ),
    )
    const { channel, said } = channelOf(new HttpSink(settings(`http://127.0.0.1:${port}/`)))
    for (const line of ['a', 'b', 'c']) channel.offer(entry(line))
    assert.deepEqual(await channel.close(20_000), [])
    assert.deepEqual(bodies(posts), ['a', 'a', 'a', 'a', 'b', 'c'])
    assert.deepEqual([channel.delivered, [...channel.lost]], [2, [['refused', 1]]])
    assert.match(said[0] ?? '', /answers 500 Internal Server Error; alerts wait for it/)
  },
)

test('a server that hangs, or breaks off, is asked again', { timeout }, async (t) => {
  const posts: Post[] = []
  const port = await listening(
    t,
    createServer(
      keeping(posts, (response) => {
        if (posts.length === 1) return
        if (posts.length === 2) response.socket?.destroy()
        else if (posts.length === 3) {
          response.writeHead(200, { 'Content-Length': 10 })
          response.write('x')
          response.socket?.end()
        } else ok(response)
      }),
    ),
  )
  const more = { timeoutMs: 200 }
  const { channel, said } = channelOf(new HttpSink(settings(`http://127.0.0.1:${port}/`, more)))
  channel.offer(entry('a'))
  assert.deepEqual(await channel.close(20_000), [])
  assert.deepEqual(bodies(posts), ['a', 'a', 'a', 'a'])
  assert.match(said[0] ?? '', /no answer within 0\.2 s/)
})

test('an endless answer is not read to its end', { timeout }, async (t) => {
  const posts: Post[] = []
  const server = createServer(
    keeping(posts, (response) => {
      const more = (): void => {
        if (!response.destroyed) response.write('x'.repeat(16_384), more)
      }
      more()
    }),
  )
  const port = await listening(t, server)
  const { channel } = channelOf(new HttpSink(settings(`http://127.0.0.1:${port}/`)))
  channel.offer(entry('a'))
  assert.deepEqual(await channel.close(10_000), [])
  assert.equal(channel.delivered, 1)
})

/** An authority, and certificates of it for a server and a client, made by openssl. */
const certificates = (folder: string): ((name: string) => string) => {
  const file = (name: string): string => join(folder, name)
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { stdio: 'ignore' })
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
    '-subj',
    '/CN=ca',
  )
  for (const name of ['server', 'client']) {
    openssl(
      'req',
      '-x509',
      ...key,
      '-CA',
      file('ca.pem'),
      '-CAkey',
      file('ca.key'),
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.pem`),
      '-subj',
      `/CN=${name}`,
      '-addext',
      'subjectAltName=IP:127.0.0.1',
      '-addext',
      'basicConstraints=CA:FALSE',
    )
  }
  return file
}

test('TLS: whom it trusts, who it is, and nobody else', { timeout }, async (t) => {
  const folder = folderOf(t)
  const file = certificates(folder)
  const posts: Post[] = []
  const options = {
    key: readFileSync(file('server.key')),
    cert: readFileSync(file('server.pem')),
    ca: readFileSync(file('ca.pem')),
    rejectUnauthorized: true,
  }
  const open = await listening(t, createTlsServer(options, keeping(posts, ok)))
  const closed = await listening(
    t,
    createTlsServer({ ...options, requestCert: true }, keeping(posts, ok)),
  )
  const check = async (
    port: number,
    more: Partial<HttpSettings>,
    fault: RegExp | undefined,
  ): Promise<void> => {
    const before = posts.length
    const { channel, said } = channelOf(new HttpSink(settings(`https://127.0.0.1:${port}/`, more)))
    const failed = Promise.withResolvers<void>()
    const { channel: other } = channelOf(
      new HttpSink(settings(`https://127.0.0.1:${port}/`, more)),
      {
        log: (line) => {
          said.push(line)
          failed.resolve()
        },
      },
    )
    if (fault) {
      other.offer(entry('a'))
      await failed.promise
      await other.close(0)
      assert.match(said.join('\n'), fault)
      assert.equal(posts.length, before)
      return
    }
    channel.offer(entry('a'))
    assert.deepEqual(await channel.close(10_000), [], said.join('\n'))
    assert.equal(posts.length, before + 1)
  }
  const own = { clientCert: file('client.pem'), clientKey: file('client.key') }
  await check(open, {}, /certificate/)
  await check(open, { insecure: true }, undefined)
  await check(open, { caCert: file('ca.pem') }, undefined)
  await check(open, { caBundle: file('ca.pem') }, undefined)
  await check(open, { caPath: folder }, undefined)
  await check(open, { caCert: file('client.pem') }, /certificate/)
  await check(open, { caCert: file('none.pem') }, /ENOENT/)
  await check(closed, { caCert: file('ca.pem') }, /certificate|hang up|ECONNRESET/)
  await check(closed, { caCert: file('ca.pem'), ...own }, undefined)

  // Whom it trusts is read anew when that file is another, though the connection is there.
  const trusted = join(folder, 'trusted.pem')
  const trust = (name: string): void => copyFileSync(file(name), trusted)
  trust('ca.pem')
  let onLog = (): void => {}
  const more = { caCert: trusted, keepAlive: true }
  const { channel } = channelOf(new HttpSink(settings(`https://127.0.0.1:${open}/`, more)), {
    log: () => onLog(),
  })
  const before = posts.length
  channel.offer(entry('a'))
  while (channel.delivered < 1) await nextTurn()
  trust('client.pem')
  const failed = Promise.withResolvers<void>()
  onLog = failed.resolve
  channel.offer(entry('b'))
  await failed.promise
  assert.equal(posts.length, before + 1)
  trust('ca.pem')
  assert.deepEqual(await channel.close(10_000), [])
  assert.equal(posts.length, before + 2)
})
