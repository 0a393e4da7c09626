/** A recording that is killed, and a sensor that nobody reads: nothing is lost. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { bulwark } from './testdata/bulwark.ts'
import { useRareProgram } from './testdata/rare.ts'
import { end, skip, startRun, timeout } from './testdata/running.ts'

const { folder, program, rules } = useRareProgram(
  (path) =>
    `- rule: Rare\n  desc: d\n  condition: evt.type = execve and proc.exepath = ${path}\n` +
    `  output: ran %proc.cmdline ${'-'.repeat(500)}\n  priority: INFO\n`,
)

const waitMsMax = 60_000

const until = async (done: () => boolean, what: string): Promise<void> => {
  for (const deadline = Date.now() + waitMsMax; !done(); await nextTurn()) {
    assert.ok(Date.now() < deadline, what)
  }
}

test('a recording that is killed can be replayed', { skip, timeout }, async (t) => {
  const capture = join(folder, 'killed.bulwark')
  const { child, alert } = await startRun(t, rules, ['--record', capture])
  spawnSync(program, ['seen'])
  await alert()
  const size = (): number => statSync(capture).size
  const { length } = readFileSync(capture)
  await until(() => size() > length, 'it writes at least every second')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const { code, stdout, stderr } = await bulwark(['replay', capture, '--rules', rules])
  assert.equal(code, 0, stderr)
  assert.match(stderr, /warning: the capture has no end/)
  assert.match(stdout, /ran rare-program seen/)
})

test(
  'record: so long, then a last line; the file tells what happened',
  { skip, timeout },
  async () => {
    const capture = join(folder, 'short.bulwark')
    const recording = bulwark(['record', '-o', capture, '--seconds', '2', '--rules', rules])
    let ended = false
    void recording.finally(() => (ended = true))
    // Again and again: nobody says when the hooks are attached.
    while (!ended) {
      spawnSync(program, ['again'])
      await nextTurn()
    }
    const { code, stdout, stderr } = await recording
    assert.deepEqual([code, stdout], [0, ''], stderr)
    assert.match(stderr, /time is up: \d+ events in \d+ bytes; lost: none/)
    assert.equal(statSync(capture).mode & 0o777, 0o600)
    const replayed = await bulwark(['replay', capture, '--rules', rules, '-o', 'json'])
    assert.equal(replayed.code, 0, replayed.stderr)
    assert.doesNotMatch(replayed.stderr, /warning: the capture/)
    assert.match(replayed.stdout, /ran rare-program again/)
  },
)

test('a reader that stops reading loses nothing', { skip, timeout }, async (t) => {
  const count = 300
  const { child, alert } = await startRun(t, rules)
  // Nobody asks for alerts meanwhile: more than a pipe and a reader's buffer hold.
  child.stdout.pause()
  for (let i = 0; i < count; i++) spawnSync(program, [String(i)])
  child.stdout.resume()
  for (let i = 0; i < count; i++) {
    const { output } = JSON.parse(await alert()) as { output: string }
    assert.ok(output.includes(`ran rare-program ${i} `), output)
  }
  assert.equal(await end(child, 'SIGTERM'), 0)
})
