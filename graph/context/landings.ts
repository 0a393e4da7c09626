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

/** What is kept of a namespace, and what it rests on. */
interface InNamespace {
  readonly version: number | undefined
  readonly accounts: string
  readonly secrets: string
  readonly isSmall: boolean
  readonly candidates: readonly Candidate[]
}

interface Kept {
  readonly byNamespace: Map<string, InNamespace>
  /** How often candidates of a namespace have changed. */
  changes: number
  /** What is kept of all rests on this. */
  version: string
  landings: Landings | undefined
}

const kept: StateSpec<Kept> = {
  create: () => ({ byNamespace: new Map(), changes: 0, version: '', landings: undefined }),
}

/** Looked for again only where pods, rights or secrets of the namespace have changed. */
const candidatesIn = (
  cluster: Cluster,
  namespace: string,
  isSmall: boolean,
): readonly Candidate[] => {
  const state = cluster.state(kept)
  const { byNamespace } = state
  const sorts = cluster.state(podSorts)
  const accounts = usefulAccounts(cluster)
  const secrets = usefulSecrets(cluster, namespace, accounts)
  const now = {
    version: sorts.versionOf(namespace),
    accounts: accounts.textOf(namespace),
    secrets: secrets.join(' '),
    isSmall,
  }
  const known = byNamespace.get(namespace)
  const isSame =
    known?.version === now.version &&
    known?.accounts === now.accounts &&
    known?.secrets === now.secrets &&
    known?.isSmall === isSmall
  if (known && isSame) return known.candidates
  const candidates: Candidate[] = []
  for (const sort of sorts.inNamespace(namespace)) {
    const { any } = sort
    if (!any) continue
    const credential = credentialOf(any, accounts, secrets)
    const escapes = mayEscape(any)
    if (isSmall || escapes || credential !== '') candidates.push({ sort, credential, escapes })
  }
  if (candidates.length > 0 || known?.candidates.length !== 0) state.changes++
  byNamespace.set(namespace, { ...now, candidates })
  return candidates
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

interface Landing {
  readonly pod: Pod
  readonly podClass: PodClass
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
    return all.toSorted(
      (a, b) => textOrder(a.pod.namespace, b.pod.namespace) || textOrder(a.pod.name, b.pod.name),
    )
  }
}

/** Takes landings in, each once for its class and what it gives, the first by name. */
class Found {
  readonly #cluster: Cluster
  /** Credentials first: they lead on with the fewest steps. */
  readonly #byClass = { credentials: new ByClass(), escapes: new ByClass() }
  readonly #isSmall: boolean

  constructor(cluster: Cluster, isSmall: boolean) {
    this.#cluster = cluster
    this.#isSmall = isSmall
  }

  #hasNode(name: string): boolean {
    return usefulAccounts(this.#cluster).hasNode(name)
  }

  get landings(): readonly Landing[] {
    const { credentials, escapes } = this.#byClass
    return [...credentials.sorted(), ...escapes.sorted()]
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

  take({ sort, credential, escapes }: Candidate, nodes: ReadonlySet<string>): void {
    const { any, first } = sort
    if (!any || !first || !this.#isOpen(any, false)) return
    if (escapes) {
      const isUseful = ({ nodeName }: Pod): boolean =>
        nodes.has(nodeName) || this.#hasNode(nodeName)
      // They lead to nodes of their own.
      for (const pod of sort.pods) {
        if (!this.#isSmall && credential === '' && !isUseful(pod)) continue
        this.#add(pod, pod.name, credential !== '')
      }
    } else if (this.#isSmall) {
      for (const pod of sort.pods) this.#add(pod, first.name, credential !== '')
    } else if (!credential.startsWith('account ') || this.#isOpen(any, true)) {
      for (const pod of sort.pods) this.#add(pod, credential, true)
    }
  }
}

const isSmallCluster = ({ objects, settings }: Cluster): boolean =>
  objects.count('Pod') <= settings.powerReachPodsMax

/** Nodes on which something of use is. */
const usefulNodes = (
  { objects }: Cluster,
  candidates: readonly Candidate[],
): ReadonlySet<string> => {
  const nodes = new Set<string>()
  for (const { name } of objects.find(controlPlaneNodes, 'control')) nodes.add(name)
  for (const { sort, credential } of candidates) {
    if (credential !== '') for (const { nodeName } of sort.pods) nodes.add(nodeName)
  }
  return nodes
}

/** Of all namespaces; what is kept of those without pods is forgotten. */
const candidatesOf = (cluster: Cluster, isSmall: boolean): readonly Candidate[] => {
  const sorts = cluster.state(podSorts)
  const state = cluster.state(kept)
  const candidates: Candidate[] = []
  for (const namespace of sorts.namespaces()) {
    for (const each of candidatesIn(cluster, namespace, isSmall)) candidates.push(each)
  }
  for (const [namespace, { candidates: gone }] of state.byNamespace) {
    if (sorts.versionOf(namespace) !== undefined) continue
    state.byNamespace.delete(namespace)
    if (gone.length > 0) state.changes++
  }
  return candidates
}

const find = (cluster: Cluster, candidates: readonly Candidate[], isSmall: boolean): Landings => {
  const nodes = usefulNodes(cluster, candidates)
  const found = new Found(cluster, isSmall)
  for (const each of candidates) found.take(each, nodes)
  const { landings } = found
  const byClass = new Map<PodClass, Pod[]>()
  for (const { pod, podClass } of landings.slice(0, limits.landingsMax)) {
    const known = byClass.get(podClass)
    if (known) known.push(pod)
    else byClass.set(podClass, [pod])
  }
  return { byClass, isAll: isSmall, isCut: landings.length > limits.landingsMax }
}

/** The footholds of a cluster; found anew where something changed that they rest on. */
export const landingsOf = (cluster: Cluster): Landings => {
  const { objects } = cluster
  const state = cluster.state(kept)
  const network = cluster.state(clusterNetwork)
  const isSmall = isSmallCluster(cluster)
  const candidates = candidatesOf(cluster, isSmall)
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
  if (state.landings && state.version === versionNow()) return state.landings
  state.landings = find(cluster, candidates, isSmall)
  // Finding them may sort pods into classes.
  state.version = versionNow()
  return state.landings
}
