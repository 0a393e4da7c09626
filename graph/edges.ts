/**
 * Edges of the graph, and the form of the catalogue that they are made by. An edge is derived from
 * the objects when somebody asks; what it rests on is written out only for those that are shown.
 */
import type { Cluster } from './cluster.ts'
import type { ObjectRef } from './diagnostics.ts'
import type { GraphNode, NodeKind } from './nodes.ts'

/**
 * `certain`: the objects say so. `possible`: it needs something more, which is said. `unknown`:
 * something that decides it is not in the objects; it is told rather than left out.
 */
export type Certainty = 'certain' | 'possible' | 'unknown'

/** A sentence about an object, and where in the object it comes from. */
export interface Fact {
  /** A sentence without its full stop; it names what it is about. */
  readonly text: string
  readonly object: ObjectRef
  /** Path in the object; empty: the object as a whole. */
  readonly path: string
  /** What to do so that it is no longer so; `undefined`: nothing that a person would do. */
  readonly fix?: string | undefined
}

/** All of these together are why there is an edge. */
export type Reason = readonly Fact[]

/**
 * Takes an edge from the node that is asked about. `reason` is called later or never: it must hold
 * on to objects only, which do not change.
 */
export type Emit = (to: GraphNode, certainty: Certainty, reason: () => Reason) => void

/** An entry of the catalogue. docs/graph.md is written from these. */
export interface EdgeKind {
  /** `ESC_PRIV`: upper case, as it is told. */
  readonly id: string
  readonly from: readonly NodeKind[]
  readonly to: readonly NodeKind[]
  /** What is done, in a few words: "a privileged container takes its node over". */
  readonly title: string
  /** What must hold, in words; one sentence each, without its full stop. */
  readonly preconditions: readonly string[]
  /** What the sensor or the audit log shows when it is walked; `undefined`: nothing does. */
  readonly observable: string | undefined
  /** ATT&CK techniques. */
  readonly attack: readonly string[]
  /** 0: it leads from a whole to its part, nobody does anything. 1: an attacker's step. */
  readonly cost: 0 | 1
  /** Emits the edges of this kind that leave a node of one of the kinds in `from`. */
  readonly derive: (cluster: Cluster, from: GraphNode, emit: Emit) => void
}

/** Kinds of edges that leave the same nodes, and are derived at once where that is cheaper. */
export interface EdgeFamily {
  readonly kinds: readonly EdgeKind[]
  /** Emits what `derive` of all of the kinds would. */
  readonly derive: (
    cluster: Cluster,
    from: GraphNode,
    emit: (kind: EdgeKind, ...edge: Parameters<Emit>) => void,
  ) => void
}

/** An edge with every reason for which it is there; any one of them is enough. */
export interface Edge {
  readonly kind: EdgeKind
  readonly from: GraphNode
  readonly to: GraphNode
  /** Of the surest reason. */
  readonly certainty: Certainty
  /** Called when it is shown. */
  readonly reasons: () => readonly Reason[]
}
