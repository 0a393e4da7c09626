/** The node's agent: from the kernel's events to alerts. */
export type { AgentOptions, RecordOptions } from './agent-options.ts'
export { Agent } from './agent.ts'
export { asksForEnvironment, wantedTypes } from './pipeline.ts'
export { CaptureError } from './capture/reader.ts'
export type { ReplayOptions, Replayed } from './replay.ts'
export { replay } from './replay.ts'
export type { Alert, AlertForm } from './alert.ts'
export {
  alertJson,
  alertText,
  defaultForm,
  internalAlert,
  raisedAlert,
  raisedRule,
} from './alert.ts'
export type { BackendChoice, ChosenBackend } from './backend.ts'
export { backendChoices, backendFindings, chooseBackend } from './backend.ts'
export { onBeat } from './beat.ts'
export type { Counters } from './counters.ts'
export type { RuleMatching } from './engine.ts'
export { activeRules } from './engine.ts'
export { accessorFaults, printable } from './fields/index.ts'
export type { Finding } from './probe.ts'
export type {
  PolicyFeedOptions,
  PolicyText,
  PodOrigin,
  PodSourceOptions,
} from './kubernetes/index.ts'
export {
  PodContainers,
  PodSource,
  PolicyFeed,
  policiesPath,
  readDump,
  readNamespace,
  readPod,
  readPolicyText,
} from './kubernetes/index.ts'
export type { NamespaceFacts, PodChanges, PodFacts } from './pod.ts'
export { kernelName, probeMachine } from './probe.ts'
export type { TriedFilters, TriedSensor } from './try-sensor.ts'
export { trySensor } from './try-sensor.ts'
export { objectFile } from './object-file.ts'
export type { OutputSettings } from './outputs/index.ts'
export { Outputs, UsageSender, facilities, lostAlertsRule } from './outputs/index.ts'
export { preemptionFindings } from './preemption.ts'
export type { RuleHooks } from './rule-hooks.ts'
export { hooksOfRule, isBroad, typesGiven } from './rule-hooks.ts'
export { askingRules, effectsOf } from './filter-effects.ts'
export type { Folding } from './fold.ts'
export type { FilterCounts, FilterState } from './filters.ts'
export { KernelFilters } from './filters.ts'
export type { HoldCounts } from './sensor.ts'
export { CgroupNumbers, makeCgroupWords } from './cgroup-numbers.ts'
export { loadParts, makePartMaps } from './filter-parts.ts'
export type { AttachedHook } from './hook-plan.ts'
export type { KernelCounters } from './loss-counters.ts'
export { inTurns } from './turns.ts'
export { losesEvents } from './loss-counters.ts'
export { carriedEvents, machineOf } from './hook-plan.ts'

// Parts that benchmarks measure one by one.
export { newCounters } from './counters.ts'
export { Engine } from './engine.ts'
export { LiveEvent } from './live-event.ts'
export { limits } from './limits.ts'
export { unknownProcess } from './process.ts'
export { Sockets } from './sockets.ts'
export { Users, hostUsers } from './users.ts'
export { newContainer, noMetadata } from './container.ts'
