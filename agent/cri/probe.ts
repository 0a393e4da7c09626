/** Whether a container runtime of Kubernetes can be asked here, as a line of `doctor`. */
import { readFileSync, statSync } from 'node:fs'
import type { Probe } from '@bulwark/native'
import type { Finding } from '../sensor/probe.ts'
import { listPids } from '../procfs.ts'
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

/** Names of the programs that serve a CRI socket, or call one. */
const runtimes = /^(?:containerd|crio|cri-dockerd|kubelet|k3s.*|k0s|rke2)\n$/

/** Whether a container runtime of Kubernetes, or Kubernetes itself, is at work here. */
const runtimeRuns = (): boolean =>
  listPids('/proc').some((pid) => {
    try {
      return runtimes.test(readFileSync(`/proc/${pid}/comm`, 'latin1'))
    } catch {
      return false // ended meanwhile
    }
  })

/** What to ask, and for whom. */
export interface CriChoice {
  /** Where to look; none for nowhere; the usual places when not said. */
  readonly sockets?: readonly string[] | undefined
  /** Whether there is a runtime whose socket it could be; asked of /proc when not said. */
  readonly runs?: () => boolean
  readonly usual?: readonly string[]
}

/** Asks the machine. */
export const criFinding = (choice: CriChoice = {}): Finding => {
  const { sockets, runs = runtimeRuns, usual = criSockets } = choice
  const places = sockets ?? usual
  const socket = places.find(isSocket)
  // Where there is no runtime there is nothing to ask for, unless somebody named a socket.
  const missed = sockets ? sockets.length > 0 : socket !== undefined || runs()
  const which = socket ?? sockets?.join(', ') ?? ''
  return {
    id: 'cri-socket',
    name: `CRI socket ${missed ? which : '(no container runtime runs here)'}`.trim(),
    probe: socket === undefined ? absence(places) : 'yes',
    needed: false,
    missed,
    events: [],
    without:
      'labels and addresses of pods and ids of images are absent; names, images and mounts come ' +
      "from the runtime's files",
    remedy: 'run beside containerd, CRI-O, k3s or cri-dockerd; or name it: run --cri SOCKET',
  }
}
