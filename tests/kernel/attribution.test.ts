/** Whose event it is: the container and pod, the process, and those above it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Container, Lab } from '@bulwark/tools'
import { openLab } from '@bulwark/tools'
import { Calls } from './calls.ts'
import { callsProgram, missing32, small32Program, start } from './program.ts'
import { makeFolder, skip, useSetUp } from './stage.ts'
import * as api from './values.ts'
import type { Seen } from './watcher.ts'
import { Watcher } from './watcher.ts'

let lab: Lab
let folder: string
let earlier: Container
let watcher: Watcher
/** Waits for a line since before the agent was started; then its child opens a file. */
let elder: ReturnType<typeof spawn>

useSetUp(async (undo) => {
  folder = makeFolder(undo)
  for (const name of ['elder', 'parent']) copyFileSync('/bin/sh', join(folder, name))
  copyFileSync('/bin/cat', join(folder, 'child'))
  const script = `${folder}/parent -c 'read line; ${folder}/child /etc/hosts; true'; true`
  elder = spawn(join(folder, 'elder'), ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] })
  undo(() => elder.stdin?.end()) // Then its child reads no line, and both end.
  lab = await openLab()
  undo(() => lab.close())
  earlier = await lab.createContainer({ name: 'early', image: 'registry.example/shop/early:1.0' })
  watcher = await Watcher.start()
  undo(() => watcher.close())
})

const partOf = (seen: Seen, ...names: readonly string[]): readonly unknown[] =>
  names.map((name) => seen.get(name))

const owner = ['container.id', 'container.image.repository', 'container.image.tag'].concat(
  'k8s.pod.name',
  'k8s.ns.name',
)

const ownerOf = ({ id, pod, namespace }: Container, image: string): readonly unknown[] => [
  id.slice(0, 12),
  ...image.split(':'),
  pod,
  namespace,
]

test('a container that ran before the agent is known at its first event', { skip }, async () => {
  const seen = await watcher.observe(() => earlier.exec(['/bin/cat', '/etc/hosts']))
  const inside = seen.filter((each) => each.get('container.id') === earlier.id.slice(0, 12))
  const expected = ownerOf(earlier, 'registry.example/shop/early:1.0')
  assert.ok(inside.length >= 2)
  for (const each of inside) assert.deepEqual(partOf(each, ...owner), expected)
  const own = inside.filter((each) => each.get('proc.name') === 'cat')
  assert.deepEqual(
    own.map((each) => partOf(each, 'evt.type', 'proc.exepath')),
    [
      ['execve', '/bin/busybox'],
      ['openat', '/bin/busybox'],
    ],
  )
  assert.equal(own[1]?.get('fd.name'), '/etc/hosts')
})

test('one that is started later is known before its program runs', { skip }, async () => {
  const mark = randomUUID()
  let later: Container | undefined
  const image = 'registry.example/shop/late:2.0'
  const seen = await watcher.observe(async () => {
    later = await lab.createContainer({
      name: 'late',
      namespace: 'market',
      image,
      command: ['/bin/sh', '-c', 'read line < /etc/hosts; sleep 2147483647', mark],
    })
  })
  assert.ok(later)
  const id = later.id.slice(0, 12)
  const inside = seen.filter((each) => each.get('container.id') === id)
  const first = inside.findIndex((each) => each.get('proc.exepath') === '/bin/busybox')
  assert.notEqual(first, -1, `${inside.length} events in the container, none of its program`)
  assert.equal(inside[first]?.get('evt.type'), 'execve')
  const expected = ownerOf(later, image)
  for (const each of inside.slice(first)) assert.deepEqual(partOf(each, ...owner), expected)
  const marked = seen.filter((each) => each.get('proc.exepath') === '/bin/busybox')
  for (const each of marked.filter((other) => String(other.get('proc.args')).includes(mark))) {
    assert.equal(each.get('container.id'), id)
  }
})

test('containers that act at once are not mixed', { skip }, async () => {
  const others = await Promise.all([1, 2, 3].map((n) => lab.createContainer({ name: `at-${n}` })))
  const containers = [earlier, ...others]
  const mark = (container: Container): string => `mark-${container.id}`
  const seen = await watcher.observe(() =>
    Promise.all(
      containers.map((container) =>
        container.exec([
          '/bin/sh',
          '-c',
          'for i in 1 2 3 4 5; do /bin/echo $0; done',
          mark(container),
        ]),
      ),
    ),
  )
  for (const container of containers) {
    const own = seen.filter((each) => each.get('proc.args') === mark(container))
    const told = seen.map((each) => partOf(each, 'container.id', 'proc.args', 'proc.exepath'))
    const lost = JSON.stringify([watcher.lost, watcher.log, told])
    assert.equal(own.length, 5, `of ${container.id}: ${lost}`)
    const where = own.map((each) => partOf(each, 'container.id', 'k8s.pod.name'))
    const expected = [container.id.slice(0, 12), container.pod]
    assert.deepEqual(
      where,
      own.map(() => expected),
    )
  }
})

test('a process of the host is of the host', { skip }, async () => {
  const file = join(folder, 'child')
  const seen = await watcher.observe(() => start(['/bin/cat', file]).ended)
  const own = seen.filter((each) => each.get('fd.name') === file)
  assert.equal(own.length, 1)
  assert.deepEqual(partOf(own[0] ?? new Map(), ...owner), ['host', null, null, null, null])
})

const skip32 = skip || (missing32() ?? false)

test('a 32-bit program is seen by the rules for programs', { skip: skip32 }, async () => {
  const seen = await watcher.observe(() => start([small32Program()], folder).ended)
  const own = seen.filter((each) => each.get('proc.exepath') === small32Program())
  const line = own.map((each) => partOf(each, 'evt.type', 'proc.cwd', 'container.id'))
  // Node's child opens a file before; the table may read who it is only when it has executed.
  assert.deepEqual(line.at(-1), ['execve', `${folder}/`, 'host'])
})

test('a process that ran before the agent has its ancestors', { skip }, async () => {
  const seen = await watcher.observe(async () => {
    const ended = once(elder, 'exit')
    elder.stdin?.end('go\n')
    await ended
  })
  const own = seen.filter((each) => each.get('proc.exepath') === join(folder, 'child'))
  const file = own.find((each) => each.get('fd.name') === '/etc/hosts')
  assert.ok(file)
  const line = ['proc.name', 'proc.pname', 'proc.aname[2]', 'proc.cwd']
  const expected = ['child', 'parent', 'elder', `${process.cwd()}/`]
  for (const each of [own[0], file]) assert.deepEqual(partOf(each ?? new Map(), ...line), expected)
})

test('a pid that is used again is another process', { skip }, async () => {
  const place = (name: string): string => join(folder, name)
  for (const name of ['one', 'two']) copyFileSync(callsProgram(), place(name))
  for (const name of ['one.d', 'two.d']) mkdirSync(place(name))
  const opening = (path: string): Calls => {
    const calls = new Calls()
    calls.call('openat', api.AT_FDCWD, path, api.O_RDONLY)
    return calls
  }
  let pid = 0
  const seen = await watcher.observe(async () => {
    for (let tries = 5; ; tries--) {
      const first = start([place('one'), ...opening(place('first')).words], place('one.d'))
      pid = first.pid
      await first.ended
      const again = new Calls()
      again.forkAs(pid)
      again.words.push(...opening(place('second')).words)
      const second = await start([place('two'), ...again.words], place('two.d')).ended
      if (second.code === 0) return
      // Somebody else was given the pid meanwhile.
      assert.ok(tries > 0 && second.stderr.includes('File exists'), second.stderr)
    }
  })
  const line = ['proc.pid', 'proc.name', 'proc.exepath', 'proc.cwd']
  const lineOf = (file: string): readonly unknown[] => {
    const event = seen.findLast((each) => each.get('fd.name') === place(file))
    return partOf(event ?? new Map(), ...line)
  }
  assert.deepEqual(lineOf('first'), [pid, 'one', place('one'), place('one.d/')])
  assert.deepEqual(lineOf('second'), [pid, 'two', place('two'), place('two.d/')])
})
