/** The cluster of an API server, watched from now on; says what it has when that is known. */
import type { ApiAccess } from '@bulwark/kubernetes'
import { LiveCluster, inputLines } from '@bulwark/server'
import { log } from '../report.ts'

/** Begins to watch. */
export const watchedCluster = (access: ApiAccess): LiveCluster => {
  const cluster = new LiveCluster({ access, log })
  const tell = (): void => {
    for (const line of inputLines(cluster.known, cluster.place)) log(line)
  }
  void cluster.untilListed().then(tell)
  return cluster
}
