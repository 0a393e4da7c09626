/** Nodes that something has got out to, and by what. Bounded; in whatever order alerts come. */
import type { ObjectRef } from '../diagnostics.ts'
import { limits } from '../limits.ts'

/** An alert that shows a way to a node to have been walked. */
export interface NodeEscape {
  readonly uuid: string
  readonly rule: string
  readonly pod: ObjectRef
  readonly edge: string
  readonly timeMs: number
}

export interface TakenNode {
  readonly node: string
  readonly escape: NodeEscape
}

const podKey = ({ namespace, name }: ObjectRef): string => `${namespace}/${name}`

const isBefore = (a: NodeEscape, b: NodeEscape): boolean =>
  a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.uuid < b.uuid)

export class TakenNodes {
  /** Of each node the first escape of each pod, by the pod. */
  readonly #byNode = new Map<string, Map<string, NodeEscape>>()
  /** Nodes that were forgotten, and pods of a node that are not kept. */
  forgotten = 0

  /** Whether it says more of the node than was known. */
  take(node: string, escape: NodeEscape): boolean {
    const escapes = this.#byNode.get(node) ?? new Map<string, NodeEscape>()
    this.#byNode.delete(node)
    const [oldest] = this.#byNode.keys()
    if (oldest !== undefined && this.#byNode.size >= limits.takenNodesMax) {
      this.#byNode.delete(oldest)
      this.forgotten++
    }
    this.#byNode.set(node, escapes)
    const key = podKey(escape.pod)
    const known = escapes.get(key)
    if (known && !isBefore(escape, known)) return false
    escapes.set(key, escape)
    if (escapes.size <= limits.nodeEscapesMax) return true
    const [latest] = [...escapes].toSorted(([, a], [, b]) => (isBefore(a, b) ? 1 : -1))
    if (latest) escapes.delete(latest[0])
    this.forgotten++
    return latest?.[0] !== key
  }

  /** All that is known, in the order in which the nodes were last told of. */
  *all(): Iterable<TakenNode> {
    for (const [node, escapes] of this.#byNode) {
      for (const escape of escapes.values()) yield { node, escape }
    }
  }

  /** What others than the pod have done to its node until a time, the first first. */
  of(node: string, pod: ObjectRef, untilMs: number): readonly NodeEscape[] {
    return [...(this.#byNode.get(node)?.values() ?? [])]
      .filter((each) => podKey(each.pod) !== podKey(pod) && each.timeMs <= untilMs)
      .toSorted((a, b) => (isBefore(a, b) ? -1 : 1))
  }
}
