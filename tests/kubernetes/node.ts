/** What a node of a cluster has: a runtime for pods, and an API server that tells of them. */
import type { Containerd } from '@bulwark/tools'
import { ApiServer, startContainerd } from '@bulwark/tools'
import { Pods } from '../containerd/pods.ts'
import type { Undo } from '../kernel/stage.ts'

/** @param undo  what is to be done when the tests are over, the last first */
export const startNode = async (
  undo: Undo,
): Promise<{
  readonly containerd: Containerd
  readonly pods: Pods
  readonly server: ApiServer
}> => {
  const containerd = await startContainerd()
  undo(() => containerd.close())
  const pods = new Pods(containerd)
  undo(() => pods.close())
  await pods.untilReady()
  const server = await ApiServer.start()
  undo(() => server.stop())
  return { containerd, pods, server }
}
