/** What is seen of names that are removed, changed and added: paths as given, and their bases. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { RECORD_USER_MEMORY } from '@bulwark/schema'
import { Calls } from './calls.ts'
import type { Kind, Recorded } from './decode.ts'
import { chosen } from './recorder.ts'
import type { Expected } from './stage.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

type PathKind = Extract<Kind, 'unlink' | 'rename' | 'link' | 'symlink'>

const stage = useStage(
  new Set(
    'unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat openat'.split(' '),
  ),
)
const at = (...names: readonly string[]): string => join(stage.folder, ...names)
const skipOld = skip || (api.numberOf('unlink') >= 0 ? false : 'this machine has no old calls')

before(() => {
  if (skip !== false) return
  for (const name of ['one/sub', 'two']) mkdirSync(at(name), { recursive: true })
  for (const name of ['a', 'b', 'c', 'd', 'e']) writeFileSync(at('one', name), name)
  symlinkSync('two', at('way'))
})

/** What LSM hooks tell of a call, by member. */
type Heard = Readonly<Record<string, string>>

/**
 * Does the calls in `one`; expects these events, each with the result that its call had; and, where
 * LSM hooks tell names, the ones they tell, or none for a call that fails before them. Then they
 * are the kernel's, and the record does not say otherwise.
 */
const check = async <K extends PathKind>(
  kind: K,
  calls: Calls,
  expected: readonly Expected<Recorded<K>>[],
  heard: readonly (Heard | undefined)[],
): Promise<void> => {
  const { events, results } = await stage.recorder.run(calls, { cwd: at('one') })
  const own = results.slice(-expected.length)
  const silent: Heard = kind === 'unlink' ? { path: '' } : { oldResolved: '', newResolved: '' }
  expectEvents(
    events.of(kind),
    expected.map((event, i) => {
      const names = chosen.hearsNames ? heard[i] : undefined
      const flags = names ? 0 : RECORD_USER_MEMORY
      return { flags, result: own[i] ?? 0, ...event, ...(names ?? silent) }
    }),
  )
}

test('unlink tells the path as given, and where it starts', { skip: skipOld }, async () => {
  const calls = new Calls()
  calls.call('unlink', 'a')
  calls.call('unlink', `${at('one')}/../one/b`)
  calls.call('unlink', './none')
  const syscall = api.numberOf('unlink')
  await check(
    'unlink',
    calls,
    [
      { syscall, result: 0, rawPath: 'a', base: at('one'), callFlags: 0 },
      { syscall, result: 0, rawPath: `${at('one')}/../one/b`, base: '', callFlags: 0 },
      { syscall, result: -api.ENOENT, rawPath: './none', base: at('one') },
    ],
    [{ path: at('one/a') }, { path: at('one/b') }, undefined],
  )
})

test('unlinkat tells its folder, and whether it removes one', { skip }, async () => {
  const calls = new Calls()
  const folder = calls.call('openat', api.AT_FDCWD, at('way'), api.O_PATH)
  calls.call('unlinkat', api.AT_FDCWD, 'sub', api.AT_REMOVEDIR)
  calls.call('unlinkat', folder, 'none', 0)
  calls.call('unlinkat', 99, 'none', 0)
  const syscall = api.numberOf('unlinkat')
  await check(
    'unlink',
    calls,
    [
      { syscall, result: 0, rawPath: 'sub', base: at('one'), callFlags: api.AT_REMOVEDIR },
      { syscall, result: -api.ENOENT, rawPath: 'none', base: at('two'), callFlags: 0 },
      { syscall, result: -api.EBADF, rawPath: 'none', base: '', callFlags: 0 },
    ],
    [{ path: at('one/sub') }, undefined, undefined],
  )
})

test('rename tells both paths', { skip: skipOld }, async () => {
  const calls = new Calls()
  calls.call('rename', 'c', at('two/moved'))
  calls.call('rename', 'none', 'other')
  const syscall = api.numberOf('rename')
  await check(
    'rename',
    calls,
    [
      {
        syscall,
        oldPath: 'c',
        oldBase: at('one'),
        newPath: at('two/moved'),
        newBase: '',
        result: 0,
      },
      { syscall, oldPath: 'none', newPath: 'other', newBase: at('one'), result: -api.ENOENT },
    ],
    [{ oldResolved: at('one/c'), newResolved: at('two/moved') }, undefined],
  )
})

test('renameat and renameat2 tell both folders, and flags', { skip }, async () => {
  const calls = new Calls()
  const one = calls.call('openat', api.AT_FDCWD, at('one'), api.O_PATH)
  const two = calls.call('openat', api.AT_FDCWD, at('two'), api.O_PATH)
  const noReplace = 1
  calls.call('renameat', one, 'd', two, 'd')
  calls.call('renameat2', two, 'd', one, 'e', noReplace)
  calls.call('renameat2', two, 'd', api.AT_FDCWD, 'd', 0)
  const bases = { oldBase: at('two'), newBase: at('one'), oldPath: 'd' }
  const syscall = api.numberOf('renameat2')
  await check(
    'rename',
    calls,
    [
      { oldPath: 'd', oldBase: at('one'), newPath: 'd', newBase: at('two'), callFlags: 0 },
      { ...bases, syscall, newPath: 'e', callFlags: noReplace, result: -api.EEXIST },
      { ...bases, syscall, newPath: 'd', callFlags: 0, result: 0 },
    ],
    [
      { oldResolved: at('one/d'), newResolved: at('two/d') },
      undefined,
      { oldResolved: at('two/d'), newResolved: at('one/d') },
    ],
  )
})

test('link and linkat tell the old name and the new one', { skip: skipOld }, async () => {
  const calls = new Calls()
  const two = calls.call('openat', api.AT_FDCWD, at('two'), api.O_PATH)
  const followLinks = 0x400
  calls.call('link', 'e', at('two/e'))
  calls.call('linkat', two, 'e', api.AT_FDCWD, 'twin', followLinks)
  await check(
    'link',
    calls,
    [
      {
        syscall: api.numberOf('link'),
        result: 0,
        oldPath: 'e',
        oldBase: at('one'),
        newPath: at('two/e'),
        newBase: '',
        callFlags: 0,
      },
      {
        syscall: api.numberOf('linkat'),
        result: 0,
        oldPath: 'e',
        oldBase: at('two'),
        newPath: 'twin',
        newBase: at('one'),
        callFlags: followLinks,
      },
    ],
    [
      { oldResolved: at('one/e'), newResolved: at('two/e') },
      { oldResolved: at('two/e'), newResolved: at('one/twin') },
    ],
  )
})

test('symlink and symlinkat tell the target as it is written', { skip: skipOld }, async () => {
  const calls = new Calls()
  const two = calls.call('openat', api.AT_FDCWD, at('two'), api.O_PATH)
  calls.call('symlink', '../../etc/shadow', 'here')
  calls.call('symlinkat', '/etc/shadow', two, 'there')
  calls.call('symlinkat', 'any', api.AT_FDCWD, 'no/such/folder')
  const syscall = api.numberOf('symlinkat')
  await check(
    'symlink',
    calls,
    [
      { oldPath: '../../etc/shadow', oldBase: '', newPath: 'here', newBase: at('one'), result: 0 },
      { syscall, oldPath: '/etc/shadow', oldBase: '', newPath: 'there', newBase: at('two') },
      {
        syscall,
        oldPath: 'any',
        newPath: 'no/such/folder',
        newBase: at('one'),
        result: -api.ENOENT,
      },
    ],
    [
      { oldResolved: '../../etc/shadow', newResolved: at('one/here') },
      { oldResolved: '/etc/shadow', newResolved: at('two/there') },
      undefined,
    ],
  )
})

test('a path at the limit is flagged as cut, a shorter one is whole', { skip }, async () => {
  const calls = new Calls()
  const longest = `/${'x'.repeat(4094)}`
  calls.call('unlinkat', api.AT_FDCWD, longest.slice(0, -1), 0)
  calls.call('unlinkat', api.AT_FDCWD, longest, 0)
  const length = { storedBytes: 4094, trueBytes: 4094 }
  await check(
    'unlink',
    calls,
    [
      { rawPath: longest.slice(0, -1), rawPathLength: length, result: -api.ENAMETOOLONG },
      // One byte was left for the NUL: that the text had no more cannot be told.
      { rawPath: longest, rawPathLength: { storedBytes: 4095 }, result: -api.ENAMETOOLONG },
    ],
    [undefined, undefined],
  )
})
