/** Paths as diagrams: Mermaid and DOT. Each node once; what is not certain is dashed. */
import type { GraphPath, GraphPoint, GraphStep } from '@bulwark/schema'
import { endText } from './text.ts'

/** Each node and each edge of some paths once, in the order in which they are passed. */
const merged = (
  paths: readonly GraphPath[],
): { readonly points: readonly GraphPoint[]; readonly steps: readonly GraphStep[] } => {
  const points = new Map<string, GraphPoint>()
  const steps = new Map<string, GraphStep>()
  for (const step of paths.flatMap(({ edges }) => edges)) {
    if (!points.has(step.from.id)) points.set(step.from.id, step.from)
    const { to } = step
    if (step.replicas.length > 0) points.set(to.id, { ...to, text: endText(step) })
    else if (!points.has(to.id)) points.set(to.id, to)
    steps.set(`${step.from.id} ${step.edge} ${step.to.id}`, step)
  }
  return { points: [...points.values()], steps: [...steps.values()] }
}

/** What is between quotes in Mermaid: no quote, and nothing that HTML or Markdown would read. */
const mermaidText = (text: string): string =>
  text.replace(/[^A-Za-z0-9 ./:()_,-]/gu, (each) => `#${each.codePointAt(0) ?? 0};`)

const dotText = (text: string): string => `"${text.replace(/[\\"]/g, (each) => `\\${each}`)}"`

const numbersOf = (points: readonly GraphPoint[]): ReadonlyMap<string, number> =>
  new Map(points.map(({ id }, at) => [id, at]))

export const mermaidLines = (paths: readonly GraphPath[]): readonly string[] => {
  const { points, steps } = merged(paths)
  const numbers = numbersOf(points)
  return [
    'flowchart LR',
    ...points.map(({ text }, at) => `  n${at}["${mermaidText(text)}"]`),
    ...steps.map(({ from, to, edge, certainty }) => {
      const arrow = certainty === 'certain' ? '-->' : '-.->'
      return `  n${numbers.get(from.id)} ${arrow}|"${mermaidText(edge)}"| n${numbers.get(to.id)}`
    }),
  ]
}

export const dotLines = (paths: readonly GraphPath[]): readonly string[] => {
  const { points, steps } = merged(paths)
  const numbers = numbersOf(points)
  return [
    'digraph paths {',
    '  rankdir=LR',
    '  node [shape=box]',
    ...points.map(({ text }, at) => `  n${at} [label=${dotText(text)}]`),
    ...steps.map(({ from, to, edge, certainty }) => {
      const style = certainty === 'certain' ? '' : ', style=dashed'
      const ends = `n${numbers.get(from.id)} -> n${numbers.get(to.id)}`
      return `  ${ends} [label=${dotText(edge)}${style}]`
    }),
    '}',
  ]
}
