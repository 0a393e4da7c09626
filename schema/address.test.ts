/** Addresses and networks, from text. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inNetwork, parseAddress, parseNetwork } from './address.ts'

test('addresses', () => {
  const cases: readonly (readonly [string, number | bigint | undefined])[] = [
    ['10.0.0.1', 0x0a000001],
    ['255.255.255.255', 0xffffffff],
    ['256.0.0.1', undefined],
    ['10.0.0', undefined],
    ['010.0.0.1', undefined],
    ['::1', 1n],
    ['fd00::', 0xfd00n << 112n],
    ['1::2::3', undefined],
    ['1:2', undefined],
    ['', undefined],
    ['::1/128', undefined],
  ]
  for (const [text, wanted] of cases) assert.equal(parseAddress(text), wanted, text)
})

test('networks and what lies in them', () => {
  const cases: readonly (readonly [string, string, boolean | undefined])[] = [
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.9.9.9/8', '10.1.1.1', true],
    ['10.0.0.1/32', '10.0.0.1', true],
    ['10.0.0.1/32', '10.0.0.2', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '2001:db8::1', true],
    ['::/0', '10.0.0.1', false],
    ['fd00::/8', 'fdff::1', true],
    ['fd00::/8', 'fe00::1', false],
    ['10.0.0.0/33', '10.0.0.0', undefined],
    ['::/129', '::1', undefined],
    ['10.0.0.0', '10.0.0.0', undefined],
    ['10.0.0.0/', '10.0.0.0', undefined],
    ['10.0.0.0/-1', '10.0.0.0', undefined],
    ['10.0.0.0/8/8', '10.0.0.0', undefined],
  ]
  for (const [cidr, text, wanted] of cases) {
    const [network, address] = [parseNetwork(cidr), parseAddress(text)]
    const is = network && address !== undefined ? inNetwork(address, network) : undefined
    assert.equal(is, wanted, `${text} in ${cidr}`)
  }
})
