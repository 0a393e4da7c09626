/**
 * Where somebody who comes over the network gets a foothold from which a way leads on: containers
 * with a vulnerability to come in by, of pods whose service account holds a right of use, that have
 * a secret with a token of such a service account, or that may have a way out to a node where such
 * a pod runs, or the control plane. In a small cluster all pods count, as each may reach others
 * than the first does.
 */
import type { Cluster, StateSpec } from '../cluster.ts'
import { limits } from '../limits.ts'
import { clusterNetwork } from '../network/cluster-network.ts'
import { imagesVersion, openCves } from '../network/image-cves.ts'
import type { PodClass } from '../network/pod-classes.ts'
import type { Pod } from '../objects/pod.ts'
import { accountAnnotation } from '../objects/storage.ts'
import type { Index } from '../objects/table.ts'
import { mayEscape } from '../pods/escape-edges.ts'
import { controlPlaneNodes } from '../pods/hosts.ts'
import type { PodSort } from '../pods/sorts.ts'
import { podSorts } from '../pods/sorts.ts'
import { tokenOf } from '../pods/token.ts'
import type { UsefulAccounts } from '../rbac/useful.ts'
import { usefulAccounts } from '../rbac/useful.ts'

/** Secrets that hold a token of a service account. */
export const tokenSecrets: Index<'Secret'> = {
  kind: 'Secret',
  keys: ({ namespace, annotations }) =>
    annotations.some(([key, value]) => key === accountAnnotation && value !== '')
      ? [namespace]
      : [],
}

/** Pods that may be a foothold, by what they have. */
interface Candidate {
  readonly sort: PodSort
  /** The service account, or secrets with tokens of some, that are of use; empty: none. */
  readonly credential: string
  readonly escapes: boolean
}

/** The footholds of a cluster, as it is. */
export interface Landings {
  /** Pods of each class; of those that nothing of use tells apart the first by name. */
  readonly byClass: ReadonlyMap<PodClass, readonly Pod[]>
  /** All pods count. */
  readonly isAll: boolean
  /** There are more of them than the bound. */
  readonly isCut: boolean
}

const textOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Names of the secrets of a namespace that hold a token of an account with rights of use. */
const usefulSecrets = (
  { objects }: Cluster,
  namespace: string,
  accounts: UsefulAccounts,
): readonly string[] =>
  [...objects.find(tokenSecrets, namespace)]
    .filter(({ annotations }) =>
      accounts.has(namespace, annotations.find(([key]) => key === accountAnnotation)?.[1] ?? ''),
    )
    .map(({ name }) => name)
    .toSorted()

/** The credential of use that some container of a pod has; empty: none has one. */
const credentialOf = (
  { namespace, spec }: Pod,
  accounts: UsefulAccounts,
  secrets: readonly string[],
): string => {
  const mounted =
    secrets.length === 0
      ? []
      : spec.containers
          .flatMap(({ mounts }) => mounts)
          .flatMap(({ source }) => (source.is === 'secret' ? [source.name] : []))
          .filter((name) => secrets.includes(name))
  if (mounted.length > 0) return `secrets ${mounted.join(' ')} ${spec.serviceAccount}`
  return accounts.has(namespace, spec.serviceAccount) ? `account ${spec.serviceAccount}` : ''
}

/** A foothold, and how policies see it. */
interface Landing {
  readonly pod: Pod
  readonly podClass: PodClass
}

/** Footholds of a namespace, each in the order of their names. */
interface FoundIn {
  /** By what they have, which is looked at first: they lead on with the fewest steps. */
  readonly credentials: readonly Landing[]
  /** By a way out to their node. */
  readonly escapes: readonly Landing[]
}

/** What is kept of a namespace, and what it rests on. */
interface InNamespace {
  readonly version: number | undefined
  readonly accounts: string
  readonly secrets: string
  readonly isSmall: boolean
  readonly candidates: readonly Candidate[]
  /** Nodes on which those with a credential run. */
  readonly nodes: readonly string[]
  /** What was found of the candidates, as long as `base` is the same. */
  found: FoundIn | undefined
  base: readonly unknown[]
  /** As long as these are the same, so are the texts above. */
  usefulAccounts: UsefulAccounts
  secretsVersion: number
}

interface Kept {
  readonly byNamespace: Map<string, InNamespace>
  /** Nodes on which something of use is, with the number of pods. */
  readonly nodes: Map<string, number>
  /** Grows when candidates of a namespace have changed. */
  changes: number
  /** What is kept of all rests on this, and on no more than `base`, which is quick to compare. */
  version: string
  base: readonly unknown[]
  landings: Landings | undefined
}

const kept: StateSpec<Kept> = {
  create: () => ({
    byNamespace: new Map(),
    nodes: new Map(),
    changes: 0,
    version: '',
    base: [],
    landings: undefined,
  }),
}

const areSame = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((each, at) => each === b[at])

/** What is kept of a namespace is replaced, or gone. */
const replace = (
  { byNamespace, nodes }: Kept,
  namespace: string,
  made: InNamespace | undefined,
): void => {
  for (const name of byNamespace.get(namespace)?.nodes ?? []) {
    const count = (nodes.get(name) ?? 0) - 1
    if (count > 0) nodes.set(name, count)
    else nodes.delete(name)
  }
  for (const name of made?.nodes ?? []) nodes.set(name, (nodes.get(name) ?? 0) + 1)
  if (made) byNamespace.set(namespace, made)
  else byNamespace.delete(namespace)
}

/** Looked for again only where pods, rights or secrets of the namespace have changed. */
const candidatesIn = (cluster: Cluster, namespace: string, isSmall: boolean): InNamespace => {
  const state = cluster.state(kept)
  const { byNamespace } = state
  const sorts = cluster.state(podSorts)
  const accounts = usefulAccounts(cluster)
  const secretsVersion = cluster.objects.version('Secret')
  const version = sorts.versionOf(namespace)
  const known = byNamespace.get(namespace)
  const isOfPods = known?.version === version && known?.isSmall === isSmall
  if (
    known &&
    isOfPods &&
    known.usefulAccounts === accounts &&
    known.secretsVersion === secretsVersion
  ) {
    return known
  }
  const secrets = usefulSecrets(cluster, namespace, accounts)
  const now = { accounts: accounts.textOf(namespace), secrets: secrets.join(' ') }
  if (known && isOfPods && known.accounts === now.accounts && known.secrets === now.secrets) {
    known.usefulAccounts = accounts
    known.secretsVersion = secretsVersion
    return known
  }
  const candidates: Candidate[] = []
  for (const sort of sorts.inNamespace(namespace)) {
    const { any } = sort
    if (!any) continue
    const credential = credentialOf(any, accounts, secrets)
    const escapes = mayEscape(any)
    if (isSmall || escapes || credential !== '') candidates.push({ sort, credential, escapes })
  }
  if (candidates.length > 0 || known?.candidates.length !== 0) state.changes++
  const nodes = candidates
    .filter(({ credential }) => credential !== '')
    .flatMap(({ sort }) => Array.from(sort.pods, ({ nodeName }) => nodeName))
  const rest = { usefulAccounts: accounts, secretsVersion, nodes, found: undefined, base: [] }
  const made = { ...now, version, isSmall, candidates, ...rest }
  replace(state, namespace, made)
  return made
}

/** Of the pods of a sort the first by name in each class. */
export const firstOfClasses = (cluster: Cluster, { pods }: PodSort): ReadonlyMap<PodClass, Pod> => {
  const { classes } = cluster.state(clusterNetwork)
  const firsts = new Map<PodClass, Pod>()
  for (const pod of pods) {
    const podClass = classes.ofPod(pod.namespace, pod.name)
    const known = podClass && firsts.get(podClass)
    if (podClass && (!known || pod.name < known.name)) firsts.set(podClass, pod)
  }
  return firsts
}

/** Pods by class and by what they give, the first by name of each. */
class ByClass {
  readonly #byClass = new Map<PodClass, Map<string, Pod>>()

  add(podClass: PodClass, pod: Pod, what: string): void {
    let own = this.#byClass.get(podClass)
    if (!own) this.#byClass.set(podClass, (own = new Map<string, Pod>()))
    const known = own.get(what)
    if (!known || pod.name < known.name) own.set(what, pod)
  }

  sorted(): readonly Landing[] {
    const all = [...this.#byClass].flatMap(([podClass, own]) =>
      Array.from(own.values(), (pod): Landing => ({ pod, podClass })),
    )
    return all.toSorted((a, b) => textOrder(a.pod.name, b.pod.name))
  }
}

/** Takes landings of a namespace in, each once for its class and what it gives. */
class Found {
  readonly #cluster: Cluster
  readonly #byClass = { credentials: new ByClass(), escapes: new ByClass() }
  readonly #isSmall: boolean

  constructor(cluster: Cluster, isSmall: boolean) {
    this.#cluster = cluster
    this.#isSmall = isSmall
  }

  get found(): FoundIn {
    const { credentials, escapes } = this.#byClass
    return { credentials: credentials.sorted(), escapes: escapes.sorted() }
  }

  #add(pod: Pod, what: string, isCredential: boolean): void {
    const podClass = this.#cluster.state(clusterNetwork).classes.ofPod(pod.namespace, pod.name)
    const { credentials, escapes } = this.#byClass
    if (podClass) (isCredential ? credentials : escapes).add(podClass, pod, what)
  }

  #isOpen(pod: Pod, needsToken: boolean): boolean {
    return pod.spec.containers.some(
      (container) =>
        openCves(this.#cluster, pod, container).length > 0 &&
        (!needsToken ||
          pod.spec.sharesProcesses ||
          tokenOf(this.#cluster, { pod, container }) !== undefined),
    )
  }

  /** @param isWanted  of pods that may escape */
  take({ sort, credential, escapes }: Candidate, isWanted: (pod: Pod) => boolean): void {
    const { any, first } = sort
    if (!any || !first || !this.#isOpen(any, false)) return
    if (escapes) {
      // They lead to nodes of their own.
      for (const pod of sort.pods) if (isWanted(pod)) this.#add(pod, pod.name, credential !== '')
    } else if (this.#isSmall) {
      for (const pod of sort.pods) this.#add(pod, first.name, credential !== '')
    } else if (!credential.startsWith('account ') || this.#isOpen(any, true)) {
      for (const pod of sort.pods) this.#add(pod, credential, true)
    }
  }
}

const isSmallCluster = ({ objects, settings }: Cluster): boolean =>
  objects.count('Pod') <= settings.powerReachPodsMax

/** Whether pods count for their node alone, by what else runs there: in whichever namespace. */
const isForNode = ({ credential, escapes }: Candidate, isSmall: boolean): boolean =>
  escapes && !isSmall && credential === ''

const findIn = (
  cluster: Cluster,
  candidates: readonly Candidate[],
  isSmall: boolean,
  isWanted: (pod: Pod) => boolean = () => true,
): FoundIn => {
  const found = new Found(cluster, isSmall)
  for (const each of candidates) found.take(each, isWanted)
  return found.found
}

/** Of each namespace with candidates, in order; what is kept of those without pods is forgotten. */
const keptOfAll = (cluster: Cluster, isSmall: boolean): readonly InNamespace[] => {
  const sorts = cluster.state(podSorts)
  const state = cluster.state(kept)
  const all: (readonly [namespace: string, of: InNamespace])[] = []
  for (const namespace of sorts.namespaces()) {
    const of = candidatesIn(cluster, namespace, isSmall)
    if (of.candidates.length > 0) all.push([namespace, of])
  }
  for (const [namespace, { candidates: gone }] of state.byNamespace) {
    if (sorts.versionOf(namespace) !== undefined) continue
    replace(state, namespace, undefined)
    if (gone.length > 0) state.changes++
  }
  return all.toSorted(([a], [b]) => textOrder(a, b)).map(([, of]) => of)
}

const find = (cluster: Cluster, all: readonly InNamespace[], isSmall: boolean): Landings => {
  const { objects } = cluster
  const { nodes } = cluster.state(kept)
  const accounts = usefulAccounts(cluster)
  const control = new Set(
    Array.from(objects.find(controlPlaneNodes, 'control'), ({ name }) => name),
  )
  const isUseful = ({ nodeName }: Pod): boolean =>
    nodes.has(nodeName) || control.has(nodeName) || accounts.hasNode(nodeName)
  const base = (): readonly unknown[] => [
    objects.version('ServiceAccount'),
    imagesVersion(cluster),
    cluster.state(clusterNetwork).version,
  ]
  const credentials: Landing[] = []
  const escapes: Landing[] = []
  for (const of of all) {
    if (!of.found || !areSame(of.base, base())) {
      const own = of.candidates.filter((each) => !isForNode(each, isSmall))
      of.found = findIn(cluster, own, isSmall)
      // Finding them may sort pods into classes.
      of.base = base()
    }
    for (const each of of.found.credentials) credentials.push(each)
    for (const each of of.found.escapes) escapes.push(each)
    const forNode = of.candidates.filter((each) => isForNode(each, isSmall))
    if (forNode.length === 0) continue
    for (const each of findIn(cluster, forNode, isSmall, isUseful).escapes) escapes.push(each)
  }
  const byClass = new Map<PodClass, Pod[]>()
  for (const { pod, podClass } of [...credentials, ...escapes].slice(0, limits.landingsMax)) {
    const known = byClass.get(podClass)
    if (known) known.push(pod)
    else byClass.set(podClass, [pod])
  }
  const isCut = credentials.length + escapes.length > limits.landingsMax
  return { byClass, isAll: isSmall, isCut }
}

/** The footholds of a cluster; found anew where something changed that they rest on. */
export const landingsOf = (cluster: Cluster): Landings => {
  const { objects } = cluster
  const state = cluster.state(kept)
  const network = cluster.state(clusterNetwork)
  const isSmall = isSmallCluster(cluster)
  const base = (): readonly unknown[] => [
    isSmall,
    cluster.state(podSorts).version,
    usefulAccounts(cluster),
    objects.version('Secret'),
    objects.version('Node'),
    objects.version('ServiceAccount'),
    imagesVersion(cluster),
    network.version,
  ]
  if (state.landings && areSame(base(), state.base)) return state.landings
  const all = keptOfAll(cluster, isSmall)
  const control = Array.from(objects.find(controlPlaneNodes, 'control'), ({ name }) => name)
  const versionNow = (): string =>
    [
      isSmall,
      state.changes,
      ...control.toSorted(),
      usefulAccounts(cluster).nodesText,
      objects.version('ServiceAccount'),
      imagesVersion(cluster),
      network.version,
    ].join(' ')
  if (!state.landings || state.version !== versionNow()) {
    state.landings = find(cluster, all, isSmall)
    // Finding them may sort pods into classes.
    state.version = versionNow()
  }
  state.base = base()
  return state.landings
}
