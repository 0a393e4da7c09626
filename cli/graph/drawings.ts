/** What of each answer of the graph is drawn. */
import type {
  BlastRadiusAnswer,
  GraphFact,
  GraphFix,
  GraphPath,
  GraphReachedWay,
  PathsAnswer,
  PodReply,
  WhoCanAnswer,
} from '@bulwark/schema'
import type { Diagram } from './diagram.ts'
import { DiagramMaker } from './diagram.ts'
import { endText, fixText, objectText, requestText } from './text.ts'

const addPaths = (maker: DiagramMaker, paths: readonly GraphPath[]): void => {
  for (const step of paths.flatMap(({ edges }) => edges)) {
    const { from, to, edge, certainty, replicas } = step
    maker.point(from.id, from.text)
    maker.point(to.id, to.text)
    if (replicas.length > 0) maker.rename(to.id, endText(step))
    maker.arrow(from.id, to.id, edge, certainty !== 'certain')
  }
}

/** Ways: what is had, and the edges between. */
export const drawPaths = ({ paths }: PathsAnswer): Diagram => {
  const maker = new DiagramMaker()
  addPaths(maker, paths)
  return maker.made()
}

const isCutBy = (fact: GraphFact, { text, object, path }: GraphFix): boolean =>
  fact.fix === text && fact.path === path && objectText(fact.object) === objectText(object)

/** The same, and each change with what it cuts. */
export const drawFixes = ({ paths, fixes }: PathsAnswer): Diagram => {
  const maker = new DiagramMaker()
  addPaths(maker, paths)
  for (const [at, fix] of fixes.fixes.entries()) {
    const id = `fix ${at + 1}`
    maker.point(id, `${id}: ${fixText(fix)}`)
    const cut = fix.cuts.flatMap((place) => paths[place]?.edges ?? [])
    for (const { to, reasons } of cut) {
      if (reasons.flat().some((fact) => isCutBy(fact, fix))) maker.arrow(id, to.id, 'cuts')
    }
  }
  return maker.made()
}

/** Names of points of one kind, and what is not named: `pod: a/b, c/d; and 3 more`. */
const groupText = ({ to, more, behind }: GraphReachedWay): string => {
  const [first] = to
  const isOne = to.length === 1 && more === 0
  const names = to.map(({ id, kind }) => id.slice(kind.length + 1)).join(', ')
  const text = isOne ? (first?.text ?? '') : `${first?.kind}: ${names}`
  return [
    text,
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(behind > 0 ? [`${behind} more behind ${isOne ? 'it' : 'them'}`] : []),
  ].join('; ')
}

/** What is reached, and the edges between: ways to the nearest of each kind, and what hangs on
 * them, a box for those of one kind that one kind of edges leads to. */
export const drawBlastRadius = ({ from, ways, untold, more }: BlastRadiusAnswer): Diagram => {
  const maker = new DiagramMaker()
  maker.point(from.id, from.text)
  const begins = new Set(ways.map((way) => way.from.id))
  for (const way of ways) {
    const { edge, certainty, to } = way
    const [first] = to
    const isOne = to.length === 1 && way.more === 0
    const id = isOne && first ? first.id : `${way.from.id} ${edge} ${certainty} ${first?.kind}`
    maker.point(id, begins.has(id) ? (first?.text ?? '') : groupText(way))
    maker.arrow(way.from.id, id, edge, certainty !== 'certain')
  }
  if (untold > 0 || more) {
    const many = untold > 0 ? `${untold} more` : ''
    const bound = more ? 'a bound was reached: there may be more' : ''
    maker.point('more', [many, bound].filter((text) => text !== '').join('; '))
  }
  return maker.made()
}

/** Who may, over the bindings and the roles that let them. */
export const drawWhoCan = (answer: WhoCanAnswer): Diagram => {
  const maker = new DiagramMaker()
  const what = requestText(answer)
  for (const { reasons, ...subject } of answer.subjects) {
    let at = objectText(subject)
    let label = reasons.length === 0 ? 'without any role' : ''
    for (const [place, { object, path }] of reasons.entries()) {
      maker.arrow(at, objectText(object), place === 0 ? path : '')
      at = objectText(object)
      label = place === 0 ? '' : path
    }
    maker.arrow(at, what, label)
  }
  maker.point(what)
  return maker.made()
}

/** What of a pod's context is drawn; the shape of `graph pod -o json`. */
interface DrawnPod {
  readonly pod: { readonly namespace: string; readonly name: string }
  readonly factors: readonly {
    readonly id: string
    readonly weight: number
    readonly text: string
  }[]
  readonly path?: {
    readonly steps: readonly { readonly edge: string; readonly from: string; readonly to: string }[]
  }
}

/** A pod with its factors, and the way that leads on from it. */
export const drawPod = (json: PodReply['json']): Diagram => {
  const { pod, factors, path } = json as unknown as DrawnPod
  const maker = new DiagramMaker()
  const id = `pod ${pod.namespace}/${pod.name}`
  maker.point(id)
  for (const { id: factor, weight, text } of factors) {
    const told = `${weight > 0 ? '+' : ''}${weight} ${text}`
    maker.arrow(told, id, factor)
  }
  const [first] = path?.steps ?? []
  if (first && first.from !== id) maker.arrow(id, first.from, '')
  for (const { edge, from, to } of path?.steps ?? []) maker.arrow(from, to, edge)
  return maker.made()
}
