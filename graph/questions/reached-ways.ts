/**
 * By which edges all of a blast radius is reached, in a drawing's worth of rows: a tree of nearest
 * ways, of which those to the nearest node of each kind are told step by step, and what hangs on
 * them by the edge. In whatever order the objects came, it is the same.
 */
import type { Cluster } from '../cluster.ts'
import type { Certainty, EdgeKind } from '../edges.ts'
import { deriveEdges } from '../graph.ts'
import { limits } from '../limits.ts'
import type { GraphNode } from '../nodes.ts'
import type { Explored } from './explore.ts'
import { costOf, isAsSure } from './explore.ts'

/** What one kind of edges leads to from a node: nodes of one kind. */
export interface ReachedWay {
  readonly from: GraphNode
  readonly edge: EdgeKind
  readonly certainty: Certainty
  /** The first by their ids. */
  readonly to: readonly GraphNode[]
  /** Further ones. */
  readonly more: number
  /** What is reached behind all of these, and has no row of its own. */
  readonly behind: number
}

export interface ReachedWays {
  /** Each begins where an earlier one ends, or at the start. */
  readonly ways: readonly ReachedWay[]
  /** Nodes that no row has, nor counts. */
  readonly untold: number
}

const none = -1

/** The nearest way to each node as a tree. */
class Tree {
  readonly parents: Int32Array
  /** Parents before their children. */
  readonly order: number[] = []
  readonly #explored: Explored

  /** @param explored  from one start, which is its first node */
  constructor(explored: Explored) {
    this.#explored = explored
    this.parents = new Int32Array(explored.nodes.length).fill(none)
    this.#takeSteps()
    this.#takeParts()
  }

  #isBefore(a: number, b: number): boolean {
    const { nodes } = this.#explored
    return (nodes[a]?.id ?? '') < (nodes[b]?.id ?? '')
  }

  /** Over edges that cost something: what is nearer is before. */
  #takeSteps(): void {
    const { nodes, costs, edges } = this.#explored
    for (let from = 0; from < nodes.length; from++) {
      edges.from(from, (to, cost) => {
        if (to === 0 || cost === 0 || (costs[from] ?? 0) + cost !== costs[to]) return
        const before = this.parents[to] ?? none
        if (before === none || this.#isBefore(from, before)) this.parents[to] = from
      })
    }
  }

  /** Over edges that cost nothing, where no other leads: in rounds, as they may go in circles. */
  #takeParts(): void {
    const { nodes, costs, edges } = this.#explored
    const byCost = Map.groupBy(nodes.keys(), (place) => costs[place] ?? 0)
    for (const cost of [...byCost.keys()].toSorted((a, b) => a - b)) {
      let round = (byCost.get(cost) ?? []).filter((at) => at === 0 || this.parents[at] !== none)
      while (round.length > 0) {
        this.order.push(...round)
        const next = new Set<number>()
        for (const from of round) {
          edges.from(from, (to, edgeCost) => {
            if (to === 0 || edgeCost !== 0 || costs[to] !== cost) return
            const before = this.parents[to] ?? none
            if (before !== none && !next.has(to)) return
            if (before === none || this.#isBefore(from, before)) this.parents[to] = from
            next.add(to)
          })
        }
        round = [...next]
      }
    }
  }
}

interface Found {
  readonly kind: EdgeKind
  readonly certainty: Certainty
  readonly cost: number
}

/** The surest edge from a node to each of some. */
const edgesTo = (
  cluster: Cluster,
  { nodes, placeOf }: Explored,
  from: number,
  wanted: ReadonlySet<number>,
  asked: Certainty,
): ReadonlyMap<number, Found> => {
  const found = new Map<number, Found>()
  const node = nodes[from]
  if (!node) return found
  deriveEdges(cluster, node, (kind, to, certainty) => {
    if (!isAsSure(certainty, asked)) return
    const place = placeOf(to)
    if (place === undefined || !wanted.has(place)) return
    const cost = costOf(kind, certainty)
    const best = found.get(place)
    const isBetter = !best || cost < best.cost || (cost === best.cost && kind.id < best.kind.id)
    if (isBetter) found.set(place, { kind, certainty, cost })
  })
  return found
}

interface Row extends ReachedWay {
  /** Of the node that it begins at; less is told first. */
  readonly cost: number
  readonly counted: number
}

class Rows {
  readonly #cluster: Cluster
  readonly #explored: Explored
  readonly #certainty: Certainty
  readonly #isReached: (node: GraphNode) => boolean
  readonly #tree: Tree
  /** How many are reached behind each node. */
  readonly #behind: Int32Array
  /** Places of nodes that have boxes of their own. */
  readonly #trunk: Set<number>

  constructor(
    cluster: Cluster,
    explored: Explored,
    certainty: Certainty,
    isReached: (node: GraphNode) => boolean,
  ) {
    this.#cluster = cluster
    this.#explored = explored
    this.#certainty = certainty
    this.#isReached = isReached
    this.#tree = new Tree(explored)
    this.#behind = this.#countBehind()
    this.#trunk = this.#trunkOf()
  }

  #node(place: number): GraphNode {
    const node = this.#explored.nodes[place]
    if (!node) throw new Error('a place without a node')
    return node
  }

  #counts(place: number): number {
    return this.#isReached(this.#node(place)) ? 1 : 0
  }

  #countBehind(): Int32Array {
    const { parents, order } = this.#tree
    const behind = new Int32Array(parents.length)
    for (const place of order.toReversed()) {
      const parent = parents[place] ?? none
      if (parent === none) continue
      behind[parent] = (behind[parent] ?? 0) + (behind[place] ?? 0) + this.#counts(place)
    }
    return behind
  }

  /** The nearest of each kind, and what is on the way to it. */
  #trunkOf(): Set<number> {
    const { costs } = this.#explored
    const nearest = new Map<string, number>()
    for (const place of this.#tree.order) {
      const { kind, id } = this.#node(place)
      if (!this.#isReached(this.#node(place))) continue
      const best = nearest.get(kind)
      const by = best === undefined ? -1 : (costs[place] ?? 0) - (costs[best] ?? 0)
      if (by < 0 || (by === 0 && best !== undefined && id < this.#node(best).id)) {
        nearest.set(kind, place)
      }
    }
    const trunk = new Set([0])
    for (const end of nearest.values()) {
      for (let at = end; at !== none && !trunk.has(at); at = this.#tree.parents[at] ?? none) {
        trunk.add(at)
      }
    }
    return trunk
  }

  #rowsFrom(from: number, children: readonly number[]): readonly Row[] {
    const found = edgesTo(this.#cluster, this.#explored, from, new Set(children), this.#certainty)
    const keyOf = (place: number): string => {
      const { kind, certainty } = found.get(place) ?? {}
      const own = this.#trunk.has(place) ? this.#node(place).id : ''
      return [own === '' ? 1 : 0, kind?.id, certainty, this.#node(place).kind, own].join(' ')
    }
    const groups = [...Map.groupBy(children, keyOf)].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return groups.flatMap(([, places]): Row | readonly [] => {
      const [first = none] = places
      const edge = found.get(first)
      const isTrunk = this.#trunk.has(first)
      const to = places.map((place) => this.#node(place)).toSorted((a, b) => (a.id < b.id ? -1 : 1))
      const own = places.reduce((sum, place) => sum + this.#counts(place), 0)
      const behind = isTrunk
        ? 0
        : places.reduce((sum, place) => sum + (this.#behind[place] ?? 0), 0)
      // Connections that lead to control of nothing.
      if (!edge || (!isTrunk && own + behind === 0)) return []
      return {
        from: this.#node(from),
        edge: edge.kind,
        certainty: edge.certainty,
        to: to.slice(0, limits.reachedOfWayMax),
        more: Math.max(to.length - limits.reachedOfWayMax, 0),
        behind,
        cost: isTrunk ? -1 : (this.#explored.costs[from] ?? 0),
        counted: own + behind,
      }
    })
  }

  all(): ReachedWays {
    const { parents, order } = this.#tree
    const children = new Map([...this.#trunk].map((place): [number, number[]] => [place, []]))
    for (const place of order) children.get(parents[place] ?? none)?.push(place)
    const rows = order
      .filter((place) => this.#trunk.has(place))
      .flatMap((place) => this.#rowsFrom(place, children.get(place) ?? []))
    // Those with boxes of their own first; of others the nearest.
    const sorted = rows.toSorted(
      (a, b) => a.cost - b.cost || (a.cost >= 0 && a.from.id < b.from.id ? -1 : 0),
    )
    const told = sorted.slice(0, limits.reachedWaysMax)
    const all = order.reduce((sum, place) => sum + this.#counts(place), 0) - this.#counts(0)
    return {
      ways: told.map(({ from, edge, certainty, to, more, behind }) => ({
        from,
        edge,
        certainty,
        to,
        more,
        behind,
      })),
      untold: all - told.reduce((sum, { counted }) => sum + counted, 0),
    }
  }
}

/**
 * The rows of what was explored from one start.
 *
 * @param isReached  whether a node is one that counts
 */
export const reachedWays = (
  cluster: Cluster,
  explored: Explored,
  certainty: Certainty,
  isReached: (node: GraphNode) => boolean,
): ReachedWays => new Rows(cluster, explored, certainty, isReached).all()
