/**
 * Which alerts show that an edge was walked: data beside the catalogue, by the ids of its kinds.
 * docs/graph.md is written from it. A test holds ids to the catalogue, and names to the rule files.
 */
import type { AlertAct } from '@bulwark/schema'
import type { Cluster } from '../cluster.ts'
import type { GraphNode } from '../nodes.ts'
import type { ContainerIn } from '../pods/container.ts'
import { credentialPlaces, isRunByRoot } from '../pods/host-paths.ts'
import { hostMounts, meets, plainPath } from '../pods/mounts.ts'
import type { Mount } from '../objects/podspec.ts'

/** What a place asks beside the act: the container, and where the edge leads. */
export interface PlaceQuestion {
  readonly act: AlertAct
  readonly cluster: Cluster
  readonly found: ContainerIn
  readonly to: GraphNode
}

/** Where something must have been done; `undefined` words: anywhere. */
interface Place {
  readonly words: string
  readonly holds: (question: PlaceQuestion) => boolean
}

const someFile = (is: (path: string) => boolean): Place['holds'] => {
  return ({ act }) => act.files.some(is)
}

/** Paths on the node of the files of an act, by the volumes of the node that they lie in. */
const pathsOnNode = ({ act, cluster, found }: PlaceQuestion, isWrite: boolean): readonly string[] =>
  hostMounts(cluster, found)
    .filter(({ isReadOnly, isDevice }) => !isDevice && !(isWrite && isReadOnly))
    .flatMap(({ inside, path }) =>
      act.files
        .map(plainPath)
        .filter((file) => meets(inside, file) === 'all')
        .map((file) => plainPath(`${path}/${inside === '/' ? file : file.slice(inside.length)}`)),
    )

const isIn =
  (path: string) =>
  (place: string): boolean =>
    meets(place, path) === 'all'

const mountsOf = ({ container }: ContainerIn, is: Mount['source']['is']): readonly Mount[] =>
  container.mounts.filter(({ source, path }) => source.is === is && path !== '')

const isBelow =
  (act: AlertAct) =>
  ({ path }: Mount): boolean =>
    act.files.some((file) => meets(plainPath(path), plainPath(file)) === 'all')

const kernelSettings = /^\/proc\/sys\/kernel\/|^\/proc\/sys\/fs\/binfmt_misc\//

const anywhere: Place = { words: '', holds: () => true }

const places = {
  anywhere,
  release: {
    words: 'of a file `release_agent`',
    holds: someFile((file) => file.endsWith('/release_agent')),
  },
  kernelSetting: {
    words: 'of a setting of the kernel',
    holds: someFile((file) => kernelSettings.test(file)),
  },
  memory: {
    words: 'of `/dev/mem`, `/dev/kmem` or `/dev/port`',
    holds: someFile((file) => /^\/dev\/(?:k?mem|port)$/.test(file)),
  },
  firstProcess: {
    words: 'through `/proc/1/root`',
    holds: someFile((file) => /^\/proc\/1\/(?:root|cwd)(?:\/|$)/.test(file)),
  },
  otherProcess: {
    words: 'through `/proc/PID`',
    holds: someFile((file) => /^\/proc\/\d+\//.test(file)),
  },
  runByRoot: {
    words: 'in a volume of the node, where its root runs programs from',
    holds: (question) => pathsOnNode(question, true).some(isRunByRoot),
  },
  credentials: {
    words: 'in a volume of the node, where it has such credentials',
    holds: (question) => {
      // Who writes such a file has not read it.
      if (question.act.isWrite) return false
      const wanted = credentialPlaces[question.to.part] ?? []
      return pathsOnNode(question, false).some((path) => wanted.some(isIn(path)))
    },
  },
  logs: {
    words: "in the node's `/var/log`",
    holds: (question) => pathsOnNode(question, true).some((path) => isIn(path)('/var/log')),
  },
  runtimeSocket: {
    words: 'in a volume of the node',
    holds: (question) => pathsOnNode(question, false).length > 0,
  },
  token: {
    words: 'of a token of the pod',
    holds: ({ act, found }) =>
      mountsOf(found, 'token').some(isBelow(act)) ||
      act.files.some((file) => file.includes('/kubernetes.io/serviceaccount/')),
  },
  secret: {
    words: 'in a volume of that secret',
    holds: ({ act, found, to }) =>
      mountsOf(found, 'secret')
        .filter(({ source }) => source.is === 'secret' && source.name === to.name)
        .some(isBelow(act)),
  },
  metadata: {
    words: 'to 169.254.169.254',
    holds: ({ act }) => act.peer?.address === '169.254.169.254',
  },
  loopback: {
    words: 'to the loopback',
    holds: ({ act }) => /^(?:127\.|::1$)/.test(act.peer?.address ?? ''),
  },
} satisfies Record<string, Place>

export interface Observation {
  /** Ids of kinds of edges. */
  readonly edges: readonly string[]
  /** Names of rules of Bulwark's own pack, and of Falco's files; none of both: by `tags`. */
  readonly rules: readonly string[]
  readonly falcoRules: readonly string[]
  /** Any rule with one of these. */
  readonly tags: readonly string[]
  /** Names of events that show it: another event of these rules is an attempt. None: every. */
  readonly types: readonly string[]
  /** Only what writes. */
  readonly isWrite: boolean
  readonly place: Place
  /**
   * The kernel lets nobody do it who has no such way. It counts where the objects know none, too:
   * what was seen is surer than they are.
   */
  readonly isProof: boolean
  /** `false`: the same is done without the edge, too: it may have been walked. */
  readonly isSure: boolean
}

const observe = (
  edges: readonly string[],
  parts: Partial<Omit<Observation, 'edges'>>,
): Observation => ({
  edges,
  rules: [],
  falcoRules: [],
  tags: [],
  types: [],
  isWrite: false,
  place: anywhere,
  isProof: false,
  isSure: true,
  ...parts,
})

/** Rules of anybody that tell of such things: a file of the node in them is no accident. */
const plantingTags = ['T1611', 'mitre_persistence', 'mitre_privilege_escalation']
const readingTags = ['T1611', 'mitre_credential_access']

export const observations: readonly Observation[] = [
  observe(['ESC_NSENTER'], {
    rules: ['Name spaces of another process entered'],
    falcoRules: ['Change thread namespace'],
    types: ['setns'],
  }),
  observe(['ESC_PTRACE'], {
    rules: ['Another process traced', 'Memory of another process opened'],
    falcoRules: ['PTRACE attached to process'],
    types: ['ptrace', 'open', 'openat', 'openat2'],
    isSure: false,
  }),
  observe(['ESC_PROC_ROOT'], {
    rules: ['File system of another process opened'],
    place: places.firstProcess,
  }),
  observe(['SHARE_PID'], {
    rules: ['File system of another process opened', 'Environment of another process read'],
    place: places.otherProcess,
  }),
  observe(['ESC_CGROUP', 'ESC_USERNS_CGROUP'], {
    rules: ['Kernel helper of the node written'],
    falcoRules: ['Detect release_agent File Container Escapes'],
    isWrite: true,
    place: places.release,
  }),
  observe(['ESC_CORE_PATTERN'], {
    rules: ['Kernel helper of the node written'],
    isWrite: true,
    place: places.kernelSetting,
    isProof: true,
  }),
  observe(['ESC_MODULE'], {
    rules: ['Kernel module asked for'],
    falcoRules: ['Linux Kernel Module Injection Detected'],
    types: ['init_module', 'finit_module'],
    isProof: true,
  }),
  observe(['ESC_BPF'], {
    rules: ['Program for the kernel loaded'],
    types: ['bpf'],
    isSure: false,
  }),
  observe(['ESC_HANDLE'], { rules: ['File opened by handle'], types: ['open_by_handle_at'] }),
  observe(['ESC_HANDLE_W'], {
    rules: ['File opened by handle'],
    types: ['open_by_handle_at'],
    isWrite: true,
  }),
  observe(['ESC_RAWIO'], { rules: ['Memory of the kernel opened'], place: places.memory }),
  observe(['ESC_MKNOD', 'ESC_PRIV'], { rules: ['Disk of the node opened'] }),
  observe(['ESC_PRIV'], { rules: ['File system mounted in container'], isSure: false }),
  observe(['ESC_HOSTPATH_W'], { tags: plantingTags, isWrite: true, place: places.runByRoot }),
  observe(['ESC_HOSTPATH_R'], { tags: readingTags, place: places.credentials }),
  observe(['ESC_RUNTIME_SOCK'], {
    rules: ['Container runtime spoken to'],
    place: places.runtimeSocket,
  }),
  observe(['ESC_LOG_SYMLINK'], {
    rules: ['Link to a secret made'],
    isWrite: true,
    place: places.logs,
  }),
  observe(['POD_SA'], { rules: ['Workload credential read by a tool'], place: places.token }),
  observe(['MOUNTED_SECRET'], { tags: readingTags, place: places.secret }),
  observe(['NODE_IAM', 'SA_CLOUD'], {
    rules: ['Cloud metadata asked by a tool'],
    falcoRules: ['Contact EC2 Instance Metadata Service From Container'],
    place: places.metadata,
  }),
  observe(['HOSTNET'], { tags: ['T1046'], place: places.loopback }),
]

/** Whether a rule's alerts may show it, whatever their event is. */
export const isOfRule = (
  { rules, falcoRules, tags }: Observation,
  rule: string,
  ruleTags: readonly string[],
): boolean =>
  rules.includes(rule) || falcoRules.includes(rule) || tags.some((tag) => ruleTags.includes(tag))

const isOfNames = ({ rules, falcoRules }: Observation, rule: string): boolean =>
  rules.includes(rule) || falcoRules.includes(rule)

/** Whether an event is of those that show it. */
export const isShownBy = ({ types, isWrite }: Observation, act: AlertAct): boolean =>
  (types.length === 0 || types.includes(act.type)) && (!isWrite || act.isWrite)

/**
 * Whether an alert of the rule is an attempt only: it has observations by its name, and none of
 * them is by such an event.
 */
export const isOnlyTried = (rule: string, act: AlertAct): boolean => {
  const named = observations.filter((each) => isOfNames(each, rule))
  return named.length > 0 && !named.some((each) => isShownBy(each, act))
}

/** The alerts that show an edge, in words, for docs/graph.md; empty: none do. */
export const shownBy = (edge: string): readonly string[] =>
  observations
    .filter(({ edges }) => edges.includes(edge))
    .map(({ rules, tags, types, isWrite, place }) => {
      const who =
        rules.length > 0
          ? rules.map((name) => `_${name}_`)
          : [`rules tagged ${tags.map((tag) => `\`${tag}\``).join(', ')}`]
      const what = types.length > 0 ? ` by ${types.map((type) => `\`${type}\``).join(', ')}` : ''
      const where = place.words === '' ? '' : ` ${place.words}`
      return `${who.join(', ')}${what}${isWrite ? ', writing' : ''}${where}`
    })
