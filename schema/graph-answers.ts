/**
 * Answers of the cluster graph as they cross a boundary: `bulwark graph … -o json`, and whoever
 * reads that. Names are lower case with underscores, as in alerts. A key may be added; none is
 * taken away or given another meaning.
 */

/** How sure the objects are of it. `possible` and `unknown`: the reasons say what is missing. */
export type GraphCertainty = 'certain' | 'possible' | 'unknown'

/** An object of Kubernetes by its names; `namespace` is empty for what is in none. */
export interface GraphObject {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/** What an attacker has, or wants. The same `id` is the same node, in every answer. */
export interface GraphPoint {
  /** `pod:shop/web-5d9c`: also what `--from` takes. */
  readonly id: string
  /** One of the kinds of docs/graph.md. */
  readonly kind: string
  /** For people: `pod shop/web-5d9c`. */
  readonly text: string
}

/** A sentence, and the object and the path in it that it comes from; empty: all of the object. */
export interface GraphFact {
  readonly text: string
  readonly object: GraphObject
  readonly path: string
  /** What puts an end to it; not there: nothing that a person would do. */
  readonly fix?: string
}

/** An edge that a path goes over. */
export interface GraphStep {
  /** One of the edges of docs/graph.md. */
  readonly edge: string
  /** What is done, in words. */
  readonly title: string
  readonly from: GraphPoint
  readonly to: GraphPoint
  readonly certainty: GraphCertainty
  /** 0: from a whole to its part, nobody does anything. */
  readonly cost: 0 | 1
  /** Each list is a reason of its own; all facts of it together are why. */
  readonly reasons: readonly (readonly GraphFact[])[]
  /** What the sensor or the audit log shows when it is walked; `null`: nothing does. */
  readonly observable: string | null
  /** ATT&CK techniques. */
  readonly attack: readonly string[]
  /** Other edges between the same two. */
  readonly also: readonly string[]
  /** Other pods of the same workload that the step leads to; the path goes on from each alike. */
  readonly replicas: readonly GraphPoint[]
}

export interface GraphPath {
  /** Steps of an attacker: edges whose cost is 1. */
  readonly steps: number
  /** Of its least sure edge. */
  readonly certainty: GraphCertainty
  /** Longer paths over the same points and others between, which are not listed. */
  readonly detours: number
  /** In order; each begins where the one before ends. */
  readonly edges: readonly GraphStep[]
}

/** A change that has a part in cutting paths. */
export interface GraphFix {
  readonly text: string
  readonly object: GraphObject
  readonly path: string
  /** Places in `paths`, from 0. */
  readonly cuts: readonly number[]
}

export interface GraphFixes {
  /** All of these together cut every path but those of `uncut`. */
  readonly fixes: readonly GraphFix[]
  /** There is no smaller set. */
  readonly smallest: boolean
  /** Every set has at least so many. */
  readonly at_least: number
  /** Places of paths that no change cuts of which the graph knows. */
  readonly uncut: readonly number[]
}

/** What the answer rests on. */
export interface GraphInput {
  /** Folder, file or API server. */
  readonly from: string
  /** How many objects of each kind were read. */
  readonly objects: Readonly<Record<string, number>>
  /** Of kinds that nothing reads, with group and version. */
  readonly ignored: Readonly<Record<string, number>>
  /** Kinds that every cluster has and that were not there: what follows from them is missing. */
  readonly missing: readonly string[]
  /** Documents about images and vulnerabilities. */
  readonly documents: number
  /** Reports that are of no image that a container runs. */
  readonly unmatched: readonly string[]
  readonly faults: readonly {
    readonly file: string
    readonly item: string
    readonly message: string
  }[]
  /** Faults over the bound, which are not listed. */
  readonly faults_untold: number
}

/** `bulwark graph paths`, and `fixes`. */
export interface PathsAnswer {
  readonly from: GraphPoint
  /** As it was asked for: `cluster-admin`. */
  readonly to: string
  /** Less sure edges were left out. */
  readonly certainty: GraphCertainty
  /** Fewest steps first; of two with as many the surer one. */
  readonly paths: readonly GraphPath[]
  /** There are more, or there may be. */
  readonly more: boolean
  readonly fixes: GraphFixes
  readonly input: GraphInput
}

/** What edges of one kind lead to from a point: points of one kind. */
export interface GraphReachedWay {
  readonly edge: string
  readonly title: string
  readonly certainty: GraphCertainty
  /** The start, or one of `to` of an earlier row. */
  readonly from: GraphPoint
  /** The first of them. */
  readonly to: readonly GraphPoint[]
  /** How many there are beside these. */
  readonly more: number
  /** How many points are reached behind all of these, and have no row. */
  readonly behind: number
}

/** `bulwark graph blast-radius`. */
export interface BlastRadiusAnswer {
  readonly from: GraphPoint
  readonly certainty: GraphCertainty
  /** How many of each kind are reached. */
  readonly counts: Readonly<Record<string, number>>
  /** Nearest first. `cost`: 2 a step that is certain; more, the less sure it is. */
  readonly reached: readonly (GraphPoint & { readonly cost: number })[]
  /** By which edges, on a nearest way; bounded: the nearest of each kind step by step, and what
   * hangs on these ways. */
  readonly ways: readonly GraphReachedWay[]
  /** Points of `reached` that no row of `ways` has or counts. */
  readonly untold: number
  /** A bound was reached: there may be more. */
  readonly more: boolean
  readonly input: GraphInput
}

/** `bulwark graph who-can`. */
export interface WhoCanAnswer {
  readonly verb: string
  /** With its API group: `deployments.apps`; or a path, `/metrics`. */
  readonly resource: string
  /** Empty: none in particular. */
  readonly name: string
  /** Empty: in all. */
  readonly namespace: string
  /** Each with the binding and the rule that let it; one may be there by several. */
  readonly subjects: readonly {
    readonly kind: string
    readonly namespace: string
    readonly name: string
    readonly reasons: readonly GraphFact[]
  }[]
  readonly input: GraphInput
}

/** Where a server is asked: `/api/v1/graph/paths?from=internet`. */
export const graphPath = '/api/v1/graph'

/** A question and what came of it: over HTTP in the same words as on the command line. */
export interface GraphReply<Answer> {
  /** What is to be said of a question that is answered. */
  readonly remarks: readonly string[]
  /** Why it is not. */
  readonly faults: readonly { readonly message: string; readonly help: string }[]
  /** Exit code of the command: 0 answered, 1 what is asked for is not there, 2 wrong usage. */
  readonly exit: 0 | 1 | 2
  readonly answer: Answer | null
}

/** `bulwark graph pod` over HTTP: for programs, and the lines for people. */
export interface PodReply {
  readonly json: Readonly<Record<string, unknown>>
  readonly lines: readonly string[]
}
