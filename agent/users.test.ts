/** Names of users and groups, also where a container keeps something else than a passwd file. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { limits } from './limits.ts'
import { Users, parseNames } from './users.ts'

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-users-'))
})
after(() => rmSync(folder, { recursive: true }))

/** A root directory with these texts as its passwd and group. */
const makeRoot = (name: string, passwd: string, group = ''): string => {
  const root = join(folder, name)
  mkdirSync(join(root, 'etc'), { recursive: true })
  writeFileSync(join(root, 'etc/passwd'), passwd, 'latin1')
  writeFileSync(join(root, 'etc/group'), group, 'latin1')
  return root
}

test('numbers and names of passwd and group', () => {
  const check = (text: string, expected: string): void => {
    const names = [...parseNames(text)].map(([id, name]) => `${id}=${name}`).join(' ')
    assert.equal(names, expected, JSON.stringify(text))
  }
  check('root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/:\n', '0=root 33=web')
  check('wheel:x:10:ann,ben\n', '10=wheel')
  check('root:x:0\ntoor:x:0\n', '0=root')
  check('a:x:1', '1=a')
  check('', '')
  check('a\na:b\na:x:\na:x:-1\na:x: 1\na:x:1x\n::\n', '')
  check(':x:5\n', '5=')
  check('\xe9:x:5\n', '5=\xe9')
  check('\0\0\xff:\0:7\n', '7=\0\0\xff')
})

test('a container has names of its own', () => {
  const users = new Users()
  const a = { key: 'a', roots: [makeRoot('a', 'app:x:0\n', 'apps:x:0\n')] }
  const b = { key: 'b', roots: [makeRoot('b', 'other:x:0\n')] }
  assert.equal(users.user(a, 0), 'app')
  assert.equal(users.group(a, 0), 'apps')
  assert.equal(users.user(b, 0), 'other')
  assert.equal(users.user(b, 7), '')
  assert.equal(users.group(b, 0), '')
  assert.equal(users.user({ key: '', roots: [''] }, 0), 'root')
})

test('the first root that has the file counts', () => {
  const first = makeRoot('first', 'one:x:0\n')
  const second = makeRoot('second', 'two:x:0\nthree:x:3\n')
  const check = (roots: readonly string[], uid: number, expected: string): void => {
    assert.equal(new Users().user({ key: 'x', roots }, uid), expected)
  }
  check([first, second], 0, 'one')
  check([first, second], 3, '')
  check([join(folder, 'nowhere'), second], 3, 'three')
  check([], 0, '')
})

test('what could not be read is read again, what was read is kept', () => {
  const users = new Users()
  const scope = { key: 'late', roots: [join(folder, 'late')] }
  assert.equal(users.user(scope, 0), '')
  makeRoot('late', 'one:x:0\n')
  assert.equal(users.user(scope, 0), 'one')
  makeRoot('late', 'two:x:0\n')
  assert.equal(users.user(scope, 0), 'one')
  users.forget('late')
  assert.equal(users.user(scope, 0), 'two')
})

test('a passwd file that is too large is none', () => {
  const root = makeRoot('large', 'app:x:0\n')
  truncateSync(join(root, 'etc/passwd'), limits.metadataBytesMax + 1)
  assert.equal(new Users().user({ key: 'large', roots: [root] }, 0), '')
  truncateSync(join(root, 'etc/passwd'), limits.metadataBytesMax)
  assert.equal(new Users().user({ key: 'large', roots: [root] }, 0), 'app')
})

test('an image without users is not looked at for ever, one that has some is at once', () => {
  const root = join(makeRoot('none', ''), 'later')
  const users = new Users()
  const scope = { key: 'none', roots: [root] }
  for (let i = 0; i < 2 * limits.namesTriesMax; i++) assert.equal(users.user(scope, 7), '')
  mkdirSync(root)
  const add = (): void => {
    mkdirSync(join(root, 'etc'), { recursive: true })
    writeFileSync(join(root, 'etc/passwd'), 'app:x:7:7::/srv:/bin/sh\n')
  }
  for (let i = 1; i < limits.namesTriesMax; i++) assert.equal(users.user(scope, 7), '')
  add()
  assert.equal(users.user(scope, 7), 'app')
  assert.deepEqual([users.home(scope, 7), users.shell(scope, 7)], ['/srv', '/bin/sh'])
  users.forget('none')
  rmSync(join(root, 'etc'), { recursive: true })
  for (let i = 0; i < limits.namesTriesMax; i++) assert.equal(users.user(scope, 7), '')
  add()
  assert.equal(users.user(scope, 7), '')
  users.forget('none')
  assert.equal(users.user(scope, 7), 'app')
})

test("the host's users are not those of a container that has not changed its root yet", () => {
  assert.equal(new Users().user({ key: '', roots: ['/proc/self/root'] }, 0), 'root')
  assert.equal(new Users().user({ key: 'early', roots: ['/proc/self/root'] }, 0), '')
})

/** Looks a name up in a process of its own: a wrong read blocks for ever, or fills the memory. */
const lookUp = (root: string): string => {
  const module = JSON.stringify(join(import.meta.dirname, 'users.ts'))
  const scope = JSON.stringify({ key: 'x', roots: [root] })
  const program = `import { Users } from ${module}
    console.log('name: ' + new Users().user(${scope}, 0))`
  const options = { encoding: 'utf8', timeout: 60_000, killSignal: 'SIGKILL' } as const
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--max-old-space-size=64', '--input-type=module', '-e', program],
    options,
  )
  return stdout === '' ? `no answer: ${stderr}` : stdout
}

test('a container cannot stop the agent with what it puts in place of passwd', () => {
  const check = (name: string, put: (path: string) => unknown): void => {
    const root = makeRoot(name, '')
    const path = join(root, 'etc/passwd')
    rmSync(path)
    put(path)
    assert.equal(lookUp(root), 'name: \n', name)
  }
  check('fifo', (path) => spawnSync('mkfifo', [path]))
  check('device', (path) => symlinkSync('/dev/zero', path))
  check('folder', (path) => mkdirSync(path))
  check('loop', (path) => symlinkSync(path, path))
  check('endless', (path) => symlinkSync('/proc/kmsg', path))
  check('huge', (path) => symlinkSync('/proc/kcore', path))
})
