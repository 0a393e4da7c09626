/**
 * What policies cost: nanoseconds an event of a container for which one of 10, and one of 1,000
 * policies holds, in the agent and in a filter of the kernel; and what it takes to load them.
 *
 *   node bench/policies.ts
 */
import type { LiveEvent } from '@bulwark/agent'
import { machineOf, newContainer, noMetadata, unknownProcess } from '@bulwark/agent'
import type { Rule } from '@bulwark/policy'
import {
  generateFilter,
  loadPolicies,
  scopeClassMin,
  splitRules,
  schemaCatalog,
} from '@bulwark/policy'
import type { RecordValues } from '@bulwark/schema'
import { EventNumber, encodeRecord, syscallNames } from '@bulwark/schema'
import { engineOf, eventOfRecord } from './measure/engine.ts'
import { nsPerCall, percentile, printFigure } from './measure/figures.ts'
import type { MeasuredFilter } from './measure/filters.ts'
import { loadFilter } from './measure/filters.ts'

const counts = [10, 50, 1_000] as const

interface Case {
  readonly policies: (typeof counts)[number]
  /** Sets of scopes that containers of the node are in: as on one with so many different pods. */
  readonly classes: number
}
const cases: readonly Case[] = [
  { policies: 10, classes: 10 },
  { policies: 50, classes: 50 },
  { policies: 1_000, classes: 10 },
  { policies: 1_000, classes: 250 },
  { policies: 1_000, classes: 1_000 },
]
const cgroupId = 1
const runsOfRound = 20_000
const rounds = 101

/** Each policy is for the pods of one app, and asks for opens of a folder of its own. */
const policyOf = (i: number): string => `---
apiVersion: bulwark.dev/v1alpha1
kind: RuntimePolicy
metadata: {name: p${i}}
spec:
  scope: {podSelector: {matchLabels: {app: app${i}}}}
  rules:
    - name: rule ${i}
      condition: >
        evt.type in (open, openat) and fd.name startswith /srv/app${i}/ and not proc.name = app${i}
      output: opened %fd.name
`

const rulesOf = (count: number): readonly Rule[] => {
  const text = Array.from({ length: count }, (_, i) => policyOf(i)).join('')
  const begin = performance.now()
  const loaded = loadPolicies([], [{ name: 'policies.yaml', text }], {
    catalog: schemaCatalog,
    eventNames: syscallNames,
    sources: new Set(['syscall']),
    suggestedOutput: [],
  })
  printFigure(`${count} policies: read and compiled`, performance.now() - begin, 'ms')
  if (loaded.rules.length !== count) throw new Error('a policy does not hold')
  return loaded.rules
}

/** What a program opens all the time, and no policy is about. */
const values: RecordValues = {
  time_ns: 1e12,
  pid: 10,
  tid: 10,
  ppid: 1,
  comm: 'app',
  syscall: 257,
  result: 3,
  cgroup_id: cgroupId,
  path: '/usr/lib/x86_64-linux-gnu/libc.so.6',
  raw_path: '/usr/lib/x86_64-linux-gnu/libc.so.6',
}

const container = newContainer({ id: 'c', podUid: 'u', runtime: 'containerd' })
container.metadata = { ...noMetadata, podUid: 'u', podLabels: [['app', 'app3']] }

const liveEvent = (): LiveEvent => {
  const event = eventOfRecord('open', values)
  event.kind = EventNumber.open
  event.type = 'openat'
  event.process = { ...unknownProcess(10, 1), comm: 'app' }
  event.container = container
  return event
}

const measureAgent = (name: string, rules: readonly Rule[]): void => {
  const engine = engineOf(rules)
  const event = liveEvent()
  const begin = performance.now()
  engine.run(event)
  printFigure(`${name}: first event of a container`, performance.now() - begin, 'ms')
  const ns = nsPerCall((times) => {
    for (let i = 0; i < times; i++) {
      event.moved()
      engine.run(event)
    }
  })
  printFigure(`${name}: an open, in the agent`, ns, 'ns')
}

/** A filter that is loaded for so many of the policies and classes of scopes. */
interface Loaded extends Case {
  readonly filter: MeasuredFilter
  readonly note: string
}

const loadCase = ({ policies, classes }: Case, rules: readonly Rule[]): Loaded => {
  const scopeClasses = rules.slice(0, classes).map(({ policy }, i) => ({
    number: scopeClassMin + i,
    isJudged: (key: string) => key === policy?.scope?.key,
  }))
  const machine = machineOf(process.arch) ?? 'x64'
  const begin = performance.now()
  const { byKind } = splitRules(rules, { machine, tellsCgroups: true, scopeClasses })
  const plan = byKind.get(EventNumber.open)
  if (!plan) throw new Error('there is no plan for opens')
  const made = generateFilter(plan)
  const madeMs = performance.now() - begin
  const filter = loadFilter(made)
  const note = `${made.instructionCount} instructions, made in ${madeMs.toFixed(0)} ms`
  return { policies, classes, filter, note }
}

/** By turns, so that all see whatever else the machine does. */
const measureKernel = (loaded: readonly Loaded[]): void => {
  const record = encodeRecord('open', values)
  for (const { filter } of loaded) {
    filter.tellCgroup(cgroupId, scopeClassMin + 3)
    if (filter.accepts(record)) throw new Error('the record was to be dropped')
  }
  const times = loaded.map((): number[] => [])
  for (let round = 0; round < rounds; round++) {
    loaded.forEach(({ filter }, i) => times[i]?.push(filter.nsPerRecord(record, runsOfRound)))
  }
  const medians = times.map((each) => percentile(each, 0.5))
  loaded.forEach(({ policies, classes, note }, i) => {
    const what = `${policies} policies, ${classes} classes: an open, in the kernel`
    printFigure(what, medians[i] ?? NaN, 'ns a record', note)
  })
  const most = Math.max(...medians.filter((_, i) => loaded[i]?.policies === 1_000))
  const ratio = most / (medians[0] ?? NaN)
  printFigure('an open in the kernel, 1000 policies in place of 10', ratio, 'x', 'the dearest case')
}

const all = new Map(counts.map((count) => [count, rulesOf(count)]))
for (const [count, rules] of all) measureAgent(`${count} policies`, rules)
const loaded: Loaded[] = []
try {
  for (const each of cases) loaded.push(loadCase(each, all.get(each.policies) ?? []))
  measureKernel(loaded)
} finally {
  for (const { filter } of loaded) filter.close()
}
