/**
 * What LSM hooks tell of calls that leave no object behind: the path that the kernel has resolved,
 * through links and from wherever it started. On tracepoints there is the path as given.
 */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { RECORD_USER_MEMORY } from '@bulwark/schema'
import { Calls } from './calls.ts'
import { takesHook } from './inner.ts'
import { chosen } from './recorder.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

const stage = useStage(
  new Set(
    'mkdirat mknodat fchmodat fchownat truncate chroot umount2 mount move_mount pivot_root'.split(
      ' ',
    ),
  ),
)
const at = (...names: readonly string[]): string => join(stage.folder, ...names)

before(() => {
  if (skip !== false) return
  mkdirSync(at('real'))
  writeFileSync(at('real/file'), 'text')
  symlinkSync('real', at('way'))
  symlinkSync('file', at('real/other'))
})

type Names = Readonly<Record<string, string>>

/** Where this hook tells names: these, of a record that says so. Elsewhere none, from memory. */
const heardAt = <N extends Names>(hook: string, names: N) =>
  chosen.hearsNames && takesHook(hook)
    ? { ...names, flags: 0 }
    : {
        ...(Object.fromEntries(Object.keys(names).map((name) => [name, ''])) as N),
        flags: RECORD_USER_MEMORY,
      }

const heard = <N extends Names>(names: N) => heardAt('path_mkdir', names)

test('calls on one path', { skip }, async () => {
  const calls = new Calls()
  calls.call('mkdirat', api.AT_FDCWD, 'way/new', 0o700)
  calls.callNumber(api.numberOf('mknodat'), api.AT_FDCWD, 'way/../way/node', 0o100600, 0)
  calls.callNumber(api.numberOf('fchmodat'), api.AT_FDCWD, 'way/other', 0o600)
  calls.callNumber(api.numberOf('fchownat'), api.AT_FDCWD, 'way/other', 0, 0, 0)
  calls.callNumber(api.numberOf('truncate'), 'way/other', 1)
  calls.callNumber(api.numberOf('truncate'), 'way/none', 1)
  calls.call('chroot', 'way/new')
  const { events } = await stage.recorder.run(calls, { cwd: stage.folder })
  const done = { base: stage.folder, result: 0 }
  expectEvents(events.of('path_call'), [
    { ...done, rawPath: 'way/new', ...heard({ path: at('real/new') }) },
    { ...done, rawPath: 'way/../way/node', ...heard({ path: at('real/node') }) },
    { ...done, rawPath: 'way/other', ...heard({ path: at('real/file') }) },
    { ...done, rawPath: 'way/other', ...heardAt('path_chown', { path: at('real/file') }) },
    { ...done, rawPath: 'way/other', ...heard({ path: at('real/file') }) },
    { result: -api.ENOENT, rawPath: 'way/none', path: '', flags: RECORD_USER_MEMORY },
    { result: 0, rawPath: 'way/new', ...heard({ path: at('real/new') }) },
  ])
})

test('mounts tell both sides', { skip }, async () => {
  const calls = new Calls()
  calls.call('unshare', api.CLONE_NEWNS)
  calls.call('mount', 0, '/', 0, api.MS_REC | api.MS_PRIVATE)
  calls.call('mount', 'memory', 'way', 'tmpfs', 0, 0)
  calls.call('umount2', 'way', api.MNT_DETACH)
  const { events } = await stage.recorder.run(calls, { cwd: stage.folder })
  expectEvents(events.of('mount'), [
    { result: 0, target: '/', ...heard({ targetResolved: '/' }) },
    {
      result: 0,
      target: 'way',
      type: 'tmpfs',
      ...heard({ sourceResolved: 'memory', targetResolved: at('real'), typeHeard: 'tmpfs' }),
    },
  ])
  expectEvents(events.of('path_call'), [
    { result: 0, rawPath: 'way', ...heard({ path: at('real') }) },
  ])
})
