/**
 * The CRI client against servers that are what a runtime should not be: silent, garbled, endless,
 * gone. A real runtime is in tests/containerd.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ContainerMetadata } from '../container/container.ts'
import { limits } from '../limits.ts'
import { bytesField, joined } from './protobuf.ts'
import { CriSource } from './source.ts'
import { FakeRuntime, answer, grpc, head, id, sandbox, wellBehaved } from './testdata/runtime.ts'

const waitMsMax = 60_000

let folder = ''
let socket = ''
let runtime: FakeRuntime
let source: CriSource | undefined

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-cri-'))
  socket = join(folder, 'cri.sock')
  runtime = new FakeRuntime(socket)
})
after(() => rmSync(folder, { recursive: true }))
afterEach(async () => {
  source?.stop()
  await runtime.close()
})

interface Told {
  readonly log: string[]
  readonly facts: Map<string, Partial<ContainerMetadata>>
  readonly counts: { criFaults: number; criUnknown: number; criOverflows: number; criFlaws: number }
}

/** @param callMs  how long a call may take: short only where no answer is to come */
const ask = (sockets: readonly string[] = [socket], callMs = waitMsMax): Told => {
  const told: Told = {
    log: [],
    facts: new Map(),
    counts: { criFaults: 0, criUnknown: 0, criOverflows: 0, criFlaws: 0 },
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

test('a runtime that answers tells of all it has', async () => {
  await runtime.serve(wellBehaved())
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

test('the digest of an image, which the list may lack, is asked for once', async () => {
  const [second, third] = ['c3'.repeat(32), 'd4'.repeat(32)]
  const [digest, other] = [`sha256:${'5'.repeat(64)}`, `sha256:${'6'.repeat(64)}`]
  const refs = [
    [id, 'sha256:one'],
    [second, 'sha256:one'],
    [third, `repo@${other}`],
  ] as const
  const listed = refs.map(([each, ref]) =>
    bytesField(1, joined([bytesField(1, each), bytesField(2, sandbox), bytesField(5, ref)])),
  )
  const status = bytesField(1, bytesField(9, `repo@${digest}`))
  const ordinary = wellBehaved()
  let asked = 0
  await runtime.serve((stream, method) => {
    if (method === 'ContainerStatus') asked++
    const own = { ListContainers: joined(listed), ContainerStatus: status }[method]
    if (own) answer(stream, own)
    else ordinary(stream, method)
  })
  const told = ask()
  await until(() => told.facts.has(third), 'all are told')
  assert.deepEqual(
    [id, second, third].map((each) => {
      const { imageId, imageDigest } = told.facts.get(each) ?? {}
      return [imageId, imageDigest]
    }),
    [
      ['sha256:one', digest],
      ['sha256:one', digest],
      [undefined, other],
    ],
  )
  assert.equal(asked, 1)
})

test('labels of a pod that are cut are said to be, once', async () => {
  const labels = Array.from({ length: limits.labelsMax + 1 }, (_, i) =>
    joined([bytesField(1, `k${i}`), bytesField(2, '')]),
  )
  const of = (number: number): Uint8Array =>
    bytesField(
      1,
      joined([bytesField(1, sandbox), ...labels.map((label) => bytesField(number, label))]),
    )
  const ordinary = wellBehaved()
  await runtime.serve((stream, method) => {
    const own = { ListPodSandbox: of(5), PodSandboxStatus: of(7) }[method]
    if (own) answer(stream, own)
    else ordinary(stream, method)
  })
  const told = ask()
  await until(() => told.facts.has(id), 'told')
  const { podLabels, podLabelsCut } = told.facts.get(id) ?? {}
  assert.deepEqual([podLabels?.length, podLabelsCut], [limits.labelsMax, true])
  assert.equal(told.counts.criFlaws, 1)
  assert.match(told.log[0] ?? '', /more labels of a pod than the 256/)
})

test('one that is not known is asked for a few times, and then counted', async () => {
  await runtime.serve(wellBehaved())
  const told = ask()
  source?.want('c3'.repeat(32), false)
  await until(() => told.counts.criUnknown === 1, 'given up')
  assert.equal(told.facts.has('c3'.repeat(32)), false)
})

test('more than there is room for are asked for all at once', async () => {
  await runtime.serve(wellBehaved())
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
  await runtime.close()
  await runtime.serve(wellBehaved())
  await until(() => told.facts.has(id), 'told after all')
  assert.match(told.log.at(-1) ?? '', /fake 1\.0, 1 containers/)
}

test('a server that accepts and says nothing', async () => {
  await runtime.listen(createServer(() => {}))
  await recovers(
    ask([socket], 50),
    /Version: no answer within 50 ms; pod labels are missing until it answers$/,
  )
})

test('one that speaks HTTP/2 and never answers', async () => {
  await runtime.serve(() => {})
  await recovers(ask([socket], 50), /Version: no answer within 50 ms/)
})

test('one that begins an answer and does not end it', async () => {
  await runtime.serve((stream) => {
    stream.respond(grpc)
    stream.write(head(100))
  })
  await recovers(ask([socket], 50), /Version: no answer within 50 ms/)
})

test('one that closes at once', async () => {
  await runtime.listen(createServer((each) => each.end()))
  await recovers(ask(), /Version: /)
})

test('one that speaks something else', async () => {
  await runtime.listen(createServer((each) => each.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
  await recovers(ask(), /Version: /)
})

test('one that refuses', async () => {
  await runtime.serve((stream) => {
    stream.respond(
      { ...grpc, 'grpc-status': '12', 'grpc-message': 'unknown service' },
      { endStream: true },
    )
  })
  await recovers(ask(), /Version: gRPC status 12: unknown service/)
})

test('one that is another kind of server', async () => {
  await runtime.serve((stream) => {
    stream.respond({ ':status': 404 }, { endStream: true })
  })
  await recovers(ask(), /Version: HTTP 404/)
})

test('an answer that is no protocol buffer', async () => {
  await runtime.serve((stream) => answer(stream, Buffer.from('garbage')))
  await recovers(ask(), /Version: the answer is no protocol buffer/)
})

test('an answer that is shorter than it says', async () => {
  await runtime.serve((stream) => {
    stream.respond(grpc)
    stream.end(Buffer.concat([head(100), Buffer.from('x')]))
  })
  await recovers(ask(), /Version: an answer that is cut/)
})

test('an answer without an end', async () => {
  await runtime.serve((stream) => {
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
  await runtime.serve(wellBehaved())
  await until(() => told.facts.has(id), 'found')
})

test('none is looked for when there is none to look for', async () => {
  const told = ask([])
  for (let i = 0; i <= limits.criWantedMax; i++) source?.want(`other-${i}`, true)
  assert.equal(told.counts.criOverflows, 0)
  await nextTurn()
  assert.deepEqual(told.log, [])
})
