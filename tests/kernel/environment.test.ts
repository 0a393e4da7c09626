/** What is seen of the environment that programs begin with, where a rule asks for it. */
import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { recordLimits } from '@bulwark/schema'
import { Calls } from './calls.ts'
import type { Recorded } from './decode.ts'
import { nothingProgram } from './program.ts'
import { expectEvents, skip, useStage } from './stage.ts'

const stage = useStage(new Set(['execve']), { environment: true })
const program = (): string => join(stage.folder, 'program')

before(() => {
  if (skip === false) copyFileSync(nothingProgram(), program())
})

const execWith = async (
  argv: readonly string[],
  variables: readonly string[],
): Promise<Recorded<'exec'>> => {
  const calls = new Calls()
  calls.call('execve', program(), [...argv, 0], [...variables, 0])
  const { events, results } = await stage.recorder.run(calls)
  const [event, ...more] = events.of('exec')
  assert.ok(event && more.length === 0, `expected one exec; results: ${results.join(' ')}`)
  return event
}

test('the variables are told as they are, beside the arguments', { skip }, async () => {
  const variables = ['A=1', 'B=', 'no sign', 'C=two  words', 'A=again', '']
  const text = variables.map((each) => `${each}\0`).join('')
  expectEvents(
    [await execWith(['program', 'x'], variables)],
    [
      {
        arguments: 'program\0x\0',
        environment: text,
        environmentLength: { storedBytes: text.length, trueBytes: text.length },
      },
    ],
  )
})

test('an empty environment is one', { skip }, async () => {
  assert.partialDeepStrictEqual(await execWith(['program'], []), {
    environment: '',
    environmentLength: { storedBytes: 0, trueBytes: 0 },
  })
})

test('one that is too long is cut; arguments as long leave it its room', { skip }, async () => {
  const variables = Array.from({ length: 300 }, (_, i) => `V${i}=`.padEnd(99, 'x'))
  const text = variables.map((each) => `${each}\0`).join('')
  const event = await execWith(['a'.repeat(20_000)], variables)
  const storedBytes = recordLimits.environmentBytesMax - 1
  assert.deepEqual(event.environmentLength, { storedBytes, trueBytes: text.length })
  assert.equal(event.environment, text.slice(0, storedBytes))
  assert.equal(event.argumentsLength.storedBytes, recordLimits.argumentsBytesMax - 1)
})
