/** How packages are in use, by what ran. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerUsage, UsageReport } from '@bulwark/schema'
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
  used.useOf(facts, { digests: ['sha256:other', image], executables }).use

const curl = packageOf('os', ['/usr/bin/curl', '/usr/lib/x86_64-linux-gnu/libcurl.so.4'])

const whileMs = limits.unseenAfterMs
const startMs = 1_795_000_000_000

const container: ContainerUsage = {
  id: 'c1',
  namespace: 'shop',
  pod: 'web-1',
  container: 'web',
  image_digests: [image],
  watched_since_ms: startMs,
  missed_ms: null,
  ended: false,
  files: [],
}

const reportOf = (
  afterMs: number,
  containers: readonly Partial<ContainerUsage>[],
  node = 'n1',
): UsageReport => ({
  node,
  time_ms: startMs + afterMs,
  containers: containers.map((each) => ({ ...container, ...each })),
})

test('what was not seen is unseen only where all that runs is told', () => {
  const used = new UsedFiles()
  assert.equal(useOf(used, curl), 'unknown')
  used.markUsed(image, '/bin/sh')
  assert.equal(useOf(used, curl), 'unknown', 'something of the image was seen, and not all')
  used.take(reportOf(0, []))
  used.take(reportOf(whileMs, [{}]))
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

/** How long curl has not been seen, in minutes; or what it is else. */
const afterReports = (...reports: readonly UsageReport[]): number | string => {
  const used = new UsedFiles()
  for (const node of ['n1', 'n2']) used.take(reportOf(0, [], node))
  for (const each of reports) used.take(each)
  const { use, watchedMs } = used.useOf(curl, { digests: [image], executables: [] })
  return watchedMs === undefined ? use : watchedMs / 60_000
}

test('who has only begun to hear of nodes waits for what the others know', () => {
  const { usageSettleMs: settleMs } = limits
  const used = new UsedFiles()
  assert.equal(used.knows('n1'), false)
  // Its container is watched for an hour, and another one's node has told nothing yet.
  used.take(reportOf(minutes(60), [{}]))
  assert.deepEqual([used.knows('n1'), used.knows('n2')], [true, false])
  assert.equal(useOf(used, curl), 'unknown')
  used.take(reportOf(minutes(60) + settleMs - 1, []))
  assert.equal(useOf(used, curl), 'unknown')
  used.take(reportOf(minutes(60) + settleMs, []))
  assert.equal(useOf(used, curl), 'unseen')
  const files = [{ path: '/usr/bin/curl', use: 'executed', by: 'sh', since_ms: startMs }] as const
  used.take(reportOf(minutes(61), [{ id: 'c2', files }], 'n2'))
  assert.equal(useOf(used, curl), 'loaded')
})

const minutes = (count: number): number => count * 60_000

test('how long an image has been watched', () => {
  const cases: readonly (readonly [text: string, reports: readonly UsageReport[], is: unknown])[] =
    [
      ['one container', [reportOf(minutes(30), [{}])], 30],
      ['a short time', [reportOf(whileMs - 1, [{}])], 'unknown'],
      [
        'what ran before is being looked at',
        [reportOf(whileMs, [{ watched_since_ms: null }])],
        'unknown',
      ],
      [
        'since the first of two',
        [reportOf(minutes(60), [{}, { id: 'c2', watched_since_ms: startMs + minutes(50) }])],
        60,
      ],
      [
        'of two, one is not watched yet',
        [reportOf(minutes(60), [{}, { id: 'c2', watched_since_ms: null }])],
        'unknown',
      ],
      [
        'since something was missed in the other',
        [reportOf(minutes(60), [{}, { id: 'c2', missed_ms: startMs + minutes(20) }])],
        40,
      ],
      [
        'a report without news keeps the time',
        [reportOf(minutes(10), [{}]), reportOf(minutes(90), [])],
        90,
      ],
      [
        'another node knows nothing of this one',
        [reportOf(minutes(10), [{}]), reportOf(minutes(90), [], 'n2')],
        10,
      ],
      [
        'an agent that began again',
        [
          reportOf(minutes(90), [{}]),
          reportOf(minutes(95), [{ watched_since_ms: startMs + minutes(92) }]),
        ],
        'unknown',
      ],
      [
        'the last container has ended',
        [reportOf(minutes(90), [{}]), reportOf(minutes(91), [{ ended: true }])],
        'unknown',
      ],
      [
        'what was missed in one that has ended still counts',
        [
          reportOf(minutes(90), [{}, { id: 'c2' }]),
          reportOf(minutes(90), [{ id: 'c2', ended: true, missed_ms: startMs + minutes(60) }]),
        ],
        30,
      ],
    ]
  for (const [text, reports, is] of cases) assert.equal(afterReports(...reports), is, text)
})

test('a file that runs says by whom and since when, the first time', () => {
  const used = new UsedFiles()
  const file = (by: string, sinceMs: number) =>
    ({ path: '/usr/bin/curl', use: 'executed', by, since_ms: sinceMs }) as const
  const pod = reportOf(1, [{ image_digests: [], files: [file('sh', 5), file('bash', 6)] }])
  used.take(pod)
  assert.equal(useOf(used, curl), 'unknown', 'nobody knows the image')
  used.take(pod, ({ container: name }) => (name === 'web' ? [image] : []))
  const { seen } = used.useOf(curl, { digests: [image], executables: [] })
  assert.deepEqual(seen, { path: '/usr/bin/curl', use: 'executed', by: 'sh', sinceMs: 5 })
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
