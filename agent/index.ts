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
  shownJson,
} from './alert.ts'
export type { BackendChoice, ChosenBackend } from './sensor/backend.ts'
export { backendChoices, backendFindings, chooseBackend } from './sensor/backend.ts'
export { onBeat } from './beat.ts'
export type { Counters } from './counters.ts'
export type { RuleMatching } from './engine.ts'
export { activeRules } from './engine.ts'
export { shedRule } from './flood.ts'
export { lossRule } from './loss.ts'
export { accessorFaults, printable } from './fields/index.ts'
export type { Finding } from './sensor/probe.ts'
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
export type { NamespaceFacts, PodChanges, PodFacts } from './container/pod.ts'
export { kernelName, probeMachine } from './sensor/probe.ts'
export type { TriedFilters, TriedSensor } from './sensor/try-sensor.ts'
export { trySensor } from './sensor/try-sensor.ts'
export { objectFile } from './sensor/object-file.ts'
export type { OutputSettings } from './outputs/index.ts'
export { Outputs, UsageSender, facilities, lostAlertsRule } from './outputs/index.ts'
export { preemptionFindings } from './sensor/preemption.ts'
export type { RuleHooks } from './sensor/rule-hooks.ts'
export { hooksOfRule, isBroad, typesGiven } from './sensor/rule-hooks.ts'
export { askingRules, effectsOf } from './filter/filter-effects.ts'
export type { Folding } from './fold.ts'
export type { FilterCounts, FilterState } from './filter/filters.ts'
export { KernelFilters } from './filter/filters.ts'
export type { HoldCounts } from './sensor/hurry.ts'
export { CgroupNumbers, makeCgroupWords } from './container/cgroup-numbers.ts'
export { loadParts, makePartMaps } from './filter/filter-parts.ts'
export type { AttachedHook } from './sensor/hook-plan.ts'
export type { KernelCounters } from './sensor/loss-counters.ts'
export { inTurns } from './turns.ts'
export { losesEvents } from './sensor/loss-counters.ts'
export { carriedEvents, machineOf } from './sensor/hook-plan.ts'

// Parts that benchmarks measure one by one.
export { newCounters } from './counters.ts'
export { Engine } from './engine.ts'
export { LiveEvent } from './live-event.ts'
export { limits } from './limits.ts'
export { unknownProcess } from './process.ts'
export { Sockets } from './network/sockets.ts'
export { Users, hostUsers } from './users.ts'
export { newContainer, noMetadata } from './container/container.ts'
