/** A real file: rotated under load, moved away, unwritable, on a full disk. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FileSink } from './file.ts'
import { channelOf, entry, fileWith, folderOf, linesIn } from './testdata/entries.ts'

const timeout = 30_000
const numbered = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, i) => `alert ${from + i} é`)

test('lines are appended to what is there, for the owner and its group', { timeout }, async (t) => {
  const path = join(folderOf(t), 'alerts')
  for (const line of ['a', 'b']) {
    const { channel } = channelOf(new FileSink({ path, rotateBytes: 0, keep: 1 }))
    channel.offer(entry(line))
    assert.deepEqual(await channel.close(10_000), [])
  }
  assert.equal(readFileSync(path, 'utf8'), 'a\nb\n')
  assert.equal(statSync(path).mode & 0o007, 0)
})

test('it is rotated under load: no line is lost, torn or out of order', { timeout }, async (t) => {
  const folder = folderOf(t)
  const path = join(folder, 'alerts')
  const all = numbered(0, 5000)
  const bounds = { alertsMax: all.length, bytesMax: 1024 * 1024 }
  const { channel } = channelOf(new FileSink({ path, rotateBytes: 8192, keep: 30 }), { bounds })
  for (const [i, line] of all.entries()) {
    channel.offer(entry(line))
    if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  assert.deepEqual(await channel.close(20_000), [])
  const names = readdirSync(folder)
  assert.ok(names.length > 3, names.join(' '))
  for (const name of names) assert.ok(statSync(join(folder, name)).size <= 8192, name)
  const inOrder = names.toSorted(
    (a, b) => Number(b.split('.')[1] ?? 0) - Number(a.split('.')[1] ?? 0),
  )
  const kept = inOrder.flatMap((name) => linesIn(readFileSync(join(folder, name), 'utf8')))
  assert.deepEqual(kept, all)
})

test('only so many old files are kept', { timeout }, async (t) => {
  const folder = folderOf(t)
  const path = join(folder, 'alerts')
  for (let i = 0; i < 6; i++) {
    const { channel } = channelOf(new FileSink({ path, rotateBytes: 10, keep: 2 }))
    channel.offer(entry(`alert ${i}`))
    assert.deepEqual(await channel.close(10_000), [])
  }
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  assert.deepEqual(readdirSync(folder).toSorted(), ['alerts', 'alerts.1', 'alerts.2'])
  assert.deepEqual(['alerts.2', 'alerts.1', 'alerts'].map(read), [
    'alert 3\n',
    'alert 4\n',
    'alert 5\n',
  ])
})

test('moved away and reopened, as logrotate does: nothing is lost', { timeout }, async (t) => {
  const path = join(folderOf(t), 'alerts')
  const { channel } = channelOf(new FileSink({ path, rotateBytes: 0, keep: 1 }))
  const first = numbered(0, 500)
  const second = numbered(500, 1000)
  for (const line of first) channel.offer(entry(line))
  await fileWith(path, (text) => linesIn(text).length === first.length)
  renameSync(path, `${path}.old`)
  for (const line of second) channel.offer(entry(line))
  channel.reopen()
  assert.deepEqual(await channel.close(10_000), [])
  const old = linesIn(readFileSync(`${path}.old`, 'utf8'))
  assert.deepEqual([...old, ...linesIn(readFileSync(path, 'utf8'))], [...first, ...second])
})

test('a folder that is not there yet: alerts wait for it', { timeout }, async (t) => {
  const folder = join(folderOf(t), 'later')
  const path = join(folder, 'alerts')
  const failed = Promise.withResolvers<string>()
  const log = (line: string): void => failed.resolve(line)
  const { channel } = channelOf(new FileSink({ path, rotateBytes: 0, keep: 1 }), { log })
  channel.offer(entry('a'))
  assert.match(await failed.promise, /cannot open .*alerts: ENOENT.*; alerts wait for it/)
  mkdirSync(folder)
  assert.deepEqual(await channel.close(10_000), [])
  assert.equal(readFileSync(path, 'utf8'), 'a\n')
})

const asRoot = process.getuid?.() === 0 ? false : 'needs root: it mounts a small disk'

test('a full disk: lines wait, then go on', { timeout, skip: asRoot }, async (t) => {
  const folder = folderOf(t)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder])
  if (mounted.status !== 0) {
    t.skip(`no file system can be mounted here: ${mounted.stderr.toString()}`)
    return
  }
  try {
    const filler = join(folder, 'filler')
    assert.equal(spawnSync('fallocate', ['-l', '40k', filler]).status, 0)
    const path = join(folder, 'alerts')
    const failed = Promise.withResolvers<string>()
    const log = (line: string): void => failed.resolve(line)
    const { channel } = channelOf(new FileSink({ path, rotateBytes: 0, keep: 1 }), { log })
    const all = numbered(0, 900).map((line) => line.padEnd(50, '.'))
    for (const line of all) channel.offer(entry(line))
    assert.match(await failed.promise, /cannot write .*alerts: ENOSPC/)
    rmSync(filler)
    assert.deepEqual(await channel.close(20_000), [])
    assert.deepEqual(linesIn(readFileSync(path, 'utf8')), all)
  } finally {
    assert.equal(spawnSync('umount', [folder]).status, 0)
  }
})
