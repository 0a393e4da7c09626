/**
 * Whether some rules allow all that another one does: the API server's check against
 * escalation.
 */
import type { Role, Rule } from '../objects/rbac.ts'
import type { Grant } from './grants.ts'
import { everywhere } from './grants.ts'

const covers = (owned: readonly string[], wanted: readonly string[]): boolean =>
  owned.includes('*') || wanted.every((each) => owned.includes(each))

const coversResource = (owned: readonly string[], wanted: string): boolean => {
  if (owned.includes('*') || owned.includes(wanted)) return true
  const slash = wanted.indexOf('/')
  return slash !== -1 && owned.includes(`*${wanted.slice(slash)}`)
}

const coversPath = (owned: readonly string[], wanted: string): boolean =>
  owned.some((each) => {
    if (each === '*' || each === wanted) return true
    return each.endsWith('*') && wanted.startsWith(each.replace(/\*+$/, ''))
  })

/** One verb on one resource of one group of one name, or on one path. */
const isCovered = (owned: readonly Rule[], piece: Rule): boolean =>
  owned.some((rule) => {
    if (!covers(rule.verbs, piece.verbs)) return false
    if (piece.urls.length > 0) return piece.urls.every((url) => coversPath(rule.urls, url))
    return (
      covers(rule.groups, piece.groups) &&
      piece.resources.every((each) => coversResource(rule.resources, each)) &&
      (rule.names.length === 0 ||
        (piece.names.length > 0 && piece.names.every((each) => rule.names.includes(each))))
    )
  })

/** A rule in its smallest pieces. */
function* piecesOf(rule: Rule): Generator<Rule> {
  const nothing = { groups: [], resources: [], names: [], urls: [] }
  for (const verb of rule.verbs) {
    for (const url of rule.urls) yield { ...nothing, verbs: [verb], urls: [url] }
    for (const group of rule.groups) {
      for (const resource of rule.resources) {
        const names = rule.names.length === 0 ? [[]] : rule.names.map((name) => [name])
        for (const name of names) {
          yield { verbs: [verb], groups: [group], resources: [resource], names: name, urls: [] }
        }
      }
    }
  }
}

/** Pieces of rules that are compared at the most; a role with more is taken as not covered. */
const piecesMax = 20_000

/** Whether who holds `grants` has all of a role's rules where it would hold. */
export const holdsAllOf = (grants: readonly Grant[], role: Role, scope: string): boolean => {
  const owned = grants
    .filter((grant) => grant.scope === everywhere || grant.scope === scope)
    .flatMap((grant) => grant.role.rules)
  let pieces = 0
  for (const rule of role.rules) {
    for (const piece of piecesOf(rule)) {
      pieces++
      if (pieces > piecesMax || !isCovered(owned, piece)) return false
    }
  }
  return true
}

const all: Rule = { verbs: ['*'], groups: ['*'], resources: ['*'], names: [], urls: [] }

/** By the rules, which roles that have the same ones share. */
const everythingBy = new WeakMap<readonly Rule[], number>()

/** The rule of a role that allows everything on every object; -1: none does. */
export const allowsEverything = ({ rules }: Role): number => {
  let place = everythingBy.get(rules)
  if (place === undefined) {
    place = rules.findIndex((rule) => isCovered([rule], all))
    everythingBy.set(rules, place)
  }
  return place
}
