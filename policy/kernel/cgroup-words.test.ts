/** How the words of cgroups are packed, and where they lie: sums that filters do in the kernel. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cgroupOfWord, cgroupWord, cgroupWordIndex, cgroupWordsCount } from './cgroup-words.ts'

test('a word holds an id of 40 bits and a number of 24, and nothing larger', () => {
  const cases: readonly (readonly [id: bigint, number: number, word: bigint | undefined])[] = [
    [1n, 1, 0x1_000001n],
    [0x1_0000_0002n, 70_000, 0x1_0000_0002_011170n],
    [2n ** 40n - 1n, 2 ** 24 - 1, 2n ** 64n - 1n],
    [2n ** 40n, 3, undefined],
    [2n ** 64n - 1n, 3, undefined],
    [1n, 2 ** 24, undefined],
  ]
  for (const [id, number, word] of cases) {
    assert.equal(cgroupWord(id, number), word)
    if (word !== undefined) assert.equal(cgroupOfWord(word), id)
  }
})

test('ids in steps are spread over all places', () => {
  for (const step of [1n, 2n, 37n, 64n, 4_096n]) {
    const places = new Set<number>()
    for (let i = 0n; i < 1_000n; i++) places.add(cgroupWordIndex(0x1_0000_0000n + i * step))
    assert.ok(Math.max(...places) < cgroupWordsCount)
    // By chance it would be 941; the worst of these has 829.
    assert.ok(places.size > 800, `${places.size} places for ids in steps of ${step}`)
  }
})
