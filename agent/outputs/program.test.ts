/** Real programs: for each alert or kept running; that fail, hang, die, and read nothing. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { EachProgramSink, KeptProgramSink } from './program.ts'
import { channelOf, entry, fileWith, folderOf, linesIn } from './testdata/entries.ts'

const timeout = 30_000
const settings = (command: string, timeoutMs = 10_000): { command: string; timeoutMs: number } => ({
  command,
  timeoutMs,
})
const each = (command: string, timeoutMs?: number): EachProgramSink =>
  new EachProgramSink({ ...settings(command, timeoutMs), keepAlive: false })

test('a shell command gets each alert on its standard input', { timeout }, async (t) => {
  const file = join(folderOf(t), 'got')
  const { channel } = channelOf(each(`(tr a-z A-Z; echo "in $$") | cat >> ${file}`))
  for (const line of ['one "$HOME"', 'two']) channel.offer(entry(line))
  assert.deepEqual(await channel.close(10_000), [])
  const got = readFileSync(file, 'utf8')
  assert.match(got, /^ONE "\$HOME"\nin \d+\nTWO\nin \d+\n$/)
})

test(
  'one that fails is tried again, then the alert is lost and counted',
  { timeout },
  async (t) => {
    const file = join(folderOf(t), 'tries')
    const command = `read line; echo "$line" >> ${file}; [ "$line" != bad ]`
    const { channel, said } = channelOf(each(command))
    for (const line of ['bad', 'good']) channel.offer(entry(line))
    assert.deepEqual(await channel.close(20_000), [])
    assert.deepEqual(linesIn(readFileSync(file, 'utf8')), ['bad', 'bad', 'bad', 'good'])
    assert.deepEqual([channel.delivered, [...channel.lost]], [1, [['failed', 1]]])
    assert.match(said[0] ?? '', /the program ended with exit code 1/)
  },
)

/** Not one that ended and that nobody has asked for its exit code yet. */
const isAlive = (pid: string): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test('one that hangs is ended with all that it started', { timeout }, async (t) => {
  const file = join(folderOf(t), 'pids')
  const command = `sleep 1000 & echo $! >> ${file}; exec sleep 1000`
  const { channel, said } = channelOf(each(command, 300))
  channel.offer(entry('a'))
  assert.deepEqual(await channel.close(20_000), [])
  assert.deepEqual([...channel.lost], [['failed', 1]])
  assert.match(said[0] ?? '', /the program took over 0\.3 s/)
  for (const pid of linesIn(readFileSync(file, 'utf8'))) {
    while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve))
  }
})

test('one that need not read the alert does not fail', { timeout }, async () => {
  const { channel } = channelOf(each('exec <&-; exit 0'))
  channel.offer(entry('a'.repeat(500_000)))
  assert.deepEqual(await channel.close(10_000), [])
  assert.equal(channel.delivered, 1)
})

test(
  'kept running: one program, a line each, ended by the end of its input',
  { timeout },
  async (t) => {
    const file = join(folderOf(t), 'got')
    const command = `while read -r line; do echo "$$ $line"; done > ${file}; echo end >> ${file}`
    const sink = new KeptProgramSink({ ...settings(command), keepAlive: true }, () => {})
    const { channel } = channelOf(sink)
    for (let i = 0; i < 100; i++) channel.offer(entry(`alert ${i}`))
    assert.deepEqual(await channel.close(10_000), [])
    const lines = linesIn(readFileSync(file, 'utf8'))
    assert.deepEqual(
      lines.map((line) => line.replace(/^\d+ /, '')),
      [...Array.from({ length: 100 }, (_, i) => `alert ${i}`), 'end'],
    )
    assert.equal(new Set(lines.slice(0, -1).map((line) => line.split(' ')[0])).size, 1)
  },
)

test(
  'kept running: one that dies is started anew, and what it may have missed is told',
  { timeout },
  async (t) => {
    const folder = folderOf(t)
    const file = join(folder, 'got')
    const command = `echo started >> ${file}; while read -r line; do echo "$line" >> ${file}; [ "$line" != die ] || exit 3; done`
    const ended = Promise.withResolvers<string>()
    const sink = new KeptProgramSink({ ...settings(command), keepAlive: true }, (message, alerts) =>
      ended.resolve(`${message}: ${alerts}`),
    )
    const { channel } = channelOf(sink)
    channel.offer(entry('a'))
    await fileWith(file, (text) => text.includes('a\n'))
    channel.offer(entry('die'))
    assert.equal(await ended.promise, 'the program ended with exit code 3: 2')
    channel.offer(entry('b'))
    await fileWith(file, (text) => text.includes('b\n'))
    assert.deepEqual(await channel.close(10_000), [])
    assert.deepEqual(linesIn(readFileSync(file, 'utf8')), ['started', 'a', 'die', 'started', 'b'])
  },
)

test(
  'kept running: one that reads nothing is ended, and all that waits is left',
  { timeout },
  async (t) => {
    const file = join(folderOf(t), 'pid')
    const command = `echo $$ > ${file}; sleep 1000 & sleep 1000`
    const sink = new KeptProgramSink({ ...settings(command, 300), keepAlive: true }, () => {})
    const said = Promise.withResolvers<string>()
    const log = (line: string): void => said.resolve(line)
    const { channel } = channelOf(sink, { log })
    channel.offer(entry('a'.repeat(1024 * 1024)))
    assert.match(await said.promise, /the program read nothing for 0\.3 s, and was ended/)
    const rest = await channel.close(10)
    assert.equal(rest.length, 1)
    assert.ok(existsSync(file))
  },
)

test('kept running: reopened, another program takes over', { timeout }, async (t) => {
  const file = join(folderOf(t), 'got')
  const sink = new KeptProgramSink(
    { ...settings(`cat >> ${file}; echo end >> ${file}`), keepAlive: true },
    () => {},
  )
  const { channel } = channelOf(sink)
  channel.offer(entry('a'))
  await fileWith(file, (text) => text === 'a\n')
  channel.reopen()
  await fileWith(file, (text) => text === 'a\nend\n')
  channel.offer(entry('b'))
  assert.deepEqual(await channel.close(10_000), [])
  assert.equal(await fileWith(file, (text) => text.length > 8), 'a\nend\nb\nend\n')
})
