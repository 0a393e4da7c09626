/**
 * What a filter in the kernel costs: nanoseconds for a record that no rule wants, with the stable
 * rules and with 50 to 2,000 generated ones; and what it takes from rules to loaded programs.
 *
 *   node bench/filter.ts
 */
import { machineOf } from '@bulwark/agent'
import type { FilterPlan, Rule } from '@bulwark/policy'
import { generateFilter, splitRules } from '@bulwark/policy'
import type { RecordValues } from '@bulwark/schema'
import { EventNumber, encodeRecord } from '@bulwark/schema'
import { percentile, printFigure } from './measure/figures.ts'
import { loadFilter } from './measure/filters.ts'
import { generatedRules } from './measure/generated.ts'
import { loadRules, readRules, shownPath, stableRules } from './measure/official.ts'

const seed = 1
const runsOfRound = 100_000
const rounds = 21

const header = { time_ns: 1e12, pid: 10, tid: 10, comm: 'cat', cgroup_id: 1, result: 3 }
const ends = {
  inode: 5,
  family: 2,
  type: 1,
  protocol: 6,
  local_port: 40_000,
  remote_port: 443,
  local_address: Uint8Array.of(10, 0, 0, 1),
  remote_address: Uint8Array.of(192, 0, 2, 7),
}

interface Sample {
  readonly kind: keyof typeof EventNumber
  readonly values: RecordValues
}

/** What a busy host has most of. */
const samples: readonly Sample[] = [
  {
    kind: 'open',
    values: {
      syscall: 257,
      file: { inode: 5, mode: 0o100_644 },
      open_flags: 0o2_000_000,
      path: '/usr/lib/x86_64-linux-gnu/libc.so.6',
      raw_path: '/lib/x86_64-linux-gnu/libc.so.6',
    },
  },
  { kind: 'connect', values: { syscall: 42, result: 0, fd: 4, socket: ends } },
]

/** Nanoseconds, the median of some rounds; and whether the record was let through. */
const measureRecord = (name: string, plan: FilterPlan, { kind, values }: Sample): void => {
  const filter = generateFilter(plan)
  const loaded = loadFilter(filter)
  try {
    const record = encodeRecord(kind, { ...header, ...values })
    const times = Array.from({ length: rounds }, () => loaded.nsPerRecord(record, runsOfRound))
    const note =
      `${loaded.accepts(record) ? 'let through' : 'dropped'}; ${filter.instructionCount} ` +
      `instructions, ${loaded.verifiedInstructions} visited by the verifier, ` +
      `${filter.parts.length} parts`
    printFigure(`${name}: filter on ${kind}`, percentile(times, 0.5), 'ns a record', note)
  } finally {
    loaded.close()
  }
}

const measure = (name: string, rules: readonly Rule[]): void => {
  const facts = { machine: machineOf(process.arch) ?? 'x64', tellsCgroups: true } as const
  const spent = { split: 0, generate: 0, load: 0 }
  const timed = <T>(what: keyof typeof spent, work: () => T): T => {
    const start = process.threadCpuUsage()
    const result = work()
    const { user, system } = process.threadCpuUsage(start)
    spent[what] += (user + system) / 1_000
    return result
  }
  const { byKind } = timed('split', () => splitRules(rules, facts))
  let instructions = 0
  let verified = 0
  let weakened = 0
  for (const plan of byKind.values()) {
    const filter = timed('generate', () => generateFilter(plan))
    const loaded = timed('load', () => loadFilter(filter))
    instructions += filter.instructionCount
    verified += loaded.verifiedInstructions
    weakened += filter.weakened.length
    loaded.close()
  }
  const { split, generate, load } = spent
  const parts = [`split ${split.toFixed(0)}`, `generate ${generate.toFixed(0)}`]
  const note = [
    `${rules.length} rules; processor time; ${parts.join(', ')}, load ${load.toFixed(0)}`,
    `${byKind.size} filters, ${instructions} instructions, ${verified} visited`,
    ...(weakened > 0 ? [`${weakened} parts given up`] : []),
  ].join('; ')
  printFigure(`${name}: from rules to loaded filters`, split + generate + load, 'ms', note)
  for (const sample of samples) {
    const plan = byKind.get(EventNumber[sample.kind])
    if (plan !== undefined) measureRecord(name, plan, sample)
  }
}

if (process.getuid?.() === 0) {
  measure(`the rules of ${shownPath(stableRules)}`, loadRules(readRules([stableRules])).rules)
  for (const count of [50, 500, 2_000]) {
    const texts = [{ name: 'generated.yaml', text: generatedRules(count, seed) }]
    measure(`${count} generated rules`, loadRules(texts).rules)
  }
} else {
  console.log('filters: not measured, this is not root')
}
