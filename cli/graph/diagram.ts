/** Diagrams as Mermaid and DOT write them. Each box once; what is not certain is dashed. */

export interface DiagramPoint {
  /** Two of the same id are one box. */
  readonly id: string
  readonly text: string
}

export interface DiagramArrow {
  /** Ids of points. */
  readonly from: string
  readonly to: string
  /** Empty: nothing is written at it. */
  readonly label: string
  readonly isDashed: boolean
}

export interface Diagram {
  /** Each once, in the order in which they are drawn. */
  readonly points: readonly DiagramPoint[]
  readonly arrows: readonly DiagramArrow[]
}

/** What is between quotes in Mermaid: no quote, and nothing that HTML or Markdown would read. */
const mermaidText = (text: string): string =>
  text.replace(/[^A-Za-z0-9 ./:()_,-]/gu, (each) => `#${each.codePointAt(0) ?? 0};`)

const dotText = (text: string): string => `"${text.replace(/[\\"]/g, (each) => `\\${each}`)}"`

const numbersOf = ({ points }: Diagram): ReadonlyMap<string, number> =>
  new Map(points.map(({ id }, at) => [id, at]))

const mermaidLines = (diagram: Diagram): readonly string[] => {
  const numbers = numbersOf(diagram)
  return [
    'flowchart LR',
    ...diagram.points.map(({ text }, at) => `  n${at}["${mermaidText(text)}"]`),
    ...diagram.arrows.map(({ from, to, label, isDashed }) => {
      const arrow = isDashed ? '-.->' : '-->'
      const written = label === '' ? '' : `|"${mermaidText(label)}"|`
      return `  n${numbers.get(from)} ${arrow}${written} n${numbers.get(to)}`
    }),
  ]
}

const dotLines = (diagram: Diagram): readonly string[] => {
  const numbers = numbersOf(diagram)
  return [
    'digraph paths {',
    '  rankdir=LR',
    '  node [shape=box]',
    ...diagram.points.map(({ text }, at) => `  n${at} [label=${dotText(text)}]`),
    ...diagram.arrows.map(({ from, to, label, isDashed }) => {
      const written = label === '' ? [] : [`label=${dotText(label)}`]
      const look = [...written, ...(isDashed ? ['style=dashed'] : [])].join(', ')
      const ends = `n${numbers.get(from)} -> n${numbers.get(to)}`
      return `  ${ends}${look === '' ? '' : ` [${look}]`}`
    }),
    '}',
  ]
}

/** How a diagram is written. */
export const diagramForms = { mermaid: mermaidLines, dot: dotLines } as const

/** Puts a diagram together: what is added twice is drawn once. */
export class DiagramMaker {
  readonly #points = new Map<string, DiagramPoint>()
  readonly #arrows = new Map<string, DiagramArrow>()

  /** A new one; one that is there keeps its text. */
  point(id: string, text = id): void {
    if (!this.#points.has(id)) this.#points.set(id, { id, text })
  }

  /** Gives one that is there another text. */
  rename(id: string, text: string): void {
    this.#points.set(id, { id, text })
  }

  /** Between two points, which may be new. */
  arrow(from: string, to: string, label: string, isDashed = false): void {
    this.point(from)
    this.point(to)
    const key = `${from}\n${label}\n${to}`
    if (!this.#arrows.has(key)) this.#arrows.set(key, { from, to, label, isDashed })
  }

  made(): Diagram {
    return { points: [...this.#points.values()], arrows: [...this.#arrows.values()] }
  }
}
