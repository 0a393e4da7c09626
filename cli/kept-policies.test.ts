/** What is kept of a cluster's policies over a restart, and what of bad files becomes of it. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { KeptPolicies } from './kept-policies.ts'

const access = { server: new URL('https://user:secret@api.example:6443/below') }
const isRoot = process.geteuid?.() === 0

const folderOf = (t: TestContext): string => {
  const above = mkdtempSync(join(tmpdir(), 'bulwark-kept-'))
  t.after(() => rmSync(above, { recursive: true }))
  return join(above, 'state')
}

const open = (folder: string): { readonly kept: KeptPolicies; readonly log: readonly string[] } => {
  const log: string[] = []
  return { kept: new KeptPolicies(folder, access, (line) => log.push(line)), log }
}

/** A folder with one policy in it. */
const withOne = async (t: TestContext): Promise<{ folder: string; path: string }> => {
  const folder = folderOf(t)
  const { kept, log } = open(folder)
  kept.keep([{ name: 'a', text: 'first' }])
  await kept.whenWritten()
  assert.deepEqual(log, [])
  return { folder, path: join(folder, 'policies.json') }
}

test('what is kept is there after a restart, for its owner alone, as old as it is', async (t) => {
  const { folder, path } = await withOne(t)
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.doesNotMatch(readFileSync(path, 'utf8'), /secret/)
  const again = open(folder)
  const [a] = again.kept.policies
  assert.deepEqual([a?.name, a?.text], ['a', 'first'])
  const { ino } = statSync(path)
  again.kept.keep([{ name: 'a', text: 'first' }])
  await again.kept.whenWritten()
  assert.equal(statSync(path).ino, ino, 'nothing new is not written')
  again.kept.keep([
    { name: 'a', text: 'first' },
    { name: 'b', text: 'ü\u2028"' },
  ])
  await again.kept.whenWritten()
  const [sameA, b, ...none] = open(folder).kept.policies
  assert.deepEqual([sameA?.since, b?.text, none], [a?.since, 'ü\u2028"', []])
  again.kept.keep([])
  await again.kept.whenWritten()
  assert.deepEqual(open(folder).kept.policies, [])
  assert.deepEqual(readdirSync(folder), ['policies.json'])
})

test('without policies nothing is made; of several changes at once the last is kept', async (t) => {
  const folder = folderOf(t)
  const { kept } = open(folder)
  kept.keep([])
  await kept.whenWritten()
  assert.equal(existsSync(folder), false)
  for (let i = 0; i < 20; i++) kept.keep([{ name: 'a', text: `text ${i}` }])
  await kept.whenWritten()
  assert.deepEqual(
    open(folder).kept.policies.map(({ text }) => text),
    ['text 19'],
  )
})

const replaced =
  (text: string) =>
  (path: string): void =>
    writeFileSync(path, text)

const bad: readonly {
  readonly what: string
  readonly make: (path: string, folder: string) => void
  readonly said: RegExp
  readonly asRoot?: true
}[] = [
  { what: 'cut', make: (path) => truncateSync(path, 40), said: /it is no whole JSON object$/ },
  { what: 'empty', make: replaced(''), said: /it is no whole JSON object$/ },
  { what: 'a list', make: replaced('[]'), said: /another version of Bulwark/ },
  { what: 'a later form', make: replaced('{"version":2}'), said: /another version of Bulwark/ },
  {
    what: 'of another cluster',
    make: replaced('{"version":1,"server":"https://other:1","policies":[]}'),
    said: /it is of "https:\/\/other:1", and the cluster is https:\/\/api\.example:6443$/,
  },
  {
    what: 'no list',
    make: replaced('{"version":1,"server":"https://api.example:6443","policies":{}}'),
    said: /it has no list of policies$/,
  },
  ...['null', '{"name":"a","text":7,"since":"x"}', '{"name":"a","text":""}'].map((policy) => ({
    what: policy,
    make: replaced(`{"version":1,"server":"https://api.example:6443","policies":[${policy}]}`),
    said: /it has a policy without name, text or since$/,
  })),
  {
    what: 'no time',
    make: replaced(
      '{"version":1,"server":"https://api.example:6443",' +
        '"policies":[{"name":"a","text":"x","since":"soon"}]}',
    ),
    said: /it has a policy of no time$/,
  },
  {
    what: 'too large',
    make: (path) => truncateSync(path, 1024 * 1024 * 1024),
    said: /it has more than \d+ bytes$/,
  },
  {
    what: 'a link',
    make: (path) => {
      renameSync(path, `${path}.real`)
      symlinkSync(`${path}.real`, path)
    },
    said: /ELOOP/,
  },
  {
    what: 'a pipe',
    make: (path) => {
      rmSync(path)
      execFileSync('mkfifo', [path])
    },
    said: /it is no file$/,
  },
  {
    what: 'a folder',
    make: (path) => {
      rmSync(path)
      mkdirSync(path)
    },
    said: /it is no file$/,
  },
  {
    what: 'a file that others write',
    make: (path) => chmodSync(path, 0o622),
    said: /others may write to \S+policies\.json \(mode 622\): chmod go-w it$/,
  },
  {
    what: 'a folder that others write',
    make: (_, folder) => chmodSync(folder, 0o777),
    said: /others may write to \S+state \(mode 777\): chmod go-w it$/,
  },
  {
    what: "another's file",
    make: (path) => chownSync(path, 12_345, 12_345),
    said: /policies\.json belongs to user 12345, who is not the one that runs: chown it$/,
    asRoot: true,
  },
  {
    what: "another's folder",
    make: (_, folder) => chownSync(folder, 12_345, 12_345),
    said: /state belongs to user 12345, who is not the one that runs: chown it$/,
    asRoot: true,
  },
]

for (const { what, make, said, asRoot } of bad) {
  const skip = asRoot === true && !isRoot ? 'not root' : false
  test(`${what}: told, and nothing is taken from it`, { skip }, async (t) => {
    const { folder, path } = await withOne(t)
    make(path, folder)
    const { kept, log } = open(folder)
    assert.deepEqual(kept.policies, [])
    assert.equal(log.length, 1)
    assert.match(log[0] ?? '', /^warning: policies kept in \S+policies\.json are not read: /)
    assert.match(log[0] ?? '', said)
  })
}

test('a bad file is replaced by a good one once there is something to keep', async (t) => {
  const { folder, path } = await withOne(t)
  rmSync(path)
  symlinkSync('/nowhere', path)
  const { kept, log } = open(folder)
  kept.keep([{ name: 'a', text: 'first' }])
  await kept.whenWritten()
  assert.equal(log.length, 1)
  assert.ok(lstatSync(path).isFile())
  assert.equal(open(folder).kept.policies.length, 1)
})

test('where nothing can be written, that is told once, and what was kept stays', async (t) => {
  const { folder, path } = await withOne(t)
  const { kept, log } = open(folder)
  chmodSync(folder, 0o777)
  for (const text of ['second', 'third']) {
    kept.keep([{ name: 'a', text }])
    await kept.whenWritten()
  }
  assert.equal(log.length, 1)
  assert.match(log[0] ?? '', /not kept over a restart: others may write to .*--no-state-dir$/)
  assert.match(readFileSync(path, 'utf8'), /first/)

  const below = open(join(path, 'folder'))
  assert.match(below.log[0] ?? '', /are not read: ENOTDIR/)
  below.kept.keep([{ name: 'a', text: 'first' }])
  await below.kept.whenWritten()
  assert.match(below.log[1] ?? '', /not kept over a restart: ENOTDIR/)
})
