/** Where connections from outside come to a pod without any service: ports of its node, tunnels. */
import type { Cluster } from '../cluster.ts'
import type { Fact } from '../edges.ts'
import type { Pod } from '../objects/pod.ts'
import type { PodSpec } from '../objects/podspec.ts'
import type { Index } from '../objects/table.ts'
import type { Front } from './front.ts'
import { outerNodeFact } from './front.ts'
import type { PortSet } from './ports.ts'
import { allPorts, isProtocol, portRange } from './ports.ts'

export interface PortFront {
  readonly front: Front
  readonly ports: PortSet
}

const factOf = ({ namespace, name }: Pod, path: string, text: string, fix?: string): Fact => ({
  text,
  object: { kind: 'Pod', namespace, name },
  path,
  fix,
})

/** At its node's addresses: certain for the nodes' network, possible for the internet. */
const atNode = (cluster: Cluster, pod: Pod, fact: Fact, ports: PortSet): readonly PortFront[] => {
  const outer = outerNodeFact(cluster, new Set([pod.nodeName]))
  const inner: Front = { level: 3, certainty: 'certain', isFromNodes: false, facts: [fact] }
  const fronts: readonly Front[] = outer
    ? [{ ...inner, level: 6, certainty: 'possible', facts: [fact, outer] }, inner]
    : [inner]
  return fronts.map((front) => ({ front, ports }))
}

const hostPorts = (cluster: Cluster, pod: Pod): readonly PortFront[] =>
  pod.spec.containers.flatMap(({ at, ports, name }) =>
    ports.flatMap(({ hostPort, protocol, number }, index) => {
      if (hostPort === 0 || !isProtocol(protocol)) return []
      const fact = factOf(
        pod,
        `${at}.ports[${index}].hostPort`,
        `container ${name} has port ${hostPort} of its node`,
        'use a service instead of `hostPort`',
      )
      return atNode(cluster, pod, fact, portRange(protocol, number, number))
    }),
  )

/** Fronts at the addresses of a pod's node. */
export const portFronts = (cluster: Cluster, pod: Pod): readonly PortFront[] => {
  if (pod.isOver || pod.nodeName === '') return []
  if (!pod.spec.hostNetwork) return hostPorts(cluster, pod)
  const fact = factOf(
    pod,
    'spec.hostNetwork',
    'the pod is in the network of its node: each of its ports is one of the node',
    'give the pod a network of its own',
  )
  return atNode(cluster, pod, fact, allPorts)
}

/** Programs that bring connections from outside in, by the last part of their image's name. */
const tunnels: readonly { readonly image: RegExp; readonly name: string; level: 4 | 6 }[] = [
  { image: /^cloudflared$/, name: 'cloudflared', level: 6 },
  { image: /^ngrok(?:-.*)?$/, name: 'ngrok', level: 6 },
  { image: /^inlets(?:-.*)?$/, name: 'inlets', level: 6 },
  { image: /^frpc$/, name: 'frp', level: 6 },
  { image: /^tailscale$/, name: 'tailscale', level: 4 },
]

const imageName = (image: string): string =>
  image
    .replace(/@.*$/, '')
    .replace(/:[^:/]*$/, '')
    .replace(/^.*\//, '')

/** The container of a spec that is a tunnel; of which kind. */
const tunnelIn = (spec: PodSpec) => {
  for (const container of spec.containers) {
    if (container.role !== 'main' && container.role !== 'sidecar') continue
    const name = imageName(container.image)
    const tunnel = tunnels.find(({ image }) => image.test(name))
    if (tunnel) return { container, tunnel }
  }
  return undefined
}

const ofSpec = new WeakMap<PodSpec, { readonly tunnel: ReturnType<typeof tunnelIn> }>()

const tunnelOf = ({ spec, isOver }: Pod): ReturnType<typeof tunnelIn> => {
  if (isOver) return undefined
  let kept = ofSpec.get(spec)
  if (!kept) ofSpec.set(spec, (kept = { tunnel: tunnelIn(spec) }))
  return kept.tunnel
}

export const podsWithTunnel: Index<'Pod'> = {
  kind: 'Pod',
  keys: (pod) => (tunnelOf(pod) ? ['tunnel'] : []),
}

/** A tunnel that ends in the pod: what it leads to is not in the API. */
export const tunnelFront = (pod: Pod): Front | undefined => {
  const found = tunnelOf(pod)
  if (!found) return undefined
  const { container, tunnel } = found
  const text =
    `container ${container.name} is a tunnel (${tunnel.name}): it brings connections in, ` +
    'and where it leads to is not in the API'
  return {
    level: tunnel.level,
    certainty: 'possible',
    isFromNodes: false,
    facts: [factOf(pod, `${container.at}.image`, text)],
  }
}

export const hostPortPods: Index<'Pod'> = {
  kind: 'Pod',
  keys: ({ spec, isOver, nodeName }) =>
    !isOver &&
    nodeName !== '' &&
    (spec.hostNetwork ||
      spec.containers.some(({ ports }) => ports.some(({ hostPort }) => hostPort !== 0)))
      ? ['host']
      : [],
}
