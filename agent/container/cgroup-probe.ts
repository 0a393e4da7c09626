/** What this machine's cgroups allow: how containers are told apart here, and whether all are. */
import { cgroupMode, readCgroups } from './cgroups.ts'
import { inHostNamespace } from '../sensor/namespaces.ts'
import type { Finding } from '../sensor/probe.ts'

const words = {
  v2: 'cgroups that tell containers (v2)',
  hybrid: 'cgroups that tell containers (hybrid: v2, and where that is empty',
  v1: 'cgroups that tell containers (v1',
  none: 'cgroups that tell containers',
} as const

const nameOf = (): { readonly name: string; readonly isThere: boolean } => {
  const cgroups = readCgroups()
  const mode = cgroupMode(cgroups)
  const of = cgroups.old ? `, v1 by ${cgroups.old.controller})` : ''
  return { name: `${words[mode]}${of}`, isThere: mode !== 'none' }
}

/** Asks the machine. */
export const cgroupFindings = (): readonly Finding[] => {
  const { name, isThere } = nameOf()
  return [
    {
      id: 'cgroups',
      name,
      events: [],
      probe: isThere ? 'yes' : 'no',
      needed: false,
      without: "containers are not told apart: every event counts as the host's",
      remedy: 'mount them: mount -t cgroup2 none /sys/fs/cgroup',
    },
    {
      id: 'cgroup-namespace',
      name: "the host's cgroup namespace",
      events: [],
      probe: inHostNamespace('cgroup') ? 'yes' : 'no',
      needed: false,
      without: 'containers that were there before the sensor are not found',
      remedy:
        "run in the host's cgroup namespace (docker run --cgroupns host; hostPID is not enough)",
    },
  ]
}
