/** How far a pod is reached from, with every way in and what each rests on. */
import type { Cluster } from '../cluster.ts'
import type { Certainty, Fact, Reason } from '../edges.ts'
import type { Pod } from '../objects/pod.ts'
import { isPublic, outsideSamples } from './addresses.ts'
import type { RouteOfKind } from './backends.ts'
import { portsBehind, podsBehind, routesTo, servicesBefore } from './backends.ts'
import type { ClusterNetwork } from './cluster-network.ts'
import { clusterNetwork } from './cluster-network.ts'
import type { Front, Level } from './front.ts'
import { frontsOf } from './front.ts'
import type { PodClass } from './pod-classes.ts'
import { portFronts, tunnelFront } from './pod-fronts.ts'
import type { PortSet } from './ports.ts'
import { allPorts, intersect } from './ports.ts'
import type { Server } from './servers.ts'
import { isGranted, serversOf } from './servers.ts'
import type { Service } from './service.ts'
import type { Verdict } from './verdict.ts'
import { isAbout } from './verdict.ts'

/** A way in to a pod. */
export interface Way {
  readonly level: Level
  readonly certainty: Certainty
  /** Ports of the pod that it leads to. */
  readonly ports: PortSet
  readonly reason: Reason
}

export interface Exposure {
  /** The highest that is certain. */
  readonly level: Level
  /** The highest that is possible; not below `level`. */
  readonly possible: Level
  /** The furthest first. */
  readonly ways: readonly Way[]
}

/** What policies do of a front: whether its connections come to the pod, and from how many. */
interface Passage {
  readonly certainty: Certainty
  readonly isNarrowed: boolean
}

const certaintyOf = ({ sure, most }: Verdict, ports: PortSet): Certainty | undefined => {
  if (intersect(sure, ports).length > 0) return 'certain'
  return intersect(most, ports).length > 0 ? 'possible' : undefined
}

/** From addresses of the internet, to ports of a class. */
const fromOutside = (
  network: ClusterNetwork,
  podClass: PodClass,
  ports: PortSet,
): Passage | undefined => {
  const of = (address: number | bigint): Certainty | undefined =>
    certaintyOf(network.ingressFrom(podClass, address), ports)
  const samples = outsideSamples.map(of)
  if (samples.every((each) => each === 'certain'))
    return { certainty: 'certain', isNarrowed: false }
  const blocks = network.blockAddresses().filter(isPublic).map(of)
  const all = new Set([...samples, ...blocks])
  if (all.has('certain')) return { certainty: 'certain', isNarrowed: true }
  return all.has('possible') ? { certainty: 'possible', isNarrowed: false } : undefined
}

const rank = ({ certainty, isNarrowed }: Passage): number =>
  (certainty === 'certain' ? 0 : 2) + (isNarrowed ? 1 : 0)

const weaker = (a: Certainty, b: Certainty): Certainty => (a === 'certain' ? b : a)

const narrowed = (level: Level, isNarrowed: boolean): Level =>
  isNarrowed && level === 6 ? 5 : level

/** The policies that let some of the internet in. */
const policyFacts = (network: ClusterNetwork, podClass: PodClass): readonly Fact[] => {
  const addresses = [...outsideSamples, ...network.blockAddresses().filter(isPublic)]
  return network.holding(podClass, 'ingress').namespaced.flatMap((policy) => {
    const rule = policy.ingress?.find((each) =>
      addresses.some((address) => isAbout(each, { is: 'address', address }, policy.namespace)),
    )
    if (!rule) return []
    const { namespace, name } = policy
    const object = { kind: 'NetworkPolicy', namespace, name }
    return [{ text: `policy ${name} lets addresses outside in`, object, path: rule.path }]
  })
}

class Ways {
  readonly #cluster: Cluster
  readonly #pod: Pod
  readonly #network: ClusterNetwork
  readonly #class: PodClass
  readonly found: Way[] = []

  constructor(cluster: Cluster, pod: Pod, network: ClusterNetwork, podClass: PodClass) {
    this.#cluster = cluster
    this.#pod = pod
    this.#network = network
    this.#class = podClass
  }

  add(level: Level, certainty: Certainty, ports: PortSet, reason: Reason): void {
    if (ports.length > 0) this.found.push({ level, certainty, ports, reason })
  }

  /** A front that leads straight to ports of the pod. */
  front({ level, certainty, isFromNodes, facts }: Front, ports: PortSet): void {
    const passage = fromOutside(this.#network, this.#class, ports)
    if (passage) {
      const at = narrowed(level, passage.isNarrowed)
      const policies = policyFacts(this.#network, this.#class)
      this.add(at, weaker(certainty, passage.certainty), ports, [...facts, ...policies])
    } else if (isFromNodes) {
      const text =
        'connections come from the address of a node, and policies do not hold for those of the ' +
        "pod's own"
      const [{ object } = { object: podFact(this.#pod, '').object }] = facts
      this.add(level, 'possible', ports, [...facts, { text, object, path: 'spec' }])
    }
  }

  service(service: Service): void {
    const { namespace, name } = service
    const ports = portsBehind(this.#cluster, service, this.#pod, undefined)
    const object = { kind: 'Service', namespace, name }
    if (!service.isHeadless) {
      const text = `service ${name} leads to it`
      this.add(2, 'certain', ports, [{ text, object, path: 'spec.selector' }])
    }
    const pods = service.isLocal ? podsBehind(this.#cluster, service) : []
    for (const front of frontsOf(this.#cluster, service, pods)) this.front(front, ports)
    for (const of of routesTo(this.#cluster, service)) this.route(of, service)
  }

  route(of: RouteOfKind, service: Service): void {
    const { kind, route } = of
    const backends = route.backends.filter(
      (each) =>
        each.namespace === service.namespace &&
        each.service === service.name &&
        isGranted(this.#cluster, of, each),
    )
    if (backends.length === 0) return
    const servers = serversOf(this.#cluster, of)
    for (const { port, path } of backends) {
      const ports = portsBehind(this.#cluster, service, this.#pod, port)
      const object = { kind, namespace: route.namespace, name: route.name }
      const text = `${kind} ${route.name} leads to service ${service.name}`
      for (const server of servers) this.#server(of, server, ports, { text, object, path })
    }
  }

  #server({ kind, route }: RouteOfKind, server: Server, ports: PortSet, to: Fact): void {
    const passage = this.#fromProxy(server, ports)
    if (!passage) return
    const object = { kind, namespace: route.namespace, name: route.name }
    const guards = [
      ...route.guards.map((mark) => ({ ...mark, object })),
      ...(server.guard ? [server.guard] : []),
    ]
    const maybe = route.maybeGuards.map((mark) => ({ ...mark, object }))
    const inside = route.inside ? [{ ...route.inside, object }] : []
    for (const front of server.fronts) {
      const proxy = this.#toProxy(server, front)
      if (!proxy) continue
      const level: Level = inside.length > 0 && front.level > 4 ? 4 : front.level
      const at = narrowed(level, guards.length > 0 || proxy.isNarrowed)
      const part: Certainty = route.isPart ? 'possible' : 'certain'
      const certainty = [proxy.certainty, passage, part].reduce(weaker, front.certainty)
      const reason = [...front.facts, ...server.facts, to, ...guards, ...inside, ...maybe]
      if (maybe.length > 0 && at === 6) {
        this.add(5, certainty, ports, reason)
        this.add(6, 'possible', ports, reason)
      } else {
        this.add(at, certainty, ports, reason)
      }
    }
  }

  /** Whether a front's connections come to a proxy of the cluster. */
  #toProxy({ pods }: Server, { isFromNodes }: Front): Passage | undefined {
    const open: Passage = { certainty: 'certain', isNarrowed: false }
    if (pods === undefined) return open
    const found = pods.flatMap((pod) => {
      const proxy = this.#network.classes.ofPod(pod.namespace, pod.name)
      return (proxy && fromOutside(this.#network, proxy, allPorts)) ?? []
    })
    const best = found.toSorted((a, b) => rank(a) - rank(b))[0]
    return best ?? (isFromNodes ? { certainty: 'possible', isNarrowed: false } : undefined)
  }

  /** Whether a proxy reaches the pod; one that is not in the cluster comes from outside it. */
  #fromProxy({ pods }: Server, ports: PortSet): Certainty | undefined {
    if (pods === undefined) {
      return fromOutside(this.#network, this.#class, ports)?.certainty ?? 'possible'
    }
    const found = new Set(
      pods.map((pod) => {
        const proxy = this.#network.classes.ofPod(pod.namespace, pod.name)
        return proxy && certaintyOf(this.#network.verdict(proxy, this.#class), ports)
      }),
    )
    if (found.has('certain')) return 'certain'
    return found.has('possible') ? 'possible' : undefined
  }
}

const podFact = ({ namespace, name }: Pod, text: string): Fact => ({
  text,
  object: { kind: 'Pod', namespace, name },
  path: '',
})

/** Whether policies let nothing at all in, from nobody. */
const isShut = (network: ClusterNetwork, podClass: PodClass): boolean => {
  const { namespaced, admin, unknown } = network.holding(podClass, 'ingress')
  const letsIn = namespaced.some(({ ingress }) => (ingress ?? []).length > 0)
  const isEnforced = network.enforced.is === true
  return (
    isEnforced && namespaced.length > 0 && !letsIn && admin.length === 0 && unknown === 'nothing'
  )
}

const order = { certain: 0, possible: 1, unknown: 2 } as const

/**
 * How far a pod is reached from. One that is over, or not there, is reached by nothing.
 *
 * @param services  those that count, of those before the pod
 */
export const exposureOf = (
  cluster: Cluster,
  pod: Pod,
  services: readonly Service[] = servicesBefore(cluster, pod),
): Exposure => {
  const network = cluster.state(clusterNetwork)
  const podClass = network.classes.ofPod(pod.namespace, pod.name)
  if (!podClass) return { level: 0, possible: 0, ways: [] }
  const ways = new Ways(cluster, pod, network, podClass)
  if (!isShut(network, podClass) && !pod.spec.hostNetwork) {
    ways.add(1, 'certain', allPorts, [
      podFact(pod, 'the pod has an address in the network of pods'),
    ])
  }
  for (const service of services) ways.service(service)
  for (const { front, ports } of portFronts(cluster, pod)) ways.front(front, ports)
  const tunnel = tunnelFront(pod)
  if (tunnel) ways.add(tunnel.level, tunnel.certainty, allPorts, tunnel.facts)
  const found = ways.found.toSorted(
    (a, b) => b.level - a.level || order[a.certainty] - order[b.certainty],
  )
  const levelOf = (wanted: readonly Way[]): Level => wanted[0]?.level ?? 0
  return {
    level: levelOf(found.filter(({ certainty }) => certainty === 'certain')),
    possible: levelOf(found),
    ways: found,
  }
}
