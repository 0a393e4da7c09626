/**
 * On which events a condition asks for a field. That matters for a field whose value depends on
 * when it was asked before: events must come on which nothing matches, because it is asked there.
 * Pure.
 */
import type { Condition, Value } from './ir.ts'
import { conjunction, disjunction, fieldsOf, makeCompare, negation } from './ir.ts'

/** The field of a name, as a part of a condition reads it; its first when there are several. */
const valueOf = (condition: Condition, name: string): Value | undefined => {
  const ref = fieldsOf(condition).find(({ field }) => field.name === name)
  return ref && { is: 'field', ref, type: ref.field.type, list: ref.field.list }
}

const readsIt = (condition: Condition, name: string): boolean =>
  fieldsOf(condition).some(({ field }) => field.name === name)

/** What has been decided when a member is tried: `plan.ts` moves none from before it behind it. */
const untilMember = (
  members: readonly Condition[],
  name: string,
  decided: (before: Condition) => Condition,
): Condition =>
  disjunction(
    members.flatMap((member, i) =>
      readsIt(member, name)
        ? [conjunction([...members.slice(0, i).map(decided), askedAndTrue(member, name)])]
        : [],
    ),
  )

/**
 * The events on which a condition asks for a field of yes or no and finds yes: never too few. They
 * are not those on which the condition holds: what stands behind the field does not count.
 *
 * @param name  of a field that is read from events, with a few loads or more, and from nothing else
 */
export const askedAndTrue = (condition: Condition, name: string): Condition => {
  switch (condition.is) {
    case 'constant':
      return disjunction([])
    case 'and':
      return untilMember(condition.members, name, (before) => before)
    case 'or':
      return untilMember(condition.members, name, negation)
    case 'not':
      return askedAndTrue(condition.member, name)
    case 'exists':
    case 'compare': {
      const value = valueOf(condition, name)
      if (!value) return disjunction([])
      return makeCompare(value, '=', { is: 'constants', values: [true], quantifier: 'anyof' })
    }
  }
}
