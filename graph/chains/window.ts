/**
 * Alerts of the last minutes, joined where they belong together: those of one pod, those that a
 * connection leads from one to the other, those on a node that something has got out to. An alert
 * that comes may raise others that were told before; these are given back, to be told again.
 *
 * The same alerts end at the same severities in whatever order they come: all is decided by their
 * own times. Bounded; what goes over is counted.
 */
import type { Cluster } from '../cluster.ts'
import type { ObjectRef } from '../diagnostics.ts'
import type { Fact } from '../edges.ts'
import type { AlertFacts, Exposure } from '../judgement/context.ts'
import type { Factor } from '../judgement/factor.ts'
import type { Judgement } from '../judgement/judge.ts'
import type { Level } from '../judgement/severity.ts'
import { rankOf } from '../judgement/severity.ts'
import { limits } from '../limits.ts'
import type { Pod } from '../objects/pod.ts'
import type { Connection } from './connections.ts'
import { addressKey, addressesOf, connectionTo } from './connections.ts'
import type { Joined } from './joined.ts'
import { inheritedOf, isEarlier, isInRange, relatedOf, takenFacts } from './joined.ts'
import type { TakenNode } from './taken-nodes.ts'
import { TakenNodes } from './taken-nodes.ts'

/** An alert that comes. */
export interface ComingAlert<Told> {
  readonly uuid: string
  /** Given back when it is raised. */
  readonly told: Told
  /** Without what other alerts add. */
  readonly facts: AlertFacts
  readonly pod: ObjectRef
  /** As the cluster has it; `undefined`: it does not. */
  readonly known: Pod | undefined
  readonly exposure: Exposure | undefined
  /** Judges it with what others add. */
  readonly judge: (facts: AlertFacts) => Judgement
}

/** An alert whose judgement is higher now than what was told of it. */
export interface RaisedAlert<Told> {
  readonly uuid: string
  readonly told: Told
  readonly before: Level
  readonly judgement: Judgement
  /** Factors that were not there, or rest on more than before. */
  readonly added: readonly Factor[]
  /** Alerts that it belongs together with. */
  readonly joined: readonly string[]
}

export interface JoinedAlert<Told> {
  readonly judgement: Judgement
  readonly joined: readonly string[]
  /** In the order of their times. */
  readonly raised: readonly RaisedAlert<Told>[]
  /** A node that was taken over, if this alert is the first to say so of its pod. */
  readonly taken: TakenNode | undefined
}

/** What was told of an alert. */
export interface ToldLevel {
  readonly effective: Level
  readonly isSuppressed: boolean
}

interface Entry<Told> extends ComingAlert<Told>, Joined {
  readonly node: string
  readonly addresses: readonly string[]
  readonly incoming: Map<Entry<Told>, Connection>
  readonly outgoing: Map<Entry<Told>, Connection>
  judgement: Judgement | undefined
  /** Of an earlier run; its own judgement where there was none. */
  toldBefore: ToldLevel | undefined
  /** What others add, as one text. */
  signature: string
  inheritedText: string
  joined: readonly string[]
}

const podText = ({ namespace, name }: ObjectRef): string => `${namespace}/${name}`

/** Sets by key; a set that is empty is gone. */
class Groups<Item> {
  readonly #groups = new Map<string, Set<Item>>()

  of(key: string): Iterable<Item> {
    return this.#groups.get(key) ?? []
  }

  add(key: string, item: Item): void {
    const group = this.#groups.get(key)
    if (group) group.add(item)
    else this.#groups.set(key, new Set([item]))
  }

  delete(key: string, item: Item): void {
    const group = this.#groups.get(key)
    if (group?.delete(item) === true && group.size === 0) this.#groups.delete(key)
  }
}

const factsText = ({ id, text, facts }: Factor): string =>
  JSON.stringify([id, text, facts.map((fact) => [fact.text, fact.object])])

export class AlertWindow<Told> {
  /** In the order in which they came. */
  readonly #entries = new Set<Entry<Told>>()
  readonly #byPod = new Groups<Entry<Told>>()
  readonly #byNode = new Groups<Entry<Told>>()
  readonly #byAddress = new Groups<Entry<Told>>()
  readonly #byPeer = new Groups<Entry<Told>>()
  readonly #taken = new TakenNodes()
  #newestMs = -Infinity
  #forgotten = 0
  /** Alerts that may belong to one that came, and were not joined or looked at again: there were
   * too many. */
  unchecked = 0

  /** Alerts that were forgotten while others could still belong to them, and nodes. */
  get forgotten(): number {
    return this.#forgotten + this.#taken.forgotten
  }

  get size(): number {
    return this.#entries.size
  }

  /** Takes an alert in, and judges it and those that it raises. */
  add(cluster: Cluster, alert: ComingAlert<Told>): JoinedAlert<Told> {
    const entry = this.#enter(cluster, alert)
    this.#connect(cluster, entry)
    const pending = new Set<Entry<Told>>(this.#besides(entry))
    const taken = this.#takeNode(entry)
    if (taken) for (const each of this.#byNode.of(entry.node)) pending.add(each)
    const judgement = this.#judged(entry)
    for (const each of entry.outgoing.keys()) pending.add(each)
    pending.delete(entry)
    const raised = this.#check(pending)
    const { joined } = entry
    this.#bound(entry)
    return { judgement, joined, raised, taken }
  }

  /** Nodes that were taken over, for a later run. */
  get taken(): Iterable<TakenNode> {
    return this.#taken.all()
  }

  /** What an earlier run has known of a node. */
  restoreTaken({ node, escape }: TakenNode): void {
    this.#taken.take(node, escape)
  }

  /** What an earlier run has told of alerts that are here, by their uuids: they rise from there. */
  restoreTold(told: ReadonlyMap<string, ToldLevel>): void {
    for (const entry of this.#entries) entry.toldBefore = told.get(entry.uuid)
  }

  #enter(cluster: Cluster, alert: ComingAlert<Told>): Entry<Told> {
    const { known, pod, facts } = alert
    const entry: Entry<Told> = {
      ...alert,
      node: known?.nodeName ?? '',
      addresses: known ? addressesOf(cluster, known) : [],
      incoming: new Map(),
      outgoing: new Map(),
      judgement: undefined,
      toldBefore: undefined,
      signature: '',
      inheritedText: '',
      joined: [],
    }
    this.#entries.add(entry)
    this.#byPod.add(podText(pod), entry)
    if (entry.node !== '') this.#byNode.add(entry.node, entry)
    for (const key of entry.addresses) this.#byAddress.add(key, entry)
    const peer = peerKey(entry)
    if (peer !== undefined) this.#byPeer.add(peer, entry)
    if (facts.timeMs > this.#newestMs) this.#newestMs = facts.timeMs
    return entry
  }

  /** Finds the alerts that a connection leads to from this one, and those that lead here. */
  #connect(cluster: Cluster, entry: Entry<Told>): void {
    // Most alerts of a pod connect to the same: why policies let that through is told once.
    const known = new Map<string, Connection | undefined>()
    const connect = (from: Entry<Told>, to: Entry<Told>): void => {
      const { peer } = from.facts.act ?? {}
      if (!from.known || !to.known || !peer) return
      if (!isInRange(from, to) || this.#isFull(from, to)) return
      const key = [
        podText(from.pod),
        podText(to.pod),
        peer.address,
        peer.protocol,
        peer.port,
      ].join()
      if (!known.has(key)) known.set(key, connectionTo(cluster, from.known, peer, to.known))
      const found = known.get(key)
      if (found) join(from, to, found)
    }
    const peer = peerKey(entry)
    if (peer !== undefined) for (const to of this.#byAddress.of(peer)) connect(entry, to)
    for (const key of entry.addresses) for (const from of this.#byPeer.of(key)) connect(from, entry)
  }

  /** Whether one more connection goes over the bound of one of the two. */
  #isFull(from: Entry<Told>, to: Entry<Told>): boolean {
    const { connectedAlertsMax: most } = limits
    const isFull = from.outgoing.size >= most || to.incoming.size >= most
    if (isFull) this.unchecked++
    return isFull
  }

  /** Alerts that this one may be a reason for, beside those that its own connection leads to. */
  #besides(entry: Entry<Told>): readonly Entry<Told>[] {
    const later = [...this.#byPod.of(podText(entry.pod))].filter(
      ({ facts }) => facts.timeMs > entry.facts.timeMs,
    )
    return [...later, ...[...entry.incoming.keys()].filter((each) => isNearer(each, entry))]
  }

  /** What is known now of a node that was lost, and was not before. */
  #takeNode({ uuid, facts, pod, node }: Entry<Told>): TakenNode | undefined {
    const way = facts.walked.find(({ lost }) => lost)
    if (!way || node === '') return undefined
    const { rule, timeMs } = facts
    const escape = { uuid, rule, pod, edge: way.edge, timeMs }
    return this.#taken.take(node, escape) ? { node, escape } : undefined
  }

  /** Judges it with what others add, if that is not what it was judged with. */
  #judged(entry: Entry<Told>): Judgement {
    const { facts, pod, node } = entry
    const related = relatedOf(entry, this.#byPod.of(podText(pod)))
    const inherited = inheritedOf(entry)
    const escapes =
      node === '' ? [] : this.#taken.of(node, pod, facts.timeMs + limits.relatedAlertsMs)
    const nodeTaken: readonly Fact[] = takenFacts(entry, escapes)
    const joined = [...related.map(({ uuid }) => uuid), ...escapes.map(({ uuid }) => uuid)]
    entry.inheritedText = JSON.stringify(inherited?.facts ?? [])
    const signature = JSON.stringify([joined, entry.inheritedText])
    if (entry.judgement && signature === entry.signature) return entry.judgement
    entry.signature = signature
    entry.joined = [...new Set(joined)]
    const all = { ...facts, related: related.map(({ fact }) => fact), inherited, nodeTaken }
    entry.judgement = entry.judge(all)
    return entry.judgement
  }

  /** Judges alerts anew, and those that these have a say in; gives those that are raised. */
  #check(pending: Set<Entry<Told>>): readonly RaisedAlert<Told>[] {
    const raised: (readonly [Entry<Told>, RaisedAlert<Told>])[] = []
    let left: number = limits.checkedAlertsMax
    for (const entry of pending) {
      pending.delete(entry)
      if (left-- <= 0) {
        this.unchecked++
        continue
      }
      const { judgement: before, inheritedText } = entry
      const judgement = this.#judged(entry)
      if (entry.inheritedText !== inheritedText) {
        for (const each of entry.outgoing.keys()) pending.add(each)
      }
      if (!before || before === judgement) continue
      const last = entry.toldBefore ?? toldOf(before)
      if (!isMore(last, judgement)) continue
      entry.toldBefore = undefined
      const known = new Set(before.factors.map(factsText))
      const { uuid, told, joined } = entry
      const added = judgement.factors.filter((factor) => !known.has(factsText(factor)))
      raised.push([entry, { uuid, told, before: last.effective, judgement, added, joined }])
    }
    return raised.toSorted(([a], [b]) => (isEarlier(a, b) ? -1 : 1)).map(([, each]) => each)
  }

  /** Forgets what goes over the bounds: of a rule, of a pod, and of all. */
  #bound({ pod, facts }: Entry<Told>): void {
    const ofPod = [...this.#byPod.of(podText(pod))].toSorted((a, b) => (isEarlier(a, b) ? -1 : 1))
    const ofRule = ofPod.filter((each) => each.facts.rule === facts.rule)
    const [oldest] = ofRule.length > limits.alertsOfRuleMax ? ofRule : []
    if (oldest) this.#forget(oldest)
    const [first] = !oldest && ofPod.length > limits.alertsOfPodMax ? ofPod : []
    if (first) this.#forget(first)
    for (const each of this.#entries) {
      if (this.#entries.size <= limits.openAlertsMax) break
      this.#forget(each)
    }
  }

  #forget(entry: Entry<Told>): void {
    this.#entries.delete(entry)
    this.#byPod.delete(podText(entry.pod), entry)
    this.#byNode.delete(entry.node, entry)
    for (const key of entry.addresses) this.#byAddress.delete(key, entry)
    const peer = peerKey(entry)
    if (peer !== undefined) this.#byPeer.delete(peer, entry)
    for (const each of entry.outgoing.keys()) each.incoming.delete(entry)
    for (const each of entry.incoming.keys()) each.outgoing.delete(entry)
    if (entry.facts.timeMs >= this.#newestMs - limits.relatedAlertsMs) this.#forgotten++
  }
}

/** The end of the connection that an alert is about, if it may have been made. */
const peerKey = ({ facts: { act, outcome } }: Joined): string | undefined =>
  act?.peer && outcome !== 'failed' ? addressKey(act.peer.address) : undefined

/** Whether a connection's end is nearer to it than any alert of the rule in that pod before. */
const isNearer = <Told>(from: Entry<Told>, to: Entry<Told>): boolean => {
  const distance = (each: Joined): number => Math.abs(each.facts.timeMs - from.facts.timeMs)
  return [...from.outgoing.keys()].every(
    (each) =>
      each === to ||
      each.facts.rule !== to.facts.rule ||
      podText(each.pod) !== podText(to.pod) ||
      distance(each) >= distance(to),
  )
}

const join = <Told>(from: Entry<Told>, to: Entry<Told>, connection: Connection): void => {
  from.outgoing.set(to, connection)
  to.incoming.set(from, connection)
}

const toldOf = ({ effective, suppression }: Judgement): ToldLevel => ({
  effective,
  isSuppressed: suppression !== undefined,
})

/** Whether somebody has to hear of it again. */
const isMore = (last: ToldLevel, { effective, suppression }: Judgement): boolean =>
  rankOf(effective) > rankOf(last.effective) || (last.isSuppressed && suppression === undefined)
