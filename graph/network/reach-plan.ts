/**
 * Which classes of pods reach which, without trying each pair: most pods send to everybody, and let
 * in everybody or a few peers that their policies name. Made anew when a policy, a namespace or the
 * set of classes changes; what it says of one class is worked out when that one is asked.
 */
import { selects } from '@bulwark/schema'
import type { Certainty } from '../edges.ts'
import type { ClusterNetwork } from './cluster-network.ts'
import type { PodClass } from './pod-classes.ts'
import type { Peer, PolicyRule } from './policy.ts'
import type { Verdict } from './verdict.ts'
import { isAbout } from './verdict.ts'

type PodsPeer = Peer & { readonly is: 'pods' }

/** A peer of policies of one namespace, and the classes that it lets in. */
interface LetIn<Of> {
  readonly peer: Of
  readonly targets: Set<PodClass>
}

/** Where connections of a class may go. */
export interface Reach {
  /** Everywhere where everybody is let in. */
  readonly open: Certainty | undefined
  /** Also where policies keep some out. */
  readonly guarded: Certainty | undefined
  readonly classes: readonly PodClass[]
}

export const certaintyOfVerdict = ({ sure, most }: Verdict): Certainty | undefined => {
  if (sure.length > 0) return 'certain'
  return most.length > 0 ? 'possible' : undefined
}

/** Nodes have those of pods of their network, and pods that did not start have none. */
const hasAddress = ({ isHostNetwork, isAddressed }: PodClass): boolean =>
  isAddressed && !isHostNetwork

const letsAnybody = ({ peers }: PolicyRule): boolean => peers === undefined

const surest = (found: readonly (Certainty | undefined)[]): Certainty | undefined => {
  if (found.includes('certain')) return 'certain'
  return found.find((each) => each !== undefined)
}

export class ReachPlan {
  readonly #network: ClusterNetwork
  readonly #classes: readonly PodClass[]
  readonly #byNamespace = new Map<string, PodClass[]>()
  /** Classes that let everybody in, on some port. */
  readonly open: readonly PodClass[]
  /** All others. */
  readonly guarded: readonly PodClass[]
  readonly #own = new Map<string, Map<string, LetIn<PodsPeer>>>()
  readonly #wide = new Map<string, LetIn<PodsPeer>>()
  readonly #blocks = new Map<string, Set<PodClass>>()
  /** Those of which it takes a verdict to know whom they let in. */
  readonly #others = new Set<PodClass>()
  readonly #wideOf = new Map<string, readonly LetIn<PodsPeer>[]>()
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
      if (this.#isOpen(each)) open.push(each)
      else guarded.push(each)
    }
    this.open = open
    this.guarded = guarded
    for (const each of guarded) this.#enter(each)
  }

  #isOpen(podClass: PodClass): boolean {
    const { admin, namespaced, baseline, unknown } = this.#network.holding(podClass, 'ingress')
    if (admin.length > 0 || unknown !== 'nothing') return false
    if (namespaced.length === 0) return baseline.length === 0
    return namespaced.some(({ ingress }) => ingress?.some(letsAnybody) === true)
  }

  #enter(podClass: PodClass): void {
    const { admin, namespaced, baseline, unknown } = this.#network.holding(podClass, 'ingress')
    if (admin.length > 0 || baseline.length > 0 || unknown !== 'nothing') {
      this.#others.add(podClass)
      return
    }
    for (const { ingress, namespace } of namespaced) {
      for (const { peers } of ingress ?? []) {
        for (const peer of peers ?? []) this.#enterPeer(podClass, namespace, peer)
      }
    }
  }

  #enterPeer(podClass: PodClass, namespace: string, peer: Peer): void {
    if (peer.is === 'unknown') {
      this.#others.add(podClass)
    } else if (peer.is === 'block') {
      const known = this.#blocks.get(peer.block.text)
      if (known) known.add(podClass)
      else this.#blocks.set(peer.block.text, new Set([podClass]))
    } else {
      let peers = this.#wide
      if (peer.namespaces === undefined) {
        peers = this.#own.get(namespace) ?? new Map<string, LetIn<PodsPeer>>()
        this.#own.set(namespace, peers)
      }
      const key = JSON.stringify([peer.namespaces, peer.pods])
      const known = peers.get(key)
      if (known) known.targets.add(podClass)
      else peers.set(key, { peer, targets: new Set([podClass]) })
    }
  }

  /** Peers by namespace that a namespace is one of. */
  #wideFor(podClass: PodClass): readonly LetIn<PodsPeer>[] {
    const { namespace } = podClass
    let found = this.#wideOf.get(namespace)
    if (!found) {
      const { namespaceLabels } = this.#network.end(podClass)
      found = [...this.#wide.values()].filter(
        ({ peer }) => selects(peer.namespaces ?? [], namespaceLabels) !== false,
      )
      this.#wideOf.set(namespace, found)
    }
    return found
  }

  /** Guarded classes that may let a class in. */
  #mayLetIn(from: PodClass): ReadonlySet<PodClass> {
    const found = new Set(this.#others)
    const end = this.#network.end(from)
    const takeFrom = (peers: Iterable<LetIn<PodsPeer>>): void => {
      for (const { peer, targets } of peers) {
        if (selects(peer.pods, { labels: end.labels, isWhole: true }) !== true) continue
        for (const target of targets) found.add(target)
      }
    }
    takeFrom(this.#own.get(from.namespace)?.values() ?? [])
    takeFrom(this.#wideFor(from))
    for (const block of from.blocks) {
      for (const target of this.#blocks.get(block) ?? []) found.add(target)
    }
    return found
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

  /** Of the rules that let a class out: whether all pods are meant, and else which classes. */
  #letOut(rules: readonly (PolicyRule & { readonly namespace: string })[]): {
    readonly all: Certainty | undefined
    readonly some: ReadonlySet<PodClass>
  } {
    const all = new Set<Certainty>()
    const some = new Set<PodClass>()
    for (const { peers, namespace } of rules) {
      if (peers === undefined) all.add('certain')
      for (const peer of peers ?? []) {
        if (peer.is === 'unknown') {
          all.add('possible')
        } else if (peer.is === 'block') {
          const classes = this.#classesIn(peer.block.text)
          const isAll = classes.filter(hasAddress).length === this.#addressed
          if (isAll) all.add('possible')
          else for (const each of classes) some.add(each)
        } else if (peer.namespaces?.length === 0 && peer.pods.length === 0) {
          all.add('certain')
        } else {
          for (const each of this.#selectedBy(peer, namespace)) some.add(each)
        }
      }
    }
    return { all: surest([...all]), some }
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

  /** Where connections of a class may go. */
  reachOf(from: PodClass): Reach {
    const { is: enforced } = this.#network.enforced
    if (enforced === false) return { open: 'certain', guarded: 'certain', classes: [] }
    // Not enforced for certain: all may be reached, and for certain what policies let through.
    const guarded = enforced === undefined || from.isHostNetwork ? 'possible' : undefined
    const { admin, namespaced, baseline, unknown } = this.#network.holding(from, 'egress')
    if (unknown === 'everything') return { open: 'possible', guarded: 'possible', classes: [] }
    if (admin.length > 0 || baseline.length > 0 || unknown !== 'nothing') {
      return { open: undefined, guarded, classes: this.#classes }
    }
    if (namespaced.length === 0) {
      return { open: 'certain', guarded, classes: [...this.#mayLetIn(from)] }
    }
    const rules = namespaced.flatMap((policy) =>
      (policy.egress ?? []).map((rule) => Object.assign({ namespace: policy.namespace }, rule)),
    )
    const { all, some } = this.#letOut(rules)
    const classes = new Set(some)
    if (all) for (const each of this.#mayLetIn(from)) classes.add(each)
    return { open: all, guarded, classes: [...classes] }
  }
}
