/** Whether a container runtime of Kubernetes can be asked here, as a line of `doctor`. */
import { statSync } from 'node:fs'
import type { Probe } from '@bulwark/native'
import type { Finding } from '../probe.ts'
import { criSockets, isSocket } from './source.ts'

/** Who may not look into a folder of root's cannot tell whether a socket is in it. */
const absence = (sockets: readonly string[]): Probe => {
  for (const socket of sockets) {
    try {
      statSync(socket, { throwIfNoEntry: false })
    } catch (error) {
      return { unknown: error instanceof Error ? error.message : String(error) }
    }
  }
  return 'no'
}

/** Asks the machine. @param sockets  where to look */
export const criFinding = (sockets: readonly string[] = criSockets): Finding => {
  const socket = sockets.find(isSocket)
  return {
    id: 'cri-socket',
    name: socket === undefined ? 'CRI socket' : `CRI socket ${socket}`,
    probe: socket === undefined ? absence(sockets) : 'yes',
    needed: false,
    events: [],
    without:
      'labels and addresses of pods and ids of images are absent; names, images and mounts come ' +
      "from the runtime's files",
    remedy: 'run beside containerd, CRI-O, k3s or cri-dockerd; or name it: run --cri SOCKET',
  }
}
