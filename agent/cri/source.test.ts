/**
 * The CRI client against servers that are what a runtime should not be: silent, garbled, endless,
 * gone. A real runtime is in tests/containerd.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import type { Http2Server, ServerHttp2Stream } from 'node:http2'
import { createServer as createHttp2 } from 'node:http2'
import type { Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ContainerMetadata } from '../container.ts'
import { limits } from '../limits.ts'
import { bytesField, joined } from './protobuf.ts'
import { CriSource } from './source.ts'

const waitMsMax = 10_000
const id = 'a1'.repeat(32)
const sandbox = 'b2'.repeat(32)

let folder = ''
let socket = ''
let server: Server | Http2Server | undefined
let source: CriSource | undefined
const open = new Set<Socket>()

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-cri-'))
  socket = join(folder, 'cri.sock')
})
after(() => rmSync(folder, { recursive: true }))
afterEach(async () => {
  source?.stop()
  await close()
})

const close = async (): Promise<void> => {
  for (const each of open) each.destroy()
  open.clear()
  const closing = server
  server = undefined
  if (closing) await new Promise((resolve) => closing.close(resolve))
}

const listen = async (made: Server | Http2Server): Promise<void> => {
  server = made
  made.on('connection', (each: Socket) => {
    open.add(each)
    each.on('error', () => {})
  })
  await new Promise<void>((resolve) => made.listen(socket, resolve))
}

interface Told {
  readonly log: string[]
  readonly facts: Map<string, Partial<ContainerMetadata>>
  readonly counts: { criFaults: number; criUnknown: number; criOverflows: number }
}

/** @param callMs  how long a call may take: short only where no answer is to come */
const ask = (sockets: readonly string[] = [socket], callMs = waitMsMax): Told => {
  const told: Told = {
    log: [],
    facts: new Map(),
    counts: { criFaults: 0, criUnknown: 0, criOverflows: 0 },
  }
  source = new CriSource({
    sockets,
    times: { call: callMs, pause: 5, absent: 5, retry: 1 },
    count: (place) => told.counts[place]++,
    log: (line) => told.log.push(line),
    tell: (each, facts) => told.facts.set(each, facts),
  })
  return told
}

const until = async (condition: () => boolean, what: string): Promise<void> => {
  for (const deadline = Date.now() + waitMsMax; !condition(); await nextTurn()) {
    assert.ok(Date.now() < deadline, `${what}: not within ${waitMsMax} ms`)
  }
}

const head = (length: number): Buffer => {
  const bytes = Buffer.alloc(5)
  bytes.writeUInt32BE(length, 1)
  return bytes
}

const grpc = { ':status': 200, 'content-type': 'application/grpc' }

const answer = (stream: ServerHttp2Stream, body: Uint8Array, status = '0'): void => {
  stream.respond(grpc, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }))
  stream.end(Buffer.concat([head(body.length), body]))
}

const names = (name: string): Uint8Array =>
  bytesField(2, joined([bytesField(1, name), bytesField(2, 'uid'), bytesField(3, 'shop')]))
const label = joined([bytesField(1, 'app'), bytesField(2, 'web')])
const answers: Readonly<Record<string, Uint8Array>> = {
  Version: joined([bytesField(2, 'fake'), bytesField(3, '1.0')]),
  ListPodSandbox: bytesField(
    1,
    joined([bytesField(1, sandbox), names('web'), bytesField(5, label)]),
  ),
  PodSandboxStatus: bytesField(
    1,
    joined([
      bytesField(1, sandbox),
      names('web'),
      bytesField(5, bytesField(1, '10.0.0.9')),
      bytesField(7, label),
    ]),
  ),
  ListContainers: bytesField(
    1,
    joined([bytesField(1, id), bytesField(2, sandbox), bytesField(3, bytesField(1, 'app'))]),
  ),
}

type Respond = (stream: ServerHttp2Stream, method: string) => void

const wellBehaved: Respond = (stream, method) => {
  answer(stream, answers[method] ?? new Uint8Array())
}

const serve = async (respond: Respond): Promise<void> => {
  const made = createHttp2()
  made.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    respond(stream, String(headers[':path']).split('/').at(-1) ?? '')
  })
  await listen(made)
}

test('a runtime that answers tells of all it has', async () => {
  await serve(wellBehaved)
  const told = ask()
  await until(() => told.facts.size === 2, 'both are told')
  const facts = told.facts.get(id)
  assert.deepEqual(
    [facts?.name, facts?.podName, facts?.namespace, facts?.podIp, facts?.podLabels],
    ['app', 'web', 'shop', '10.0.0.9', [['app', 'web']]],
  )
  assert.equal(told.facts.get(sandbox)?.podName, 'web')
  assert.deepEqual(told.log, [`CRI socket ${socket}: fake 1.0, 1 containers in 1 pods`])
  assert.equal(told.counts.criFaults, 0)
})

test('one that is not known is asked for a few times, and then counted', async () => {
  await serve(wellBehaved)
  const told = ask()
  source?.want('c3'.repeat(32), false)
  await until(() => told.counts.criUnknown === 1, 'given up')
  assert.equal(told.facts.has('c3'.repeat(32)), false)
})

test('more than there is room for are asked for all at once', async () => {
  await serve(wellBehaved)
  const told = ask()
  for (let i = 0; i < limits.criWantedMax; i++) source?.want(`other-${i}`, false)
  source?.want(id, false)
  assert.equal(told.counts.criOverflows, 1)
  await until(() => told.facts.has(id), 'told')
})

/** It faults again and again, says so once, and answers when the server does. */
const recovers = async (told: Told, expected: RegExp): Promise<void> => {
  await until(() => told.counts.criFaults >= 3, 'three faults')
  assert.equal(told.log.length, 1, told.log.join('\n'))
  assert.match(told.log[0] ?? '', expected)
  source?.want(id, false)
  await close()
  await serve(wellBehaved)
  await until(() => told.facts.has(id), 'told after all')
  assert.match(told.log.at(-1) ?? '', /fake 1\.0, 1 containers/)
}

test('a server that accepts and says nothing', async () => {
  await listen(createServer(() => {}))
  await recovers(
    ask([socket], 50),
    /Version: no answer within 50 ms; pod labels are missing until it answers$/,
  )
})

test('one that speaks HTTP/2 and never answers', async () => {
  await serve(() => {})
  await recovers(ask([socket], 50), /Version: no answer within 50 ms/)
})

test('one that begins an answer and does not end it', async () => {
  await serve((stream) => {
    stream.respond(grpc)
    stream.write(head(100))
  })
  await recovers(ask([socket], 50), /Version: no answer within 50 ms/)
})

test('one that closes at once', async () => {
  await listen(createServer((each) => each.end()))
  await recovers(ask(), /Version: /)
})

test('one that speaks something else', async () => {
  await listen(createServer((each) => each.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
  await recovers(ask(), /Version: /)
})

test('one that refuses', async () => {
  await serve((stream) => {
    stream.respond(
      { ...grpc, 'grpc-status': '12', 'grpc-message': 'unknown service' },
      { endStream: true },
    )
  })
  await recovers(ask(), /Version: gRPC status 12: unknown service/)
})

test('one that is another kind of server', async () => {
  await serve((stream) => {
    stream.respond({ ':status': 404 }, { endStream: true })
  })
  await recovers(ask(), /Version: HTTP 404/)
})

test('an answer that is no protocol buffer', async () => {
  await serve((stream) => answer(stream, Buffer.from('garbage')))
  await recovers(ask(), /Version: the answer is no protocol buffer/)
})

test('an answer that is shorter than it says', async () => {
  await serve((stream) => {
    stream.respond(grpc)
    stream.end(Buffer.concat([head(100), Buffer.from('x')]))
  })
  await recovers(ask(), /Version: an answer that is cut/)
})

test('an answer without an end', async () => {
  await serve((stream) => {
    stream.respond(grpc)
    const chunk = Buffer.alloc(1024 * 1024)
    const more = (): void => {
      while (!stream.destroyed && stream.write(chunk));
    }
    stream.on('drain', more)
    more()
  })
  source = undefined
  const told = ask()
  await until(() => told.counts.criFaults >= 1, 'a fault')
  assert.match(told.log[0] ?? '', /Version: (?:an answer of more than \d+ bytes|no answer within)/)
})

test('no socket is no fault; one that comes later is found', async () => {
  const told = ask(['/nowhere/at/all.sock', socket])
  source?.want(id, false)
  await nextTurn()
  assert.deepEqual([told.log, told.counts.criFaults], [[], 0])
  await serve(wellBehaved)
  await until(() => told.facts.has(id), 'found')
})

test('none is looked for when there is none to look for', async () => {
  const told = ask([])
  for (let i = 0; i <= limits.criWantedMax; i++) source?.want(`other-${i}`, true)
  assert.equal(told.counts.criOverflows, 0)
  await nextTurn()
  assert.deepEqual(told.log, [])
})
