/** The attack path of an alert: by the edge that it shows to have been walked, where it does. */
import type { Cluster } from '../cluster.ts'
import { worstOf } from '../context/power.ts'
import type { Exposure, PathStep, PathThrough, WalkedEdge } from '../judgement/context.ts'
import type { GraphNode } from '../nodes.ts'
import { internet, nodeText } from '../nodes.ts'

/** The worst way on from where an edge leads. */
export const wayBeyond = (cluster: Cluster, to: GraphNode): readonly PathStep[] =>
  worstOf(cluster, [to]).edges.map(({ kind, from, to: end }) => ({
    edge: kind.id,
    from: nodeText(from),
    to: nodeText(end),
    title: kind.title,
  }))

/** From this level on the internet reaches a pod. */
const openLevelMin = 5

const isIn = (path: PathThrough | undefined, { edge, from, to }: WalkedEdge): boolean =>
  path?.steps.some((step) => step.edge === edge && step.from === from && step.to === to) ?? false

const marked = (path: PathThrough, walked: readonly WalkedEdge[]): PathThrough => ({
  ...path,
  steps: path.steps.map((step) =>
    walked.some((each) => isIn({ ...path, steps: [step] }, each))
      ? { ...step, isWalked: true }
      : step,
  ),
})

/** The path through the pod's own, if one of the edges is on it; else through the first of them. */
export const observedPath = (
  path: PathThrough | undefined,
  exposure: Exposure | undefined,
  walked: readonly WalkedEdge[],
): PathThrough | undefined => {
  const sure = walked.filter(({ isSure }) => isSure)
  const [first] = sure.toSorted((a, b) => Number(Boolean(b.lost)) - Number(Boolean(a.lost)))
  if (!first) return path
  if (path && sure.some((each) => isIn(path, each))) return marked(path, sure)
  const { edge, from, to, title, certainty, beyond } = first
  const isOpen = exposure !== undefined && exposure.level >= openLevelMin
  const outside = nodeText(internet)
  const entry = {
    edge: 'EXPOSED',
    from: outside,
    to: from,
    title: 'the container is reached from the internet',
  }
  const own = [{ edge, from, to, title, isWalked: true }, ...beyond]
  return {
    from: isOpen ? outside : from,
    to: own.at(-1)?.to ?? to,
    certainty: isOpen && exposure.certainty !== 'certain' ? 'possible' : certainty,
    steps: isOpen ? [entry, ...own] : own,
  }
}
