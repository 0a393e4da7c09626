/** The context of a pod, filled from the cluster's objects and what is known of its images. */
import type { KnownLabels, UsageReport } from '@bulwark/schema'
import type { Cluster } from '../cluster.ts'
import type { CveStore, Finding } from '../cves/store.ts'
import type { UsedFiles } from '../cves/usage.ts'
import { weightOf } from '../cves/weight.ts'
import { refText } from '../diagnostics.ts'
import type { Edge, Fact } from '../edges.ts'
import { edgesFrom } from '../graph.ts'
import type {
  ContainerCves,
  EscapeWay,
  Exposure,
  IdentityPower,
  PathThrough,
  PodContext,
  Posture,
  WeighedFinding,
} from '../judgement/context.ts'
import { unknownContext } from '../judgement/context.ts'
import { limits } from '../limits.ts'
import { podsByNode } from '../objects/indices.ts'
import type { Pod } from '../objects/pod.ts'
import { clusterNetwork } from '../network/cluster-network.ts'
import { exposureOf } from '../network/exposure.ts'
import { digestsOf } from '../network/image-cves.ts'
import { containerNode, internet, nodeText } from '../nodes.ts'
import { sandboxOf } from '../pods/container.ts'
import { tokenOf } from '../pods/token.ts'
import { crownJewelLabel, isJewelPod } from '../questions/targets.ts'
import { landingsOf } from './landings.ts'
import { wayFacts, worstOf } from './power.ts'
import { standardOf } from './standard.ts'

/** What is asked beside the pod. */
export interface ContextQuestion {
  readonly namespace: string
  readonly name: string
  /** Container of the executables; `undefined`: none is given. */
  readonly container: string | undefined
  /** What the alerting process and those above it run: see `programFiles`. */
  readonly executables: readonly string[]
}

export interface ContextSources {
  readonly cluster: Cluster
  readonly cves: CveStore
  readonly used: UsedFiles
  /** Whether reports were looked for: else nothing is known of vulnerabilities. */
  readonly hasReports: boolean
}

const wholeLabels = (labels: KnownLabels['labels']): KnownLabels => ({ labels, isWhole: true })

/** Edges of each container of a pod, with the container's name. */
const edgesOfPod = (
  cluster: Cluster,
  { namespace, name, spec }: Pod,
): readonly (readonly [container: string, edge: Edge])[] =>
  spec.containers.flatMap(({ name: container }) =>
    edgesFrom(cluster, containerNode(namespace, name, container)).map(
      (edge) => [container, edge] as const,
    ),
  )

type PodEdges = ReturnType<typeof edgesOfPod>

const escapesOf = (edges: PodEdges): readonly EscapeWay[] =>
  edges
    .filter(([, { kind, to }]) => to.kind === 'node' && kind.cost > 0)
    .map(([container, { kind, certainty, reasons }]) => ({
      edge: kind.id,
      title: kind.title,
      container,
      certainty,
      facts: reasons()[0] ?? [],
    }))

const secretsOf = (edges: PodEdges): readonly Fact[] =>
  edges
    .filter(([, { to }]) => to.kind === 'secret')
    .flatMap(([, { reasons }]) => reasons()[0] ?? [])

const identityOf = (cluster: Cluster, pod: Pod, edges: PodEdges): IdentityPower => {
  const { namespace } = pod
  const { serviceAccount: name } = pod.spec
  const serviceAccount = { kind: 'ServiceAccount', namespace, name }
  const token = edges.find(([, { kind }]) => kind.id === 'POD_SA')?.[1]
  if (!token) {
    const isKept = pod.spec.containers.some((container) => tokenOf(cluster, { pod, container }))
    const fact = {
      text: isKept
        ? 'network policies keep the pod from the API server, for which it has a token'
        : 'no container has a token for the API server',
      object: { kind: 'Pod', namespace, name: pod.name },
      path: 'spec',
    }
    const none = { hasToken: false, reaches: 'nothing', steps: 0, certainty: 'certain' } as const
    return { serviceAccount, ...none, facts: [fact] }
  }
  const { reaches, steps, certainty, edges: way } = worstOf(cluster, [token.to])
  const facts = [...(token.reasons()[0] ?? []), ...wayFacts(way)]
  // Taking the token is a step, too.
  return { serviceAccount, hasToken: true, reaches, steps: steps + 1, certainty, facts }
}

const postureOf = (cluster: Cluster, pod: Pod): Posture => {
  const { level, hasSeccomp, facts } = standardOf(pod)
  const sandbox = sandboxOf(cluster, pod)
  return {
    level,
    hasSeccomp,
    sandbox: sandbox && pod.spec.runtimeClass,
    facts: sandbox ? [...facts, sandbox] : facts,
  }
}

/** The furthest that is possible, with every way that leads from there. */
const exposureIn = (cluster: Cluster, pod: Pod): Exposure => {
  const { level, possible, ways } = exposureOf(cluster, pod)
  const certainty = level === possible ? 'certain' : 'possible'
  const furthest = ways.filter(
    (way) => way.level === possible && (certainty !== 'certain' || way.certainty === 'certain'),
  )
  return {
    level: possible,
    certainty,
    facts: furthest.flatMap(({ reason }) => reason),
  }
}

const neighboursOf = (cluster: Cluster, pod: Pod): readonly Fact[] => {
  return [...(pod.nodeName === '' ? [] : cluster.objects.find(podsByNode, pod.nodeName))]
    .filter((each) => each !== pod && !each.isOver && isJewelPod(cluster, each))
    .map(({ namespace, name }) => ({
      text: `it, or its namespace, has the label ${crownJewelLabel}`,
      object: { kind: 'Pod', namespace, name },
      path: 'metadata.labels',
    }))
    .toSorted((a, b) => (refText(a.object) < refText(b.object) ? -1 : 1))
}

/** The images of a pod: what each container runs, and what its spec asks for. */
export const imageDigestsOf = (pod: Pod): ReadonlyMap<string, readonly string[]> =>
  new Map(pod.spec.containers.map((container) => [container.name, digestsOf(pod, container)]))

/** Takes in which files run in containers; their images are those of their pods, too. */
export const takeUsage = ({ cluster, used }: ContextSources, report: UsageReport): void =>
  used.take(report, ({ namespace, pod: name, container }) => {
    const pod = cluster.objects.get('Pod', namespace, name)
    return pod ? (imageDigestsOf(pod).get(container) ?? []) : []
  })

const cvesOf = (
  { cves, used }: ContextSources,
  pod: Pod,
  { container: asked, executables }: ContextQuestion,
): readonly ContainerCves[] =>
  [...imageDigestsOf(pod)].map(([container, digests]) => {
    const image = cves.image(digests)
    const own = container === asked ? executables : []
    const weigh = (finding: Finding): WeighedFinding => {
      const found = used.useOf(finding.package, { digests, executables: own })
      return { finding, use: found.use, weight: weightOf(finding, found) }
    }
    return {
      container,
      isReported: image !== undefined,
      scannedMs: image?.scannedMs,
      endOfLife: image?.endOfLife ?? false,
      findings: (image?.findings ?? []).map(weigh),
      removed: (image?.removed ?? []).map(weigh),
    }
  })

/** The worst way that begins in a container of the pod, and the one from the internet to there. */
const pathOf = (
  cluster: Cluster,
  { namespace, name, spec }: Pod,
  exposure: Exposure,
): PathThrough | undefined => {
  const starts = spec.containers.map((each) => containerNode(namespace, name, each.name))
  const { edges, certainty } = worstOf(cluster, starts)
  const [first] = edges
  if (!first) return undefined

  const steps = edges.map(({ kind, from, to }) => ({
    edge: kind.id,
    from: nodeText(from),
    to: nodeText(to),
    title: kind.title,
  }))
  const from = nodeText(first.from)
  const to = nodeText(edges.at(-1)?.to ?? first.from)
  if (exposure.level < 5) return { from, to, certainty, steps }
  const outside = nodeText(internet)
  const title = 'the container is reached from the internet'
  return {
    from: outside,
    to,
    certainty: exposure.certainty === 'certain' ? certainty : 'possible',
    steps: [{ edge: 'EXPOSED', from: outside, to: from, title }, ...steps],
  }
}

/** What a way may hang on that is in no object, by the kind of the edge that was left out. */
const doubtTexts: Readonly<Record<string, string>> = {
  CREATE_POD_NODE: 'whether admission lets privileged pods in where the way leads on by one',
  REACH: 'whether network policies that are not judged let through where the way leads on',
}

/** Policies of other engines that may hold for the pod. */
const foreignTexts = (cluster: Cluster, { namespace, spec }: Pod): readonly string[] => {
  const foreign = spec.hostNetwork ? [] : cluster.state(clusterNetwork).foreignOf(namespace)
  const [first] = foreign
  if (!first) return []
  const more = foreign.length > 1 ? ` and ${foreign.length - 1} more` : ''
  return [`what ${refText(first)}${more} lets through: such policies are not judged`]
}

/** What the bounds of the searches have left out, and what is not known on the way. */
const notLookedAt = (cluster: Cluster, pod: Pod, edges: PodEdges): readonly string[] => {
  const token = edges.find(([, { kind }]) => kind.id === 'POD_SA')?.[1]
  const starts = pod.spec.containers.map(({ name }) => containerNode(pod.namespace, pod.name, name))
  const powers = [worstOf(cluster, starts), ...(token ? [worstOf(cluster, [token.to])] : [])]
  const isCut = powers.some((each) => each.isCut)
  const isWorst = powers.every(({ reaches }) => reaches === 'cluster-admin')
  const doubts = Object.entries(doubtTexts).filter(([id]) =>
    powers.some(({ doubted }) => doubted.has(id)),
  )
  const landings = landingsOf(cluster)
  return [
    ...(isCut ? ['where ways lead that are longer, or that too many things are on'] : []),
    ...(landings.isAll
      ? []
      : ['where ways lead that go over the network to pods without rights, and on from there']),
    ...foreignTexts(cluster, pod),
    ...(isWorst ? [] : doubts.map(([, text]) => text)),
    ...(landings.isCut ? [`over the network to more than ${limits.landingsMax} footholds`] : []),
  ]
}

/** The context of a pod; of one that the cluster does not have, nothing is known. */
export const podContextOf = (sources: ContextSources, question: ContextQuestion): PodContext => {
  const { cluster, hasReports } = sources
  const { namespace, name } = question
  const ref = { kind: 'Pod', namespace, name }
  const pod = cluster.objects.get('Pod', namespace, name)
  if (!pod) return unknownContext(ref)
  const edges = edgesOfPod(cluster, pod)
  const own = cluster.objects.get('Namespace', '', namespace)
  const exposure = exposureIn(cluster, pod)
  return {
    pod: ref,
    namespaceLabels: own && wholeLabels(own.labels),
    podLabels: wholeLabels(pod.labels),
    exposure,
    identity: identityOf(cluster, pod, edges),
    escapes: escapesOf(edges),
    cves: hasReports ? cvesOf(sources, pod, question) : undefined,
    posture: postureOf(cluster, pod),
    secrets: secretsOf(edges),
    neighbours: neighboursOf(cluster, pod),
    path: pathOf(cluster, pod, exposure),
    notLookedAt: notLookedAt(cluster, pod, edges),
  }
}
