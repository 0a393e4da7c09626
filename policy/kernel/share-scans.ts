/**
 * Looking for a text anywhere in another costs far more than any other test: a program scans each
 * text once, for all that its rules look for, and not once for each of them. So a plan lets a
 * little more through: what one rule looks for counts for the others, too.
 */
import { allOf, anyOf, textIs } from './make-plan.ts'
import { textPlaceKey } from './plan-key.ts'
import type { Plan, Test } from './plan.ts'
import { everything, nothing } from './plan.ts'
import { scannedBytes } from './scan.ts'

type TextTest = Extract<Test, { readonly is: 'text' }>

type Scanning = 'contains' | 'resembles'

const isScan = (plan: Plan, how: Scanning): plan is TextTest =>
  plan.is === 'text' && plan.operator === how

/** Scans that let records through, each as often as it stands there. */
const scansOf = (plan: Plan, how: Scanning): readonly TextTest[] => {
  if (plan.is === 'and' || plan.is === 'or') {
    return plan.members.flatMap((member) => scansOf(member, how))
  }
  return isScan(plan, how) ? [plan] : []
}

/** The plan where it is known whether all scans find something, or none does. */
const knowing = (plan: Plan, how: Scanning, isFound: boolean): Plan => {
  if (plan.is === 'and' || plan.is === 'or') {
    const members = plan.members.map((member) => knowing(member, how, isFound))
    return plan.is === 'and' ? allOf(members) : anyOf(members)
  }
  if (!isScan(plan, how)) return plan
  return isFound ? everything : nothing
}

/** A scan that gets no further than this tells little of a path. */
const usefulBytes = 96

/** What scans look for in each text. */
const valuesByPlace = (scans: readonly TextTest[]): readonly (readonly string[])[] => {
  const byPlace = Map.groupBy(scans, ({ at }) => textPlaceKey(at))
  return Array.from(byPlace.values(), (all) =>
    Array.from(new Set(all.flatMap(({ values }) => values))),
  )
}

/**
 * Plans of rules, without the scans of those that hardly any record gets to, where all together
 * look for too much.
 *
 * @param isCommon  whether a plan lets records through that nothing is special about
 */
export const withFewScans = (
  plans: readonly Plan[],
  isCommon: (plan: Plan) => boolean,
): readonly Plan[] => {
  const all = valuesByPlace(plans.flatMap((plan) => scansOf(plan, 'contains')))
  if (all.every((values) => scannedBytes(values) >= usefulBytes)) return plans
  return plans.map((plan) => {
    const isWithout = scansOf(plan, 'contains').length === 0
    const rest = isWithout ? plan : knowing(plan, 'contains', true)
    return isWithout || isCommon(rest) ? plan : rest
  })
}

/** So many scans are made before they are put together. */
const scansMax = 2

const shareThose = (plan: Plan, how: Scanning): Plan => {
  const scans = scansOf(plan, how)
  if (scans.length <= scansMax) return plan
  const byPlace = Map.groupBy(scans, ({ at }) => textPlaceKey(at))
  const shared = Array.from(byPlace.values(), (all) => {
    const values = all.flatMap((scan) => scan.values)
    return all[0] ? textIs(all[0].at, how, values) : nothing
  })
  const found = allOf([anyOf(shared), knowing(plan, how, true)])
  return anyOf([knowing(plan, how, false), found])
}

/**
 * A plan that scans each text once; it lets through at least what the given one does: all that
 * needs no scan, and where any scan finds something, all that needs one.
 */
export const shareScans = (plan: Plan): Plan =>
  shareThose(shareThose(plan, 'contains'), 'resembles')
