/** Lines of a watch that say nothing new, and those that only look like it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Lacks, MakeLineKeeper, LineKeeper as PlainKeeper } from '@bulwark/kubernetes'
import { KnownLines, chunkIs, lineInChunk, plainLineKeeper } from '@bulwark/kubernetes'
import { LineKeeper } from '@bulwark/native'
import { parseJson } from '@bulwark/schema'
import { containerStates, readPod, readPodAgain } from './objects.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['TEST_RUNS'] ?? 300)
console.log(`TEST_SEED=${seed}`)

interface Parts {
  readonly version: string
  readonly labels: Readonly<Record<string, string>>
  readonly manager: string
  readonly image: string
  readonly reason: string
  readonly ip: string
  /** What stands in the spec beside its containers. */
  readonly odd?: unknown
  readonly containers: readonly Status[]
}

/** The status of a container, in the order in which an API server writes it. */
interface Status {
  readonly name: string
  readonly state: Readonly<Record<string, object>>
  readonly lastState: Readonly<Record<string, object>>
  readonly ready: boolean
  readonly restartCount: number
  readonly image: string
  readonly imageID: string
  readonly containerID: string
}

const running = (id: string): Status => ({
  name: 'c',
  state: { running: { startedAt: 'now' } },
  lastState: {},
  ready: true,
  restartCount: 0,
  image: 'app:1',
  imageID: `sha256:${'1'.repeat(64)}`,
  containerID: `containerd://${id.repeat(64)}`,
})

const plain: Parts = {
  version: '7',
  labels: { app: 'web' },
  manager: 'kubelet',
  image: 'app:1',
  reason: 'Ready',
  ip: '10.0.0.1',
  containers: [running('a'), running('b')],
}

const objectOf = (parts: Parts): Parameters<typeof readPod>[0] => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: {
    name: 'a',
    namespace: 'b',
    uid: 'u',
    resourceVersion: parts.version,
    labels: parts.labels,
    managedFields: [{ manager: parts.manager, fieldsV1: { 'f:spec': {} } }],
  },
  spec: { nodeName: 'n', odd: parts.odd, containers: [{ name: 'c', image: parts.image }] },
  status: {
    conditions: [{ type: 'Ready', reason: parts.reason }],
    podIP: parts.ip,
    containerStatuses: parts.containers,
  },
})

const lineOf = (more: Partial<Parts>, type = 'MODIFIED'): Buffer =>
  Buffer.from(JSON.stringify({ type, object: objectOf({ ...plain, ...more }) }))

/** The one that an agent has, held to the one that is plain JavaScript. */
const keeper: MakeLineKeeper = (table) => {
  const byPlain = plainLineKeeper(table)
  const native = new LineKeeper(table)
  const both = <Result>(ask: (one: PlainKeeper) => Result): Result => {
    const result = ask(byPlain)
    assert.equal(ask(native), result)
    assert.equal(native.newest, byPlain.newest)
    return result
  }
  return {
    keep: (...line) => both((one) => one.keep(...line)),
    key: (...line) => both((one) => one.key(...line)),
    drop: (key) => both((one) => one.drop(key)),
    clear: () => both((one) => one.clear()),
    passes: (...line) => both((one) => one.passes(...line)),
    chunkGate: (bytes) => {
      const [plainGate, gate] = [byPlain.chunkGate(bytes), native.chunkGate(bytes)]
      return (length) => both((one) => (one === native ? gate : plainGate)(length))
    },
    get passedAgoMs() {
      const [plainMs, ms] = [byPlain.passedAgoMs, native.passedAgoMs]
      assert.equal(ms === undefined, plainMs === undefined)
      return ms
    },
    takeRest: (...line) => both((one) => one.takeRest(...line)),
    get taken() {
      assert.deepEqual(native.taken, byPlain.taken)
      return native.taken
    },
    seeVersion: (version) => both((one) => one.seeVersion(version)),
    get newest() {
      return both((one) => one.newest)
    },
    close: () => both((one) => one.close()),
  }
}

const linesOf = <Value>(bytesMax: number): KnownLines<Value> =>
  new KnownLines<Value>({ bytesMax, repeated: containerStates, keeper })

const chunkOf = (text: Buffer | string): Buffer => {
  const line = Buffer.concat([Buffer.from(text), Buffer.from('\n')])
  return Buffer.concat([Buffer.from(`${line.length.toString(16)}\r\n`), line, Buffer.from('\r\n')])
}

/** The version of a line that passes; `undefined`: it does not. */
const versionOf = <Value>(
  lines: KnownLines<Value>,
  line: Buffer,
  from?: number,
  to?: number,
): string | undefined => (lines.passes(line, from, to) ? lines.newest : undefined)

const versionOfChunk = <Value>(
  lines: KnownLines<Value>,
  bytes: Buffer,
  length: number,
): string | undefined => {
  const places = lines.chunkGate(bytes)(length)
  return places === chunkIs.passed ? lines.newest : undefined
}

const keeping = (line: Buffer, bytesMax = 10_000): KnownLines<string> => {
  const lines = linesOf<string>(bytesMax)
  lines.keep(lines.at(line), 'kept')
  return lines
}

test('what nobody reads does not count, all else does', () => {
  const check = (more: Partial<Parts>, expected: string | undefined, before = lineOf({})): void => {
    assert.equal(versionOf(keeping(before), lineOf(more)), expected, JSON.stringify(more))
  }
  check({}, '7')
  check({}, '7', lineOf({}, 'ADDED'))
  check({ version: '123456' }, '123456')
  check({ version: '8', manager: 'someone else', reason: 'a longer one' }, '8')
  check({ labels: { app: 'api' } }, undefined)
  check({ labels: {} }, undefined)
  check({ image: 'app:2' }, undefined)
  check({ ip: '10.0.0.2' }, undefined)
  const status = (more: Partial<Status>): Partial<Parts> => ({
    containers: [running('a'), { ...running('b'), ...more }],
  })
  const [waiting, ended] = [
    { reason: 'CrashLoopBackOff' },
    { containerID: running('b').containerID },
  ]
  check(status({ ready: false }), '7')
  check(status({ state: { waiting }, ready: false, restartCount: 12 }), '7')
  check(status({ state: { terminated: ended } }), '7')
  check(status({ state: { waiting: { message: '"lastState":{' } } }), '7')
  check(status({ lastState: { terminated: ended } }), undefined)
  check(status({ containerID: running('c').containerID }), undefined)
  check(status({ imageID: '' }), undefined)
  check(status({ name: 'd' }), undefined)
  check({ containers: [running('a')] }, undefined)
  // Longer than what an API server has there.
  check(status({ restartCount: 'x'.repeat(60) as unknown as number }), undefined)
  check({ containers: [running('b'), running('a')] }, undefined)
  check({ containers: [running('a'), running('b'), running('c')] }, undefined)
  // Marks in texts are none.
  check({ reason: '}],"podIP":"x' }, '7')
  check({ manager: '}]},"spec":{' }, '7')
  check({ labels: { app: '"resourceVersion":"9"' } }, undefined)
  check(
    { labels: { resourceVersion: '9' } },
    undefined,
    lineOf({ labels: { resourceVersion: '8' } }),
  )
})

test('a line of another kind is read, and so is one that is written otherwise', () => {
  const lines = keeping(lineOf({}))
  for (const type of ['ADDED', 'DELETED', 'BOOKMARK', 'ERROR']) {
    assert.equal(versionOf(lines, lineOf({}, type)), undefined, type)
  }
  // Statuses in the order of the alphabet: behind a state comes another container's id.
  const alphabetical = (id: string): Buffer => {
    const { containerID, imageID, lastState, name, ready, state } = running('a')
    const first = { containerID, imageID, lastState, name, ready, state }
    const second = { ...first, containerID: running(id).containerID }
    // What it is not: an API server has the fields of a status in another order.
    return lineOf({ containers: [first, second] as unknown as Parts['containers'] })
  }
  assert.equal(versionOf(keeping(alphabetical('b')), alphabetical('b')), '7')
  assert.equal(versionOf(keeping(alphabetical('b')), alphabetical('c')), undefined)
  // Names in the order of the alphabet: a label comes first that has the name of the version.
  const { metadata, ...rest } = objectOf({ ...plain, labels: { resourceVersion: '9' } })
  const { resourceVersion, uid, ...others } = metadata as Record<string, unknown>
  const object = { ...rest, metadata: { ...others, resourceVersion, uid } }
  const line = Buffer.from(JSON.stringify({ type: 'MODIFIED', object }))
  assert.equal(versionOf(keeping(line), line), undefined)
  const longer = Buffer.from(lineOf({}).toString().replace(/\}\}$/, '},"x":1}'))
  assert.equal(versionOf(lines, longer), undefined)
  assert.equal(versionOf(lines, Buffer.concat([lineOf({}), Buffer.from(' ')])), undefined)
  for (const text of ['', '{', '{"type":"MODIFIED","object":', '{"type":"MODIFIED","object":7}']) {
    lines.keep(lines.at(Buffer.from(text)), '')
    assert.equal(versionOf(lines, Buffer.from(text)), undefined)
  }
  lines.keep(lines.at(lineOf({})), '')
  lines.forget(lines.at(lineOf({}, 'DELETED')))
  assert.equal(versionOf(lines, lineOf({})), undefined)
  assert.equal(lines.bytes, 0)
  lines.keep(lines.at(lineOf({})), '')
  lines.clear()
  assert.equal(versionOf(lines, lineOf({})), undefined)
})

test('a line that is written otherwise makes void what was kept of its object', () => {
  const lines = keeping(lineOf({}))
  const object = objectOf({ ...plain, labels: { app: 'api' } })
  lines.keep(lines.at(Buffer.from(JSON.stringify({ object, type: 'MODIFIED' }))), '')
  assert.equal(versionOf(lines, lineOf({})), undefined)
  assert.equal(lines.bytes, 0)
})

test('a version that is older, or no number, does not pass', () => {
  const lines = keeping(lineOf({}))
  const passes = (version: string): boolean => lines.passes(lineOf({ version }))
  assert.equal(lines.newest, '')
  assert.ok(passes('8'))
  assert.ok(!passes('7'))
  assert.ok(passes('8'))
  assert.ok(passes('10'))
  assert.ok(!passes('9'))
  const others = ['', 'x', '-11', '011', '1e9', ' 11', '11\u0000', '11é', '9'.repeat(31)]
  for (const other of others) assert.ok(!passes(other), other)
  assert.equal(lines.newest, '10')
  assert.equal(lines.seeVersion('30'), false)
  assert.deepEqual([passes('29'), passes('31'), lines.newest], [false, true, '31'])
  // Of one that is no number nobody knows whether it is newer.
  assert.equal(lines.seeVersion('31'), false)
  assert.equal(lines.seeVersion('30'), true)
  assert.equal(lines.seeVersion('abc'), false)
  assert.deepEqual([lines.newest, passes('1'), lines.newest], ['', true, '1'])
  assert.ok(passes('9'.repeat(30)))
})

test('of lines that are shorter and longer the last is known, and takes up what it needs', () => {
  const lines = linesOf<string>(100_000)
  const lineWith = (length: number): Buffer => lineOf({ odd: 'x'.repeat(length) })
  let before = lineWith(1)
  for (const length of [0, 2, 3, 300, 299, 20_000, 10, 11, 500, 0]) {
    const line = lineWith(length)
    lines.keep(lines.at(line), '')
    assert.equal(versionOf(lines, line), '7', `${length}`)
    assert.equal(versionOf(lines, before), undefined, `before ${length}`)
    assert.equal(lines.bytes, keeping(line, 100_000).bytes, `${length}`)
    before = line
  }
  lines.forget(lines.at(lineOf({}, 'DELETED')))
  assert.equal(lines.bytes, 0)
})

test('a chunk that is one line, whole, is known as that line is; another is not', () => {
  const lines = keeping(lineOf({}))
  const line = lineOf({ version: '8' })
  const chunk = chunkOf(line)
  const longer = Buffer.concat([chunk, chunk])
  assert.equal(versionOfChunk(lines, chunk, chunk.length), '8')
  assert.equal(versionOfChunk(lines, longer, chunk.length), '8')
  const upper = Buffer.from(chunk.toString().replace(/^\w+/, (size) => `0${size.toUpperCase()}`))
  assert.equal(versionOfChunk(lines, upper, upper.length), '8')
  for (let length = 0; length < longer.length; length++) {
    if (length === chunk.length) continue
    assert.equal(versionOfChunk(lines, longer, length), undefined, `${length} bytes`)
  }
  const text = chunk.toString()
  const others = [
    chunkOf(`${line.toString()}\n${line.toString()}`),
    chunkOf(lineOf({ version: '8' }, 'DELETED')),
    chunkOf(lineOf({ labels: {} })),
    text.replace('\r\n', ';x=y\r\n'),
    text.replace(/^\w+/, '0'),
    text.replace(/^\w+/, 'ffffffff'),
    text.replace(/^\w+/, (size) => (parseInt(size, 16) - 1).toString(16)),
    text.replace(/^/, ' '),
    text.replace('\r\n', '\n\n'),
    text.replace(/\n\r\n$/, ' \r\n'),
    text.replace(/\r\n$/, '\r\r'),
    chunkOf(''),
    '0\r\n\r\n',
    '',
  ]
  for (const other of others) {
    const bytes = Buffer.from(other)
    assert.equal(versionOfChunk(lines, bytes, bytes.length), undefined, bytes.toString())
  }
})

test('of a chunk that is one line it is told where that is, unless it passes', () => {
  const lines = keeping(lineOf({}))
  const check = (line: Buffer): void => {
    const chunk = chunkOf(line)
    const { from, to, key } = lineInChunk(chunk, chunk.length, lines.chunkGate(chunk)(chunk.length))
    assert.equal(chunk.toString('utf8', from, to), line.toString())
    assert.equal(key, lines.at(line).key)
  }
  check(lineOf({ labels: {} }))
  check(lineOf({ odd: 'x'.repeat(70_000) }))
  check(lineOf({}, 'DELETED'))
  const nameless = Buffer.from('{"type":"BOOKMARK","object":{}}')
  for (const line of [nameless, Buffer.from(''), Buffer.from('{"uid":"no end')]) {
    assert.equal(lines.chunkGate(chunkOf(line))(chunkOf(line).length), chunkIs.noLine)
  }
})

test('bytes that are kept are bounded, the oldest go first', () => {
  const one = lineOf({ manager: 'x'.repeat(300) })
  const other = Buffer.from(one.toString().replace('"uid":"u"', '"uid":"v"'))
  const { bytes } = keeping(one)
  assert.ok(bytes < one.length)
  const lines = keeping(one, 2 * bytes - 1)
  lines.keep(lines.at(other), '')
  assert.equal(lines.bytes, bytes)
  assert.equal(versionOf(lines, one), undefined)
  assert.equal(versionOf(lines, other), '7')
  const none = keeping(one, bytes - 1)
  assert.deepEqual([none.bytes, versionOf(none, one)], [0, undefined])
})

test('of a line that says of a spec what the last one did the rest is read', () => {
  /** What is read of a line after another; `undefined`: it is read as a whole. */
  const cut = (more: Partial<Parts>, before: Partial<Parts> = {}): unknown => {
    const lines = keeping(lineOf(before))
    const line = lineOf(more)
    assert.equal(versionOf(lines, line), undefined)
    const same = lines.takeRest(lines.at(line))
    assert.ok(same === undefined || same.before === 'kept')
    // It is kept from then on.
    assert.equal(versionOf(lines, line), same && (more.version ?? '7'))
    assert.equal(lines.bytes, keeping(same ? line : lineOf(before)).bytes)
    return same && JSON.parse(same.text)
  }
  const check = (more: Partial<Parts>, lacks: Partial<Lacks> = {}): void => {
    const { metadata, status } = objectOf({ ...plain, ...more })
    const expected = {
      ...(lacks.status === true ? {} : { status: { ...(status as object), conditions: [{}] } }),
      ...(lacks.metadata === true
        ? {}
        : { metadata: { ...(metadata as object), managedFields: [{}] } }),
    }
    assert.deepEqual(cut(more), expected)
  }
  check({ labels: { app: 'api' } }, { status: true })
  check({ labels: { app: '}]},"spec":{' }, manager: '},"status":{' }, { status: true })
  check({ labels: {}, reason: 'another', version: '8' }, { status: true })
  check({ ip: '10.0.0.2', containers: [running('é')] }, { metadata: true })
  check({ ip: '10.0.0.2', manager: 'another', version: '8' }, { metadata: true })
  check({ ip: '10.0.0.2', labels: { app: '"managedFields":[{' } })
  assert.equal(cut({ image: 'app:2' }), undefined)
  assert.equal(cut({ odd: 1, ip: '' }), undefined)
  for (const version of ['x', '07', '']) assert.equal(cut({ ip: '', version }), undefined)
  // Cut at another mark it is no JSON.
  const odd = { deep: {}, status: { deep: {} } }
  assert.throws(() => cut({ odd, ip: '' }, { odd }), SyntaxError)
  // Of a line that is of no object, or of an unknown one, nothing is left out.
  const lines = keeping(lineOf({}))
  const stranger = Buffer.from(lineOf({ ip: '' }).toString().replace('"uid":"u"', '"uid":"v"'))
  for (const line of [lineOf({}, 'DELETED'), stranger, Buffer.from('{')]) {
    assert.equal(versionOf(lines, line), undefined)
    assert.equal(lines.takeRest(lines.at(line)), undefined)
    assert.equal(versionOf(lines, lineOf({})), '7')
  }
})

test('what is called as what nobody reads, and stands in a spec, is compared', () => {
  const odd = (last: string): object => ({ conditions: [{ last }], state: {}, lastState: {} })
  const lines = keeping(lineOf({ odd: odd('a') }))
  assert.equal(versionOf(lines, lineOf({ odd: odd('a'), reason: 'x' })), '7')
  assert.equal(versionOf(lines, lineOf({ odd: odd('b') })), undefined)
  assert.equal(versionOf(lines, lineOf({ odd: odd('a'), image: 'app:2' })), undefined)
  // Where nothing follows the conditions of a status, none are passed over.
  const line = (behind: string): Buffer => {
    const text = JSON.stringify({
      type: 'MODIFIED',
      object: { metadata: objectOf(plain)['metadata'] },
    })
    return Buffer.from(`${text.slice(0, -2)},"spec":{"conditions":[{}]},"status":{${behind}}}}`)
  }
  const last = keeping(line('"phase":"a"'))
  const rest = (behind: string): string | undefined => last.takeRest(last.at(line(behind)))?.text
  assert.equal(
    rest('"phase":"b","odd":[{}],"ip":""'),
    '{"status":{"phase":"b","odd":[{}],"ip":""}}',
  )
  assert.equal(rest('"conditions":[{"a":1}]'), '{"status":{"conditions":[{"a":1}]}}')
  assert.equal(rest('"conditions":[{"a":1}],"ip":""'), '{"status":{"conditions":[{}],"ip":""}}')
})

test('a line whose rest is taken has its version, be it older', () => {
  const lines = keeping(lineOf({}))
  const take = (more: Partial<Parts>): unknown => lines.takeRest(lines.at(lineOf(more)))?.isBack
  assert.equal(take({ version: '8', ip: '1' }), false)
  assert.equal(lines.newest, '8')
  assert.equal(take({ version: '6', ip: '2' }), true)
  assert.equal(lines.newest, '6')
  // It says nothing new, and is older.
  assert.equal(take({ version: '5', ip: '2' }), true)
  assert.deepEqual([versionOf(lines, lineOf({ version: '7', ip: '2' })), lines.newest], ['7', '7'])
})

test('a line whose rest is taken finds room as any other does', () => {
  const { bytes } = keeping(lineOf({}))
  const lines = keeping(lineOf({}), bytes)
  const other = Buffer.from(lineOf({}).toString().replace('"uid":"u"', '"uid":"v"'))
  lines.keep(lines.at(other), 'other')
  lines.takeRest(lines.at(Buffer.from(other.toString().replace('10.0.0.1', 'x'.repeat(300)))))
  assert.deepEqual([lines.bytes, versionOf(lines, other)], [0, undefined])
})

test('law: what is passed over would have been read as the same', () => {
  const text = fc.oneof(
    fc.constantFrom('', 'x', '"', '}],"', '}]},"spec":{', '"conditions":[{', '"uid":"', 'é'),
    fc.string({ maxLength: 4 }),
  )
  const word = fc.constantFrom('a', 'b')
  const ended = fc.record({ containerID: word.map((id) => running(id).containerID), message: text })
  const state = fc.oneof(
    fc.constant({}),
    fc.record({ waiting: fc.record({ reason: text }) }),
    fc.record({ terminated: ended }),
  )
  const status = fc
    .record({
      of: word,
      name: word,
      state,
      lastState: state,
      ready: fc.boolean(),
      times: fc.nat(20),
    })
    .map(({ of, times, ...more }): Status =>
      Object.assign(running(of), more, { restartCount: times }),
    )
  const parts = fc.record({
    version: fc.constantFrom('7', '8', '10', 'a', ''),
    labels: fc.dictionary(fc.constantFrom('app', 'resourceVersion', 'uid', 'spec'), text, {
      maxKeys: 2,
    }),
    manager: text,
    image: word,
    reason: text,
    ip: word,
    odd: fc.oneof(
      text,
      fc.constant({ deep: {}, status: { deep: {} } }),
      fc.constant({ conditions: [{}] }),
    ),
    containers: fc.array(status, { maxLength: 2 }),
  })
  let passed = 0
  let cut = 0
  const again = (before: Parts, after: Parts): void => {
    const lines = linesOf<NonNullable<ReturnType<typeof readPod>>>(10_000)
    const was = readPod(objectOf(before), () => {})
    assert.ok(was)
    lines.keep(lines.at(lineOf(before)), was)
    const line = lineOf(after)
    assert.equal(versionOf(lines, line), undefined)
    const same = lines.takeRest(lines.at(line))
    if (!same) return
    const object = parseJson(same.text) as Parameters<typeof readPod>[0] | undefined
    if (!object || object['spec'] !== undefined) return
    cut++
    const flaws: string[] = []
    const is = readPodAgain(object, same.before, same.lacks, (flaw) => flaws.push(flaw))
    if (flaws.length > 0) return
    assert.deepEqual(
      is,
      readPod(objectOf(after), () => {}),
    )
  }
  const law = (before: Parts, after: Parts): void => {
    const line = lineOf(after)
    const version = versionOf(keeping(lineOf(before)), line)
    const around = Buffer.concat([lineOf(before), line, line])
    const [from, to] = [around.length - 2 * line.length, around.length - line.length]
    assert.equal(versionOf(keeping(lineOf(before)), around, from, to), version)
    const chunk = chunkOf(line)
    assert.equal(versionOfChunk(keeping(lineOf(before)), chunk, chunk.length), version)
    if (version === undefined) return again(before, after)
    passed++
    assert.equal(version, after.version)
    const [was, is] = [before, after].map((each) => readPod(objectOf(each), () => {}))
    assert.deepEqual(is, was)
  }
  /** The containers of one, in the states of the other's. */
  const alike = (a: Parts, b: Parts): readonly Status[] =>
    a.containers.map((each, i) => {
      const { state: is = each.state, ready = each.ready } = b.containers[i] ?? {}
      return { ...each, state: is, ready }
    })
  const same = fc
    .tuple(parts, parts)
    .map(([a, b]): [Parts, Parts] => [
      a,
      { ...a, version: b.version, manager: b.manager, reason: b.reason, containers: alike(a, b) },
    ])
  const sameSpec = fc
    .tuple(parts, parts)
    .map(([a, b]): [Parts, Parts] => [a, { ...b, image: a.image, odd: a.odd }])
  const pairs = fc.oneof(fc.tuple(parts, parts), same, same, sameSpec, sameSpec)
  fc.assert(
    fc.property(pairs, ([before, after]) => law(before, after)),
    { seed, numRuns },
  )
  assert.ok(passed > numRuns / 5, `only ${passed} of ${numRuns} were passed over`)
  assert.ok(cut > numRuns / 20, `only ${cut} of ${numRuns} were read without a spec`)
})
