/** Files that are none: pipes, devices, folders, nothing. Each is said, and none hangs. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readRuleFiles } from './load-rules.ts'
import { bulwark } from './testdata/bulwark.ts'
import { readText, textBytesMax } from './text-file.ts'

const withFolder = async (use: (folder: string) => void | Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-odd-'))
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('a file is read whole, up to its bound', async () => {
  await withFolder((folder) => {
    const file = join(folder, 'a')
    for (const bytes of [0, 1, 65_536, 65_537, textBytesMax]) {
      writeFileSync(file, 'é'.repeat(Math.floor(bytes / 2)) + 'x'.repeat(bytes % 2))
      assert.equal(Buffer.byteLength(readText(file)), bytes)
    }
    writeFileSync(file, Buffer.alloc(textBytesMax + 1, 'x'))
    assert.throws(() => readText(file), /more than 16777216 bytes/)
    assert.throws(() => readText('/dev/zero'), /more than 16777216 bytes/)
  })
})

test('a pipe in a folder of rules holds nobody up', async () => {
  await withFolder((folder) => {
    const pipe = join(folder, 'a.yaml')
    execFileSync('mkfifo', [pipe])
    assert.deepEqual(readRuleFiles([folder]), {
      message: `${pipe} is no file`,
      help: 'take it out of the folder',
    })
  })
})

test('what is no file of its kind is said', async () => {
  await withFolder(async (folder) => {
    const empty = join(folder, 'empty')
    const alias = join(folder, 'alias')
    const none = join(folder, 'none')
    writeFileSync(empty, '')
    writeFileSync(alias, 'a: &a [*a]\n')
    mkdirSync(none)
    const check = async (
      args: readonly string[],
      code: number,
      ...expected: readonly RegExp[]
    ): Promise<void> => {
      const ended = await bulwark(args)
      const text = ended.stdout + ended.stderr
      assert.equal(ended.code, code, `${args.join(' ')}: ${text}`)
      for (const each of expected) assert.match(text, each)
    }
    const paths = ['graph', 'paths', '--from', 'internet', '--from-files']
    await Promise.all([
      check(['rules', 'check', '/dev/zero'], 2, /cannot read \/dev\/zero: it has more than/),
      check(['config', 'check', '/dev/zero'], 2, /cannot read \/dev\/zero: it has more than/),
      check(['config', 'check', alias], 1, /an alias has itself in it/),
      check(['rules', 'test', empty], 1, /error: there are no trials\n {2}help: write some/),
      check(['policy', 'check', none], 2, /no files of policies in .*\n.*help: a folder has them/),
      check(['replay', none], 2, /cannot replay .*none: EISDIR.*\n.*help: give a file/),
      check(['replay', join(none, 'x')], 2, /cannot read .*x: ENOENT.*\n.*help: give a file/),
      check([...paths, empty], 2, /fault: empty: is no JSON/, /empty has no object of a cluster/),
    ])
  })
})
