/** What is looked at at a beat, how often, and what ends it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onBeat } from './beat.ts'
import { limits } from './limits.ts'

test('everything is looked at together: at each beat, or at every so many', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const seen: string[] = []
  const ends = [onBeat(() => seen.push('a'))]
  t.mock.timers.tick(limits.beatMs / 2)
  ends.push(onBeat(() => seen.push('b'), { every: 3 }))
  const beats = Array.from({ length: 6 }, () => {
    t.mock.timers.tick(limits.beatMs)
    return seen.splice(0).join('')
  })
  for (const end of ends) end()
  assert.deepEqual(beats, ['a', 'a', 'ab', 'a', 'a', 'ab'])
})

test('one that has ended is not looked at, not even in the beat in which another ends it', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const seen: string[] = []
  const endA = onBeat(() => {
    seen.push('a')
    endB()
  })
  const endB = onBeat(() => seen.push('b'))
  t.mock.timers.tick(limits.beatMs * 2)
  endA()
  endA()
  t.mock.timers.tick(limits.beatMs)
  assert.deepEqual(seen, ['a', 'a'])
})

test('one that begins in a beat is looked at in the next', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const seen: string[] = []
  const ends: (() => void)[] = []
  ends.push(
    onBeat(() => {
      if (ends.length === 1) ends.push(onBeat(() => seen.push('late')))
    }),
  )
  t.mock.timers.tick(limits.beatMs)
  assert.deepEqual(seen, [])
  t.mock.timers.tick(limits.beatMs)
  for (const end of ends) end()
  assert.deepEqual(seen, ['late'])
})
