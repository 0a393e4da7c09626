/**
 * The agent's client against the lab's API server: what it hears of pods while the server does what
 * servers do (pages, bookmarks, versions that expire), and what they should not.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { PodSourceOptions } from '@bulwark/agent'
import type { NewObject } from '@bulwark/tools'
import { ApiServer, makeCertificates } from '@bulwark/tools'
import { Heard, accessTo, podOf, quickTimes } from './heard.ts'

const timeout = 60_000

const start = async (
  t: TestContext,
  options: Partial<PodSourceOptions> = {},
): Promise<{ readonly server: ApiServer; readonly heard: Heard }> => {
  const server = await ApiServer.start()
  server.putPod(podOf('first', { app: 'web' }))
  const heard = new Heard(server, options)
  t.after(async () => {
    heard.source.stop()
    await server.stop()
  })
  await heard.source.untilListed()
  await heard.until('both are watched', () => server.watches.count === 2)
  return { server, heard }
}

const lists = ({ asked }: ApiServer): readonly string[] =>
  asked.filter((line) => line.includes('/pods?') && !line.includes('watch=true'))

test('pods of the node, and namespaces, as they come, change and go', { timeout }, async (t) => {
  const { server, heard } = await start(t)
  server.putPod(podOf('elsewhere', {}, 'node-b'))
  server.putNamespace('shop', { team: 'a' })
  server.putPod(podOf('second'))
  await heard.until('the second', () => heard.names.join() === 'first,second')
  assert.deepEqual(heard.namespaces.get('shop')?.labels, [
    ['kubernetes.io/metadata.name', 'shop'],
    ['team', 'a'],
  ])
  server.putPod(podOf('first', { app: 'api' }))
  await heard.until('the label', () => heard.label('first', 'app') === 'api')
  server.removePod('default', 'second')
  await heard.until('the end', () => heard.names.join() === 'first')
  assert.equal(lists(server).length, 1)
  assert.match(lists(server)[0] ?? '', /fieldSelector=spec.nodeName%3Dnode-a.*resourceVersion=0/)
})

test('what only seems to have changed is not told', { timeout }, async (t) => {
  const { server, heard } = await start(t)
  const { told } = heard
  server.putPod({ ...podOf('first', { app: 'web' }), status: { phase: 'Failed' } })
  server.putPod(podOf('second'))
  await heard.until('the second', () => heard.names.length === 2)
  assert.equal(heard.told, told + 1)
})

test('a watch that ends is resumed where it was, after a bookmark too', { timeout }, async (t) => {
  const { server, heard } = await start(t)
  server.putPod(podOf('elsewhere', {}, 'node-b')) // moves the version, and is not told
  server.watches.bookmark()
  const { version } = server.store
  server.compact() // from the bookmark on all is known
  await heard.until('the bookmarks', () => (heard.source.age.podsMs ?? 1e9) < 5)
  server.watches.end()
  server.putPod(podOf('second'))
  await heard.until('the second', () => heard.names.length === 2)
  assert.equal(lists(server).length, 1)
  assert.ok(server.asked.some((line) => line.includes(`/pods?`) && line.includes(`=${version}&`)))
  assert.equal(heard.count('apiRelists'), 0)
})

test(
  'a version that has expired: all is listed again, and what went is gone',
  { timeout },
  async (t) => {
    const { server, heard } = await start(t)
    server.putPod(podOf('second'))
    await heard.until('the second', () => heard.names.length === 2)
    server.watches.isSilent = true
    server.removePod('default', 'first')
    server.putPod(podOf('third'))
    server.compact()
    server.watches.isSilent = false
    server.watches.end()
    await heard.until('the third', () => heard.names.join() === 'second,third')
    assert.ok(heard.count('apiRelists') >= 1)
    assert.ok(heard.log.some((line) => line.includes('too old resource version')))
  },
)

test('a list in pages; one whose pages expire is asked for again', { timeout }, async (t) => {
  const server = await ApiServer.start()
  for (let i = 0; i < 600; i++) server.putPod(podOf(`pod-${i}`))
  const heard = new Heard(server)
  t.after(async () => {
    heard.source.stop()
    await server.stop()
  })
  await heard.source.untilListed()
  assert.equal(heard.pods.size, 600)
  // The first list comes from the cache, in one. After nonsense the newest is asked for.
  server.asked.length = 0
  server.faults.expirePages = true
  server.faults.list = '{}'
  server.watches.say('nonsense\n')
  await heard.until('it is asked again', () => lists(server).length > 1)
  server.faults.list = undefined
  await heard.until('a page expired', () => heard.log.some((line) => line.includes('continue')))
  server.faults.expirePages = false
  server.putPod(podOf('more'))
  await heard.until('all pages', () => heard.pods.size === 601)
  assert.ok(lists(server).filter((line) => line.includes('continue=')).length >= 2)
})

test('a connection that is cut: what happened meanwhile is told', { timeout }, async (t) => {
  const { server, heard } = await start(t)
  server.cut()
  server.putPod(podOf('second'))
  await heard.until('the second', () => heard.names.length === 2)
  assert.ok(heard.count('apiFaults') >= 1)
  assert.equal(lists(server).length, 1)
})

test('a server that says nothing is left', { timeout }, async (t) => {
  const { server, heard } = await start(t, { times: { ...quickTimes, watchSilent: 100 } })
  server.watches.isSilent = true
  server.putPod(podOf('second'))
  await heard.until('a stall', () => heard.count('apiStalls') >= 1)
  assert.equal(heard.names.length, 1)
  server.watches.isSilent = false
  await heard.until('the second', () => heard.names.length === 2)
})

test('a server that does not answer is left sooner', { timeout }, async (t) => {
  const { server, heard } = await start(t, { times: { ...quickTimes, listSilent: 100 } })
  server.faults.silent = true
  server.watches.end()
  await heard.until('a stall', () => heard.count('apiStalls') >= 1)
  server.faults.silent = false
  server.putPod(podOf('second'))
  await heard.until('the second', () => heard.names.length === 2)
})

test(
  'a server that is away: what is known stays, and its age is said once',
  { timeout },
  async (t) => {
    const { server, heard } = await start(t)
    await server.stop()
    await heard.until('faults', () => heard.count('apiFaults') >= 6)
    assert.deepEqual(heard.names, ['first'])
    assert.ok((heard.source.age.podsMs ?? 0) > 0)
    const said = heard.log.filter((line) => line.startsWith('pods') && line.includes('ago'))
    // That it was cut, and that nobody listens.
    assert.ok(said.length <= 2, heard.log.join('\n'))
    server.putPod(podOf('second'))
    await server.listen()
    await heard.until('the second', () => heard.names.length === 2)
    assert.ok(heard.log.some((line) => /^pods .*: it answers again after \d/.test(line)))
  },
)

test('a server that goes back in time is believed, and counted', { timeout }, async (t) => {
  const { server, heard } = await start(t)
  const moment = server.store.remember()
  server.putPod(podOf('second'))
  server.putPod(podOf('third'))
  await heard.until('the third', () => heard.names.length === 3)
  server.store.restore(moment)
  server.watches.say(
    '{"type":"ERROR","object":{"kind":"Status","code":410,"message":"restored"}}\n',
  )
  await heard.until('the first alone', () => heard.names.join() === 'first')
  assert.ok(heard.count('apiBackInTime') >= 1)
  assert.ok(heard.log.some((line) => line.includes('went back in time')))
  server.putPod(podOf('fourth'))
  await heard.until('the fourth', () => heard.names.length === 2)
})

test('a server that went back in time, and says nothing of it', { timeout }, async (t) => {
  const { server, heard } = await start(t, { times: { ...quickTimes, watchSilent: 100 } })
  const moment = server.store.remember()
  server.putPod(podOf('second'))
  server.putPod(podOf('third'))
  await heard.until('the third', () => heard.names.length === 3)
  server.store.restore(moment)
  server.watches.end()
  // A watch from a version that it has not reached is silent, whatever happens below.
  server.putPod(podOf('fourth'))
  await heard.until('the fourth', () => heard.names.join() === 'first,fourth')
  assert.ok(heard.count('apiStalls') >= 1 && heard.count('apiBackInTime') >= 1)
})

test('watches that end at once, without a word: all is listed again', { timeout }, async (t) => {
  const { server, heard } = await start(t, { times: { ...quickTimes, watchSound: 10_000 } })
  server.watches.endsAtOnce = true
  server.watches.end()
  server.putPod(podOf('second'))
  await heard.until('the second', () => heard.names.length === 2)
  assert.ok(heard.count('apiRelists') >= 1)
  server.watches.endsAtOnce = false
})

const event = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`
const lie = (metadata: unknown, more: object = {}): string =>
  event('ADDED', { apiVersion: 'v1', kind: 'Pod', metadata, ...more })

test('lies in a watch: each is counted, and what is true goes on', { timeout }, async (t) => {
  const { server, heard } = await start(t)
  const check = async (text: string, place: Parameters<Heard['count']>[0]): Promise<void> => {
    const before = heard.count(place)
    const { started } = server.watches
    server.watches.say(text)
    await heard.until(`${place} after ${text.slice(0, 60)}`, () => heard.count(place) > before)
    // Both kinds were told, and leave the watch or stay.
    if (place !== 'apiRelists' && place !== 'apiFaults') return
    await heard.until('new watches', () => server.watches.started === started + 2)
  }
  await check('not JSON\n', 'apiRelists')
  await check('[]\n', 'apiRelists')
  await check('{"type":"ADDED"}\n', 'apiRelists')
  await check(event('NEWS', {}), 'apiRelists')
  await check(event('ERROR', { code: 500, message: 'no' }), 'apiFaults')
  await check(event('ADDED', { apiVersion: 'v2', kind: 'Pod', metadata: {} }), 'apiBadObjects')
  await check(event('ADDED', { apiVersion: 'v1', kind: 'Node', metadata: {} }), 'apiBadObjects')
  await check(lie(undefined), 'apiBadObjects')
  await check(lie({ name: 'x', namespace: 'y', uid: 7 }), 'apiBadObjects')
  await check(lie({ name: 'x'.repeat(300), namespace: 'y', uid: 'z' }), 'apiBadObjects')
  await check(`${'x'.repeat(5 * 1024 * 1024)}\n`, 'apiBadObjects')
  const huge = { name: 'huge', namespace: 'y', uid: 'huge', labels: { a: 'x'.repeat(1 << 20) } }
  await check(lie(huge), 'apiFlaws')
  await check(lie({ ...huge, uid: 'list', labels: ['a'] }), 'apiFlaws')
  server.putPod(podOf('second'))
  await heard.until('the second', () => heard.names.includes('second'))
})

test('a pod that was gone is known again, whatever it is told as', { timeout }, async (t) => {
  const { server, heard } = await start(t)
  const metadata = { name: 'again', namespace: 'default', uid: 'again', resourceVersion: '9999999' }
  const say = (type: string): void =>
    server.watches.say(event(type, { kind: 'Pod', apiVersion: 'v1', metadata, spec: {} }))
  const has = (): boolean => heard.names.includes('again')
  say('ADDED')
  await heard.until('the pod', has)
  say('DELETED')
  await heard.until('no pod', () => !has())
  say('MODIFIED')
  await heard.until('the pod again', has)
})

test('lies in a list: an item that is none spoils no other', { timeout }, async (t) => {
  const server = await ApiServer.start()
  const pod = { metadata: { name: 'good', namespace: 'default', uid: 'u' }, spec: 'none' }
  const items = ['7', 'null', '"x"', '[1]', `{"metadata":{"a":"${'x'.repeat(5 << 20)}"}}`, '{}']
  const list = (more: string): string =>
    `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[${more}]}`
  server.faults.list = list([...items, JSON.stringify(pod)].join(', '))
  const heard = new Heard(server)
  t.after(async () => {
    heard.source.stop()
    await server.stop()
  })
  await heard.until('the good one', () => heard.names.join() === 'good')
  assert.ok(heard.count('apiBadObjects') >= 6)
  // The namespaces were answered with pods.
  const refused = 'the answer is no NamespaceList'
  await heard.until('a refusal', () => heard.log.some((line) => line.includes(refused)))
})

test('answers that are faults; a server that asks to be left alone is', { timeout }, async (t) => {
  const { server, heard } = await start(t)
  server.faults.answer = { code: 429, retryAfter: 1 }
  // Before the fault: a slow machine may take long to hear of it.
  const begun = performance.now()
  server.watches.end()
  await heard.until('the fault', () => heard.log.some((line) => line.includes('HTTP 429')))
  const { length } = server.asked
  server.faults.answer = undefined
  server.putPod(podOf('second'))
  await heard.until('the second', () => heard.names.length === 2)
  assert.ok(performance.now() - begun > 800, 'it was left alone')
  assert.ok(length >= 2)
})

test(
  'TLS: whom the agent trusts, and who it is; a token that is renewed',
  { timeout },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'bulwark-api-'))
    const certificates = makeCertificates(folder, 'agent')
    const server = await ApiServer.start({ certificates, tokens: new Map([['new', 'agent']]) })
    server.putPod(podOf('first'))
    const open: Heard[] = []
    t.after(async () => {
      for (const heard of open) heard.source.stop()
      await server.stop()
      rmSync(folder, { recursive: true })
    })
    const hear = (more: Parameters<typeof accessTo>[1]): Heard => {
      const heard = new Heard(server, { access: accessTo(server, more) })
      open.push(heard)
      return heard
    }
    const authorities = { text: certificates.authority }
    const { cert, key } = certificates.client
    await hear({
      authorities,
      clientCert: { text: cert },
      clientKey: { text: key },
    }).source.untilListed()
    await hear({ insecure: true, token: { text: 'new\n' } }).source.untilListed()
    const stranger = hear({ token: { text: 'new' } })
    await stranger.until('no trust', () => stranger.log.some((line) => /certificate/.test(line)))
    const split = hear({ authorities, token: { text: 'a\nb' } })
    await split.until('no token', () => split.log.some((line) => /no token has/.test(line)))
    const file = join(folder, 'token')
    writeFileSync(file, 'old')
    const renewed = hear({ authorities, token: { file } })
    await renewed.until('refused', () => renewed.log.some((line) => /HTTP 401: Unauth/.test(line)))
    writeFileSync(file, 'new')
    await renewed.source.untilListed()
    assert.deepEqual(renewed.names, ['first'])
    // A token never shows.
    for (const { log } of open) assert.doesNotMatch(log.join('\n'), /\bnew\b/)
  },
)

/** A pod as API servers write it, of which the kubelet has written a status again. */
const written = (seconds: number, app = 'web'): NewObject => {
  const { metadata, ...pod } = podOf('first', { app })
  return {
    ...pod,
    metadata: {
      ...metadata,
      managedFields: [{ manager: 'kubelet', operation: 'Update', time: String(seconds) }],
    },
    spec: { nodeName: 'node-a', containers: [] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: String(seconds) }] },
  }
}

test('lines that say nothing new: it is heard, and known from where', { timeout }, async (t) => {
  const silentMs = 400
  const { server, heard } = await start(t, { times: { ...quickTimes, watchSilent: silentMs } })
  server.putPod(written(0))
  server.putPod(podOf('second'))
  await heard.until('the second', () => heard.names.length === 2)
  const { told } = heard
  const podWatches = (): readonly string[] =>
    server.asked.filter((line) => /\/pods\?.*watch=true/.test(line))
  const begunMs = performance.now()
  let seconds = 0
  // Longer than a watch may be silent.
  await heard.until('some time', () => {
    if (seconds < (performance.now() - begunMs) / 10) server.putPod(written(++seconds))
    return performance.now() - begunMs > 3 * silentMs
  })
  const { version } = server.store
  await heard.until('the last line', () => (heard.source.age.podsMs ?? 1e9) < 10)
  assert.equal(podWatches().length, 1)
  server.watches.end()
  await heard.until('another watch', () => podWatches().length > 1)
  assert.ok(podWatches()[1]?.includes(`resourceVersion=${version}&`), podWatches()[1])
  assert.deepEqual([heard.told, lists(server).length], [told, 1])
  server.putPod(written(seconds, 'api'))
  await heard.until('the label', () => heard.label('first', 'app') === 'api')
})

/** Says of the first pod what was so at the first version. */
const sayBefore = (server: ApiServer, heard: Heard, { metadata, ...pod }: NewObject): void => {
  const { uid } = [...heard.pods.values()].find(({ name }) => name === 'first') ?? {}
  const { name, namespace, ...more } = metadata
  const of = { name, namespace, uid, resourceVersion: '1', ...more }
  server.watches.say(event('MODIFIED', { kind: 'Pod', apiVersion: 'v1', metadata: of, ...pod }))
}

test('a line of before that says nothing new is counted', { timeout }, async (t) => {
  const { server, heard } = await start(t)
  server.putPod(written(0))
  server.putPod(written(1))
  server.putPod(podOf('second'))
  await heard.until('the second', () => heard.names.length === 2)
  assert.equal(heard.count('apiBackInTime'), 0)
  sayBefore(server, heard, written(2))
  await heard.until('the count', () => heard.count('apiBackInTime') > 0)
})

test(
  'what is wrong with something new is told with the name of its pod',
  { timeout },
  async (t) => {
    const { server, heard } = await start(t)
    server.putPod(written(0))
    server.putPod(written(1, 7 as unknown as string))
    await heard.until('the flaw', () => heard.count('apiFlaws') > 0)
    const isNamed = (line: string): boolean => line.endsWith('(first in "default" "first")')
    await heard.until('its pod', () => heard.log.some(isNamed))
    server.putPod(written(2, 'api'))
    await heard.until('the label', () => heard.label('first', 'app') === 'api')
    assert.deepEqual([heard.count('apiFlaws'), heard.count('apiBadObjects')], [1, 0])
  },
)

test(
  'a line of before that says something new is counted once, and taken',
  { timeout },
  async (t) => {
    const { server, heard } = await start(t)
    server.putPod(written(0))
    await heard.until('the pod', () => heard.label('first', 'app') === 'web')
    sayBefore(server, heard, written(0, 'api'))
    await heard.until('the label', () => heard.label('first', 'app') === 'api')
    const isBack = (line: string): boolean => /^pods .* went back in time, to "1"/.test(line)
    assert.equal(heard.log.filter(isBack).length, 1)
  },
)
