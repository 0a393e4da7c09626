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
import { loadFilter } from './measure/filters.ts'

const counts = [10, 1_000] as const
const cgroupId = 1
const runsOfRound = 100_000
const rounds = 21

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

const measureKernel = (name: string, rules: readonly Rule[]): void => {
  const scopeClasses = rules.slice(0, 250).map(({ policy }, i) => ({
    number: scopeClassMin + i,
    isJudged: (key: string) => key === policy?.scope?.key,
  }))
  const machine = machineOf(process.arch) ?? 'x64'
  const begin = performance.now()
  const { byKind } = splitRules(rules, { machine, tellsCgroups: true, scopeClasses })
  const plan = byKind.get(EventNumber.open)
  if (!plan) throw new Error('there is no plan for opens')
  const filter = generateFilter(plan)
  const made = performance.now() - begin
  const loaded = loadFilter(filter)
  try {
    loaded.tellCgroup(cgroupId, scopeClassMin + 3)
    const record = encodeRecord('open', values)
    if (loaded.accepts(record)) throw new Error('the record was to be dropped')
    const times = Array.from({ length: rounds }, () => loaded.nsPerRecord(record, runsOfRound))
    const note = `${filter.instructionCount} instructions, made in ${made.toFixed(0)} ms`
    printFigure(`${name}: an open, in the kernel`, percentile(times, 0.5), 'ns a record', note)
  } finally {
    loaded.close()
  }
}

for (const count of counts) {
  const rules = rulesOf(count)
  measureAgent(`${count} policies`, rules)
  measureKernel(`${count} policies`, rules)
}
