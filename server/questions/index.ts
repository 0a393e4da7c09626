/** Questions to a cluster. */
export type { PathsQuestion, Questioned } from './ask.ts'
export { askBlastRadius, askPaths, askWhoCan, faultsOfRequest } from './ask.ts'
export type { PodFindings } from './pod.ts'
export { askPod, badPod, findingsOfPod, podJson, podLines } from './pod.ts'
