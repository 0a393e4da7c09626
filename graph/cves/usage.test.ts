/** How packages are in use, by what ran. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cveLimits as limits } from '../limits.ts'
import { placesOf } from './places.ts'
import type { PackageFacts, PackageKind } from './report.ts'
import { UsedFiles, programFiles } from './usage.ts'

const image = 'sha256:a'

const packageOf = (
  kind: PackageKind,
  files: readonly string[],
  paths: string[] = [],
): PackageFacts => ({
  name: 'x',
  version: '1',
  kind,
  purl: undefined,
  places: placesOf(kind, 'x', files, paths),
})

const useOf = (used: UsedFiles, facts: PackageFacts, executables: readonly string[] = []): string =>
  used.useOf(facts, { digests: ['sha256:other', image], executables })

const curl = packageOf('os', ['/usr/bin/curl', '/usr/lib/x86_64-linux-gnu/libcurl.so.4'])

test('what was not seen is unseen only where all that runs is told', () => {
  const used = new UsedFiles()
  assert.equal(useOf(used, curl), 'unknown')
  used.markUsed(image, '/bin/sh')
  assert.equal(useOf(used, curl), 'unknown', 'something of the image was seen, and not all')
  used.watchWhole(image)
  assert.equal(useOf(used, curl), 'unseen')
  assert.equal(useOf(used, packageOf('os', [])), 'unknown', 'no file is known')
  assert.equal(
    useOf(used, packageOf('jar', [], ['app/x.jar'])),
    'unknown',
    'it is read, not mapped',
  )
  used.markUsed(image, '/lib/x86_64-linux-gnu/libcurl.so.4')
  assert.equal(useOf(used, curl), 'loaded', '/usr/lib and /lib are one folder')
  assert.equal(useOf(used, curl, ['/bin/curl']), 'owns-executable')
  used.forget(image)
  assert.equal(useOf(used, curl), 'unknown')
})

test('modules of a static binary, jars in jars, folders of languages', () => {
  const used = new UsedFiles()
  const module = packageOf('static-binary', [], ['usr/bin/app'])
  assert.equal(
    useOf(used, module, ['/usr/bin/app']),
    'built-in',
    'which module it was is not known',
  )
  const jar = packageOf('jar', [], ['app/shop.jar/BOOT-INF/lib/x.jar'])
  const java = {
    executable: '/usr/bin/java',
    programArguments: ['java', '-jar', 'shop.jar'],
    workingDirectory: '/app',
  }
  assert.equal(useOf(used, jar, programFiles(java)), 'owns-executable')
  const node = packageOf('node', [], ['app/node_modules/x/package.json'])
  used.markUsed(image, '/app/node_modules/x/build/x.node')
  assert.equal(useOf(used, node), 'loaded')
  const python = packageOf('python', [], ['usr/lib/python3/dist-packages/x-1.dist-info/METADATA'])
  assert.equal(useOf(used, python, ['/usr/lib/python3/dist-packages/x/run.py']), 'owns-executable')
  assert.equal(useOf(used, python, ['/usr/lib/python3/dist-packages/xy/run.py']), 'unknown')
})

test('no more files are kept than the bound says, and the others are counted', () => {
  const used = new UsedFiles()
  for (let i = 0; i < limits.usedFilesMax + 3; i++) used.markUsed(image, `/f${i}`)
  assert.equal(used.notKept, 3)
  used.markUsed(image, '/f0')
  assert.equal(used.notKept, 3)
})
