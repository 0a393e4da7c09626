/**
 * Processes that nobody asks about are held back in the kernel, and told with the first record of
 * theirs, or of one below them, that is sent. Each act is a script of a shell that this process has
 * begun: that one is told at once, because nothing is held of what the agent itself makes.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { HELD_PROGRAM_BYTES, RECORD_AS_MADE, RECORD_HELD } from '@bulwark/schema'
import { Calls } from './calls.ts'
import type { Recorded } from './decode.ts'
import { callsProgram, start } from './program.ts'
import type { Wanted } from './recorder.ts'
import { treeOf } from './recorder.ts'
import { skip, useStage } from './stage.ts'

/** Rules would want mkdir; a shell's `cd` is told always. */
const stage = useStage(new Set(['mkdir', 'mkdirat']))

before(() => {
  if (skip === false) stage.recorder.sensor.holdBack(true)
})

interface Told {
  /** What was told, after the shell's own exec and before its end. */
  readonly all: readonly Recorded[]
  /** Processes that ended untold meanwhile; of the whole machine. */
  readonly dropped: number
}

/** @param wanted  events of a shell and of what it has begun, when not said */
const run = async (
  script: string,
  operands: readonly string[] = [],
  wanted: (root: number) => Wanted = treeOf,
): Promise<Told> => {
  const { sensor } = stage.recorder
  const { dropped } = sensor.held
  let root = 0
  const recording = await stage.recorder.record(
    async () => {
      const { pid, ended } = start(['/bin/sh', '-c', script, 'shell', ...operands])
      root = pid
      const { stderr } = await ended
      assert.equal(stderr, '')
    },
    () => wanted(root),
  )
  const all = recording.all.filter(
    ({ name, pid }) => pid !== root || (name !== 'exit' && name !== 'exec'),
  )
  return { all, dropped: sensor.held.dropped - dropped }
}

/** `fork`, `exec sh`, with a star where it was held, and two where it is what the process was. */
const wordsOf = (all: readonly Recorded[]): readonly string[] =>
  all.map((event) => {
    const stars = (event.flags & RECORD_HELD ? '*' : '') + (event.flags & RECORD_AS_MADE ? '*' : '')
    const program = event.name === 'exec' ? ` ${event.arguments.split('\0')[0]}` : ''
    return event.name + stars + program
  })

test('short processes leave no trace', { skip }, async () => {
  const { all, dropped } = await run('/bin/true; (:); /bin/true | /bin/true; :')
  assert.deepEqual(wordsOf(all), [])
  assert.ok(dropped >= 4, `${dropped} were dropped`)
})

test('the last of a chain tells all above it, the first of them first', { skip }, async () => {
  const { all } = await run(
    `/bin/true; sh -c 'sh -c "sh -c \\"mkdir \\$1; :\\" a \\$1; :" b $1; :' c ${stage.folder}/chain; :`,
  )
  const shell = ['fork*', 'exec* sh']
  const own = ['fork*', 'exec* mkdir', 'path_call', 'exit']
  assert.deepEqual(wordsOf(all), [...shell, ...shell, ...shell, ...own, 'exit', 'exit', 'exit'])
  const execs = all.filter(({ name }) => name === 'exec')
  execs.slice(1).forEach(({ ppid }, i) => assert.equal(ppid, execs[i]?.pid))
})

/** A copy of a shell, which acts when somebody writes into the pipe, and writes when it has. */
const laterOn = (act: string): string => `(read line < "$1"; ${act}; echo > "$1") &`

test('a copy whose maker has ended says what it was made as', { skip }, async () => {
  const act = laterOn(`cd "${stage.folder}"`)
  const { all } = await run(
    `mkfifo "$1"; sh -c '${act} exit 0' inner "$1"; echo > "$1"; read line < "$1"; :`,
    [join(stage.folder, 'ended')],
    // Of its maker nothing is told, by which it could be found.
    () => () => true,
  )
  const moved = all.find((event) => event.name === 'chdir' && event.cwd === stage.folder)
  const own = all.filter(
    (event) => event.pid === moved?.pid || (event.name === 'fork' && event.childPid === moved?.pid),
  )
  assert.deepEqual(wordsOf(own).slice(0, 3), ['fork**', 'exec** sh', 'chdir'])
  assert.ok(!all.some((event) => event.name === 'fork' && event.childPid === own[0]?.pid))
})

test('so does one whose maker is another program by now', { skip }, async () => {
  const script = `${laterOn('cd /')} exec sh -c "echo > $1; read line < $1" other`
  const { all } = await run(`mkfifo "$1"; sh -c '${script}' inner "$1"; :`, [
    join(stage.folder, 'changed'),
  ])
  const own = wordsOf(all).filter((word) => word !== 'exit')
  assert.deepEqual(own, ['fork*', 'exec* sh', 'exec sh', 'fork**', 'exec** sh', 'chdir'])
})

/** Sets `x` to more than is kept of a program. */
const longText = `x=${'x'.repeat(64)}; while test \${#x} -le ${HELD_PROGRAM_BYTES}; do x=$x$x; done`

test('a record that is too long is told at once, behind what was held', { skip }, async () => {
  const { all } = await run(`${longText}; /bin/true "$x"; :`)
  assert.deepEqual(wordsOf(all), ['fork*', 'exec /bin/true', 'exit'])
})

test('of a program that is not kept each child is told at once', { skip }, async () => {
  const { all } = await run(`${longText}; sh -c '(:); /bin/true; :' "$x"; :`)
  assert.deepEqual(wordsOf(all), [
    'fork*',
    'exec sh',
    'fork',
    'exit',
    'fork',
    'exec /bin/true',
    'exit',
    'exit',
  ])
})

test('one that executes twice is told with the second', { skip }, async () => {
  const { all } = await run('env /bin/true; :')
  assert.deepEqual(wordsOf(all), ['fork*', 'exec* env', 'exec /bin/true', 'exit'])
})

test('threads that ask at once tell their process once', { skip }, async () => {
  const calls = new Calls()
  calls.mix(50, stage.folder)
  const { all } = await run('"$@"; :', [callsProgram(), ...calls.words])
  const words = wordsOf(all)
  const born = words.filter((word) => word.startsWith('fork') || word.startsWith('exec'))
  assert.deepEqual(born, ['fork*', `exec* ${callsProgram()}`])
  assert.ok(words.length > 50)
})
