/** The wire form of protocol buffers: what is written is read, and anything else is no message. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  readContainerStatus,
  readContainers,
  readSandboxStatus,
  readSandboxes,
  readVersion,
} from './messages.ts'
import { Message, bytesField, joined, numberField } from './protobuf.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
console.log(`TEST_SEED=${seed}`)

const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const shown = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('the examples of the format', () => {
  assert.equal(shown(numberField(1, 150)), '089601')
  assert.equal(shown(bytesField(2, 'testing')), '120774657374696e67')
  assert.equal(shown(bytesField(3, numberField(1, 150))), '1a03089601')
  assert.equal(shown(numberField(16, 1)), '800101')
  assert.equal(shown(numberField(1, -2n)), '08feffffffffffffffff01')
})

test('fields that are not there have the defaults', () => {
  const message = Message.read(new Uint8Array())
  assert.equal(message.text(1), '')
  assert.equal(message.number(1), 0n)
  assert.deepEqual(message.messages(1), [])
  assert.equal(message.message(1).message(2).text(3), '')
  assert.equal(message.isBroken, false)
})

test('of a field that comes twice the last counts; those of other types are passed over', () => {
  const eight = hex('09 0102030405060708')
  const four = hex('15 01020304')
  const message = Message.read(joined([eight, four, bytesField(3, 'a'), bytesField(3, 'b')]))
  assert.equal(message.text(3), 'b')
  assert.deepEqual(message.messages(9), [])
  assert.equal(message.isBroken, false)
})

test('what is no message', () => {
  const check = (text: string, expected = true): void => {
    assert.equal(Message.read(hex(text)).isBroken, expected, text)
  }
  check('', false)
  check('08') // no value
  check('08 ff') // an endless varint
  check('08 ffffffffffffffffffffff01') // too long a varint
  check('12 05 61') // shorter than it says
  check('12 ffffffffffffffffff01') // longer than any
  check('00 00') // field 0
  check('0b') // a group, which is not in use any more
  check('0f 00')
  check('ffffffffff0f 00') // too large a number
})

test('a field of another type than asked for breaks the message', () => {
  const check = (read: (message: Message) => unknown): void => {
    const message = Message.read(joined([numberField(1, 5), bytesField(2, 'x')]))
    read(message)
    assert.equal(message.isBroken, true)
  }
  check((message) => message.text(1))
  check((message) => message.number(2))
  check((message) => message.message(2)) // 'x' is no message
  check((message) => message.pairs(2))
})

test('law: what is written is read', () => {
  const texts = fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true })
  const law = (map: Readonly<Record<string, string>>, number: bigint, field: number): void => {
    const entries = Object.entries(map)
    const fields = entries.map(([key, value]) =>
      bytesField(field, joined([bytesField(1, key), bytesField(2, value)])),
    )
    const message = Message.read(joined([...fields, numberField(field + 1, number)]))
    assert.deepEqual(
      message.pairs(field),
      entries.map(([k, v]) => [k, v].map(wellFormed)),
    )
    assert.equal(message.number(field + 1), number)
    assert.equal(message.isBroken, false)
  }
  fc.assert(
    fc.property(texts, fc.bigInt(0n, 2n ** 64n - 1n), fc.integer({ min: 1, max: 99_999 }), law),
    { seed },
  )
})

const wellFormed = (text: string): string => Buffer.from(text).toString()

const readers = [readContainers, readContainerStatus, readSandboxes, readSandboxStatus, readVersion]

const someContainers = joined(
  ['a', 'b', 'c'].map((id) =>
    bytesField(
      1,
      joined([
        bytesField(1, id.repeat(64)),
        bytesField(2, 'f'.repeat(64)),
        bytesField(3, bytesField(1, 'app')),
        bytesField(4, bytesField(1, 'r.example/app:1')),
        bytesField(5, 'r.example/app@sha256:0a'),
        numberField(7, 1_700_000_000_000_000_000n),
        bytesField(8, joined([bytesField(1, 'tier'), bytesField(2, 'front')])),
        bytesField(10, 'sha256:0b'),
      ]),
    ),
  ),
)

test('a list of containers', () => {
  const [first, ...rest] = readContainers(someContainers) ?? []
  assert.equal(rest.length, 2)
  assert.deepEqual(first, {
    id: 'a'.repeat(64),
    sandboxId: 'f'.repeat(64),
    facts: {
      name: 'app',
      image: 'r.example/app:1',
      imageDigest: 'sha256:0a',
      imageId: 'sha256:0b',
      startedNs: 1_700_000_000_000_000_000n,
      labels: [['tier', 'front']],
      sandboxId: 'f'.repeat(64),
    },
  })
})

test('law: any bytes give a value or none, and never an error', () => {
  let read = 0
  const law = (bytes: Uint8Array): void => {
    for (const reader of readers) if (reader(bytes)) read++
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), law), { seed, numRuns: 500 })
  const flipped = fc
    .tuple(fc.nat({ max: someContainers.length - 1 }), fc.integer({ min: 1, max: 255 }))
    .map(([at, mask]) => someContainers.map((byte, i) => (i === at ? byte ^ mask : byte)))
  fc.assert(fc.property(flipped, law), { seed, numRuns: 1000 })
  const cut = fc.nat({ max: someContainers.length }).map((at) => someContainers.subarray(0, at))
  fc.assert(fc.property(cut, law), { seed })
  assert.ok(read > 500, `only ${read} were read`)
})
