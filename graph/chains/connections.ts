/**
 * Whether a connection of one pod led to another, along a way that network policies let through:
 * by the pod's own address, or by that of a Service before it. Pods of the host's network have
 * their node's address, which tells none apart: connections to them lead nowhere.
 */
import type { ActPeer } from '@bulwark/schema'
import { parseAddress } from '@bulwark/schema'
import type { Cluster } from '../cluster.ts'
import type { Certainty, Fact } from '../edges.ts'
import { limits } from '../limits.ts'
import { portsBehind, servicesBefore } from '../network/backends.ts'
import { clusterNetwork } from '../network/cluster-network.ts'
import type { PortSet, Protocol } from '../network/ports.ts'
import { intersect, isProtocol, portRange } from '../network/ports.ts'
import { reasonBetween } from '../network/reach-edges.ts'
import type { Service } from '../network/service.ts'
import type { Pod } from '../objects/pod.ts'
import { podFact } from '../pods/container.ts'

/** One text for an address, however it was written; `undefined`: it is none. */
export const addressKey = (text: string): string | undefined => {
  const address = parseAddress(text)
  if (address === undefined) return undefined
  return `${typeof address === 'number' ? 4 : 6}/${address}`
}

const keysOf = (texts: readonly string[]): readonly string[] =>
  texts.map(addressKey).filter((key) => key !== undefined)

const ownKeys = ({ spec, addresses }: Pod): readonly string[] =>
  spec.hostNetwork ? [] : keysOf(addresses)

/** Addresses by which a pod is connected to: its own, then those of Services; by their keys. */
export const addressesOf = (cluster: Cluster, pod: Pod): readonly string[] => [
  ...new Set([
    ...ownKeys(pod),
    ...servicesBefore(cluster, pod).flatMap(({ addresses }) => keysOf(addresses)),
  ]),
]

/** A connection of one pod to another. */
export interface Connection {
  /** `possible`: it is not known whether policies let it through. */
  readonly certainty: Certainty
  readonly facts: readonly Fact[]
}

const protocolOf = ({ protocol = 'tcp' }: ActPeer): Protocol | undefined => {
  const name = protocol.toUpperCase()
  return isProtocol(name) ? name : undefined
}

/** A Service before the pod that has the address. */
const serviceAt = (cluster: Cluster, pod: Pod, key: string): Service | undefined =>
  servicesBefore(cluster, pod).find(({ addresses }) => keysOf(addresses).includes(key))

const serviceFact = ({ namespace, name }: Service, to: Pod): Fact => ({
  text: `Service ${name} leads to pod ${to.name}`,
  object: { kind: 'Service', namespace, name },
  path: 'spec.clusterIP',
})

/** The connection of a pod to the end of an act; `undefined`: it does not lead to the other. */
export const connectionTo = (
  cluster: Cluster,
  from: Pod,
  peer: ActPeer,
  to: Pod,
): Connection | undefined => {
  const key = addressKey(peer.address)
  const protocol = protocolOf(peer)
  if (key === undefined || protocol === undefined || from === to) return undefined
  const service = ownKeys(to).includes(key) ? undefined : serviceAt(cluster, to, key)
  if (!service && !ownKeys(to).includes(key)) return undefined
  const asked: PortSet = portRange(protocol, peer.port, peer.port)
  const ports = service
    ? intersect(portsBehind(cluster, service, to, peer.port), portRange(protocol, 1, 65_535))
    : asked
  const network = cluster.state(clusterNetwork)
  const { sure, most } = network.podVerdict(from, to)
  if (intersect(ports, most).length === 0) return undefined
  const classes = [from, to].map((pod) => network.classes.ofPod(pod.namespace, pod.name))
  const [fromClass, toClass] = classes
  const policies = fromClass && toClass ? reasonBetween(network, fromClass, toClass)() : []
  return {
    certainty: intersect(ports, sure).length > 0 ? 'certain' : 'possible',
    facts: [
      podFact(
        from,
        '',
        `pod ${from.namespace}/${from.name} connected to ${peer.address} ${protocol} ${peer.port}`,
      ),
      ...(service ? [serviceFact(service, to)] : []),
      ...policies.slice(0, limits.connectionFactsMax),
    ],
  }
}
