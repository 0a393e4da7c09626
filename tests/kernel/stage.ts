/**
 * What every test file here begins with: whether it can run, a sensor and a folder, and the end.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { openHandles } from '@bulwark/native'
import { reasonToSkip } from '@bulwark/tools'
import type { Kind, Recorded } from './decode.ts'
import type { Asked } from './recorder.ts'
import { Recorder } from './recorder.ts'

/** Why the tests cannot run here; throws where they should be able to. */
export const skip: string | false = reasonToSkip() ?? false

/** Lives from the first test of a file to its last. */
export interface Stage {
  readonly recorder: Recorder
  /** A folder of the file's own, under its real path. */
  readonly folder: string
}

/** Has something undone at the end of the file, the last first, whatever failed before. */
export type Undo = (undo: () => unknown) => void

/**
 * Does `open` before the tests of a file, and undoes after them what it says. At the end nothing
 * of ours may be left in the kernel. Call it at the top.
 */
export function useSetUp(open: (undo: Undo) => unknown): void {
  const undone: (() => unknown)[] = []
  if (skip !== false) return
  before(async () => {
    await open((undo) => undone.push(undo))
  })
  after(async () => {
    const faults: unknown[] = []
    for (const undo of undone.reverse()) {
      try {
        await undo()
      } catch (error) {
        faults.push(error)
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, 'not all could be undone')
    checkNothingOpen()
  })
}

/** Opens a stage for the tests of a file and closes it after them. Call it once, at the top. */
export function useStage(types: ReadonlySet<string> | 'all' = 'all', more: Asked = {}): Stage {
  let recorder: Recorder | undefined
  let folder: string | undefined
  useSetUp((undo) => {
    folder = makeFolder(undo)
    recorder = Recorder.start(types, more)
    undo(() => recorder?.close())
  })
  return {
    get recorder() {
      assert.ok(recorder)
      return recorder
    },
    get folder() {
      assert.ok(folder)
      return folder
    },
  }
}

/** An empty folder; its path has no symbolic link. */
export function makeFolder(undo: Undo): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'bulwark-kernel-')))
  undo(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Nothing of ours is left in the kernel. */
export function checkNothingOpen(): void {
  assert.deepEqual(openHandles(), {
    objects: 0,
    programs: 0,
    maps: 0,
    links: 0,
    rings: 0,
    sockets: 0,
    keepers: 0,
  })
}

/** A part of an event: what a test says of it. */
export type Expected<T> = T extends Uint8Array
  ? T
  : T extends object
    ? { readonly [Name in keyof T]?: Expected<T[Name]> }
    : T

/** The events must be these, in order, and no more; of each at least what is said. */
export function expectEvents<K extends Kind>(
  found: readonly Recorded<K>[],
  expected: readonly Expected<Recorded<K>>[],
): void {
  const list = found.map((event) => JSON.stringify(event, bigintText)).join('\n')
  assert.equal(found.length, expected.length, `expected ${expected.length} events of:\n${list}`)
  found.forEach((event, i) => {
    assert.partialDeepStrictEqual(event, expected[i])
  })
}

const bigintText = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? `${value}n` : value
