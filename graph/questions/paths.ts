/**
 * Attack paths: all of the shortest, or the best of all, in an order that does not depend on
 * luck.
 */
import type { Cluster } from '../cluster.ts'
import type { Certainty, Edge } from '../edges.ts'
import type { Narrow } from '../graph.ts'
import { edgesBetween, edgesFrom } from '../graph.ts'
import { limits } from '../limits.ts'
import type { GraphNode } from '../nodes.ts'
import type { Explored } from './explore.ts'
import { costOf, explore, isAsSure } from './explore.ts'

/** From one node to the next, by any of some ways. */
export interface Hop {
  readonly from: GraphNode
  readonly to: GraphNode
  /** At least one, the cheapest first. Who wants to cut the path must cut all of them. */
  readonly ways: readonly Edge[]
  /** Replicas of `to` that `from` leads to, too: the path goes on from each as from `to`. */
  readonly replicas: readonly Replica[]
}

/** Another pod of a workload, by its node of the same kind. */
export interface Replica {
  readonly to: GraphNode
  /** As those of a hop. Who wants to cut the path must cut these, too. */
  readonly ways: readonly Edge[]
}

/** A way from a start to a target. */
export interface AttackPath {
  /** At least one; each begins where the one before ends. */
  readonly hops: readonly Hop[]
  /** Steps of an attacker, without those from a whole to its part. */
  readonly steps: number
  /** Of its least sure hop, by the surest of its ways. */
  readonly certainty: Certainty
  /** What the order of paths is by: steps, dearer the less sure they are. */
  readonly cost: number
}

export interface Paths {
  readonly paths: readonly AttackPath[]
  /** There are more, or there may be: a bound was reached. */
  readonly hasMore: boolean
}

export interface PathOptions {
  /** Leaves out edges that are less sure. */
  readonly certainty?: Certainty
  /** How many paths, up to `limits.pathsMax`. */
  readonly pathsMax?: number
  /** Only those that cost as little as the first. */
  readonly onlyShortest?: boolean
}

/** Slack that is tried, one after another, until there are paths enough. */
const slacks = [2, 6, 14] as const

/** Cost from each node to the nearest target, over the edges that were passed. */
const costsToTarget = ({ nodes, edges, targets }: Explored): readonly number[] => {
  const into = edges.turned(nodes.length)
  const costs = nodes.map(() => Infinity)
  const buckets: number[][] = [[...targets]]
  for (const target of targets) costs[target] = 0
  for (let cost = 0; cost < buckets.length; cost++) {
    const bucket = buckets[cost] ?? []
    for (let at = 0; at < bucket.length; at++) {
      const place = bucket[at] ?? 0
      if (costs[place] !== cost) continue
      into.from(place, (from, edgeCost) => {
        const total = cost + edgeCost
        if (total >= (costs[from] ?? 0)) return
        costs[from] = total
        const next = buckets[total]
        if (next) next.push(from)
        else buckets[total] = [from]
      })
    }
  }
  return costs
}

/** The beginning of a path, as a list that goes back. */
interface Partial {
  readonly place: number
  readonly cost: number
  readonly before: Partial | undefined
}

const has = (partial: Partial, place: number): boolean => {
  for (let at: Partial | undefined = partial; at; at = at.before) {
    if (at.place === place) return true
  }
  return false
}

/** The nearest to a target first; of those that are as near, in the order of their names. */
class Queue {
  readonly #byCost: Partial[][] = []
  #least = 0

  push(partial: Partial, total: number): void {
    const list = this.#byCost[total]
    if (list) list.push(partial)
    else this.#byCost[total] = [partial]
    this.#least = Math.min(this.#least, total)
  }

  /** The newest of the cheapest: it is furthest on its way. */
  pop(): { readonly partial: Partial; readonly total: number } | undefined {
    for (; this.#least < this.#byCost.length; this.#least++) {
      const partial = this.#byCost[this.#least]?.pop()
      if (partial) return { partial, total: this.#least }
    }
    return undefined
  }
}

interface Next {
  readonly to: number
  readonly cost: number
}

/**
 * Nodes onward from each node from which a target is still reached, each by its cheapest edge.
 * Dearest and last by name first: the queue is a stack.
 */
class Onward {
  readonly #explored: Explored
  readonly #toTarget: readonly number[]
  readonly #known = new Map<number, readonly Next[]>()

  constructor(explored: Explored, toTarget: readonly number[]) {
    this.#explored = explored
    this.#toTarget = toTarget
  }

  from(place: number): readonly Next[] {
    let edges = this.#known.get(place)
    if (!edges) this.#known.set(place, (edges = this.#find(place)))
    return edges
  }

  #find(place: number): readonly Next[] {
    const found = new Map<number, Next>()
    this.#explored.edges.from(place, (to, cost) => {
      if (this.#toTarget[to] === Infinity) return
      const same = found.get(to)
      if (!same || cost < same.cost) found.set(to, { to, cost })
    })
    const nameOf = ({ to }: Next): string => this.#explored.nodes[to]?.id ?? ''
    return [...found.values()].toSorted((a, b) => (nameOf(a) < nameOf(b) ? 1 : -1))
  }
}

interface Enumerated {
  readonly partials: readonly Partial[]
  readonly hasMore: boolean
}

/** Paths from the starts in order of their cost, up to a bound of cost. */
const enumerate = (
  explored: Explored,
  starts: number,
  pathsMax: number,
  costMax: number,
): Enumerated => {
  const toTarget = costsToTarget(explored)
  const isTarget = new Set(explored.targets)
  const queue = new Queue()
  for (let place = starts - 1; place >= 0; place--) {
    const total = toTarget[place] ?? Infinity
    if (total <= costMax) queue.push({ place, cost: 0, before: undefined }, total)
  }
  const onward = new Onward(explored, toTarget)
  const partials: Partial[] = []
  for (let tried = 0; tried < limits.partialPathsMax; tried++) {
    const next = queue.pop()
    if (!next) return { partials, hasMore: false }
    const { partial } = next
    if (isTarget.has(partial.place)) {
      if (!partial.before) continue
      if (partials.length >= pathsMax) return { partials, hasMore: true }
      partials.push(partial)
      continue
    }
    for (const edge of onward.from(partial.place)) {
      const cost = partial.cost + edge.cost
      const total = cost + (toTarget[edge.to] ?? Infinity)
      if (total <= costMax && !has(partial, edge.to))
        queue.push({ place: edge.to, cost, before: partial }, total)
    }
  }
  return { partials, hasMore: true }
}

const leastSure = (certainties: readonly Certainty[]): Certainty => {
  if (certainties.includes('unknown')) return 'unknown'
  return certainties.includes('possible') ? 'possible' : 'certain'
}

/** The cheapest first. */
const sorted = (edges: readonly Edge[]): Replica[] =>
  [...Map.groupBy(edges, ({ to }) => to.id).values()].flatMap((same): readonly Replica[] => {
    const ways = same.toSorted((a, b) => costOfEdge(a) - costOfEdge(b))
    return ways[0] ? [{ to: ways[0].to, ways }] : []
  })

const costOfEdge = ({ kind, certainty }: Edge): number => costOf(kind, certainty)

const costOfWays = ({ ways }: Replica): number => (ways[0] ? costOfEdge(ways[0]) : Infinity)

/** Hops of the paths of one answer: many go the same way, and hubs have many edges. */
class Hops {
  readonly #cluster: Cluster
  readonly #explored: Explored
  readonly #asked: Certainty
  readonly #isOne: boolean
  readonly #narrow: Narrow | undefined
  readonly #edges = new Map<string, ReadonlyMap<number | undefined, readonly Edge[]>>()
  readonly #known = new Map<string, Hop>()

  /**
   * @param isOne  they are for one path only
   * @param narrow  what the search followed in place of all edges
   */
  constructor(
    cluster: Cluster,
    explored: Explored,
    asked: Certainty,
    isOne: boolean,
    narrow?: Narrow,
  ) {
    this.#narrow = narrow
    this.#cluster = cluster
    this.#explored = explored
    this.#asked = asked
    this.#isOne = isOne
  }

  #edgesFrom(from: GraphNode): ReadonlyMap<number | undefined, readonly Edge[]> {
    let known = this.#edges.get(from.id)
    if (!known) {
      const edges = edgesFrom(this.#cluster, from).filter((edge) =>
        isAsSure(edge.certainty, this.#asked),
      )
      known = Map.groupBy(edges, ({ to }) => this.#explored.placeOf(to))
      this.#edges.set(from.id, known)
    }
    return known
  }

  /** Edges to a place. All that leave a node are sorted at once, when many paths go over it. */
  #edgesTo(from: GraphNode, place: number): readonly Edge[] {
    if (!this.#isOne) return this.#edgesFrom(from).get(place) ?? []
    const { placeOf } = this.#explored
    const isThere = (to: GraphNode): boolean => placeOf(to) === place
    return edgesBetween(this.#cluster, from, isThere, this.#narrow).filter((edge) =>
      isAsSure(edge.certainty, this.#asked),
    )
  }

  /** To a node at a place: of replicas, to the one that is reached most surely. */
  to(from: GraphNode, place: number): Hop | undefined {
    const key = `${place} ${from.id}`
    let hop = this.#known.get(key)
    if (!hop) {
      const [first, ...replicas] = sorted(this.#edgesTo(from, place)).toSorted(
        (a, b) => costOfWays(a) - costOfWays(b) || (a.to.id < b.to.id ? -1 : 1),
      )
      if (!first) return undefined
      hop = { from, ...first, replicas }
      this.#known.set(key, hop)
    }
    return hop
  }
}

/** A path with the reasons of its hops. */
const pathOf = (known: Hops, { nodes }: Explored, last: Partial): AttackPath => {
  const places: number[] = []
  for (let at: Partial | undefined = last; at; at = at.before) places.push(at.place)
  const [start = -1, ...rest] = places.toReversed()
  const hops: Hop[] = []
  let from = nodes[start]
  for (const place of rest) {
    const hop = from && known.to(from, place)
    if (hop) hops.push(hop)
    from = hop?.to
  }
  return {
    hops,
    steps: hops.filter(({ ways }) => ways[0]?.kind.cost === 1).length,
    certainty: leastSure(hops.flatMap(({ ways }) => ways[0]?.certainty ?? [])),
    cost: last.cost,
  }
}

/** A path from one of so many starts to a node that was reached; `undefined`: it was not. */
export const pathTo = (
  cluster: Cluster,
  explored: Explored,
  starts: number,
  target: number,
  certainty: Certainty,
  narrow?: Narrow,
): AttackPath | undefined => {
  const costMax = explored.costs[target] ?? Infinity
  const to = { ...explored, targets: [target] }
  const [nearest] = enumerate(to, starts, 1, costMax).partials
  return nearest && pathOf(new Hops(cluster, explored, certainty, true, narrow), explored, nearest)
}

/**
 * Paths from any of the starts to any target, cheapest first, no node twice; those that differ by
 * replicas of a workload only are one. All of the shortest with
 * `onlyShortest`; else as many as are asked for, also longer ones, of those that are not much
 * dearer than the first.
 */
export const findPaths = (
  cluster: Cluster,
  from: readonly GraphNode[],
  isTarget: (node: GraphNode) => boolean,
  options: PathOptions = {},
): Paths => {
  const { certainty = 'unknown', onlyShortest = false } = options
  const pathsMax = Math.min(options.pathsMax ?? 10, limits.pathsMax)
  const starts = new Set(from.map(({ id }) => id)).size
  const tries = onlyShortest ? [0] : slacks
  let explored: Explored | undefined
  let found: Enumerated = { partials: [], hasMore: false }
  for (const slack of tries) {
    explored = explore(cluster, from, { wants: 'paths', certainty, isTarget, slack })
    const nearest = explored.costs[explored.targets[0] ?? -1]
    if (nearest === undefined) break
    found = enumerate(explored, starts, pathsMax, nearest + slack)
    if (found.hasMore || explored.isCut) break
    if (found.partials.length >= pathsMax) break
  }
  if (!explored) return { paths: [], hasMore: false }
  const all = explored
  const hops = new Hops(cluster, all, certainty, false)
  return {
    paths: found.partials.map((partial) => pathOf(hops, all, partial)),
    hasMore: found.hasMore || all.isCut,
  }
}
