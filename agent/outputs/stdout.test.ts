/** Standard output as a pipe that is read, not read, or closed, and as a file. */
import assert from 'node:assert/strict'
import type { StdioOptions } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { folderOf, linesIn } from './testdata/entries.ts'
import { sendToStdout } from './testdata/to-stdout.ts'

const timeout = 60_000
const program = `
  import { ${sendToStdout.name} as send } from '${import.meta.dirname}/testdata/to-stdout.ts'
  await send(process.argv[1], Number(process.argv[2]))`

/** Runs the program; what it says on stderr, and how many of its alerts its file has. */
const runWith = async (
  t: TestContext,
  stdout: 'pipe' | number,
  count: number,
  use: (stdout: Readable | null) => Promise<void>,
): Promise<{ readonly said: string; readonly inFile: number }> => {
  const path = join(folderOf(t), 'alerts')
  const stdio: StdioOptions = ['ignore', stdout, 'pipe']
  const args = ['--input-type=module', '-e', program, path, String(count)]
  const child = spawn(process.execPath, args, { stdio, timeout })
  assert.ok(child.stderr)
  const exit = once(child, 'exit')
  const [said] = await Promise.all([text(child.stderr), use(child.stdout), exit])
  const lines = linesIn(readFileSync(path, 'utf8'))
  return { said, inFile: lines.filter((line) => / alert \d+ x/.test(line)).length }
}

test('a reader that does not read holds up nothing; the loss is said', { timeout }, async (t) => {
  const { said, inFile } = await runWith(t, 'pipe', 3000, async () => {})
  assert.equal(inFile, 3000)
  const losses = JSON.parse(linesIn(said).at(-1) ?? '') as readonly {
    readonly channel: string
    readonly reason: string
    readonly count: number
  }[]
  assert.deepEqual(
    losses.map(({ channel, reason }) => `${channel} ${reason}`),
    ['stdout queue_full', 'stdout stopped'],
  )
  const [full, stopped] = losses
  assert.ok(full && stopped)
  // A pipe holds 64 KiB, and what was written in one go counts as not delivered.
  assert.ok(full.count >= 2000 && stopped.count >= 500, said)
  assert.match(said, /channel stdout lost \d+ alerts: more alerts waited than its queue holds/)
})

test('a reader that reads gets all', { timeout }, async (t) => {
  let got = ''
  const { said, inFile } = await runWith(t, 'pipe', 500, async (stdout) => {
    if (stdout) got = await text(stdout)
  })
  assert.deepEqual([linesIn(got).length, inFile, said], [500, 500, '[]\n'])
  const numbers = linesIn(got).map((line) => Number(/ alert (\d+) x{1000}$/.exec(line)?.[1]))
  assert.deepEqual(numbers, [...numbers.keys()])
})

test('a reader that has gone is said once; the others go on', { timeout }, async (t) => {
  const { said, inFile } = await runWith(t, 'pipe', 500, async (stdout) => {
    stdout?.destroy()
  })
  assert.equal(inFile, 500)
  assert.equal(said.match(/channel stdout ends: cannot write to stdout/g)?.length, 1)
  assert.ok(!said.includes('gone\n'))
})

test('a file', { timeout }, async (t) => {
  const path = join(folderOf(t), 'stdout')
  const fd = openSync(path, 'w')
  try {
    const { said, inFile } = await runWith(t, fd, 500, async () => {})
    assert.deepEqual([said, inFile], ['[]\n', 500])
    assert.equal(linesIn(readFileSync(path, 'utf8')).length, 500)
  } finally {
    closeSync(fd)
  }
})
