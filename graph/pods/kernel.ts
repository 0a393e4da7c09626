/** Ways out of a container by faults of the node's kernel and container runtime, by version. */
import type { ClusterNode } from '../objects/basics.ts'
import type { Means } from './confinement.ts'
import {
  allOf,
  capability,
  rootFact,
  rootOf,
  withoutProfile,
  withoutSeccomp,
} from './confinement.ts'
import type { ContainerIn, Escape } from './container.ts'
import { nodeFact } from './container.ts'

type Version = readonly [major: number, minor: number, patch: number]

/** The first version in a text; `undefined`: there is none. */
export const versionIn = (text: string): Version | undefined => {
  const [, major, minor, patch] = /(?:^|[^\d])(\d{1,4})\.(\d{1,4})(?:\.(\d{1,6}))?/.exec(text) ?? []
  if (major === undefined || minor === undefined) return undefined
  return [Number(major), Number(minor), Number(patch ?? 0)]
}

/** Of a node, by what it tells. Nodes do not change, they are replaced. */
const faultsByKernel = new WeakMap<ClusterNode, readonly KernelFault[]>()

const isBefore = (a: Version, b: Version): boolean => {
  for (const at of [0, 1, 2] as const) if (a[at] !== b[at]) return a[at] < b[at]
  return false
}

/** A fault of the kernel, as upstream tells of it; distributions mend it without a new version. */
interface KernelFault {
  readonly cve: string
  readonly since: Version
  /** In this branch, and in all after it. */
  readonly mended: Version
  /** In older branches: the first release that has it mended. */
  readonly branches: readonly Version[]
  /** It needs a user namespace, which seccomp profiles of runtimes refuse. */
  readonly needsNamespace: boolean
}

const kernelFaults: readonly KernelFault[] = [
  {
    cve: 'CVE-2022-0185',
    since: [5, 1, 0],
    mended: [5, 16, 2],
    branches: [
      [5, 4, 173],
      [5, 10, 93],
      [5, 15, 16],
    ],
    needsNamespace: true,
  },
  {
    cve: 'CVE-2022-0847',
    since: [5, 8, 0],
    mended: [5, 16, 11],
    branches: [
      [5, 10, 102],
      [5, 15, 25],
    ],
    needsNamespace: false,
  },
  {
    cve: 'CVE-2024-1086',
    since: [3, 15, 0],
    mended: [6, 7, 3],
    branches: [
      [4, 19, 307],
      [5, 4, 269],
      [5, 10, 210],
      [5, 15, 149],
      [6, 1, 76],
      [6, 6, 15],
    ],
    needsNamespace: true,
  },
]

const groupsFault: KernelFault = {
  cve: 'CVE-2022-0492',
  since: [2, 6, 24],
  mended: [5, 16, 6],
  branches: [
    [4, 9, 301],
    [4, 14, 266],
    [4, 19, 229],
    [5, 4, 177],
    [5, 10, 97],
    [5, 15, 20],
  ],
  needsNamespace: true,
}

const has = (kernel: Version, { since, mended, branches }: KernelFault): boolean => {
  if (isBefore(kernel, since) || !isBefore(kernel, mended)) return false
  const branch = branches.find(([major, minor]) => kernel[0] === major && kernel[1] === minor)
  return branch === undefined || isBefore(kernel, branch)
}

/** That a node's kernel has a fault upstream; its distribution may have mended it. */
const faultOf = (node: ClusterNode | undefined, fault: KernelFault): Means | undefined => {
  const version = node && versionIn(node.kernel)
  if (!version || !has(version, fault)) return undefined
  const text = `kernel ${node.kernel} has ${fault.cve}, unless its distribution has mended it`
  return {
    certainty: 'unknown',
    facts: [nodeFact(node, 'status.nodeInfo.kernelVersion', text, 'update the kernel')],
  }
}

/** Faults of a node's kernel. */
const kernelFaultsOf = (node: ClusterNode | undefined): readonly KernelFault[] => {
  if (!node) return []
  let faults = faultsByKernel.get(node)
  if (!faults) {
    const version = versionIn(node.kernel)
    faults = version ? kernelFaults.filter((fault) => has(version, fault)) : []
    faultsByKernel.set(node, faults)
  }
  return faults
}

/** Systems that start with the old control groups, by their names. */
const oldGroups: readonly RegExp[] = [
  /ubuntu (?:1[468]|20)/i,
  /debian gnu\/linux (?:[89]|10)\b/i,
  /(?:centos|red hat|rhel|oracle).* [78](?:\.|\b)/i,
  /amazon linux 2\b(?!0)/i,
]

/** Which control groups a node has: the old ones allow to say what runs when a group is empty. */
const oldGroupsOf = (node: ClusterNode | undefined): Means | undefined => {
  if (!node || node.osImage === '') return undefined
  if (!oldGroups.some((system) => system.test(node.osImage))) return undefined
  const text = `${node.osImage} starts with the first version of control groups`
  return { certainty: 'possible', facts: [nodeFact(node, 'status.nodeInfo.osImage', text)] }
}

const controlGroups: Escape = {
  id: 'ESC_CGROUP',
  to: 'node',
  title: 'a container says what the kernel runs when a control group is empty',
  preconditions: [
    'the container has SYS_ADMIN, and runs as root',
    'the node has the first version of control groups, which its system tells: possible at ' +
      'the most',
    'no AppArmor profile confines the container',
  ],
  observable: 'writing `release_agent`',
  attack: ['T1611'],
  may: (found) => capability(found, 'SYS_ADMIN') !== undefined && rootOf(found.container) !== 'no',
  means: (found, _cluster, node) => {
    const means = allOf(
      capability(found, 'SYS_ADMIN'),
      rootFact(found),
      oldGroupsOf(node),
      withoutProfile(found, node),
    )
    return means ? [means] : []
  },
}

const groupsByNamespace: Escape = {
  id: 'ESC_USERNS_CGROUP',
  to: 'node',
  title: 'CVE-2022-0492: a container mounts control groups in a user namespace of its own',
  preconditions: [
    'the container runs as root, without seccomp and AppArmor profiles',
    'the kernel has CVE-2022-0492 upstream (before 5.16.6, 5.15.20, 5.10.97, 5.4.177); ' +
      'distributions mend it in older versions: unknown',
    'the node has the first version of control groups, which its system tells',
  ],
  observable: '`unshare`, then a mount of control groups',
  attack: ['T1611', 'T1068'],
  may: (found) => rootOf(found.container) !== 'no' && withoutSeccomp(found) !== undefined,
  means: (found, _cluster, node) => {
    const means = allOf(
      rootFact(found),
      withoutSeccomp(found),
      faultOf(node, groupsFault),
      oldGroupsOf(node),
      withoutProfile(found, node),
    )
    return means ? [means] : []
  },
}

const kernel: Escape = {
  id: 'ESC_KERNEL_CVE',
  to: 'node',
  title: "a container uses a fault of the node's kernel",
  preconditions: [
    'the kernel has CVE-2022-0185, CVE-2022-0847 or CVE-2024-1086 upstream; distributions ' +
      'mend it in ' +
      'older versions: unknown',
    'what the fault needs is in reach: for those that need a user namespace no seccomp profile',
  ],
  observable: 'depends on the fault',
  attack: ['T1611', 'T1068'],
  may: () => true,
  means: (found, _cluster, node) =>
    kernelFaultsOf(node).flatMap((fault) => {
      const reach = fault.needsNamespace
        ? withoutSeccomp(found)
        : { certainty: 'certain' as const, facts: [] }
      const means = allOf(faultOf(node, fault), reach)
      return means ? [means] : []
    }),
}

interface RuntimeFault {
  readonly cve: string
  readonly runtime: RegExp
  readonly isIn: (version: Version) => boolean
}

/** The version of runc is not in the objects; that of what brings it is. */
const runtimeFaults: readonly RuntimeFault[] = [
  {
    cve: 'CVE-2024-21626',
    runtime: /^containerd:/,
    isIn: (version) =>
      isBefore(version, [1, 6, 28]) ||
      (version[0] === 1 && version[1] === 7 && isBefore(version, [1, 7, 13])),
  },
  {
    cve: 'CVE-2025-31133',
    runtime: /^containerd:/,
    isIn: (version) =>
      isBefore(version, [1, 7, 29]) ||
      (version[0] === 2 && version[1] === 0 && isBefore(version, [2, 0, 7])) ||
      (version[0] === 2 && version[1] === 1 && isBefore(version, [2, 1, 5])),
  },
  {
    cve: 'CVE-2019-5736',
    runtime: /^docker:/,
    isIn: (version) => isBefore(version, [18, 9, 2]),
  },
]

const faultsByNode = new WeakMap<ClusterNode, readonly RuntimeFault[]>()

const runtimeFaultsOf = (node: ClusterNode): readonly RuntimeFault[] => {
  let faults = faultsByNode.get(node)
  if (!faults) {
    const version = versionIn(node.runtime)
    faults = version
      ? runtimeFaults.filter(({ runtime: name, isIn }) => name.test(node.runtime) && isIn(version))
      : []
    faultsByNode.set(node, faults)
  }
  return faults
}

const runtime: Escape = {
  id: 'ESC_RUNTIME_CVE',
  to: 'node',
  title: "a container uses a fault of the node's container runtime",
  preconditions: [
    "the version of the node's runtime came with a runc that has CVE-2025-31133, CVE-2024-21626 " +
      'or CVE-2019-5736; the version of runc itself is not in the objects: unknown',
  ],
  observable:
    'a working directory or a descriptor outside of the container; writing `/proc/self/exe`',
  attack: ['T1611', 'T1068'],
  may: () => true,
  means: (_found: ContainerIn, _cluster, node) => {
    if (!node) return []
    return runtimeFaultsOf(node).map(({ cve }): Means => {
      const text = `${node.runtime} came with a runc that has ${cve}`
      const fix = 'update the container runtime'
      const at = 'status.nodeInfo.containerRuntimeVersion'
      return { certainty: 'unknown', facts: [nodeFact(node, at, text, fix)] }
    })
  },
}

export const kernelEscapes: readonly Escape[] = [controlGroups, groupsByNamespace, kernel, runtime]
