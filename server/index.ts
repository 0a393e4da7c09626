/** The cluster's brain: what a cluster is made of, and what it makes of alerts. */
export type { KindState, KindStatus, LiveClusterOptions } from './cluster/index.ts'
export { LiveCluster, askedTypes, discover, namesOnlyKinds } from './cluster/index.ts'
export type { InputFault, Json, KindCounts, OnProgress, Place } from './input/index.ts'
export {
  ClusterInput,
  FilesError,
  ReportFiles,
  faultText,
  inputJson,
  inputLines,
  isJson,
  readClusterFiles,
  reportFilesOf,
} from './input/index.ts'
export type { AlertRaise, Judged, JudgedAlert } from './judge/index.ts'
export {
  AlertJudge,
  SeverityFeed,
  SeverityFileError,
  readSeverityFiles,
  severityPoliciesPath,
} from './judge/index.ts'
export type { ClusterFeed } from './feed.ts'
export type { Listen, Role, RoleAccess, RunningServer, ServerOptions, Tls } from './http/index.ts'
export type { ReceivedAlert } from './link/index.ts'
export type { AlertState, KeptText, StateFile, StateFiles, TextKeeper } from './memory/index.ts'
export { startServer } from './start.ts'
export { limits as serverLimits } from './limits.ts'
export type { PathsQuestion, PodFindings, Questioned } from './questions/index.ts'
export {
  askBlastRadius,
  askPaths,
  askPod,
  askWhoCan,
  badPod,
  faultsOfRequest,
  findingsOfPod,
  podJson,
  podLines,
} from './questions/index.ts'
