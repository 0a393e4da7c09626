/**
 * What network policies let through, said as slowly and plainly as the specification does: one
 * connection, straight from the objects' JSON. It shares nothing with the code that it is held
 * against; objects must be well-formed.
 */

export interface Labels {
  readonly [key: string]: string
}

export interface Selector {
  readonly matchLabels?: Labels
  readonly matchExpressions?: readonly {
    readonly key: string
    readonly operator: string
    readonly values?: readonly string[]
  }[]
}

export interface RawPeer {
  readonly podSelector?: Selector
  readonly namespaceSelector?: Selector
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] }
}

export interface RawPort {
  readonly protocol?: string
  readonly port?: number | string
  readonly endPort?: number
}

export interface RawRule {
  readonly from?: readonly RawPeer[]
  readonly to?: readonly RawPeer[]
  readonly ports?: readonly RawPort[]
}

export interface RawPolicy {
  readonly kind: 'NetworkPolicy'
  readonly metadata: { readonly namespace: string; readonly name: string }
  readonly spec: {
    readonly podSelector: Selector
    readonly policyTypes?: readonly string[]
    readonly ingress?: readonly RawRule[]
    readonly egress?: readonly RawRule[]
  }
}

interface RawPods {
  readonly namespaceSelector: Selector
  readonly podSelector: Selector
}

export interface RawAdminRule {
  readonly action: string
  readonly from?: readonly { readonly namespaces?: Selector; readonly pods?: RawPods }[]
  readonly to?: readonly { readonly namespaces?: Selector; readonly pods?: RawPods }[]
  readonly ports?: readonly { readonly portNumber: { protocol: string; port: number } }[]
}

export interface RawAdmin {
  readonly kind: 'AdminNetworkPolicy' | 'BaselineAdminNetworkPolicy'
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly priority?: number
    readonly subject: { readonly namespaces?: Selector; readonly pods?: RawPods }
    readonly ingress?: readonly RawAdminRule[]
    readonly egress?: readonly RawAdminRule[]
  }
}

export interface RawPod {
  readonly kind: 'Pod'
  readonly metadata: { readonly namespace: string; readonly name: string; readonly labels: Labels }
  readonly spec: {
    readonly hostNetwork?: boolean
    readonly containers: readonly {
      readonly ports?: readonly {
        readonly name?: string
        readonly containerPort: number
        readonly protocol?: string
      }[]
    }[]
  }
  readonly status: { readonly podIPs: readonly { readonly ip: string }[] }
}

export interface RawNamespace {
  readonly kind: 'Namespace'
  readonly metadata: { readonly name: string; readonly labels: Labels }
}

export type RawObject = RawPolicy | RawAdmin | RawPod | RawNamespace

/** The other end: a pod, or an IPv4 address outside. */
export type RawEnd = RawPod | string

export interface Connection {
  readonly from: RawEnd
  readonly to: RawEnd
  readonly protocol: string
  readonly port: number
}

type Answer = 'yes' | 'no' | 'unknown'

const any = (answers: readonly Answer[]): Answer =>
  answers.includes('yes') ? 'yes' : answers.includes('unknown') ? 'unknown' : 'no'

const selected = (
  { matchLabels = {}, matchExpressions = [] }: Selector,
  labels: Labels,
): boolean => {
  for (const key of Object.keys(matchLabels)) if (labels[key] !== matchLabels[key]) return false
  for (const { key, operator, values = [] } of matchExpressions) {
    const value = labels[key]
    const isThere = value !== undefined
    const isListed = isThere && values.includes(value)
    if (operator === 'In' && !isListed) return false
    if (operator === 'NotIn' && isListed) return false
    if (operator === 'Exists' && !isThere) return false
    if (operator === 'DoesNotExist' && isThere) return false
  }
  return true
}

const bitsOf = (address: string): string =>
  address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('')

const inside = (address: string, cidr: string): boolean => {
  const [base = '', prefix] = cidr.split('/')
  return bitsOf(address).slice(0, Number(prefix)) === bitsOf(base).slice(0, Number(prefix))
}

export class Reference {
  readonly #objects: readonly RawObject[]

  constructor(objects: readonly RawObject[]) {
    this.#objects = objects
  }

  #labelsOf(namespace: string): Labels {
    const found = this.#objects.find(
      (each): each is RawNamespace => each.kind === 'Namespace' && each.metadata.name === namespace,
    )
    return { 'kubernetes.io/metadata.name': namespace, ...found?.metadata.labels }
  }

  /** `yes`: for certain. */
  connects(connection: Connection): Answer {
    const { from, to } = connection
    const out = typeof from === 'string' ? 'yes' : this.#passes(from, to, 'egress', connection)
    const into = typeof to === 'string' ? 'yes' : this.#passes(to, from, 'ingress', connection)
    if (out === 'no' || into === 'no') return 'no'
    return out === 'yes' && into === 'yes' ? 'yes' : 'unknown'
  }

  #passes(pod: RawPod, other: RawEnd, way: 'ingress' | 'egress', connection: Connection): Answer {
    if (pod.spec.hostNetwork === true) return 'yes'
    const isNode = typeof other !== 'string' && other.spec.hostNetwork === true
    const admin = this.#ordered('AdminNetworkPolicy', pod, other, way, connection)
    const answer =
      admin === 'allow'
        ? 'yes'
        : admin === 'deny'
          ? 'no'
          : this.#byNamespace(pod, other, way, connection)
    return answer === 'no' && way === 'ingress' && isNode ? 'unknown' : answer
  }

  #byNamespace(
    pod: RawPod,
    other: RawEnd,
    way: 'ingress' | 'egress',
    connection: Connection,
  ): Answer {
    const holding = this.#objects.filter((each): each is RawPolicy => {
      if (each.kind !== 'NetworkPolicy') return false
      if (each.metadata.namespace !== pod.metadata.namespace) return false
      if (!selected(each.spec.podSelector, pod.metadata.labels)) return false
      const { policyTypes = [], egress = [] } = each.spec
      if (policyTypes.length > 0)
        return policyTypes.includes(way === 'ingress' ? 'Ingress' : 'Egress')
      return way === 'ingress' || egress.length > 0
    })
    if (holding.length === 0) {
      const base = this.#ordered('BaselineAdminNetworkPolicy', pod, other, way, connection)
      return base === 'deny' ? 'no' : 'yes'
    }
    return any(
      holding.flatMap((policy) =>
        (policy.spec[way] ?? []).map((rule) =>
          this.#ruleLets(policy, rule, other, way, connection),
        ),
      ),
    )
  }

  #ruleLets(
    policy: RawPolicy,
    rule: RawRule,
    other: RawEnd,
    way: 'ingress' | 'egress',
    connection: Connection,
  ): Answer {
    const { ports = [] } = rule
    if (ports.length > 0 && !ports.some((port) => this.#portFits(port, connection))) return 'no'
    const peers = (way === 'ingress' ? rule.from : rule.to) ?? []
    if (peers.length === 0) return 'yes'
    return any(peers.map((peer) => this.#peerIs(peer, other, policy.metadata.namespace)))
  }

  #portFits({ protocol = 'TCP', port, endPort }: RawPort, connection: Connection): boolean {
    if (protocol !== connection.protocol) return false
    if (port === undefined) return true
    if (typeof port === 'number') {
      return port <= connection.port && connection.port <= (endPort ?? port)
    }
    const { to } = connection
    if (typeof to === 'string') return false
    return to.spec.containers.some(({ ports = [] }) =>
      ports.some(
        (each) =>
          each.name === port &&
          (each.protocol ?? 'TCP') === protocol &&
          each.containerPort === connection.port,
      ),
    )
  }

  #peerIs(peer: RawPeer, other: RawEnd, own: string): Answer {
    const { ipBlock, podSelector, namespaceSelector } = peer
    if (ipBlock) {
      const { cidr, except = [] } = ipBlock
      const isIn = (address: string): boolean =>
        inside(address, cidr) && except.every((each) => !inside(address, each))
      if (typeof other === 'string') return isIn(other) ? 'yes' : 'no'
      return other.status.podIPs.some(({ ip }) => isIn(ip)) ? 'unknown' : 'no'
    }
    if (typeof other === 'string') return 'no'
    const { namespace, labels } = other.metadata
    const isThere = namespaceSelector
      ? selected(namespaceSelector, this.#labelsOf(namespace))
      : namespace === own
    if (!isThere || !selected(podSelector ?? {}, labels)) return 'no'
    return other.spec.hostNetwork === true ? 'unknown' : 'yes'
  }

  /** What the policies of administrators say; `none`: nothing, or they pass it on. */
  #ordered(
    kind: RawAdmin['kind'],
    pod: RawPod,
    other: RawEnd,
    way: 'ingress' | 'egress',
    connection: Connection,
  ): 'allow' | 'deny' | 'none' {
    const policies = this.#objects
      .filter((each): each is RawAdmin => each.kind === kind)
      .filter(({ spec }) => this.#isOne(spec.subject, pod))
      .toSorted((a, b) => (a.spec.priority ?? 0) - (b.spec.priority ?? 0))
    for (const { spec } of policies) {
      for (const { action, from, to, ports } of spec[way] ?? []) {
        if (typeof other === 'string' || other.spec.hostNetwork === true) continue
        const peers = (way === 'ingress' ? from : to) ?? []
        if (!peers.some((peer) => this.#isOne(peer, other))) continue
        const isPort = ports?.some(
          ({ portNumber }) =>
            portNumber.protocol === connection.protocol && portNumber.port === connection.port,
        )
        if (isPort === false) continue
        if (action === 'Allow') return 'allow'
        return action === 'Deny' ? 'deny' : 'none'
      }
    }
    return 'none'
  }

  #isOne(of: { readonly namespaces?: Selector; readonly pods?: RawPods }, pod: RawPod): boolean {
    if (pod.spec.hostNetwork === true) return false
    const labels = this.#labelsOf(pod.metadata.namespace)
    if (of.namespaces) return selected(of.namespaces, labels)
    const { namespaceSelector = {}, podSelector = {} } = of.pods ?? {}
    return selected(namespaceSelector, labels) && selected(podSelector, pod.metadata.labels)
  }
}
