/** Ways out of a container by what its process may do: capabilities, and the node's processes. */
import type { Means } from './confinement.ts'
import {
  allOf,
  capability,
  hasCapability,
  rootFact,
  rootOf,
  withoutProfile,
} from './confinement.ts'
import type { ContainerIn, Escape } from './container.ts'
import { containerFact, podFact } from './container.ts'

const some = (...means: readonly (Means | undefined)[]): readonly Means[] =>
  means.filter((each) => each !== undefined)

const may =
  (...names: readonly string[]) =>
  ({ pod, container }: ContainerIn): boolean =>
    pod.spec.hostUsers !== false && names.every((name) => hasCapability(container, name))

const hostPidFact = ({ pod }: ContainerIn): Means | undefined =>
  pod.spec.hostPid
    ? {
        certainty: 'certain',
        facts: [
          podFact(
            pod,
            'spec.hostPID',
            "the pod sees the node's processes",
            'run the pod without `hostPID`',
          ),
        ],
      }
    : undefined

/** Surely with the one, and perhaps without it. */
const better = (sure: Means | undefined, doubtful: Means | undefined): readonly Means[] => {
  if (sure) return [sure]
  return doubtful ? [{ ...doubtful, certainty: 'possible' }] : []
}

const userNamespace = 'the pod is not in a user namespace of its own (`hostUsers: false`)'

const privileged: Escape = {
  id: 'ESC_PRIV',
  to: 'node',
  title: 'a privileged container takes its node over',
  preconditions: ['the container is privileged', userNamespace],
  observable: 'mount of a block device, load of a module, `nsenter`',
  attack: ['T1611'],
  may: ({ pod, container }) => container.isPrivileged && pod.spec.hostUsers !== false,
  means: (found) => {
    const why = `container ${found.container.name} is privileged`
    const fix = 'run the container without `privileged`'
    const fact = containerFact(found, 'securityContext.privileged', why, fix)
    return [{ certainty: 'certain', facts: [fact] }]
  },
}

const enterNamespaces: Escape = {
  id: 'ESC_NSENTER',
  to: 'node',
  title: "a container enters the namespaces of the node's first process",
  preconditions: [
    "the pod sees the node's processes (`hostPID`)",
    'the container is privileged, or has SYS_ADMIN and, for `/proc/1/ns`, SYS_PTRACE; ' +
      'without the ' +
      'latter it is possible',
    userNamespace,
  ],
  observable: "`setns` to the node's namespaces",
  attack: ['T1611'],
  may: (found) => found.pod.spec.hostPid && may('SYS_ADMIN')(found),
  means: (found) => {
    const admin = allOf(hostPidFact(found), capability(found, 'SYS_ADMIN'))
    return better(allOf(admin, capability(found, 'SYS_PTRACE')), admin)
  },
}

const trace: Escape = {
  id: 'ESC_PTRACE',
  to: 'node',
  title: "a container takes over one of the node's processes",
  preconditions: [
    "the pod sees the node's processes (`hostPID`)",
    'the container has SYS_PTRACE',
    'no AppArmor profile confines it; whether the node has AppArmor is told by its system, ' +
      'if at all',
    userNamespace,
  ],
  observable: '`ptrace`, or writing `/proc/PID/mem`, of a process of the node',
  attack: ['T1611', 'T1055.008'],
  may: (found) => found.pod.spec.hostPid && may('SYS_PTRACE')(found),
  means: (found, _cluster, node) =>
    some(allOf(hostPidFact(found), capability(found, 'SYS_PTRACE'), withoutProfile(found, node))),
}

const processRoot: Escape = {
  id: 'ESC_PROC_ROOT',
  to: 'node',
  title: "a container opens the node's files through `/proc/PID/root`",
  preconditions: [
    "the pod sees the node's processes (`hostPID`)",
    'the container runs as root',
    'it has SYS_PTRACE; without it only processes are open that have no more capabilities ' +
      'than it, ' +
      'which makes it possible',
    userNamespace,
  ],
  observable: 'opening a file through `/proc/PID/root`',
  attack: ['T1611'],
  may: ({ pod, container }) =>
    pod.spec.hostPid && pod.spec.hostUsers !== false && rootOf(container) !== 'no',
  means: (found) => {
    const root = allOf(hostPidFact(found), rootFact(found))
    return better(allOf(root, capability(found, 'SYS_PTRACE')), root)
  },
}

const modules: Escape = {
  id: 'ESC_MODULE',
  to: 'node',
  title: 'a container loads a kernel module',
  preconditions: ['the container has SYS_MODULE, or is privileged', userNamespace],
  observable: '`finit_module`, `init_module`',
  attack: ['T1611', 'T1547.006'],
  may: may('SYS_MODULE'),
  means: (found) => some(capability(found, 'SYS_MODULE')),
}

const programs: Escape = {
  id: 'ESC_BPF',
  to: 'node',
  title: 'a container loads a program into the kernel that changes what the node does',
  preconditions: ['the container has BPF and PERFMON, or SYS_ADMIN', userNamespace],
  observable: '`bpf(PROG_LOAD)`',
  attack: ['T1611', 'T1014'],
  may: (found) => may('SYS_ADMIN')(found) || may('BPF', 'PERFMON')(found),
  means: (found) =>
    some(
      capability(found, 'SYS_ADMIN') ??
        allOf(capability(found, 'BPF'), capability(found, 'PERFMON')),
    ),
}

/** What of a node's files is worth reading, by sort. */
export const credentialSorts = [
  'admin',
  'cloud',
  'etcd',
  'kubelet',
  'pods',
  'processes',
  'shadow',
  'ssh',
] as const

const handles: Escape = {
  id: 'ESC_HANDLE',
  to: 'credentials',
  title: "a container opens the node's files by handle, past its own root",
  preconditions: ['the container has DAC_READ_SEARCH', userNamespace],
  observable: '`open_by_handle_at`',
  attack: ['T1611', 'T1552.001'],
  may: may('DAC_READ_SEARCH'),
  means: (found) => {
    const means = capability(found, 'DAC_READ_SEARCH')
    return means ? credentialSorts.map((sort) => Object.assign({ sort }, means)) : []
  },
}

const handlesToWrite: Escape = {
  id: 'ESC_HANDLE_W',
  to: 'node',
  title: "a container opens the node's files by handle, and writes them",
  preconditions: ['the container has DAC_READ_SEARCH and DAC_OVERRIDE', userNamespace],
  observable: '`open_by_handle_at` for writing',
  attack: ['T1611'],
  may: may('DAC_READ_SEARCH', 'DAC_OVERRIDE'),
  means: (found) =>
    some(allOf(capability(found, 'DAC_READ_SEARCH'), capability(found, 'DAC_OVERRIDE'))),
}

const rawMemory: Escape = {
  id: 'ESC_RAWIO',
  to: 'node',
  title: "a container reaches the node's memory and ports",
  preconditions: [
    'the container has SYS_RAWIO',
    'it is privileged; otherwise it may only use ports, and what that gives depends on the ' +
      'machine: ' +
      'possible',
    userNamespace,
  ],
  observable: '`iopl`, opening `/dev/mem` or `/dev/port`',
  attack: ['T1611'],
  may: may('SYS_RAWIO'),
  means: (found) => {
    const means = capability(found, 'SYS_RAWIO')
    return found.container.isPrivileged ? some(means) : better(undefined, means)
  },
}

export const escapes: readonly Escape[] = [
  privileged,
  enterNamespaces,
  trace,
  processRoot,
  modules,
  programs,
  handles,
  handlesToWrite,
  rawMemory,
]
