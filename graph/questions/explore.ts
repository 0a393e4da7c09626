/**
 * Goes out from some nodes, nearest first, and notes every edge that it passes. The cost of an edge
 * is that of its doubt: three certain steps cost as much as two that are possible, and what is
 * unknown comes behind a dozen of those that are not.
 */
import { edgeFamiliesFrom } from '../catalogue.ts'
import type { Cluster } from '../cluster.ts'
import type { Certainty, EdgeKind } from '../edges.ts'
import type { EmitOfKind, Narrow } from '../graph.ts'
import { deriveEdges } from '../graph.ts'
import { limits } from '../limits.ts'
import type { GraphNode, NodeKind } from '../nodes.ts'
import { SharedPlaces } from './replicas.ts'

/** What a step of an attacker costs, by how sure it is. Whole numbers, for buckets. */
const stepCosts: Readonly<Record<Certainty, number>> = { certain: 2, possible: 3, unknown: 24 }
const doubtCosts: Readonly<Record<Certainty, number>> = { certain: 0, possible: 1, unknown: 22 }

export const costOf = ({ cost }: EdgeKind, certainty: Certainty): number =>
  cost === 0 ? doubtCosts[certainty] : stepCosts[certainty]

const order: readonly Certainty[] = ['certain', 'possible', 'unknown']

/** Whether an edge is at least as sure as asked. */
export const isAsSure = (certainty: Certainty, asked: Certainty): boolean =>
  order.indexOf(certainty) <= order.indexOf(asked)

type Numbers = Int32Array<ArrayBuffer>

/** As long as it must be for this place; new ones are `none`. */
const grown = (array: Numbers, place: number): Numbers => {
  if (place < array.length) return array
  const longer = new Int32Array(Math.max(array.length * 2, place + 1)).fill(none, array.length)
  longer.set(array)
  return longer
}

const none = -1

/** Edges that were passed: to which node, for what cost. Numbers are places of nodes. */
export class Passed {
  /** Of each node the place of its first edge; those of a node lie together. Nodes are left in any
   * order, which would make a table with holes of a plain array. */
  #first = new Int32Array(1024).fill(none)
  #count = new Int32Array(1024)
  #to = new Int32Array(1024)
  #cost = new Uint8Array(1024)
  size = 0

  /** Edges that are added from now on leave this node. */
  begin(node: number): void {
    this.#first = grown(this.#first, node)
    this.#count = grown(this.#count, node)
    this.#first[node] = this.size
    this.#count[node] = 0
  }

  add(node: number, to: number, cost: number): void {
    if (this.size === this.#to.length) {
      const to2 = new Int32Array(this.size * 2)
      const cost2 = new Uint8Array(this.size * 2)
      to2.set(this.#to)
      cost2.set(this.#cost)
      this.#to = to2
      this.#cost = cost2
    }
    this.#to[this.size] = to
    this.#cost[this.size] = cost
    this.size++
    this.#count[node] = (this.#count[node] ?? 0) + 1
  }

  isLeft(node: number): boolean {
    return (this.#first[node] ?? none) !== none
  }

  /** The same edges the other way round. */
  turned(nodes: number): Passed {
    const counts = new Int32Array(nodes)
    for (let at = 0; at < this.size; at++) {
      const to = this.#to[at] ?? 0
      counts[to] = (counts[to] ?? 0) + 1
    }
    const into = new Passed()
    into.size = this.size
    into.#to = new Int32Array(this.size)
    into.#cost = new Uint8Array(this.size)
    into.#first = new Int32Array(nodes)
    into.#count = new Int32Array(nodes)
    let first = 0
    for (let node = 0; node < nodes; node++) {
      into.#first[node] = first
      first += counts[node] ?? 0
    }
    for (let node = 0; node < nodes; node++) {
      this.from(node, (to, cost) => {
        const place = (into.#first[to] ?? 0) + (into.#count[to] ?? 0)
        into.#to[place] = node
        into.#cost[place] = cost
        into.#count[to] = (into.#count[to] ?? 0) + 1
      })
    }
    return into
  }

  /** Calls with each edge that leaves a node. */
  from(node: number, take: (to: number, cost: number) => void): void {
    const first = this.#first[node] ?? none
    if (first === none) return
    const end = first + (this.#count[node] ?? 0)
    for (let at = first; at < end; at++) take(this.#to[at] ?? 0, this.#cost[at] ?? 0)
  }
}

/** What was seen on the way. */
export interface Explored {
  /** Of replicas the first by name. */
  readonly nodes: readonly GraphNode[]
  /** Cost of the nearest way to each node. */
  readonly costs: readonly number[]
  /** Of each node that was reached within the bound, and is no target. */
  readonly edges: Passed
  /** Targets that were reached, in the order of their cost. Nothing is looked for behind them. */
  readonly targets: readonly number[]
  /** How many edges lead to nodes that are left out, since no edge leaves them. */
  readonly ends: number
  /** Ids of the kinds of edges that were left out since they are unknown. */
  readonly doubted: ReadonlySet<string>
  /** A bound was reached: what lies beyond was not looked at. */
  readonly isCut: boolean
  /** Where a node is among `nodes`; `undefined`: it was not reached, or is left out. */
  readonly placeOf: (node: GraphNode) => number | undefined
}

export interface ExploreOptions {
  /**
   * `paths`: what is on no way to a target may be left out, and replicas of a workload are one
   * node. `isTarget` must not tell containers of replicas apart. `nodes`: each for itself.
   */
  readonly wants: 'paths' | 'nodes'
  /** Leaves out edges that are less sure. */
  readonly certainty: Certainty
  readonly isTarget: (node: GraphNode) => boolean
  /** How much more than the nearest target's cost is still looked at; `undefined`: everything. */
  readonly slack: number | undefined
  /** Of a search that must be quick. */
  readonly bounds?: Bounds
}

/** What rights are held by, and hubs of it: no other edge without a step leads to these. */
const firstKinds: ReadonlySet<NodeKind> = new Set<NodeKind>([
  'cluster-admin',
  'group',
  'groups',
  'role',
  'service-account',
  'service-accounts',
  'user',
  'users',
])

/** How far a search goes. It counts steps, however sure they are, and ends at the first target. */
export interface Bounds {
  readonly stepsMax: number
  /** Edges in all. A node that more of them leave than there is room for is not left. */
  readonly edgesMax: number
  /** Edges that are followed in place of all that leave a node. */
  readonly narrow: Narrow
}

/** More edges leave a node than there is room for. Its stack would cost more than it. */
const tooMany = new Error('more edges than there is room for')

interface Place {
  readonly part: string
  readonly place: number
  readonly next: Place | undefined
}

/** Places of nodes by their names, without making a text of them. */
class Places {
  readonly #byKind = new Map<NodeKind, Map<string, Map<string, Place>>>()
  /** Asked last: one after another are mostly of one kind and namespace. */
  #lastKind: NodeKind | undefined
  #lastNamespace = ''
  #last = new Map<string, Place>()

  #names({ kind, namespace }: GraphNode): Map<string, Place> {
    if (kind === this.#lastKind && namespace === this.#lastNamespace) return this.#last
    this.#lastKind = kind
    this.#lastNamespace = namespace
    let spaces = this.#byKind.get(kind)
    if (!spaces) this.#byKind.set(kind, (spaces = new Map<string, Map<string, Place>>()))
    let names = spaces.get(namespace)
    if (!names) spaces.set(namespace, (names = new Map<string, Place>()))
    this.#last = names
    return names
  }

  find(node: GraphNode): number | undefined {
    const first = this.#names(node).get(node.name)
    for (let at = first; at; at = at.next) if (at.part === node.part) return at.place
    return undefined
  }

  /** The place of a node; what it has no place for gets this one. */
  of(node: GraphNode, free: number): number {
    const names = this.#names(node)
    const first = names.get(node.name)
    for (let at = first; at; at = at.next) if (at.part === node.part) return at.place
    names.set(node.name, { part: node.part, place: free, next: first })
    return free
  }
}

/** Whether no edge leaves nodes of a kind. */
const isEnd = (kind: NodeKind): boolean => edgeFamiliesFrom(kind).length === 0

class Explorer {
  readonly nodes: GraphNode[] = []
  readonly costs: number[] = []
  readonly edges = new Passed()
  readonly targets: number[] = []
  readonly doubted = new Set<string>()
  readonly #places = new Places()
  readonly #shared: SharedPlaces | undefined
  /** From this cost on replicas may have to be told apart: nothing there is looked at. */
  apartFrom = Infinity
  /** Edges to nodes that are left out because no edge leaves them. */
  ends = 0
  /** Edges that may still be looked at within bounds. */
  #room: number
  #isCut = false
  /** Nodes up to this place are starts. */
  #starts = 0
  readonly #buckets: number[][] = []
  /** Of a search within bounds, those that are left before others of their cost. */
  readonly #firsts: number[][] = []
  /** How many of them were left, by cost. */
  readonly #firstsDone: number[] = []
  readonly #cluster: Cluster
  readonly #options: ExploreOptions

  constructor(cluster: Cluster, options: ExploreOptions, shared: SharedPlaces | undefined) {
    this.#cluster = cluster
    this.#options = options
    this.#room = options.bounds?.edgesMax ?? Infinity
    this.#shared = shared
  }

  /** A start. Also of replicas each is one: it was asked for. */
  start(node: GraphNode): void {
    const free = this.nodes.length
    const shared = this.#shared?.of(node, free)
    const place = shared === free ? free : this.#places.of(node, free)
    if (place < free) return
    this.nodes.push(node)
    this.costs.push(Infinity)
    this.#starts = this.nodes.length
    this.#reach(place, 0)
    if (shared !== undefined) this.#bound(node, 0)
  }

  /** Place of a node that is reached for this cost. */
  #place(node: GraphNode, cost: number): number {
    const free = this.nodes.length
    const shared = this.#options.isTarget(node) ? undefined : this.#shared?.of(node, free)
    const place = shared ?? this.#places.of(node, free)
    if (place === free) {
      this.nodes.push(node)
      this.costs.push(Infinity)
    } else if (shared !== undefined && place >= this.#starts) {
      // The same one, in whatever order they are reached.
      if (node.name < (this.nodes[place]?.name ?? '')) this.nodes[place] = node
    }
    if (shared !== undefined) this.#bound(node, cost)
    this.#reach(place, cost)
    return place
  }

  /** Whether a replica leads to its node is not known: what tells them apart costs as much. */
  #bound(node: GraphNode, cost: number): void {
    const next = cost + stepCosts.unknown
    if (next < this.apartFrom && this.#shared?.isDoubtful(node)) this.apartFrom = next
  }

  placeOf(node: GraphNode): number | undefined {
    const shared = this.#options.isTarget(node) ? undefined : this.#shared?.of(node, undefined)
    return shared ?? this.#places.find(node)
  }

  #reach(place: number, cost: number): void {
    if (cost >= (this.costs[place] ?? 0)) return
    this.costs[place] = cost
    const { bounds } = this.#options
    const isFirst = bounds !== undefined && firstKinds.has(this.nodes[place]?.kind ?? 'internet')
    const buckets = isFirst ? this.#firsts : this.#buckets
    const bucket = buckets[cost]
    if (bucket) bucket.push(place)
    else buckets[cost] = [place]
  }

  /** Leaves what rights are held by, of a cost. Whether a target was reached. */
  #leaveFirsts(cost: number): boolean {
    const firsts = this.#firsts[cost] ?? []
    for (let at = this.#firstsDone[cost] ?? 0; at < firsts.length; at++) {
      this.#firstsDone[cost] = at + 1
      const place = firsts[at] ?? 0
      const node = this.nodes[place]
      if (!node || this.costs[place] !== cost || this.edges.isLeft(place)) continue
      if (this.#options.isTarget(node)) {
        this.targets.push(place)
        return true
      }
      this.#leaveWithin(place, node, cost)
    }
    return false
  }

  /**
   * As `run`, and no further than the first target. What rights are held by goes first, and what
   * is a step away from others of a cost is left at once: nothing that is nearer leads there.
   */
  #runWithin({ stepsMax }: Bounds): 'done' | 'bound' {
    for (let cost = 0; cost <= stepsMax; cost++) {
      if (this.#leaveFirsts(cost)) return this.#isCut ? 'bound' : 'done'
      for (let at = 0; at < (this.#buckets[cost]?.length ?? 0); at++) {
        const place = this.#buckets[cost]?.[at] ?? 0
        const node = this.nodes[place]
        if (!node || this.costs[place] !== cost || this.edges.isLeft(place)) continue
        this.#leaveWithin(place, node, cost)
        if (this.#leaveFirsts(cost)) return this.#isCut ? 'bound' : 'done'
        if (cost < stepsMax && this.#leaveFirsts(cost + 1)) return this.#isCut ? 'bound' : 'done'
      }
    }
    const length = Math.max(this.#firsts.length, this.#buckets.length)
    return this.#isCut || length > stepsMax + 1 ? 'bound' : 'done'
  }

  /** What ended the search: nothing was left, a bound, or replicas must be told apart. */
  run(): 'done' | 'bound' | 'apart' {
    const { slack, isTarget, bounds } = this.#options
    if (bounds) return this.#runWithin(bounds)
    const done = new Set<number>()
    let last = Infinity
    for (let cost = 0; cost < this.#buckets.length && cost <= last; cost++) {
      const bucket = this.#buckets[cost]
      if (cost >= this.apartFrom) break
      for (let at = 0; bucket && at < bucket.length; at++) {
        const place = bucket[at] ?? 0
        const node = this.nodes[place]
        if (!node || this.costs[place] !== cost || this.edges.isLeft(place)) continue
        if (isTarget(node)) {
          if (!done.has(place)) this.targets.push(place)
          done.add(place)
          if (slack !== undefined && done.size === 1) last = Math.min(last, cost + slack)
          continue
        }
        this.#leave(place, node, cost)
        if (this.edges.size > limits.exploredEdgesMax) return 'bound'
      }
    }
    return this.apartFrom <= last && this.apartFrom < Infinity ? 'apart' : 'done'
  }

  /** Calls with each edge that leaves a node. */
  #each(node: GraphNode, take: (to: GraphNode, edgeCost: number) => void): void {
    const { certainty: asked, wants, isTarget, bounds } = this.#options
    const each: EmitOfKind = (kind, to, certainty) => {
      if (!isAsSure(certainty, asked)) {
        if (certainty === 'unknown') this.doubted.add(kind.id)
        return
      }
      if (wants === 'paths' && isEnd(to.kind) && !isTarget(to)) this.ends++
      else take(to, bounds ? kind.cost : costOf(kind, certainty))
    }
    deriveEdges(this.#cluster, node, each, bounds?.narrow)
  }

  #leave(place: number, node: GraphNode, cost: number): void {
    this.edges.begin(place)
    this.#each(node, (to, edgeCost) => {
      this.edges.add(place, this.#place(to, cost + edgeCost), edgeCost)
    })
  }

  /** All edges or none, and in order: where a bound cuts must not depend on that of the objects. */
  #leaveWithin(place: number, node: GraphNode, cost: number): void {
    this.edges.begin(place)
    // Without making thousands of edges that there is no room for.
    if (node.kind === 'nodes' && this.#cluster.objects.count('Node') > this.#room) {
      this.#isCut = true
      return
    }
    const found: { readonly to: GraphNode; readonly edgeCost: number }[] = []
    try {
      this.#each(node, (to, edgeCost) => {
        if (found.length >= this.#room) throw tooMany
        found.push({ to, edgeCost })
      })
    } catch (error) {
      if (error !== tooMany) throw error
      this.#isCut = true
      return
    }
    this.#room -= found.length
    for (const { to, edgeCost } of found.toSorted((a, b) => (a.to.id < b.to.id ? -1 : 1))) {
      this.edges.add(place, this.#place(to, cost + edgeCost), edgeCost)
    }
  }
}

const exploreAs = (
  cluster: Cluster,
  from: readonly GraphNode[],
  options: ExploreOptions,
  shared: SharedPlaces | undefined,
): { readonly explored: Explored; readonly end: ReturnType<Explorer['run']> } => {
  const explorer = new Explorer(cluster, options, shared)
  for (const node of from) explorer.start(node)
  const end = explorer.run()
  const { nodes, costs, edges, targets, ends, doubted } = explorer
  const placeOf = (node: GraphNode): number | undefined => explorer.placeOf(node)
  const isCut = end !== 'done'
  const explored = { nodes, costs, edges, targets, ends, doubted, isCut, placeOf }
  return { explored, end }
}

/** Goes out from some nodes until the nearest target is passed by the slack. */
export const explore = (
  cluster: Cluster,
  from: readonly GraphNode[],
  options: ExploreOptions,
): Explored => {
  const { wants, certainty } = options
  if (wants === 'paths') {
    const shared = new SharedPlaces(cluster, certainty)
    const { explored, end } = exploreAs(cluster, from, options, shared)
    if (end !== 'apart' || explored.targets.length > 0) return explored
    // Only faults of nodes lead there of which it is not known whether they are there.
  }
  return exploreAs(cluster, from, options, undefined).explored
}
