/** The cluster's brain: what a cluster is made of, and what it makes of alerts. */
export type { KindState, KindStatus, LiveClusterOptions } from './cluster/index.ts'
export { LiveCluster, askedTypes, discover, namesOnlyKinds } from './cluster/index.ts'
export type { InputFault, Json, KindCounts, Place } from './input/index.ts'
export { ClusterInput, faultText, inputJson, inputLines, isJson } from './input/index.ts'
export type { AlertRaise, Judged, JudgedAlert } from './judge/index.ts'
export { AlertJudge, SeverityFileError, readSeverityFiles } from './judge/index.ts'
