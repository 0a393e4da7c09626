/**
 * The cluster of an API server, watched from now on, with files about vulnerabilities beside it;
 * says what it has when that is known.
 */
import type { ApiAccess } from '@bulwark/kubernetes'
import { LiveCluster, ReportFiles, inputLines, reportFilesOf } from '@bulwark/server'
import { FileWatch } from '../file-watch.ts'
import { log } from '../report.ts'
import { areRead } from './source.ts'

export interface WatchedCluster {
  readonly cluster: LiveCluster
  readonly stop: () => void
}

/**
 * Begins to watch; resolves when the files have been read.
 *
 * @param paths  of files about vulnerabilities
 * @returns `undefined` where one cannot be read, which was said
 */
export const watchedCluster = async (
  access: ApiAccess,
  paths: readonly string[],
): Promise<WatchedCluster | undefined> => {
  const cluster = new LiveCluster({ access, log })
  const isListed = (): boolean => cluster.sources !== undefined
  const files = new ReportFiles({ paths, input: cluster.known, log, isListed })
  const onChange = (): void => void files.refresh()
  const watch = new FileWatch({ paths, filesOf: reportFilesOf, onChange, log })
  const stop = (): void => {
    watch.stop()
    cluster.stop()
  }
  if (!(await areRead(files))) {
    stop()
    return undefined
  }
  const tell = (): void => {
    for (const line of inputLines(cluster.known, cluster.place)) log(line)
  }
  void cluster.untilListed().then(tell)
  return { cluster, stop }
}
