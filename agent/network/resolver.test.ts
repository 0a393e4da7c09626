/** Host names to addresses, without a packet: names of this machine, and numbers. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { addressText } from './addresses.ts'
import { limits } from '../limits.ts'
import { Resolver } from './resolver.ts'

/** No label may be so long: the name is refused before anybody is asked. */
const unknown = `${'x'.repeat(64)}.invalid`

const silent = (line: string): void => assert.fail(line)

/** Looks a name up once; its addresses as text, sorted. */
const lookUp = async (name: string): Promise<string> => {
  const resolver = new Resolver(silent)
  const addresses = resolver.resolve(name)
  assert.equal(addresses().size, 0)
  await resolver.start()
  resolver.stop()
  return [...addresses()].map(addressText).toSorted().join(' ')
}

test('names and numbers', async () => {
  const check = async (name: string, expected: string): Promise<void> => {
    assert.equal(await lookUp(name), expected, name)
  }
  assert.match(await lookUp('localhost'), /127\.0\.0\.1|::1/)
  await check('127.0.0.1', '127.0.0.1')
  await check('255.1.2.3', '255.1.2.3')
  await check('::1', '::1')
  await check('::', '::')
  await check('2001:db8::7', '2001:db8::7')
  await check('2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6')
  await check('fe80::1:0:0', 'fe80::1:0:0')
  await check('::ffff:192.0.2.1', '192.0.2.1')
  await check('64:ff9b::192.0.2.33', '64:ff9b::c000:221')
  await check(unknown, '')
})

/** Takes the place of the clock: pauses are noted, and over when the test says so. */
const takeClock = (t: TestContext): { pauses: number[]; paused: () => Promise<() => void> } => {
  const pauses: number[] = []
  let told = Promise.withResolvers<() => void>()
  t.mock.method(globalThis, 'setTimeout', (callback: () => void, ms: number) => {
    pauses.push(ms)
    told.resolve(callback)
    return { unref: () => {} }
  })
  const paused = async (): Promise<() => void> => {
    const goOn = await told.promise
    told = Promise.withResolvers()
    return goOn
  }
  return { pauses, paused }
}

test('it asks again, more seldom each time', { timeout: 60_000 }, async (t) => {
  const { pauses, paused } = takeClock(t)
  const resolver = new Resolver(silent)
  resolver.resolve('127.0.0.1')
  await resolver.start()
  while (pauses.length < 7) (await paused())()
  const { resolveMsMin: least, resolveMsMax: most } = limits
  const expected = [1, 2, 4, 8, 16, 32, 64].map((times) => Math.min(times * least, most))
  assert.deepEqual(pauses, expected)
})

test('without names it asks nobody, and once stopped it does not start again', async (t) => {
  const { pauses } = takeClock(t)
  await new Resolver(silent).start()
  const resolver = new Resolver(silent)
  resolver.resolve('127.0.0.1')
  const started = resolver.start()
  resolver.stop()
  await started
  assert.deepEqual(pauses, [])
})

test('two rules share what was found of a name', async () => {
  const resolver = new Resolver(silent)
  const both = [resolver.resolve('127.0.0.1'), resolver.resolve('127.0.0.1')]
  await resolver.start()
  resolver.stop()
  assert.deepEqual(
    both.map((addresses) => Array.from(addresses())),
    [[0x7f000001], [0x7f000001]],
  )
})

test('rules may name so many hosts, and it says which it leaves out', () => {
  const lines: string[] = []
  const resolver = new Resolver((line) => lines.push(line))
  for (let i = 0; i < limits.hostnamesMax; i++) resolver.resolve(`host${i}`)
  assert.deepEqual(lines, [])
  assert.equal(resolver.resolve('one.more')().size, 0)
  resolver.resolve('host0')
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /over 256 hosts; one\.more is not looked up/)
})

test('of what was looked up, what seldom changes is steady', async () => {
  let found: readonly string[] = []
  const resolver = new Resolver(silent, async (name) => {
    if (name === 'nowhere') throw new Error('no such name')
    return await Promise.resolve(found.map((address) => ({ address, family: 4 })))
  })
  const steady = (): readonly string[] =>
    Array.from(resolver.steady, ([name, all]) => `${name} ${[...all].map(addressText).join()}`)
  /** By how much the number of changes grows. */
  const look = async (...addresses: readonly string[]): Promise<number> => {
    const before = resolver.changes
    found = addresses
    await resolver.start()
    resolver.stop()
    return resolver.changes - before
  }
  for (const name of ['one', 'nowhere']) resolver.resolve(name)
  assert.deepEqual(steady(), [], 'nothing is known before')
  assert.equal(await look('10.0.0.1', '10.0.0.2'), 1)
  assert.deepEqual(steady(), ['one 10.0.0.1,10.0.0.2', 'nowhere '])
  assert.equal(await look('10.0.0.2', '10.0.0.1'), 0, 'in another order')
  assert.equal(await look('10.0.0.2'), 1, 'one less')
  assert.deepEqual(steady(), ['one 10.0.0.2', 'nowhere '])
  for (let i = 2; i < limits.hostNameChangesMax; i++) assert.equal(await look(`10.0.1.${i}`), 1)
  assert.equal(steady().length, 2)
  assert.equal(await look('10.0.2.1'), 1, 'once too often')
  assert.deepEqual(steady(), ['nowhere '])
  assert.equal(await look('10.0.2.2'), 0, 'it counts no more')
})
