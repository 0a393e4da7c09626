/** Selectors that select nothing, whatever labels there are. */
import type { Selector } from '@bulwark/schema'

/** The key of whose label more is asked than one can be; `undefined`: some labels are selected. */
export const contradictionOf = (selector: Selector): string | undefined => {
  for (const [key, requirements] of Map.groupBy(selector, (each) => each.key)) {
    const of = (operator: string): readonly (readonly string[])[] =>
      requirements.filter((each) => each.operator === operator).map(({ values }) => values)
    const [first, ...more] = of('In')
    const refused = new Set(of('NotIn').flat())
    const left = first?.filter(
      (value) => !refused.has(value) && more.every((values) => values.includes(value)),
    )
    const isThere = first !== undefined || of('Exists').length > 0
    if (left?.length === 0 || (isThere && of('DoesNotExist').length > 0)) return key
  }
  return undefined
}
