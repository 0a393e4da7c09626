/**
 * What the kernel told of real attacks, through the filters of Bulwark's own rules: the same alerts
 * come of the records that they let through as of all.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { CgroupState, Rule } from '@bulwark/policy'
import { accepts, splitRules } from '@bulwark/policy'
import {
  EventNumber,
  RECORD_HELD,
  RecordView,
  cgroupOf,
  headerOf,
  recordLayouts,
} from '@bulwark/schema'
import { eachEntry } from '../capture/entries.ts'
import { decodeNote } from '../capture/notes.ts'
import { rootCgroup } from '../container/cgroups.ts'
import { containerInPath } from '../container/container.ts'
import { replay } from '../replay.ts'
import { captureOf, contentOf, sourceOf } from '../testdata/captures.ts'
import { rulesOf } from '../testdata/rules.ts'

const rulesFolder = join(import.meta.dirname, '../../rules')
const ruleFiles = ['00-common', '10-escape', '40-shells', '50-credentials', '70-persistence']

/** Where the flags of a record lie. */
const flagsAt = (): number => {
  let offset = 0
  for (const { name, bytes } of recordLayouts[0]?.members ?? []) {
    if (name === 'flags') return offset
    offset += bytes
  }
  throw new Error('a header has no flags')
}

const viewOf = (record: Buffer): RecordView =>
  new RecordView(new DataView(record.buffer, record.byteOffset, record.byteLength), (start, end) =>
    record.toString('latin1', start, end),
  )

/** Of which cgroups the kernel would have been told, from the records that tell them. */
class States {
  readonly #byId = new Map<number | bigint, CgroupState>([[rootCgroup, 'host']])

  of(record: RecordView): CgroupState {
    if (headerOf.kind(record) === EventNumber.cgroup) {
      const state = containerInPath(cgroupOf.path(record)) ? 'container' : 'host'
      this.#byId.set(cgroupOf.madeId(record), state)
    }
    return this.#byId.get(headerOf.cgroupId(record)) ?? 'unknown'
  }
}

const alertsOf = async (capture: Buffer, rules: readonly Rule[]): Promise<readonly string[]> => {
  const alerts: string[] = []
  await replay({
    source: sourceOf(capture, 65_536),
    rules,
    matching: 'all',
    onAlert: ({ output }) => alerts.push(output),
    log: () => {},
  })
  return alerts
}

test('filters of rules let through what the rules tell of real attacks', async (context) => {
  const rules = rulesOf(
    ...ruleFiles.map((name) => readFileSync(join(rulesFolder, `${name}.yaml`), 'utf8')),
  )
  const { byKind } = splitRules(rules, { machine: 'x64', tellsCgroups: true })
  const whole = readFileSync(join(rulesFolder, 'attacks.bulwark'))
  const { head, parts } = contentOf(whole, 65_536)
  const states = new States()
  let looked = 0
  let sent = 0
  const filtered = captureOf((writer) => {
    for (const part of parts) {
      if (part.is !== 'block') continue
      eachEntry(part.raw, {
        onRecord: (offset, length) => {
          const record = Buffer.from(part.raw.subarray(offset, offset + length))
          const view = viewOf(record)
          const state = states.of(view)
          const plan = byKind.get(headerOf.kind(view))
          if (plan) looked++
          if (plan && !accepts(plan, record, state)) {
            if (headerOf.kind(view) !== EventNumber.exec) return
            // It is told later, and judged by no rule.
            record.writeUInt16LE(headerOf.flags(view) | RECORD_HELD, flagsAt())
          } else if (plan) sent++
          writer.record(record)
        },
        onNote: (text) => {
          const note = decodeNote(text)
          if (note) writer.note(note)
        },
      })
    }
    writer.end()
  }, head)
  context.diagnostic(`${sent} of ${looked} records pass`)
  const expected = await alertsOf(whole, rules)
  assert.ok(expected.length > 5)
  assert.deepEqual(await alertsOf(filtered, rules), expected)
  assert.ok(sent * 10 < looked, 'the filters let most of the records through')
})
