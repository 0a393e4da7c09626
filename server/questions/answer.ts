/** Answers of the graph in the shape in which they are told: `schema/graph-answers.ts`. */
import type { AttackPath, Cluster, Fact, GraphNode, Hop } from '@bulwark/graph'
import { findFixes } from '@bulwark/graph'
import type { GraphFact, GraphFixes, GraphPath, GraphPoint, GraphStep } from '@bulwark/schema'
import { nodeText } from './node-text.ts'

export const pointOf = (node: GraphNode): GraphPoint => ({
  id: node.id,
  kind: node.kind,
  text: nodeText(node),
})

export const factOf = ({ text, object, path, fix }: Fact): GraphFact => {
  const { kind, namespace, name } = object
  return { text, object: { kind, namespace, name }, path, ...(fix === undefined ? {} : { fix }) }
}

const stepOf = ({ from, to, ways, replicas }: Hop): readonly GraphStep[] => {
  const [edge, ...others] = ways
  if (!edge) return []
  const { id, title, cost, observable, attack } = edge.kind
  return [
    {
      edge: id,
      title,
      from: pointOf(from),
      to: pointOf(to),
      certainty: edge.certainty,
      cost,
      reasons: edge
        .reasons()
        .filter((reason) => reason.length > 0)
        .map((reason) => reason.map(factOf)),
      observable: observable ?? null,
      attack,
      also: others.map(({ kind }) => kind.id),
      replicas: replicas.map((each) => pointOf(each.to)),
    },
  ]
}

/** A way for people. */
export interface Way {
  readonly best: AttackPath
  /** Over the same nodes, and others between: who cuts the way must cut these, too. */
  readonly detours: readonly AttackPath[]
}

const nodesOf = ({ hops }: AttackPath): readonly string[] => [
  hops[0]?.from.id ?? '',
  ...hops.map(({ to }) => to.id),
]

/** Joins paths that a person takes for one. @param paths  the best first */
export const waysOf = (paths: readonly AttackPath[]): readonly Way[] => {
  const ways: { best: AttackPath; nodes: readonly string[]; detours: AttackPath[] }[] = []
  for (const path of paths) {
    const nodes = nodesOf(path)
    const passed = new Set(nodes)
    const way = ways.find((each) => each.nodes.every((node) => passed.has(node)))
    if (way) way.detours.push(path)
    else ways.push({ best: path, nodes, detours: [] })
  }
  return ways
}

export const wayJson = ({ best, detours }: Way): GraphPath => ({
  steps: best.steps,
  certainty: best.certainty,
  detours: detours.length,
  edges: best.hops.flatMap(stepOf),
})

/** What cuts all paths of some ways. */
export const fixesOf = (cluster: Cluster, ways: readonly Way[]): GraphFixes => {
  const paths = ways.map(({ best, detours }) => [best, ...detours])
  const wayOf = paths.flatMap((all, place) => all.map(() => place))
  const places = (of: readonly number[]): readonly number[] => [
    ...new Set(of.flatMap((path) => wayOf[path] ?? [])),
  ]
  const { fixes, isSmallest, atLeast, uncut } = findFixes(cluster, paths.flat())
  return {
    fixes: fixes.map(({ text, object, path, paths: cut }) => ({
      text,
      object: { kind: object.kind, namespace: object.namespace, name: object.name },
      path,
      cuts: places(cut),
    })),
    smallest: isSmallest,
    at_least: atLeast,
    uncut: places(uncut),
  }
}
