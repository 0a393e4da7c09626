/** Test files that run in one process: each has its hooks, its results and its time. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { GroupResult } from './results.ts'
import { parseTold } from './results.ts'

const runner = join(import.meta.dirname, '../test.ts')
const file = (name: string): string => join('tools/test', name)
const sound = file('./testdata/sound.ts')
const leaving = file('./testdata/leaving.ts')
const faulty = file('./testdata/faulty.ts')
const lingering = file('./testdata/lingering.ts')
const dying = file('./testdata/dying.ts')
const hanging = file('./testdata/hanging.ts')

interface Ran extends GroupResult {
  readonly code: number | null
  readonly printed: string
}

/** Runs files as a guest does. */
const runJoined = (t: TestContext, ...files: readonly string[]): Ran => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-joined-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const told = join(folder, 'told')
  const { NODE_TEST_CONTEXT: _, ...own } = process.env
  const { status, stdout } = spawnSync(process.execPath, [runner, 'joined', ...files], {
    env: { ...own, BULWARK_RESULTS: told, BULWARK_DIED: join(folder, 'died') },
    encoding: 'utf8',
    timeout: 60_000,
  })
  const parsed = parseTold(readFileSync(told, 'utf8').split('\n'))
  return { ...parsed, code: status, printed: stdout }
}

const outcomesOf = ({ results }: GroupResult): readonly string[] =>
  results.map((each) => `${each.outcome} ${each.file}: ${each.name}`)
const filesOf = ({ times }: GroupResult): readonly string[] => times.map((each) => each.file)

test('each test is told with its file; a hook that fails is a failure of its file', (t) => {
  const ran = runJoined(t, sound, leaving, faulty)
  assert.deepEqual(outcomesOf(ran), [
    `passed ${sound}: its hook was run`,
    `skipped ${sound}: left out`,
    `passed ${leaving}: passes`,
    `failed ${leaving}: ${leaving}`,
    `passed ${faulty}: passes`,
    `failed ${faulty}: fails`,
  ])
  assert.equal(ran.results[1]?.reason, 'no such thing here')
  assert.deepEqual(filesOf(ran), [sound, leaving, faulty])
  assert.equal(ran.code, 1)
  assert.match(ran.printed, /^tests: 3 passed, 2 failed, 1 skipped$/m)
})

test('where the process dies, its file and those after it run by themselves', (t) => {
  const ran = runJoined(t, sound, dying, faulty)
  assert.match(ran.printed, /: ended by SIGKILL; what is left runs once more/)
  assert.deepEqual(filesOf(ran), [sound, dying, faulty])
  assert.deepEqual(outcomesOf(ran).slice(-4), [
    `passed ${dying}: passes`,
    `passed ${dying}: is not ended a second time`,
    `passed ${faulty}: passes`,
    `failed ${faulty}: fails`,
  ])
  assert.match(ran.printed, /^tests: 4 passed, 1 failed, 1 skipped$/m)
})

test('what a file leaves running does not keep the process alive', (t) => {
  const ran = runJoined(t, lingering, sound)
  assert.deepEqual(filesOf(ran), [lingering, sound])
  assert.equal(ran.code, 0, ran.printed)
})

test('a file that hangs is killed, tried by itself, killed and told; all others go on', (t) => {
  // Many times what the others take.
  const fileMsMax = 6_000
  process.env['BULWARK_FILE_MS_MAX'] = String(fileMsMax)
  t.after(() => delete process.env['BULWARK_FILE_MS_MAX'])
  const ran = runJoined(t, sound, hanging, faulty)
  const fault = `${hanging}: had not ended after ${fileMsMax / 1000} s, and was killed`
  assert.deepEqual(filesOf(ran), [sound, faulty, hanging])
  assert.equal(outcomesOf(ran).at(-1), `failed ${fault}`)
  assert.match(ran.printed, /hanging\.ts: ended by SIGKILL; what is left runs once more/)
  assert.ok(ran.printed.includes(`\nfailed: ${fault}\n`), ran.printed)
})
