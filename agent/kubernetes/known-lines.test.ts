/** Lines of a watch that say nothing new, and those that only look like it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { KnownLines } from '@bulwark/kubernetes'
import { readPod } from './objects.ts'

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
}

const plain: Parts = {
  version: '7',
  labels: { app: 'web' },
  manager: 'kubelet',
  image: 'app:1',
  reason: 'Ready',
  ip: '10.0.0.1',
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
  spec: { nodeName: 'n', containers: [{ name: 'c', image: parts.image }] },
  status: {
    conditions: [{ type: 'Ready', reason: parts.reason }],
    podIP: parts.ip,
    containerStatuses: [],
  },
})

const lineOf = (more: Partial<Parts>, type = 'MODIFIED'): Buffer =>
  Buffer.from(JSON.stringify({ type, object: objectOf({ ...plain, ...more }) }))

const keeping = (line: Buffer, bytesMax = 10_000): KnownLines => {
  const lines = new KnownLines(bytesMax)
  lines.keep(line)
  return lines
}

test('what nobody reads does not count, all else does', () => {
  const check = (more: Partial<Parts>, expected: string | undefined, before = lineOf({})): void => {
    assert.equal(keeping(before).versionOfSame(lineOf(more)), expected, JSON.stringify(more))
  }
  check({}, '7')
  check({}, '7', lineOf({}, 'ADDED'))
  check({ version: '123456' }, '123456')
  check({ version: '8', manager: 'someone else', reason: 'a longer one' }, '8')
  check({ labels: { app: 'api' } }, undefined)
  check({ labels: {} }, undefined)
  check({ image: 'app:2' }, undefined)
  check({ ip: '10.0.0.2' }, undefined)
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
    assert.equal(lines.versionOfSame(lineOf({}, type)), undefined, type)
  }
  // Names in the order of the alphabet: a label comes first that has the name of the version.
  const { metadata, ...rest } = objectOf({ ...plain, labels: { resourceVersion: '9' } })
  const { resourceVersion, uid, ...others } = metadata as Record<string, unknown>
  const object = { ...rest, metadata: { ...others, resourceVersion, uid } }
  const line = Buffer.from(JSON.stringify({ type: 'MODIFIED', object }))
  assert.equal(keeping(line).versionOfSame(line), undefined)
  for (const text of ['', '{', '{"type":"MODIFIED","object":', '{"type":"MODIFIED","object":7}']) {
    lines.keep(Buffer.from(text))
    assert.equal(lines.versionOfSame(Buffer.from(text)), undefined)
  }
  lines.clear()
  assert.equal(lines.versionOfSame(lineOf({})), undefined)
})

test('bytes that are kept are bounded, the oldest go first', () => {
  const one = lineOf({})
  const other = Buffer.from(one.toString().replace('"uid":"u"', '"uid":"v"'))
  const lines = keeping(one, one.length + other.length - 1)
  lines.keep(other)
  assert.equal(lines.bytes, other.length)
  assert.equal(lines.versionOfSame(one), undefined)
  assert.equal(lines.versionOfSame(other), '7')
  const none = keeping(one, one.length - 1)
  assert.deepEqual([none.bytes, none.versionOfSame(one)], [0, undefined])
})

test('law: what is passed over would have been read as the same', () => {
  const text = fc.oneof(
    fc.constantFrom('', 'x', '"', '}],"', '}]},"spec":{', '"conditions":[{', '"uid":"', 'é'),
    fc.string({ maxLength: 4 }),
  )
  const word = fc.constantFrom('a', 'b')
  const parts = fc.record({
    version: word,
    labels: fc.dictionary(fc.constantFrom('app', 'resourceVersion', 'uid', 'spec'), text, {
      maxKeys: 2,
    }),
    manager: text,
    image: word,
    reason: text,
    ip: word,
  })
  let passed = 0
  const law = (before: Parts, after: Parts): void => {
    const version = keeping(lineOf(before)).versionOfSame(lineOf(after))
    if (version === undefined) return
    passed++
    assert.equal(version, after.version)
    const [was, is] = [before, after].map((each) => readPod(objectOf(each), () => {}))
    assert.deepEqual(is, was)
  }
  const same = fc
    .tuple(parts, parts)
    .map(([a, b]): [Parts, Parts] => [
      a,
      { ...a, version: b.version, manager: b.manager, reason: b.reason },
    ])
  const pairs = fc.oneof(fc.tuple(parts, parts), same)
  fc.assert(
    fc.property(pairs, ([before, after]) => law(before, after)),
    { seed, numRuns },
  )
  assert.ok(passed > numRuns / 4, `only ${passed} of ${numRuns} were passed over`)
})
