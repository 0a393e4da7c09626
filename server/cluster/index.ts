/** A cluster that its API server is asked for. */
export type { Discovered } from './discovery.ts'
export { askedTypes, discover, namesOnlyKinds } from './discovery.ts'
export type { LiveClusterOptions } from './live.ts'
export { LiveCluster } from './live.ts'
export type { KindState, KindStatus } from './watched-kind.ts'
