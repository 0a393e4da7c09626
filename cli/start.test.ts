/** The built program: what V8 has compiled of it helps it, or does nothing. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const dist = join(import.meta.dirname, '../dist')
const skip = existsSync(join(dist, 'bulwark.js')) ? false : 'not built: make build'

/** Files of a folder and of those in it. */
const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))

const withCopy = (use: (folder: string, compiled: string) => void): void => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-start-'))
  try {
    for (const name of readdirSync(dist).filter((each) => each.endsWith('.js'))) {
      copyFileSync(join(dist, name), join(folder, name))
    }
    const compiled = join(folder, 'compiled')
    mkdirSync(compiled)
    use(folder, compiled)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Whoever runs tests has a folder of its own for the same. */
const env = { ...process.env, NODE_COMPILE_CACHE: undefined }

const runs = (folder: string, before: readonly string[] = []): void => {
  const [program, ...args] = [...before, process.execPath, join(folder, 'bulwark.js')]
  const { status, stdout, stderr } = spawnSync(program, [...args, '--version'], {
    encoding: 'utf8',
    timeout: 120_000,
    env,
  })
  assert.deepEqual([status, stderr], [0, ''])
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
}

test('what was compiled is kept and taken', { skip }, () => {
  withCopy((folder, compiled) => {
    runs(folder)
    const files = filesIn(compiled)
    assert.ok(files.length > 1, 'nothing was kept')
    const before = files.map((file) => readFileSync(file))
    runs(folder)
    assert.deepEqual(filesIn(compiled), files)
    assert.deepEqual(
      files.map((file) => readFileSync(file)),
      before,
    )
  })
})

test('without its folder nothing is kept', { skip }, () => {
  withCopy((folder, compiled) => {
    rmSync(compiled, { recursive: true })
    runs(folder)
    assert.ok(!existsSync(compiled))
  })
})

for (const [how, damage] of [
  ['empty', () => Buffer.alloc(0)],
  ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
  ['changed inside', (bytes: Buffer) => Buffer.from(bytes).fill(0x5a, bytes.length / 2)],
  ['something else', () => Buffer.from('not compiled code')],
] as const) {
  test(`what was compiled and is ${how} does no harm`, { skip }, () => {
    withCopy((folder, compiled) => {
      runs(folder)
      for (const file of filesIn(compiled)) writeFileSync(file, damage(readFileSync(file)))
      runs(folder)
    })
  })
}

test('a program that is newer than what was compiled is the one that runs', { skip }, () => {
  withCopy((folder) => {
    runs(folder)
    const main = readdirSync(folder).find((name) => name.startsWith('bulwark-main-')) ?? ''
    const text = readFileSync(join(folder, main), 'utf8')
    writeFileSync(join(folder, main), `process.on("exit", () => (process.exitCode = 7));${text}`)
    const { status } = spawnSync(process.execPath, [join(folder, 'bulwark.js'), '--version'], {
      env,
    })
    assert.equal(status, 7)
  })
})

const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
const mayChange = spawnSync(nobody[0] ?? '', [...nobody.slice(1), process.execPath, '--version'])
const others = skip === false && mayChange.status !== 0 ? 'no setpriv, or no root' : skip

test('a folder that may not be written does no harm', { skip: others }, () => {
  withCopy((folder, compiled) => {
    chmodSync(folder, 0o755)
    runs(folder, nobody)
    assert.deepEqual(filesIn(compiled), [])
  })
})
