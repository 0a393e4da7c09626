/** The cluster's security graph: objects in, edges with their reasons out. Pure. */
export { catalogue } from './catalogue.ts'
export type { PodAlert } from './chains/judging.ts'
export { AlertJudging } from './chains/judging.ts'
export type { Observation } from './chains/observations.ts'
export { observations, shownBy } from './chains/observations.ts'
export type { TakenNode } from './chains/taken-nodes.ts'
export type { JoinedAlert, RaisedAlert, ToldLevel } from './chains/window.ts'
export type { ClusterSettings, StateSpec, TypeOfItem } from './cluster.ts'
export { Cluster } from './cluster.ts'
export type { ContextQuestion, ContextSources } from './context/contexts.ts'
export { imageDigestsOf, podContextOf, takeUsage } from './context/contexts.ts'
export { noEpss, readCveDocument, readCveJson } from './cves/document.ts'
export { EpssReading } from './cves/feeds.ts'
export type { CveDiagnostic } from './cves/reader.ts'
export type { CveDocument, DocumentForm, ImageReport, VexClaim } from './cves/report.ts'
export type { CveCounts, Finding, ImageCves } from './cves/store.ts'
export { CveStore } from './cves/store.ts'
export type { PackageUse, UsageQuestion } from './cves/usage.ts'
export { UsedFiles, programFiles } from './cves/usage.ts'
export type { CveWeight } from './cves/weight.ts'
export { weightOf, weightTable } from './cves/weight.ts'
export { limits as graphLimits } from './limits.ts'
export type { ObjectFault, ObjectRef } from './diagnostics.ts'
export { refText } from './diagnostics.ts'
export type { Certainty, Edge, EdgeKind, Emit, Fact, Reason } from './edges.ts'
export { gaps } from './gaps.ts'
export { edgesFrom } from './graph.ts'
export type {
  AlertFacts,
  ContainerCves,
  EscapeWay,
  Exposure,
  ExposureLevel,
  IdentityPower,
  PathStep,
  PathThrough,
  PodContext,
  Posture,
  WeighedFinding,
} from './judgement/context.ts'
export { plainAlert, unknownContext } from './judgement/context.ts'
export type { Factor, FactorRow } from './judgement/factor.ts'
export { indicatorGroups, indicatorTag } from './judgement/indicators.ts'
export type { Judgement, Suppression } from './judgement/judge.ts'
export { anomalyRules, anomalyTag, falcoAnomalyRules } from './judgement/anomalies.ts'
export { factorsOf, judge, unknownsOf } from './judgement/judge.ts'
export type { PolicyDocument } from './judgement/policy.ts'
export { readSeverityPolicies } from './judgement/policy.ts'
export { factReader, factsJson } from './judgement/facts.ts'
export type { TakenPolicy } from './judgement/operator.ts'
export { OperatorSettings } from './judgement/operator.ts'
export { overridesOfPolicies } from './judgement/overrides.ts'
export type { Override, SeveritySettings } from './judgement/settings.ts'
export { defaultSettings } from './judgement/settings.ts'
export type { Level, Priority } from './judgement/severity.ts'
export { levelOf, levels, priorityAt } from './judgement/severity.ts'
export { factorTable, scale } from './judgement/table.ts'
export {
  factorJson,
  factorLines,
  judgementJson,
  judgementLines,
  pathJson,
  pathText,
  summaryOf,
  unknownLines,
} from './judgement/words.ts'
export { clusterNetwork } from './network/cluster-network.ts'
export type { ClusterNetwork } from './network/cluster-network.ts'
export type { Exposure as PodExposure, Way } from './network/exposure.ts'
export { exposureOf } from './network/exposure.ts'
export { exposureLevels } from './network/front.ts'
export { reachesServer } from './network/server-reach.ts'
export { useImageCves } from './network/image-cves.ts'
export { readTypes } from './objects/kinds.ts'
export type { GraphNode, NodeKind } from './nodes.ts'
export {
  clusterAdmin,
  containerNode,
  groupNode,
  hostNode,
  hubNode,
  internet,
  nodeKinds,
  podNode,
  serviceAccountNode,
  userNode,
} from './nodes.ts'
export { prepare } from './prepare.ts'
export type { BlastRadius, Reached } from './questions/blast-radius.ts'
export { blastRadius } from './questions/blast-radius.ts'
export type { Fix, FixSet } from './questions/fixes.ts'
export { findFixes } from './questions/fixes.ts'
export type { ReachedWay, ReachedWays } from './questions/reached-ways.ts'
export type { AttackPath, Hop, PathOptions, Paths, Replica } from './questions/paths.ts'
export { findPaths } from './questions/paths.ts'
export type { NoSuchNode, Target } from './questions/targets.ts'
export { crownJewelLabel, isTarget, readStart, readTarget } from './questions/targets.ts'
export type { MayDo } from './questions/who-can.ts'
export { whoCan } from './questions/who-can.ts'
export type { Identity } from './rbac/grants.ts'
export { accountIdentity, can, groupsOfUser } from './rbac/grants.ts'
export type { PathRequest, Request, ResourceRequest } from './rbac/match.ts'
