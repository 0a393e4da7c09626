/** Replays: rules over captures in memory, whole ones and damaged ones. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordValues } from '@bulwark/schema'
import { encodeRecord, eventKinds, recordLayouts } from '@bulwark/schema'
import * as fc from 'fast-check'
import type { Alert } from './alert.ts'
import type { CaptureHead } from './capture/head.ts'
import type { CaptureWriter } from './capture/writer.ts'
import { unknownProcess } from './process.ts'
import type { Replayed } from './replay.ts'
import { replay } from './replay.ts'
import { captureOf, sourceOf, testHead } from './testdata/captures.ts'
import { ruleText, rulesOf } from './testdata/rules.ts'

const run = async (
  bytes: Buffer,
  rules: string,
): Promise<{ replayed: Replayed; alerts: readonly Alert[]; log: readonly string[] }> => {
  const alerts: Alert[] = []
  const log: string[] = []
  const replayed = await replay({
    source: sourceOf(bytes),
    rules: rulesOf(rules),
    matching: 'first',
    onAlert: (alert) => alerts.push(alert),
    log: (line) => log.push(line),
  })
  return { replayed, alerts, log }
}

const exec = (pid: number, values: RecordValues = {}): Uint8Array =>
  encodeRecord('exec', {
    pid,
    tid: pid,
    ppid: 7,
    start_ns: 5_000_000_000,
    time_ns: 6_000_000_000,
    cgroup_id: 1,
    syscall: 59,
    comm: 'sh',
    exe_path: '/bin/sh',
    arguments: 'sh\0-c\0id\0',
    ...values,
  })

const answer = (
  writer: CaptureWriter,
  question: string,
  about: string | number,
  is: unknown,
): void => writer.note({ is: 'answer', question, about, answer: is })

const parent = { ...unknownProcess(7, 1_000_000_000), startExact: false, comm: 'sshd' }

const started = (writer: CaptureWriter): void => {
  answer(writer, 'pids', '', [7])
  answer(writer, 'process', 7, { process: parent, ppid: 0, cgroupPath: '/a' })
  answer(writer, 'cgroup-id', '0:/a', 3)
}

const rule = ruleText(
  'Shell',
  'evt.type = execve and proc.name = sh',
  '%evt.num %evt.rawtime %proc.pname %user.name %proc.cmdline',
)

const outputs = (alerts: readonly Alert[]): readonly string[] =>
  alerts.map(({ output }) => output.replace(/^\S+ \w+ /, ''))

test('an alert of a replay knows what the capture knows', async () => {
  const bytes = captureOf((writer) => {
    started(writer)
    writer.record(exec(9))
    answer(writer, 'names', '', { users: new Map([[0, 'admin']]), groups: new Map() })
    writer.note({ is: 'told', told: { told: 'clock', bootNs: 1n, wallOffsetNs: 100n } })
    writer.record(exec(9))
    answer(writer, 'names', '', { users: new Map([[0, 'toor']]), groups: new Map() })
    writer.record(exec(9))
    writer.end()
  })
  const { replayed, alerts, log } = await run(bytes, rule)
  assert.deepEqual(outputs(alerts), [
    '1 1795428666000000000 sshd root sh -c id',
    '2 6000000100 sshd admin sh -c id',
    '3 6000000100 sshd toor sh -c id',
  ])
  assert.equal(alerts[0]?.hostname, 'node1')
  assert.deepEqual([replayed.events, replayed.whole, log], [3, true, []])
})

test('a damaged block is left out; those behind it keep their numbers', async () => {
  const starts: number[] = []
  const parts: Buffer[] = []
  const bytes = captureOf((writer) => {
    started(writer)
    for (let i = 0; i < 3; i++) {
      writer.record(exec(9))
      writer.record(exec(9))
      writer.flush()
      starts.push(writer.bytes)
    }
    writer.end()
  })
  parts.push(bytes)
  const at = (starts[0] ?? 0) + 60
  bytes[at] = (bytes[at] ?? 0) ^ 1
  const { replayed, alerts, log } = await run(bytes, rule)
  assert.deepEqual(
    alerts.map(({ output }) => output.split(' ')[2]),
    ['1', '2', '5', '6'],
  )
  const { damages, missingRecords, events, whole } = replayed
  assert.deepEqual([damages, missingRecords, events, whole], [1, 2, 4, true])
  assert.match(
    log.join('\n'),
    /warning: \d+ bytes at \d+ are lost: the bytes of a block are damaged/,
  )
})

test('a capture without an end is replayed as far as it goes', async () => {
  const bytes = captureOf((writer) => {
    started(writer)
    writer.record(exec(9))
    writer.flush()
    writer.record(exec(9))
    writer.flush()
  })
  const { replayed, alerts, log } = await run(bytes.subarray(0, -1), rule)
  assert.deepEqual([alerts.length, replayed.whole, replayed.damages], [1, false, 1])
  assert.match(log.join('\n'), /the file ends in a block/)
})

test('what the capture cannot give is said', async () => {
  const check = async (
    head: Partial<CaptureHead>,
    condition: string,
    expected: RegExp,
  ): Promise<void> => {
    const bytes = captureOf((writer) => writer.end(), { ...testHead, ...head })
    const { log } = await run(bytes, ruleText('R', condition))
    assert.match(log.join('\n'), expected)
  }
  await check({ types: ['execve'] }, 'evt.type in (execve, openat)', /not recorded: openat$/)
  await check({ types: [] }, 'evt.type in (chdir, openat)', /not recorded: openat$/)
  await check({}, 'evt.type = connect and fd.sip.name = a.example', /addresses of a\.example: no/)
  await check({}, 'evt.type = execve and proc.env contains x', /environment .* not recorded/)
  const [first, ...others] = recordLayouts
  assert.ok(first)
  const news = { ...first, name: 'news', kind: 500 }
  await check({ layouts: [news, ...others] }, 'evt.type = execve', /not known here: news/)
  const changed = first.members.map((member) =>
    member.name === 'pid' ? { ...member, storage: 'u64', bytes: 8 } : member,
  )
  const bytes = captureOf((writer) => writer.end(), {
    ...testHead,
    layouts: [{ ...first, members: changed }],
  })
  await assert.rejects(
    run(bytes, rule),
    /layout \d+, which .* cannot read: exec\.pid \(u64, here u32\)/,
  )
})

test('a record of a kind that is not known here is counted, not replayed', async () => {
  const [first] = recordLayouts
  assert.ok(first)
  const layouts = [...recordLayouts, { ...first, name: 'news', kind: 500 }]
  const bytes = captureOf(
    (writer) => {
      const record = Buffer.from(exec(9))
      record.writeUInt16LE(500, 4)
      writer.record(record)
      writer.record(exec(9))
      writer.end()
    },
    { ...testHead, layouts },
  )
  const { replayed, alerts } = await run(bytes, rule)
  assert.deepEqual([replayed.unknownRecords, replayed.events, alerts.length], [1, 1, 1])
})

/** Bytes that begin as a record of some kind does, and go on as they like. */
const garbageRecord = fc
  .tuple(
    fc.constantFrom(...eventKinds.map(({ name }) => name)),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 30 }),
    fc.nat(300),
    fc.boolean(),
  )
  .map(([name, changes, cut, whole]) => {
    const record = Buffer.from(encodeRecord(name, { pid: 9, tid: 9, start_ns: 5_000_000_000 }))
    for (const [at, value] of changes) record[6 + (at % (record.length - 6))] = value
    return whole ? record : record.subarray(0, cut)
  })

const garbageNote = fc.oneof(
  fc.json().map((text) => ({ is: 'answer', question: 'metadata', about: 'x', answer: text })),
  fc.record({
    is: fc.constant('answer'),
    question: fc.constantFrom('pids', 'process', 'cgroups-of', 'cgroups', 'metadata', 'names'),
    about: fc.constantFrom('', '9', '/a'),
    answer: fc.anything({ maxDepth: 2, withBigInt: true, withMap: true }),
  }),
)

test('law: any records and notes give events or errors, never both, and never a crash', async (t) => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`TEST_SEED=${seed}`)
  const counts = { events: 0, bad: 0 }
  const all = ruleText('All', 'evt.num > 0 and proc.name != x', '%evt.args %proc.acmdline %fd.name')
  const law = async (entries: readonly (Buffer | { readonly is: string })[]): Promise<void> => {
    let records = 0
    const bytes = captureOf((writer) => {
      for (const entry of entries) {
        if (!Buffer.isBuffer(entry)) {
          writer.note(entry as never)
          continue
        }
        records++
        writer.record(entry)
      }
      writer.end()
    })
    const { replayed } = await run(bytes, all)
    assert.equal(replayed.events + replayed.badRecords + replayed.unknownRecords, records)
    counts.events += replayed.events
    counts.bad += replayed.badRecords
  }
  const entries = fc.array(fc.oneof(garbageRecord, garbageRecord, garbageNote), { maxLength: 40 })
  const numRuns = Number(process.env['TEST_RUNS'] ?? 200)
  await fc.assert(fc.asyncProperty(entries, law), { seed, numRuns })
  t.diagnostic(`${counts.events} events, ${counts.bad} bad records`)
  assert.ok(counts.events > numRuns / 2 && counts.bad > numRuns / 2)
})
