/** Network policies, from their objects: Kubernetes' own and those of the administrators. */
import type { Network, Selector } from '@bulwark/schema'
import { inNetwork, parseNetwork } from '@bulwark/schema'
import type { Reading } from '../objects/metadata.ts'
import type { Json, Reader } from '../objects/reader.ts'
import { isJson } from '../objects/reader.ts'
import type {
  Action,
  AdminPolicy,
  ForeignPolicy,
  IpBlock,
  NetworkPolicy,
  Peer,
  PolicyPorts,
  PolicyRule,
} from './policy.ts'
import type { Protocol } from './ports.ts'
import { isProtocol, noPorts, portMax, portRange } from './ports.ts'

const unknownPeer: Peer = { is: 'unknown' }
const everything: Selector = []

const readNetwork = (reader: Reader, text: string | undefined, at: string): Network | undefined => {
  const network = text === undefined ? undefined : parseNetwork(text)
  if (network === undefined) reader.fault(at, 'is no network in CIDR form')
  return network
}

const readBlock = (reader: Reader, from: Json, at: string): Peer => {
  const cidr = readNetwork(reader, reader.name(from, 'cidr', at), `${at}.cidr`)
  const texts = reader.texts(from, 'except', at)
  const except = texts.flatMap((text, index): readonly Network[] => {
    const network = readNetwork(reader, text, `${at}.except[${index}]`)
    return network ? [network] : []
  })
  if (cidr === undefined || except.length < texts.length) return unknownPeer
  const written = [String(from['cidr']), ...texts.toSorted()]
  const block: IpBlock = { cidr, except, text: written.join(' but ') }
  return { is: 'block', block }
}

/** A selector that is broken makes its peer one that is not known. */
const podsPeer = (
  namespaces: Selector | 'broken' | undefined,
  pods: Selector | 'broken' | undefined,
): Peer =>
  namespaces === 'broken' || pods === 'broken'
    ? unknownPeer
    : { is: 'pods', namespaces, pods: pods ?? everything }

const readPeer = (reader: Reader, item: Json, at: string): Peer => {
  const block = reader.map(item, 'ipBlock', at)
  if (block) return readBlock(reader, block, `${at}.ipBlock`)
  const namespaces = reader.selector(item, 'namespaceSelector', at)
  const pods = reader.selector(item, 'podSelector', at)
  if (namespaces === undefined && pods === undefined) {
    reader.fault(at, 'is a peer of no kind that is known: whom it lets through is not known')
    return unknownPeer
  }
  return podsPeer(namespaces, pods)
}

const readProtocol = (reader: Reader, from: Json, at: string): Protocol | undefined => {
  const text = reader.name(from, 'protocol', at) ?? 'TCP'
  if (isProtocol(text)) return text
  reader.fault(`${at}.protocol`, 'is none of TCP, UDP, SCTP: no port is meant')
  return undefined
}

const isPort = (port: unknown): port is number =>
  Number.isInteger(port) && Number(port) >= 1 && Number(port) <= portMax

const nothingMeant: PolicyPorts = { is: 'numbers', set: noPorts }

const rangeOf = (
  reader: Reader,
  protocol: Protocol,
  first: unknown,
  last: unknown,
  at: string,
): PolicyPorts => {
  if (isPort(first) && isPort(last) && first <= last) {
    return { is: 'numbers', set: portRange(protocol, first, last) }
  }
  reader.fault(at, 'is no range of ports: no port is meant')
  return nothingMeant
}

const readPort = (reader: Reader, item: Json, at: string): PolicyPorts => {
  const protocol = readProtocol(reader, item, at)
  if (protocol === undefined) return nothingMeant
  const { port = null, endPort = null } = item
  if (port === null && endPort === null) {
    return { is: 'numbers', set: portRange(protocol, 1, portMax) }
  }
  if (typeof port === 'string' && endPort === null) return { is: 'name', name: port, protocol }
  return rangeOf(reader, protocol, port, endPort ?? port, at)
}

/** No list, or one without items: not limited. */
const orAny = <Value>(items: readonly Value[]): readonly Value[] | undefined =>
  items.length === 0 ? undefined : items

const readRules = (
  reader: Reader,
  spec: Json | undefined,
  key: 'ingress' | 'egress',
): readonly PolicyRule[] =>
  reader.maps(spec, key, 'spec', (item, path) => {
    const peersKey = key === 'ingress' ? 'from' : 'to'
    return {
      peers: orAny(readItems(reader, item, peersKey, path, readPeer, unknownPeer)),
      ports: orAny(readItems(reader, item, 'ports', path, readPort, nothingMeant)),
      action: 'allow',
      path,
    }
  })

/** Items of a list; for one that is no map, and for a list that is none, `broken` stands. */
const readItems = <Value>(
  reader: Reader,
  from: Json,
  key: string,
  at: string,
  read: (reader: Reader, item: Json, at: string) => Value,
  broken: Value,
): readonly Value[] => {
  const items = reader.maps(from, key, at, (item, itemAt) => read(reader, item, itemAt))
  const written = from[key] ?? []
  const isWhole = Array.isArray(written) && written.every(isJson)
  return isWhole ? items : [...items, broken]
}

export const readNetworkPolicy = (
  json: Json,
  { reader, sharing, names }: Reading,
): NetworkPolicy => {
  const spec = reader.map(json, 'spec', '')
  const pods = reader.selector(spec, 'podSelector', 'spec')
  const ingress = readRules(reader, spec, 'ingress')
  const egress = readRules(reader, spec, 'egress')
  const types = reader.texts(spec, 'policyTypes', 'spec')
  const isOmitted = types.length === 0
  for (const type of types.filter((each) => each !== 'Ingress' && each !== 'Egress')) {
    reader.fault('spec.policyTypes', `has ${type}, which is no direction`)
  }
  if (pods === 'broken') reader.fault('spec.podSelector', 'is not understood: it selects no pod')
  const isJudged = pods !== 'broken'
  const isolates = (type: string, byDefault: boolean): boolean =>
    isJudged && (isOmitted ? byDefault : types.includes(type))
  return {
    ...names,
    pods: sharing.part(pods === 'broken' ? everything : (pods ?? everything)),
    ingress: isolates('Ingress', true) ? ingress : undefined,
    egress: isolates('Egress', egress.length > 0) ? egress : undefined,
  }
}

// --- Administrators' policies --------------------------------------------------------------------

const actions: ReadonlyMap<string, Action> = new Map([
  ['Allow', 'allow'],
  ['Deny', 'deny'],
  ['Pass', 'pass'],
])

/** `namespaces` is a selector, or `pods` has two. */
const readNamespacedPods = (reader: Reader, item: Json, at: string): Peer | undefined => {
  if (item['namespaces'] !== undefined) {
    return podsPeer(reader.selector(item, 'namespaces', at) ?? 'broken', everything)
  }
  const pods = reader.map(item, 'pods', at)
  if (pods === undefined) return undefined
  return podsPeer(
    reader.selector(pods, 'namespaceSelector', `${at}.pods`) ?? everything,
    reader.selector(pods, 'podSelector', `${at}.pods`) ?? everything,
  )
}

const readAdminPeers = (reader: Reader, item: Json, at: string): readonly Peer[] => {
  const pods = readNamespacedPods(reader, item, at)
  if (pods) return [pods]
  const networks = reader.texts(item, 'networks', at)
  if (networks.length === 0) return [unknownPeer]
  return networks.map((text, index) => {
    const cidr = readNetwork(reader, text, `${at}.networks[${index}]`)
    return cidr ? { is: 'block', block: { cidr, except: [], text } } : unknownPeer
  })
}

const readAdminPort = (reader: Reader, item: Json, at: string): PolicyPorts => {
  const name = reader.name(item, 'namedPort', at)
  if (name !== undefined) return { is: 'name', name, protocol: undefined }
  const number = reader.map(item, 'portNumber', at)
  const range = reader.map(item, 'portRange', at)
  const from = number ?? range
  const protocol = from && readProtocol(reader, from, at)
  if (!protocol) {
    reader.fault(at, 'is a port of no kind that is known: no port is meant')
    return nothingMeant
  }
  const [first, last] = number
    ? [number['port'], number['port']]
    : [range?.['start'], range?.['end']]
  return rangeOf(reader, protocol, first, last, at)
}

const readAdminRules = (
  reader: Reader,
  spec: Json | undefined,
  key: 'ingress' | 'egress',
): readonly PolicyRule[] =>
  reader.maps(spec, key, 'spec', (item, path): PolicyRule | undefined => {
    const action = actions.get(reader.name(item, 'action', path) ?? '')
    if (!action) {
      reader.fault(`${path}.action`, 'is none of Allow, Deny, Pass: the rule is left out')
      return undefined
    }
    const peersKey = key === 'ingress' ? 'from' : 'to'
    const peers = readItems(reader, item, peersKey, path, readAdminPeers, [unknownPeer]).flat()
    const ports = readItems(reader, item, 'ports', path, readAdminPort, nothingMeant)
    return { peers: peers.length === 0 ? [unknownPeer] : peers, ports: orAny(ports), action, path }
  })

export const readAdminPolicy = (
  json: Json,
  { reader, names }: Reading,
): AdminPolicy | undefined => {
  const spec = reader.map(json, 'spec', '')
  const subject = reader.map(spec, 'subject', 'spec')
  const peer = subject && readNamespacedPods(reader, subject, 'spec.subject')
  if (peer?.is !== 'pods') {
    reader.fault('spec.subject', 'is not understood: the policy is left out')
    return undefined
  }
  return {
    ...names,
    priority: reader.whole(spec, 'priority', 'spec') ?? 0,
    namespaces: peer.namespaces ?? everything,
    pods: peer.pods,
    ingress: readAdminRules(reader, spec, 'ingress'),
    egress: readAdminRules(reader, spec, 'egress'),
  }
}

/** Policies of other engines: that they are there is known, what they say is not judged. */
export const readForeignPolicy = (_json: Json, { names }: Reading): ForeignPolicy => names

/** Whether a network lies in another. */
export const isWithin = (network: Network, other: Network): boolean =>
  network.version === other.version &&
  network.prefix >= other.prefix &&
  inNetwork(network.version === 4 ? Number(network.base) : network.base, other)
