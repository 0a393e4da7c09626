/** Whether a role allows everything on every object. */
import type { Role, Rule } from '../objects/rbac.ts'

const allows = ({ verbs, groups, resources, names }: Rule): boolean =>
  [verbs, groups, resources].every((each) => each.includes('*')) && names.length === 0

/** By the rules, which roles that have the same ones share. */
const everythingBy = new WeakMap<readonly Rule[], number>()

/** The rule of a role that allows everything on every object; -1: none does. */
export const allowsEverything = ({ rules }: Role): number => {
  let place = everythingBy.get(rules)
  if (place === undefined) {
    place = rules.findIndex(allows)
    everythingBy.set(rules, place)
  }
  return place
}
