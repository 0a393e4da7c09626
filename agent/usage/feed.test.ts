/** From what the kernel tells, and from /proc, to reports. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { UsageReport } from '@bulwark/schema'
import { USE_EXECUTED, USE_MAPPED } from '@bulwark/schema'
import type { Container, ContainerMetadata } from '../container/container.ts'
import { newContainer, noMetadata } from '../container/container.ts'
import { newCounters } from '../counters.ts'
import { limits } from '../limits.ts'
import { UsageFeed } from './feed.ts'

const digest = `sha256:${'d'.repeat(64)}`

const idOf = (digit: string): string => digit.repeat(64)

const containerOf = (digit: string, facts: Partial<ContainerMetadata> = {}): Container => {
  const container = newContainer({ id: idOf(digit), podUid: undefined, runtime: 'docker' })
  const own = { name: 'web', podName: `web-${digit}`, namespace: 'shop', imageDigest: digest }
  container.metadata = { ...noMetadata, ...own, ...facts }
  return container
}

interface Desk {
  readonly feed: UsageFeed
  readonly reports: UsageReport[]
  readonly containers: Map<string, Container>
  readonly counters: ReturnType<typeof newCounters>
  readonly root: string
  /** What the one who hears it answers. */
  isHeard: boolean
}

/** A process of a container, in a copy of /proc. */
const addProcess = ({ root }: Desk, pid: number, digit: string, maps: string): void => {
  mkdirSync(join(root, String(pid)))
  writeFileSync(join(root, `${pid}/cgroup`), `0::/docker/${idOf(digit)}\n`)
  writeFileSync(join(root, `${pid}/maps`), maps)
}

const withDesk = (act: (desk: Desk) => void): void => {
  const root = mkdtempSync(join(tmpdir(), 'bulwark-usage-'))
  const containers = new Map<string, Container>()
  const reports: UsageReport[] = []
  const counters = newCounters()
  const desk: Desk = {
    feed: new UsageFeed({
      node: 'n1',
      counters,
      containerOf: (id) => containers.get(id),
      root,
      readMsMax: Infinity,
      onReport: (report) => {
        reports.push(report)
        return desk.isHeard
      },
    }),
    reports,
    containers,
    counters,
    root,
    isHeard: true,
  }
  try {
    act(desk)
  } finally {
    rmSync(root, { recursive: true })
  }
}

const use = (path: string, more = {}) => ({
  pid: 1,
  comm: 'nginx',
  use: USE_MAPPED,
  path,
  base: '',
  timeMs: 2_000,
  ...more,
})

/** `path use by` of all files of a report. */
const filesOf = (report: UsageReport | undefined): readonly string[] =>
  (report?.containers ?? []).flatMap(({ files }) =>
    files.map(({ path, use: how, by }) => `${path} ${how} ${by}`),
  )

const libc = '7f01-7f02 r-xp 00001000 fd:00 12 /usr/lib/libc.so.6\n'

test('what ran before is found, and from then on a container is watched', () => {
  withDesk((desk) => {
    desk.containers.set(idOf('a'), containerOf('a'))
    addProcess(desk, 5, 'a', libc)
    addProcess(desk, 6, 'b', libc)
    desk.feed.start()
    desk.feed.look(1_000)
    const [first] = desk.reports
    assert.deepEqual(filesOf(first), ['/usr/lib/libc.so.6 running '])
    const [container] = first?.containers ?? []
    assert.deepEqual(
      [container?.pod, container?.image_digests, container?.watched_since_ms, container?.missed_ms],
      ['web-a', [digest], 1_000, null],
    )
    desk.feed.look(2_000)
    assert.equal(desk.reports.length, 1, 'nothing is new')
    desk.feed.look(1_000 + limits.usageReportMs)
    assert.deepEqual(desk.reports[1]?.containers, [], 'still there')
    desk.isHeard = false
    desk.feed.look(1_000 + 2 * limits.usageReportMs)
    desk.feed.look(1_001 + 2 * limits.usageReportMs)
    const { reports } = desk
    assert.deepEqual(
      reports.map((report) => [report.from_start, report.containers.length]),
      [
        [true, 1],
        [undefined, 0],
        [undefined, 0],
        [true, 1],
      ],
      'all is told at the start, and when a report was lost',
    )
  })
})

test('what the kernel tells, once; a program has its maps read, too', () => {
  withDesk((desk) => {
    const container = containerOf('a')
    desk.containers.set(container.id, container)
    desk.feed.start()
    desk.feed.look(1_000)
    addProcess(desk, 7, 'a', libc)
    desk.feed.used(container, use('/usr/sbin/nginx', { pid: 7, use: USE_EXECUTED }))
    desk.feed.used(container, use('/lib/libssl.so.3'))
    desk.feed.used(container, use('/lib/libssl.so.3', { comm: 'other' }))
    desk.feed.used(container, use('./run.sh', { base: '/app', use: USE_EXECUTED }))
    desk.feed.look(2_500)
    assert.deepEqual(filesOf(desk.reports.at(-1)), [
      '/usr/sbin/nginx executed nginx',
      '/lib/libssl.so.3 mapped nginx',
      '/app/./run.sh executed nginx',
      '/usr/lib/libc.so.6 running ',
    ])
    assert.equal(desk.reports.at(-1)?.containers[0]?.watched_since_ms, 2_000, 'from its beginning')
  })
})

test('a path that lost its beginning is counted, and something was missed', () => {
  withDesk((desk) => {
    const container = containerOf('a')
    desk.containers.set(container.id, container)
    for (const path of ['', 'cut/off.so']) desk.feed.used(container, use(path))
    desk.feed.used(container, use('/lib/a.so'))
    desk.feed.missed(container, 3_000)
    desk.feed.look(4_000)
    assert.equal(desk.counters.usedFilesCut, 2)
    assert.deepEqual(filesOf(desk.reports[0]), ['/lib/a.so mapped nginx'])
    assert.equal(desk.reports[0]?.containers[0]?.missed_ms, 3_000)
  })
})

test('after a loss all that runs is looked at again, and not all the time', () => {
  withDesk((desk) => {
    desk.containers.set(idOf('a'), containerOf('a'))
    desk.feed.start()
    desk.feed.look(1_000)
    addProcess(desk, 5, 'a', libc)
    desk.feed.missed(undefined, 2_000)
    desk.feed.look(2_000)
    assert.deepEqual(filesOf(desk.reports.at(-1)), [])
    for (const ms of [0, 1]) desk.feed.look(1_000 + limits.mapsScanPauseMs + ms)
    assert.deepEqual(filesOf(desk.reports.at(-1)), ['/usr/lib/libc.so.6 running '])
  })
})

test('a report that is lost is told again, whole', () => {
  withDesk((desk) => {
    const container = containerOf('a')
    desk.containers.set(container.id, container)
    desk.feed.used(container, use('/lib/a.so'))
    desk.feed.look(1_000)
    desk.feed.used(container, use('/lib/b.so'))
    desk.isHeard = false
    desk.feed.look(2_000)
    desk.isHeard = true
    desk.feed.look(3_000)
    const told = desk.reports.map(filesOf)
    assert.deepEqual(told[1], ['/lib/b.so mapped nginx'])
    assert.deepEqual(told[2], ['/lib/a.so mapped nginx', '/lib/b.so mapped nginx'])
  })
})

test('a container waits until its image can be found; one that ended is told once more', () => {
  withDesk((desk) => {
    const container = containerOf('a', { name: undefined, imageDigest: undefined })
    desk.containers.set(container.id, container)
    desk.feed.used(container, use('/lib/a.so'))
    desk.feed.look(1_000)
    assert.deepEqual(
      desk.reports.flatMap(({ containers }) => containers),
      [],
    )
    container.metadata = containerOf('a').metadata
    desk.feed.look(2_000)
    assert.deepEqual(filesOf(desk.reports.at(-1)), ['/lib/a.so mapped nginx'])
    desk.containers.delete(container.id)
    desk.feed.look(3_000)
    assert.deepEqual(
      desk.reports.at(-1)?.containers.map(({ ended }) => ended),
      [true],
    )
    desk.feed.look(3_000 + limits.usageReportMs)
    assert.deepEqual(desk.reports.at(-1)?.containers, [])
  })
})

test('a container that runs too many files is not all known', () => {
  withDesk((desk) => {
    const container = containerOf('a')
    desk.containers.set(container.id, container)
    for (let i = 0; i <= limits.usedFilesMax; i++) desk.feed.used(container, use(`/lib/${i}.so`))
    desk.feed.look(3_000)
    assert.equal(filesOf(desk.reports[0]).length, limits.usedFilesMax)
    assert.equal(desk.counters.usedFilesOver, 1)
    assert.equal(desk.reports[0]?.containers[0]?.missed_ms, 2_000)
  })
})
