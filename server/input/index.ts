/** What a cluster is made of, wherever it comes from. */
export type { OnProgress } from './files.ts'
export { FilesError, readClusterFiles } from './files.ts'
export type { InputFault, Json, KindCounts, Place } from './input.ts'
export { ReportFiles, reportFilesOf } from './report-files.ts'
export { ClusterInput, faultText, inputJson, inputLines, isJson } from './input.ts'
