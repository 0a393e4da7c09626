/** Who connects to whom: from outside, between pods, and from there into a container. */
import type { Cluster, StateSpec } from '../cluster.ts'
import type { Certainty, EdgeKind, Emit, Fact, Reason } from '../edges.ts'
import type { GraphNode } from '../nodes.ts'
import {
  containerNode,
  endpointNode,
  groupOfPodsNode,
  networkNode,
  reachableNode,
  singleNode,
} from '../nodes.ts'
import type { Pod } from '../objects/pod.ts'
import type { Container, PodSpec } from '../objects/podspec.ts'
import type { Index } from '../objects/table.ts'
import { containerOf } from '../pods/container.ts'
import { byName, declaredPorts, podsBehind, routeKinds } from './backends.ts'
import type { ClusterNetwork } from './cluster-network.ts'
import { clusterNetwork } from './cluster-network.ts'
import type { Way } from './exposure.ts'
import { exposureOf } from './exposure.ts'
import { openCves } from './image-cves.ts'
import type { PodClass } from './pod-classes.ts'
import { hostPortPods, podsWithTunnel, tunnelFront } from './pod-fronts.ts'
import type { Direction } from './policy.ts'
import type { PortSet } from './ports.ts'
import { intersect, portsText } from './ports.ts'
import type { Group } from './reach-plan.ts'
import { ReachPlan, certaintyOfVerdict } from './reach-plan.ts'
import type { Service } from './service.ts'
import { isAbout } from './verdict.ts'

/** The plan of reach, made anew when the network has changed. */
const plans: StateSpec<{ version: string; plan: ReachPlan | undefined }> = {
  create: () => ({ version: '', plan: undefined }),
}

/** Sorts pods into classes, and plans who reaches whom. */
export const prepareReach = (cluster: Cluster): void => {
  planOf(cluster, cluster.state(clusterNetwork))
}

const planOf = (cluster: Cluster, network: ClusterNetwork): ReachPlan => {
  const kept = cluster.state(plans)
  // Classes are sorted first: that alone may change the version.
  for (const _ of network.classes.all()) break
  if (!kept.plan || kept.version !== network.version) {
    kept.plan = new ReachPlan(network)
    kept.version = network.version
  }
  return kept.plan
}

const classNamed = (
  network: ClusterNetwork,
  { namespace, name }: GraphNode,
): PodClass | undefined => network.classes.find(namespace, name)

/** Containers that take connections: not those that end before the pod runs. */
const listening = ({ spec }: Pod): readonly Container[] =>
  spec.containers.filter(({ role }) => role === 'main' || role === 'sidecar')

/** Containers behind some ports: those that declare one of them, else any may have it. */
const containersAt = (pod: Pod, ports: PortSet): readonly Container[] => {
  const all = listening(pod)
  const declaring = all.filter(({ name }) => intersect(declaredPorts(pod, name), ports).length > 0)
  return declaring.length > 0 ? declaring : all
}

const openPods = singleNode('open-pods')
const guardedPods = singleNode('guarded-pods')
const groupNode = ({ name }: Group): GraphNode => groupOfPodsNode(name)

const namespaceFact = (namespace: string, text: string): Fact => ({
  text,
  object: { kind: 'Namespace', namespace: '', name: namespace },
  path: '',
})

const enforcementFact = (network: ClusterNetwork): readonly Fact[] => {
  const { is, by } = network.enforced
  if (is === true) return []
  const object = { kind: 'NetworkPolicy', namespace: '', name: '*' }
  const text =
    is === false
      ? `the network plug-in (${by}) does not enforce network policies`
      : 'it is not known whether the network plug-in enforces network policies'
  return [{ text, object, path: '' }]
}

const freeFact = ({ namespace, name }: PodClass, direction: Direction): Fact =>
  namespaceFact(
    namespace,
    direction === 'ingress'
      ? `no policy keeps anybody from pods of ${namespace} (${name})`
      : `no policy holds back what pods of ${namespace} (${name}) send`,
  )

/** The rules by which policies of one end let the other through. */
const ruleFacts = (
  network: ClusterNetwork,
  subject: PodClass,
  other: PodClass,
  direction: Direction,
): readonly Fact[] => {
  const { namespaced, admin } = network.holding(subject, direction)
  const end = network.end(other)
  const way = direction === 'ingress' ? 'in' : 'out'
  if (namespaced.length === 0 && admin.length === 0) {
    return [freeFact(subject, direction)]
  }
  const rules = namespaced.flatMap((policy) =>
    (policy[direction] ?? [])
      .filter((rule) => isAbout(rule, end, policy.namespace) !== false)
      .map(({ path }) => ({
        text: `policy ${policy.name} lets ${other.namespace} (${other.name}) ${way}`,
        object: { kind: 'NetworkPolicy', namespace: policy.namespace, name: policy.name },
        path,
        fix: `narrow the rule of policy ${policy.name}`,
      })),
  )
  const ofAdmin = admin.flatMap((policy) =>
    policy[direction]
      .filter((rule) => rule.action !== 'deny' && isAbout(rule, end, undefined) !== false)
      .map(({ path }) => ({
        text: `policy ${policy.name} lets ${other.namespace} (${other.name}) ${way}`,
        object: { kind: 'AdminNetworkPolicy', namespace: '', name: policy.name },
        path,
      })),
  )
  return [...ofAdmin, ...rules]
}

const foreignFacts = (network: ClusterNetwork, namespace: string): readonly Fact[] =>
  network.foreignOf(namespace).map((object) => ({
    text: `what ${object.kind} ${object.name} lets through is not judged`,
    object,
    path: '',
  }))

/** Why pods of one class may connect to those of another. */
export const reasonBetween =
  (network: ClusterNetwork, from: PodClass, to: PodClass) => (): Reason => {
    const { sure, most } = network.verdict(from, to)
    const ports = portsText(sure.length > 0 ? sure : most)
    const spaces = [...new Set([from.namespace, to.namespace])]
    return [
      namespaceFact(to.namespace, `pods of ${to.namespace} (${to.name}) take ${ports}`),
      ...ruleFacts(network, from, to, 'egress'),
      ...ruleFacts(network, to, from, 'ingress'),
      ...spaces.flatMap((each) => foreignFacts(network, each)),
      ...enforcementFact(network),
    ]
  }

/** Unknown, where a policy that is not judged decides; else as it is. */
const withDoubt = (
  network: ClusterNetwork,
  certainty: Certainty,
  podClass: PodClass,
  direction: Direction,
): Certainty =>
  certainty !== 'certain' && network.holding(podClass, direction).unknown !== 'nothing'
    ? 'unknown'
    : certainty

const fromClass = (cluster: Cluster, node: GraphNode, emit: Emit): void => {
  const network = cluster.state(clusterNetwork)
  const from = classNamed(network, node)
  if (!from) return
  const plan = planOf(cluster, network)
  const reach = plan.reachOf(from)
  const outFacts = (what: string) => (): Reason => [
    namespaceFact(from.namespace, `pods of ${from.namespace} (${from.name}) may send to ${what}`),
    ...foreignFacts(network, from.namespace),
    ...enforcementFact(network),
  ]
  if (reach.open) {
    const certainty = withDoubt(network, reach.open, from, 'egress')
    emit(openPods, certainty, outFacts('pods that let everybody in'))
  }
  if (reach.guarded) {
    const certainty = withDoubt(network, reach.guarded, from, 'egress')
    emit(guardedPods, certainty, outFacts('pods whose policies keep some out'))
  }
  for (const { group, certainty } of reach.groups) {
    const [first] = group.classes
    const doubt = first ? withDoubt(network, certainty, first, 'ingress') : certainty
    emit(groupNode(group), withDoubt(network, doubt, from, 'egress'), outFacts(group.text))
  }
  for (const to of reach.sure) {
    emit(reachableNode(to.namespace, to.name), 'certain', reasonBetween(network, from, to))
  }
  for (const to of reach.classes) emitBetween(network, from, to, emit)
}

/** The edge from pods of a class to those of another, however the plan would lead there. */
export const emitBetween = (
  network: ClusterNetwork,
  from: PodClass,
  to: PodClass,
  emit: Emit,
): void => {
  const certainty = certaintyOfVerdict(network.verdict(from, to))
  if (!certainty) return
  const doubt = withDoubt(network, certainty, to, 'ingress')
  emit(
    reachableNode(to.namespace, to.name),
    withDoubt(network, doubt, from, 'egress'),
    reasonBetween(network, from, to),
  )
}

/** What policies say of those that come in at a class, whoever they are. */
const targetFacts = (network: ClusterNetwork, to: PodClass): Reason => {
  const { namespaced, admin } = network.holding(to, 'ingress')
  const object = { kind: 'NetworkPolicy', namespace: to.namespace }
  const rules = namespaced.map(({ name, ingress }): Fact => {
    const open = ingress?.find(({ peers }) => peers === undefined)
    const text = open
      ? `policy ${name} lets everybody in at pods of ${to.namespace} (${to.name}), on some port`
      : `policy ${name} lets a few in at pods of ${to.namespace} (${to.name})`
    return { text, object: { ...object, name }, path: open?.path ?? 'spec.ingress' }
  })
  const foreign = foreignFacts(network, to.namespace)
  const isFree = namespaced.length + admin.length + foreign.length === 0
  return isFree ? [freeFact(to, 'ingress')] : [...rules, ...foreign]
}

const toClasses = (cluster: Cluster, { kind, name }: GraphNode, emit: Emit): void => {
  const network = cluster.state(clusterNetwork)
  const plan = planOf(cluster, network)
  const all = kind === 'open-pods' ? plan.open : plan.guarded
  // A group is led to as surely as its classes are.
  const isDoubted = (to: PodClass): boolean =>
    kind === 'guarded-pods' &&
    network.enforced.is !== false &&
    network.holding(to, 'ingress').unknown !== 'nothing'
  for (const to of name === '' ? all : (plan.groups.get(name)?.classes ?? [])) {
    const certainty = isDoubted(to) ? 'unknown' : 'certain'
    emit(reachableNode(to.namespace, to.name), certainty, () => targetFacts(network, to))
  }
}

/** Edges to what listens in a pod. */
export const emitEndpoints = (
  pod: Pod,
  emit: Emit,
  isWanted: (container: Container) => boolean = () => true,
): void => {
  for (const container of listening(pod)) {
    const { name, at } = container
    if (!isWanted(container)) continue
    emit(endpointNode(pod.namespace, pod.name, name), 'certain', () => [
      {
        text: `container ${name} of pod ${pod.name} may listen`,
        object: { kind: 'Pod', namespace: pod.namespace, name: pod.name },
        path: at,
      },
    ])
  }
}

const toEndpoints = (cluster: Cluster, node: GraphNode, emit: Emit): void => {
  const network = cluster.state(clusterNetwork)
  for (const pod of classNamed(network, node)?.pods ?? []) emitEndpoints(pod, emit)
}

export const reach: EdgeKind = {
  id: 'REACH',
  from: ['container', 'network', 'open-pods', 'guarded-pods', 'reachable'],
  to: ['network', 'open-pods', 'guarded-pods', 'reachable', 'endpoint'],
  title: 'pods connect to pods, where network policies let them',
  preconditions: [
    'policies of the one let it out, and those of the other let it in, on some port; declared ' +
      'or not',
    'policies of Kubernetes and of administrators are judged; what others say is unknown',
    'without a network plug-in that enforces policies, all pods may reach each other',
  ],
  observable: 'connect() in the one, accept() in the other',
  attack: ['T1046', 'T1210'],
  cost: 0,
  derive: (cluster, from, emit) => {
    switch (from.kind) {
      case 'container': {
        const found = containerOf(cluster, from)
        if (!found) return
        const { classes } = cluster.state(clusterNetwork)
        const own = classes.ofPod(from.namespace, from.name)
        if (!own) return
        emit(networkNode(own.namespace, own.name), 'certain', () => [
          {
            text: `network policies see pod ${from.name} as one of: ${own.name}`,
            object: { kind: 'Pod', namespace: from.namespace, name: from.name },
            path: 'metadata.labels',
          },
        ])
        return
      }
      case 'network':
        fromClass(cluster, from, emit)
        return
      case 'reachable':
        toEndpoints(cluster, from, emit)
        return
      default:
        toClasses(cluster, from, emit)
    }
  },
}

// --- From outside --------------------------------------------------------------------------------

/** Services that something outside may lead to by themselves. */
export const outerServices: Index<'Service'> = {
  kind: 'Service',
  keys: ({ type, externalAddresses }) =>
    type === 'LoadBalancer' || type === 'NodePort' || externalAddresses.length > 0 ? ['outer'] : [],
}

/**
 * Pods that may be reached from outside, each with the services by which: those with a front, and
 * those that a route leads to. Pods with a front of their own may have none.
 */
const outerPods = (cluster: Cluster): ReadonlyMap<Pod, readonly Service[]> => {
  const { objects } = cluster
  const services = new Set<Service>(objects.find(outerServices, 'outer'))
  for (const kind of routeKinds) {
    for (const { backends } of objects.all(kind)) {
      for (const { namespace, service } of backends) {
        const of = objects.get('Service', namespace, service)
        if (of) services.add(of)
      }
    }
  }
  const pods = new Map<Pod, Service[]>()
  for (const pod of objects.find(hostPortPods, 'host')) pods.set(pod, [])
  for (const pod of objects.find(podsWithTunnel, 'tunnel')) pods.set(pod, [])
  for (const service of byName(services)) {
    for (const pod of podsBehind(cluster, service)) {
      const before = pods.get(pod)
      if (before) before.push(service)
      else pods.set(pod, [service])
    }
  }
  return pods
}

/** What is equal of pods that outside leads to in the same ways; `undefined`: it has its own. */
const keyOfPod = (
  network: ClusterNetwork,
  pod: Pod,
  services: readonly Service[],
): string | undefined => {
  const isOwn = pod.spec.hostNetwork || pod.spec.containers.some(hasHostPort) || tunnelFront(pod)
  const own = network.classes.ofPod(pod.namespace, pod.name)
  if (isOwn || !own || services.some(({ isLocal }) => isLocal)) return undefined
  const names = services.map(({ namespace, name }) => `${namespace}/${name}`)
  return [own.namespace, own.name, ...names].join('\n')
}

const hasHostPort = ({ ports }: Container): boolean => ports.some(({ hostPort }) => hostPort !== 0)

const outerLevelMin = 5

const exposed: EdgeKind = {
  id: 'EXPOSED',
  from: ['internet'],
  to: ['endpoint', 'network'],
  title: 'the internet reaches a container',
  preconditions: [
    'a load balancer, an external address, a port of a node or of a host, or a proxy with an ' +
      'address of the internet leads to the pod; a ClusterIP does not',
    'network policies let the proxy, or addresses outside, in',
    'ports of nodes, and tunnels, are possible: firewalls and ends of tunnels are in no object',
  ],
  observable: 'accept() from an address outside',
  attack: ['T1190'],
  cost: 0,
  derive: (cluster, _, emit) => {
    const network = cluster.state(clusterNetwork)
    // Of one spec only: the ports that names stand for are the spec's.
    const known = new Map<PodSpec, Map<string, readonly Way[]>>()
    for (const [pod, services] of outerPods(cluster)) {
      const key = keyOfPod(network, pod, services)
      const ofSpec = known.get(pod.spec) ?? new Map<string, readonly Way[]>()
      known.set(pod.spec, ofSpec)
      const kept = key === undefined ? undefined : ofSpec.get(key)
      const ways =
        kept ??
        exposureOf(cluster, pod, services).ways.filter(({ level }) => level >= outerLevelMin)
      if (key !== undefined) ofSpec.set(key, ways)
      for (const { certainty, ports, reason } of ways) {
        for (const { name } of containersAt(pod, ports)) {
          emit(endpointNode(pod.namespace, pod.name, name), certainty, () => reason)
        }
      }
      const tunnel = tunnelFront(pod)
      const own = network.classes.ofPod(pod.namespace, pod.name)
      if (tunnel && tunnel.level >= outerLevelMin && own) {
        emit(networkNode(own.namespace, own.name), tunnel.certainty, () => tunnel.facts)
      }
    }
  },
}

const rce: EdgeKind = {
  id: 'RCE',
  from: ['endpoint'],
  to: ['container'],
  title: 'who reaches a container takes it over by a vulnerability of its image',
  preconditions: [
    'a report about the image, joined by digest, has a vulnerability of severity high or ' +
      'critical that needs neither an account nor a click, may change something, and is not ' +
      'taken away by a statement',
    'whether the program that listens has the vulnerable code is not known: it is possible',
  ],
  observable: 'a shell, or another program, from the process that listens',
  attack: ['T1190', 'T1210'],
  cost: 1,
  derive: (cluster, from, emit) => {
    const found = containerOf(cluster, from)
    if (!found) return
    const { pod, container } = found
    const cves = openCves(cluster, pod, container)
    const [worst] = cves
    if (!worst) return
    emit(containerNode(pod.namespace, pod.name, container.name), 'possible', () => [
      {
        text:
          `the image of container ${container.name} has ${worst.id} (${worst.severity})` +
          (cves.length > 1 ? ` and ${cves.length - 1} more that need nothing but to reach it` : ''),
        object: { kind: 'Pod', namespace: pod.namespace, name: pod.name },
        path: `${container.at}.image`,
        fix:
          worst.fixedIn === undefined
            ? undefined
            : `update ${worst.package.name} to ${worst.fixedIn} in ${container.image}`,
      },
    ])
  },
}

export const reachEdges: readonly EdgeKind[] = [exposed, reach, rce]
