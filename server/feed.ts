/** Where a server has its cluster from. */
import type { ContextSources } from '@bulwark/graph'
import type { GraphInput } from '@bulwark/schema'

export interface ClusterFeed {
  /** What contexts and questions are asked of; `undefined`: nothing is known yet. */
  readonly sources: ContextSources | undefined
  /** What that rests on. */
  readonly input: () => GraphInput
  /** Seconds since each kind that is watched was heard of; of files none. */
  readonly ages: () => ReadonlyMap<string, number>
  /** What happened on the way from the API server, by what it was; of files nothing. */
  readonly counts: ReadonlyMap<string, number>
  /** Files about vulnerabilities beside a cluster, by what became of them. */
  readonly files: ReadonlyMap<string, number>
}
