/**
 * Goes out from some nodes, nearest first, and notes every edge that it passes. The cost of an edge
 * is that of its doubt: two certain steps are as near as three possible ones are far.
 */
import { edgeKindsFrom } from '../catalogue.ts'
import type { Cluster } from '../cluster.ts'
import type { Certainty, EdgeKind } from '../edges.ts'
import { limits } from '../limits.ts'
import type { GraphNode } from '../nodes.ts'

/** What a step of an attacker costs, by how sure it is. Whole numbers, for buckets. */
const stepCosts: Readonly<Record<Certainty, number>> = { certain: 2, possible: 3, unknown: 6 }
const doubtCosts: Readonly<Record<Certainty, number>> = { certain: 0, possible: 1, unknown: 4 }

export const costOf = ({ cost }: EdgeKind, certainty: Certainty): number =>
  cost === 0 ? doubtCosts[certainty] : stepCosts[certainty]

const order: readonly Certainty[] = ['certain', 'possible', 'unknown']

/** Whether an edge is at least as sure as asked. */
export const isAsSure = (certainty: Certainty, asked: Certainty): boolean =>
  order.indexOf(certainty) <= order.indexOf(asked)

/** An edge that was passed: numbers are places in `nodes`. */
export interface Passed {
  readonly from: number
  readonly to: number
  readonly kind: EdgeKind
  readonly cost: number
}

/** What was seen on the way. */
export interface Explored {
  readonly nodes: readonly GraphNode[]
  /** Cost of the nearest way to each node. */
  readonly costs: readonly number[]
  /** Edges that leave each node that was reached within the bound; else nothing. */
  readonly edges: readonly (readonly Passed[] | undefined)[]
  /** Targets that were reached, in the order of their cost. */
  readonly targets: readonly number[]
  /** The bound of edges was reached: what lies beyond was not looked at. */
  readonly isCut: boolean
}

export interface ExploreOptions {
  /** Leaves out edges that are less sure. */
  readonly certainty: Certainty
  readonly isTarget: (node: GraphNode) => boolean
  /** How much more than the nearest target's cost is still looked at; `undefined`: everything. */
  readonly slack: number | undefined
}

class Explorer {
  readonly nodes: GraphNode[] = []
  readonly costs: number[] = []
  readonly edges: (Passed[] | undefined)[] = []
  readonly targets: number[] = []
  readonly #byId = new Map<string, number>()
  readonly #buckets: number[][] = []
  readonly #cluster: Cluster
  readonly #options: ExploreOptions
  passed = 0

  constructor(cluster: Cluster, options: ExploreOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  /** Place of a node, which is now reached for this cost. */
  reach(node: GraphNode, cost: number): number {
    let place = this.#byId.get(node.id)
    if (place === undefined) {
      place = this.nodes.length
      this.#byId.set(node.id, place)
      this.nodes.push(node)
      this.costs.push(Infinity)
      this.edges.push(undefined)
    }
    if (cost < (this.costs[place] ?? 0)) {
      this.costs[place] = cost
      const bucket = this.#buckets[cost]
      if (bucket) bucket.push(place)
      else this.#buckets[cost] = [place]
    }
    return place
  }

  run(): boolean {
    let last = Infinity
    for (let cost = 0; cost < this.#buckets.length && cost <= last; cost++) {
      const bucket = this.#buckets[cost]
      for (let at = 0; bucket && at < bucket.length; at++) {
        const place = bucket[at] ?? 0
        const node = this.nodes[place]
        if (!node || this.costs[place] !== cost || this.edges[place]) continue
        if (this.#options.isTarget(node)) {
          this.targets.push(place)
          const { slack } = this.#options
          if (slack !== undefined && last === Infinity) last = cost + slack
        }
        this.#leave(place, node, cost)
        if (this.passed > limits.exploredEdgesMax) return true
      }
    }
    return false
  }

  #leave(place: number, node: GraphNode, cost: number): void {
    const list: Passed[] = []
    const { certainty: asked } = this.#options
    for (const kind of edgeKindsFrom(node.kind)) {
      kind.derive(this.#cluster, node, (to, certainty) => {
        if (!isAsSure(certainty, asked)) return
        const edgeCost = costOf(kind, certainty)
        list.push({ from: place, to: this.reach(to, cost + edgeCost), kind, cost: edgeCost })
      })
    }
    this.passed += list.length
    this.edges[place] = list
  }
}

/** Goes out from some nodes until the nearest target is passed by the slack. */
export const explore = (
  cluster: Cluster,
  from: readonly GraphNode[],
  options: ExploreOptions,
): Explored => {
  const explorer = new Explorer(cluster, options)
  for (const node of from) explorer.reach(node, 0)
  const isCut = explorer.run()
  const { nodes, costs, edges, targets } = explorer
  return { nodes, costs, edges, targets, isCut }
}
