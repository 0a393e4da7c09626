/**
 * Which classes of pods reach which, without trying each pair: most pods send to everybody, and let
 * in everybody or a few peers that their policies name. Made anew when a policy, a namespace or the
 * set of classes changes; what it says of one class is worked out when that one is asked.
 */
import { selects } from '@bulwark/schema'
import type { Certainty } from '../edges.ts'
import type { ClusterNetwork } from './cluster-network.ts'
import type { PodClass } from './pod-classes.ts'
import type { Peer, PodEnd, PolicyRule } from './policy.ts'
import type { PortSet } from './ports.ts'
import { allPorts, isAllPorts, noPorts, portsText, union } from './ports.ts'
import type { Verdict } from './verdict.ts'
import { bothVerdicts, directionVerdict, isAbout, openVerdict, rulePorts } from './verdict.ts'

type PodsPeer = Peer & { readonly is: 'pods' }

/** A peer of policies of one namespace, and the classes that let it in. */
interface LetIn {
  /** Its number among all of the plan, from 1. */
  readonly id: number
  readonly peer: Peer
  /** `true`: on some port for certain, if they are that peer for certain. */
  readonly targets: Map<PodClass, boolean>
}

/** Guarded classes by whether they let one in: for certain, or a verdict says. */
interface LetInto {
  readonly sure: readonly PodClass[]
  readonly others: readonly PodClass[]
}

/** Classes that let others in by rules that make no difference between them. */
export interface Group {
  /** What the rules are, as text: it is the group's identity. */
  readonly name: string
  /** `pods that …` */
  readonly text: string
  readonly classes: PodClass[]
  /** Ports for everybody; `undefined`: policies of administrators decide, alike for all. */
  readonly ports: PortSet | undefined
}

/** Where connections of a class may go. */
export interface Reach {
  /** Everywhere where everybody is let in, on every port. */
  readonly open: Certainty | undefined
  /** Also where policies keep some out. */
  readonly guarded: Certainty | undefined
  readonly groups: readonly { readonly group: Group; readonly certainty: Certainty }[]
  /** Classes to which it takes a verdict, and those that are reached for certain. */
  readonly classes: readonly PodClass[]
  readonly sure: readonly PodClass[]
}

export const certaintyOfVerdict = ({ sure, most }: Verdict): Certainty | undefined => {
  if (sure.length > 0) return 'certain'
  return most.length > 0 ? 'possible' : undefined
}

/** Nodes have those of pods of their network, and pods that did not start have none. */
const hasAddress = ({ isHostNetwork, isAddressed }: PodClass): boolean =>
  isAddressed && !isHostNetwork

/** Of rules for everybody, the ports; names of ports are those of `to`. */
const portsForAll = (rules: readonly PolicyRule[], to: PodEnd): PortSet =>
  rules
    .filter(({ peers }) => peers === undefined)
    .reduce<PortSet>((set, rule) => union(set, rulePorts(rule, to)), noPorts)

const surest = (found: readonly (Certainty | undefined)[]): Certainty | undefined => {
  if (found.includes('certain')) return 'certain'
  return found.find((each) => each !== undefined)
}

export class ReachPlan {
  readonly #network: ClusterNetwork
  readonly #classes: readonly PodClass[]
  readonly #byNamespace = new Map<string, PodClass[]>()
  /** Classes in the network of the host: no policy holds for them, and none need select them. */
  readonly #hosts: Group = {
    name: 'on the host',
    text: 'pods in the network of their nodes',
    classes: [],
    ports: allPorts,
  }
  /** Classes that let everybody in on every port. */
  readonly open: readonly PodClass[]
  /** All others. */
  readonly guarded: readonly PodClass[]
  readonly groups = new Map<string, Group>()
  /** Peers without namespaces, by the namespace of their policy; all others; blocks by text. */
  readonly #own = new Map<string, Map<string, LetIn>>()
  readonly #wide = new Map<string, LetIn>()
  readonly #blocks = new Map<string, LetIn>()
  #peers = 0
  /** Those of which it takes a verdict to know whom they let in. */
  readonly #others = new Set<PodClass>()
  readonly #wideOf = new Map<string, readonly LetIn[]>()
  /** By the peers that a class is: most classes of a namespace are the same ones. */
  readonly #letInto = new Map<string, LetInto>()
  readonly #inBlock = new Map<string, readonly PodClass[]>()
  /** How many classes have an address of their own. */
  readonly #addressed: number

  constructor(network: ClusterNetwork) {
    this.#network = network
    this.#classes = [...network.classes.all()]
    this.#addressed = this.#classes.filter(hasAddress).length
    const open: PodClass[] = []
    const guarded: PodClass[] = []
    for (const each of this.#classes) {
      const same = this.#byNamespace.get(each.namespace)
      if (same) same.push(each)
      else this.#byNamespace.set(each.namespace, [each])
      if (each.isHostNetwork) this.#hosts.classes.push(each)
      else if (this.#isOpen(each)) open.push(each)
      else guarded.push(each)
    }
    this.open = open
    this.guarded = guarded
    for (const each of guarded) this.#enter(each)
    if (this.#hosts.classes.length > 0) this.groups.set(this.#hosts.name, this.#hosts)
  }

  #isOpen(podClass: PodClass): boolean {
    const { admin, namespaced, baseline, unknown } = this.#network.holding(podClass, 'ingress')
    if (admin.length > 0 || unknown !== 'nothing') return false
    if (namespaced.length === 0) return baseline.length === 0
    return isAllPorts(this.#portsForAll(podClass))
  }

  #portsForAll(podClass: PodClass): PortSet {
    const { namespaced } = this.#network.holding(podClass, 'ingress')
    const rules = namespaced.flatMap(({ ingress }) => ingress ?? [])
    return portsForAll(rules, this.#network.end(podClass))
  }

  #enter(podClass: PodClass): void {
    const { admin, namespaced, baseline, unknown } = this.#network.holding(podClass, 'ingress')
    if (unknown === 'everything') {
      const text = 'pods for which policies hold that are not judged'
      this.#join(podClass, 'not judged', text, undefined)
      return
    }
    if (unknown !== 'nothing' || (admin.length > 0 && namespaced.length > 0)) {
      this.#others.add(podClass)
      return
    }
    if (namespaced.length === 0) {
      const names = [...admin, ...baseline].map(({ name }) => name)
      const ports = podClass.namedPorts.map((each) => `${each.name} ${each.protocol} ${each.port}`)
      const text = `pods for which policies of administrators hold alone: ${names.join(', ')}`
      this.#join(podClass, `under ${[...names, ...ports].join(', ')}`, text, undefined)
      return
    }
    const ports = this.#portsForAll(podClass)
    if (ports.length > 0) {
      const name = `on ${portsText(ports)}`
      this.#join(podClass, name, `pods that let everybody in ${name}`, ports)
    }
    for (const { ingress, namespace } of namespaced) {
      for (const rule of ingress ?? []) {
        const { peers } = rule
        if (peers === undefined) continue
        const isSure = rulePorts(rule, this.#network.end(podClass)).length > 0
        for (const peer of peers) this.#enterPeer(podClass, namespace, peer, isSure)
      }
    }
  }

  #join(podClass: PodClass, name: string, text: string, ports: PortSet | undefined): void {
    const group = this.groups.get(name)
    if (group) group.classes.push(podClass)
    else this.groups.set(name, { name, text, classes: [podClass], ports })
  }

  /** @param isSure  its rule is about some port of the class */
  #enterPeer(podClass: PodClass, namespace: string, peer: Peer, isSure: boolean): void {
    if (peer.is === 'unknown') {
      this.#others.add(podClass)
    } else if (peer.is === 'block') {
      // Whether a pod is meant by its address is not known.
      this.#enterAt(this.#blocks, peer.block.text, podClass, peer, false)
    } else {
      let peers = this.#wide
      if (peer.namespaces === undefined) {
        peers = this.#own.get(namespace) ?? new Map<string, LetIn>()
        this.#own.set(namespace, peers)
      }
      const key = JSON.stringify([peer.namespaces, peer.pods])
      this.#enterAt(peers, key, podClass, peer, isSure)
    }
  }

  #enterAt(
    peers: Map<string, LetIn>,
    key: string,
    podClass: PodClass,
    peer: Peer,
    isSure: boolean,
  ): void {
    let known = peers.get(key)
    if (!known) peers.set(key, (known = { id: ++this.#peers, peer, targets: new Map() }))
    known.targets.set(podClass, isSure || known.targets.get(podClass) === true)
  }

  /** Peers by namespace that a namespace is one of. */
  #wideFor(podClass: PodClass): readonly LetIn[] {
    const { namespace } = podClass
    let found = this.#wideOf.get(namespace)
    if (!found) {
      const { namespaceLabels } = this.#network.end(podClass)
      found = [...this.#wide.values()].filter(
        ({ peer }) =>
          peer.is === 'pods' && selects(peer.namespaces ?? [], namespaceLabels) !== false,
      )
      this.#wideOf.set(namespace, found)
    }
    return found
  }

  /** Guarded classes that may let a class in. */
  #letIntoFrom(from: PodClass): LetInto {
    const end = this.#network.end(from)
    const sure: LetIn[] = []
    const others: LetIn[] = []
    for (const peers of [this.#own.get(from.namespace)?.values() ?? [], this.#wideFor(from)]) {
      for (const each of peers) {
        if (each.peer.is !== 'pods') continue
        const { pods, namespaces = [] } = each.peer
        if (selects(pods, { labels: end.labels, isWhole: true }) !== true) continue
        const isThere = !from.isHostNetwork && selects(namespaces, end.namespaceLabels) === true
        if (isThere) sure.push(each)
        else others.push(each)
      }
    }
    for (const block of from.blocks) {
      const each = this.#blocks.get(block)
      if (each) others.push(each)
    }
    const key = [sure, others].map((each) => each.map(({ id }) => id).join(' ')).join('/')
    let known = this.#letInto.get(key)
    if (!known) this.#letInto.set(key, (known = this.#joined(sure, others)))
    return known
  }

  #joined(sure: readonly LetIn[], others: readonly LetIn[]): LetInto {
    const found = new Map<PodClass, boolean>()
    for (const { targets } of others) for (const target of targets.keys()) found.set(target, false)
    for (const { targets } of sure) {
      for (const [target, isSure] of targets) {
        if (isSure || !found.has(target)) found.set(target, isSure)
      }
    }
    for (const other of this.#others) found.set(other, false)
    const [isIn, mayBe] = [[...found].filter(([, is]) => is), [...found].filter(([, is]) => !is)]
    return { sure: isIn.map(([target]) => target), others: mayBe.map(([target]) => target) }
  }

  /** Classes with an address in a block. */
  #classesIn(block: string): readonly PodClass[] {
    let found = this.#inBlock.get(block)
    if (!found) {
      found = this.#classes.filter(({ blocks }) => blocks.has(block))
      this.#inBlock.set(block, found)
    }
    return found
  }

  /**
   * Of the rules that let a class out: to which ports of all pods, and else to which classes.
   * `undefined`: names of ports are those of each destination.
   */
  #letOut(
    rules: readonly (PolicyRule & { readonly namespace: string })[],
  ): { readonly all: Verdict; readonly some: ReadonlySet<PodClass> } | undefined {
    let [sure, most] = [noPorts, noPorts]
    const some = new Set<PodClass>()
    for (const rule of rules) {
      const { peers, namespace } = rule
      const isNumbered = (rule.ports ?? []).every(({ is }) => is === 'numbers')
      const ports = rulePorts(rule, { is: 'address', address: 0 })
      const wide = peers === undefined ? 'certain' : this.#narrow(peers, namespace, some)
      if (wide && !isNumbered) return undefined
      if (wide === 'certain') sure = union(sure, ports)
      if (wide) most = union(most, ports)
    }
    return { all: { sure, most }, some }
  }

  /** Adds the classes that peers are to `some`; whether, beside that, they are all pods. */
  #narrow(peers: readonly Peer[], own: string, some: Set<PodClass>): Certainty | undefined {
    const all: Certainty[] = []
    for (const peer of peers) {
      if (peer.is === 'unknown') {
        all.push('possible')
      } else if (peer.is === 'block') {
        const classes = this.#classesIn(peer.block.text)
        const isAll = classes.filter(hasAddress).length === this.#addressed
        if (isAll) all.push('possible')
        for (const each of isAll ? [] : classes) some.add(each)
      } else {
        const isAll = peer.namespaces?.length === 0 && peer.pods.length === 0
        if (isAll) all.push('certain')
        for (const each of isAll ? [] : this.#selectedBy(peer, own)) some.add(each)
      }
    }
    return surest(all)
  }

  *#selectedBy(peer: PodsPeer, own: string): Iterable<PodClass> {
    const namespaces = peer.namespaces === undefined ? [own] : this.#byNamespace.keys()
    for (const namespace of namespaces) {
      for (const each of this.#byNamespace.get(namespace) ?? []) {
        const rule: PolicyRule = { peers: [peer], ports: undefined, action: 'allow', path: '' }
        if (isAbout(rule, this.#network.end(each), own) !== false) yield each
      }
    }
  }

  /** Groups to which connections on some ports of all pods go. */
  #groupsFor(from: PodClass, out: Verdict): Reach['groups'] {
    const end = this.#network.end(from)
    return [...this.groups.values()].flatMap((group) => {
      const [first] = group.classes
      // Of those on the host each has a verdict, where rules must select them.
      if (!first || (group === this.#hosts && out !== openVerdict)) return []
      const into = group.ports
        ? { sure: group.ports, most: group.ports }
        : directionVerdict(
            this.#network.holding(first, 'ingress'),
            'ingress',
            this.#network.end(first),
            end,
          )
      const certainty = certaintyOfVerdict(bothVerdicts(out, into))
      return certainty ? [{ group, certainty }] : []
    })
  }

  #everywhere(certainty: Certainty): Reach {
    const groups = this.#hosts.classes.length > 0 ? [{ group: this.#hosts, certainty }] : []
    return { open: certainty, guarded: certainty, groups, classes: [], sure: [] }
  }

  /** Where connections of a class may go. */
  reachOf(from: PodClass): Reach {
    const { is: enforced } = this.#network.enforced
    if (enforced === false) {
      return this.#everywhere('certain')
    }
    // Not enforced for certain: all may be reached, and for certain what policies let through.
    const possible: Certainty | undefined = enforced === undefined ? 'possible' : undefined
    const guarded: Certainty | undefined = from.isHostNetwork ? 'possible' : possible
    const { admin, namespaced, baseline, unknown } = this.#network.holding(from, 'egress')
    if (unknown === 'everything') {
      return this.#everywhere('possible')
    }
    const one = { open: possible, guarded, groups: [], classes: this.#classes, sure: [] }
    if (admin.length > 0 || unknown !== 'nothing') return one
    if (namespaced.length === 0) {
      if (baseline.length > 0) return one
      const groups = this.#groupsFor(from, openVerdict)
      const { sure, others } = this.#letIntoFrom(from)
      return { open: 'certain', guarded, groups, classes: others, sure }
    }
    const rules = namespaced.flatMap((policy) =>
      (policy.egress ?? []).map((rule) => Object.assign({ namespace: policy.namespace }, rule)),
    )
    const out = this.#letOut(rules)
    if (!out) return one
    const classes = new Set([...out.some, ...this.#hosts.classes])
    const isWide = out.all.most.length > 0
    const into = isWide ? this.#letIntoFrom(from) : { sure: [], others: [] }
    // Let out to all of them on every port, it is what they let in that decides.
    const isFree = isAllPorts(out.all.sure)
    for (const each of into.others) classes.add(each)
    for (const each of into.sure) {
      if (isFree) classes.delete(each)
      else classes.add(each)
    }
    return {
      open: certaintyOfVerdict(out.all) ?? possible,
      guarded,
      groups: isWide ? this.#groupsFor(from, out.all) : [],
      classes: [...classes],
      sure: isFree ? into.sure : [],
    }
  }
}
