/**
 * Policies of a cluster of which one that is faulty is what it was when it was sound: others write
 * theirs beside it, and must not wait for whoever wrote that one.
 */
import type { LoadedPolicy, Steps } from '@bulwark/policy'
import { atOnce } from '@bulwark/policy'
import type { RuleText } from './load-rules.ts'
import type { ChosenRules, ChosenTexts, RuleChoice } from './report.ts'
import { chooseInSteps } from './report.ts'

/** What holds, and what was said. */
export interface Settled {
  /** Among the texts of the cluster those of before, where what it says now is faulty. */
  readonly chosen: ChosenRules
  /** The policies as the cluster has them. */
  readonly said: readonly RuleText[]
  /** Of what was said what is faulty by its own text. */
  readonly faulty: readonly LoadedPolicy[]
}

/** Texts of policies that were sound, by their names. */
export type SoundTexts = ReadonlyMap<string, string>

/** Rules without a policy of a cluster. */
export const settledWithout = (chosen: ChosenRules): Settled => ({ chosen, said: [], faulty: [] })

/** Policies of the cluster that have a fault. */
export const faultyOf = ({ loaded, texts }: ChosenRules): readonly LoadedPolicy[] => {
  const names = new Set(texts.cluster.map(({ name }) => name))
  return loaded.policies.filter(({ isDisabled, place }) => isDisabled && names.has(place.file))
}

/** The texts of those that have none. */
export const soundOf = (chosen: ChosenRules): readonly RuleText[] => {
  const unsound = new Set(faultyOf(chosen).map(({ place }) => place.file))
  return chosen.texts.cluster.filter(({ name }) => !unsound.has(name))
}

export const byName = (texts: readonly RuleText[]): SoundTexts =>
  new Map(texts.map(({ name, text }) => [name, text]))

/** Whether all that is wrong with a policy is that another one has its name. */
export const isSecond = ({ found }: LoadedPolicy): boolean =>
  found.every(({ severity, code }) => severity !== 'error' || code === 'policy-repeated-name')

/** Loads them, in steps. */
export function* settleInSteps(
  texts: ChosenTexts,
  choice: RuleChoice,
  sound: SoundTexts,
): Steps<Settled> {
  const { cluster: said } = texts
  const chosen = yield* chooseInSteps(texts, choice)
  const found = faultyOf(chosen)
  const saidTexts = byName(said)
  const kept = new Set(found.filter((each) => !isSecond(each)).map(({ place }) => place.file))
  // One that was sound with the same text has its fault from elsewhere.
  const faulty = found.filter((each) => {
    const { file } = each.place
    return isSecond(each) || saidTexts.get(file) !== sound.get(file)
  })
  const cluster = said.map((each) => {
    const before = kept.has(each.name) ? sound.get(each.name) : undefined
    return before === undefined ? each : { name: each.name, text: before }
  })
  const isOther = cluster.some(({ text }, i) => text !== said[i]?.text)
  const inForce = isOther ? yield* chooseInSteps({ ...texts, cluster }, choice) : chosen
  return { chosen: inForce, said, faulty }
}

/**
 * Loads them when no rules run yet, with texts that were sound in an earlier run. One that is not
 * sound any more, because a rule file is another, holds nowhere: as what was said of it.
 */
export const settleAtStart = (
  texts: ChosenTexts,
  choice: RuleChoice,
  sound: SoundTexts,
): Settled => {
  const settled = atOnce(settleInSteps(texts, choice, sound))
  const unsound = new Set(faultyOf(settled.chosen).map(({ place }) => place.file))
  const still = new Map([...sound].filter(([name]) => !unsound.has(name)))
  return still.size === sound.size ? settled : atOnce(settleInSteps(texts, choice, still))
}
