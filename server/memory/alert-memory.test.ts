/** What of alerts is there after a restart, and what bad files and disks make of it. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { TakenNode } from '@bulwark/graph'
import type { Judged } from '../judge/index.ts'
import { limits } from '../limits.ts'
import type { ReceivedAlert } from '../link/index.ts'
import { isBadBatch, readBatch } from '../link/index.ts'
import { alertAt } from '../testdata/alerts.ts'
import { AlertMemory } from './alert-memory.ts'
import type { StateFiles } from './files.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['TEST_RUNS'] ?? 100)

/** A folder in memory. */
class Folder implements StateFiles {
  readonly texts = new Map<string, string>()
  fault: string | undefined
  hangs = false

  pathOf(name: string): string {
    return `/state/${name}`
  }

  read(name: string): string | undefined {
    return this.texts.get(name)
  }

  #check(): Promise<void> | undefined {
    if (this.fault !== undefined) throw new Error(this.fault)
    return this.hangs ? new Promise(() => {}) : undefined
  }

  async replace(name: string, text: string): ReturnType<StateFiles['replace']> {
    await this.#check()
    this.texts.set(name, text)
    const append = async (more: string): Promise<void> => {
      await this.#check()
      this.texts.set(name, (this.texts.get(name) ?? '') + more)
    }
    return { append, close: async () => {} }
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#check()
    this.texts.set(to, this.texts.get(from) ?? '')
    this.texts.delete(from)
  }
}

const taken: TakenNode = {
  node: 'n1',
  escape: {
    uuid: alertAt(1).uuid,
    rule: 'Disk of the node opened',
    pod: { kind: 'Pod', namespace: 'shop', name: 'api' },
    edge: 'ESC_PRIV',
    timeMs: 1.5,
  },
}

interface Opened {
  readonly memory: AlertMemory
  readonly log: readonly string[]
}

const open = (
  files: StateFiles,
  more: Partial<ConstructorParameters<typeof AlertMemory>[0]> = {},
): Opened => {
  const log: string[] = []
  const memory = new AlertMemory({
    files,
    cluster: 'https://api.example:6443',
    taken: () => memory.taken,
    log: (line) => log.push(line),
    ...more,
  })
  return { memory, log }
}

const received = (at: number): ReceivedAlert => {
  const alert = JSON.stringify(alertAt(at)).replace(
    '"evt.time":1',
    '"evt.time":1795000000000000001',
  )
  const batch = readBatch(alert, 'array')
  assert.ok(!isBadBatch(batch) && batch.alerts[0])
  return batch.alerts[0]
}

const medium = { effective: 'medium', isSuppressed: false } as const
const high = { effective: 'high', isSuppressed: false } as const

const judged = (more: Partial<Judged<ReceivedAlert>> = {}): Judged<ReceivedAlert> => ({
  context: { summary: '' },
  raised: [],
  level: medium,
  ...more,
})

const raising = (at: number): Judged<ReceivedAlert> =>
  judged({
    raised: [
      {
        alert: received(at),
        priority: 'Warning',
        context: { summary: '' },
        update: { of: '', because: '', before: '', severity: '', reasons: [] },
        level: high,
      },
    ],
  })

const uuidsOf = ({ memory }: Opened): readonly string[] => [...memory.uuids]
const uuids = (...at: readonly number[]): readonly string[] => at.map((each) => alertAt(each).uuid)

/** A folder with three alerts: of the first nothing is known, the third has raised the second. */
const withThree = async (): Promise<Folder> => {
  const files = new Folder()
  const { memory, log } = open(files)
  memory.keep(received(1), { context: undefined, raised: [] })
  memory.keep(received(2), judged({ taken }))
  await memory.written()
  memory.keep(received(3), raising(2))
  await memory.close()
  assert.deepEqual(log, [])
  return files
}

test('what was told is there again, whole and to the digit, with what was told of it at last', async () => {
  const files = await withThree()
  // The second time by what the first run wrote of it.
  for (const run of [1, 2]) {
    const again = open(files)
    assert.deepEqual(again.log, ['alerts of an earlier run: 3 were told, 2 are joined'], `${run}`)
    assert.deepEqual(uuidsOf(again).toSorted(), uuids(1, 2, 3))
    assert.deepEqual(again.memory.toldBefore(), [
      { alert: received(2), level: high },
      { alert: received(3), level: medium },
    ])
    assert.deepEqual(again.memory.taken, [taken])
    again.memory.keep(received(3), { context: undefined, raised: [] })
    await again.memory.close()
  }
})

const bad: readonly { what: string; make: (text: string) => string; said: RegExp; left: number }[] =
  [
    { what: 'empty', make: () => '', said: /its first line is no whole JSON object$/, left: 0 },
    {
      what: 'no JSON',
      make: () => 'x\ny',
      said: /its first line is no whole JSON object$/,
      left: 0,
    },
    {
      what: 'another form',
      make: (text) => text.replace('1', '2'),
      said: /another version/,
      left: 0,
    },
    {
      what: 'of another cluster',
      make: (text) => text.replace('api.', 'other.'),
      said: /it is of "https:\/\/other\.example:6443", and the cluster is https:\/\/api\.example:6443$/,
      left: 0,
    },
    {
      what: 'cut',
      make: (text) => text.slice(0, -90),
      said: /1 lines are no alerts, or were cut/,
      left: 2,
    },
    {
      what: 'with lines of others',
      make: (text) => `${text}{}\nnull\n{"uuid":"x"}\n{"taken":{"node":"n"}}\n[]\n`,
      said: /5 lines are no alerts/,
      left: 3,
    },
  ]

for (const { what, make, said, left } of bad) {
  test(`${what}: told, and no more is taken from it than is whole; then it is replaced`, async () => {
    const files = await withThree()
    files.texts.set('alerts.jsonl', make(files.texts.get('alerts.jsonl') ?? ''))
    const again = open(files)
    assert.match(again.log[0] ?? '', /^warning: /)
    assert.match(again.log[0] ?? '', said)
    assert.equal(uuidsOf(again).length, left)
    again.memory.keep(received(4), judged())
    await again.memory.close()
    assert.equal(open(files).log.length, 1, 'what was wrong has gone')
    assert.equal(uuidsOf(open(files)).length, left + 1)
  })
}

test('of what is kept, whatever stands in the file, what is read was written, in order', (t) => {
  t.diagnostic(`TEST_SEED=${seed}`)
  let whole = 0
  const lines = fc.array(fc.oneof(fc.json(), fc.string(), fc.constant(`{"uuids":[1,"x"]}`)))
  return fc
    .assert(
      fc.asyncProperty(fc.nat(), lines, fc.boolean(), async (at, garbage, isCut) => {
        const files = await withThree()
        const text = files.texts.get('alerts.jsonl') ?? ''
        const cut = isCut ? text.slice(0, at % (text.length + 1)) : text
        files.texts.set('alerts.jsonl', [cut, ...garbage].join('\n'))
        const again = open(files)
        const read = uuidsOf(again)
        assert.deepEqual(read, uuids(1, 2, 3).slice(0, read.length))
        assert.ok(again.memory.toldBefore().length <= read.length)
        assert.ok(isCut || read.length === 3)
        if (read.length > 0) whole++
      }),
      { seed, numRuns },
    )
    .then(() => assert.ok(whole > numRuns / 2, `${whole}`))
})

test('a file that has grown is moved aside; what is older than that is forgotten', async () => {
  const files = new Folder()
  const { memory, log } = open(files)
  const large = { ...received(1), message: 'x'.repeat(limits.keptFileBytesMax / 4) }
  for (let at = 1; at <= 24; at++) {
    const { uuid } = received(at)
    memory.keep({ ...large, uuid }, judged(at === 1 ? { taken } : {}))
    await memory.written()
  }
  await memory.close()
  assert.deepEqual(log, [])
  const sizes = [...files.texts.values()].map(({ length }) => length)
  assert.equal(sizes.length, 2)
  assert.ok(
    sizes.every((size) => size < 1.5 * limits.keptFileBytesMax),
    sizes.join(),
  )
  const read = uuidsOf(open(files))
  assert.deepEqual(
    read,
    uuids(...Array.from({ length: 24 }, (_, at) => at + 1)).slice(-read.length),
  )
  assert.ok(read.length >= 5 && read.length <= 12, `${read.length}`)
})

test('a disk that is full holds no alert up, is told once, and is written to again', async () => {
  const files = await withThree()
  const { memory, log } = open(files)
  files.fault = 'ENOSPC: no space left'
  for (const at of [4, 5]) {
    memory.keep(received(at), judged())
    await memory.written()
  }
  assert.match(
    log[1] ?? '',
    /^warning: alerts are not kept over a restart: ENOSPC: no space left; al/,
  )
  assert.deepEqual([log.length, memory.unkept], [2, 2])
  files.fault = undefined
  memory.keep(received(6), judged())
  await memory.close()
  assert.deepEqual(uuidsOf(open(files)).toSorted(), uuids(1, 2, 3, 6))
})

test('a disk that hangs is waited for once', async (t: TestContext) => {
  const files = new Folder()
  files.hangs = true
  const { memory, log } = open(files, { keepMsMax: 1 })
  for (const at of [1, 2, 3]) {
    memory.keep(received(at), judged())
    await memory.written()
  }
  t.diagnostic(log.join('\n'))
  assert.equal(log.length, 1)
  assert.match(log[0] ?? '', /the disk is too slow/)
})
