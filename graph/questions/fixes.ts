/**
 * The smallest set of changes that cuts some paths. Exact where there are few choices; else a good
 * one, with the least number that any set must have beside it.
 */
import type { Cluster } from '../cluster.ts'
import type { ObjectRef } from '../diagnostics.ts'
import type { Fact, Reason } from '../edges.ts'
import { limits } from '../limits.ts'
import type { AttackPath, Hop } from './paths.ts'

/** A change of one object. */
export interface Fix {
  readonly text: string
  /** What to change: a pod's workload, where it has one. */
  readonly object: ObjectRef
  readonly path: string
  /** Places of the paths that it has a part in cutting. */
  readonly paths: readonly number[]
}

export interface FixSet {
  /** In order of how many paths each has a part in cutting. */
  readonly fixes: readonly Fix[]
  /** No smaller set cuts these paths. */
  readonly isSmallest: boolean
  /** Every set has at least so many. */
  readonly atLeast: number
  /** Places of paths that no change cuts of which the graph knows. */
  readonly uncut: readonly number[]
}

/** The workload of a pod, as far up as its owners are known. */
const workloadOf = (cluster: Cluster, namespace: string, pod: string): ObjectRef | undefined => {
  const owner = cluster.objects.get('Pod', namespace, pod)?.owner
  if (!owner) return undefined
  const { kind, name } = owner
  if (kind !== 'ReplicaSet' && kind !== 'Job') return { kind, namespace, name }
  const above = cluster.objects.get(kind, namespace, name)?.owner
  return above ? { ...above, namespace } : { kind, namespace, name }
}

interface Choice {
  readonly key: string
  readonly text: string
  readonly object: ObjectRef
  readonly path: string
}

/**
 * Of changes that cut as much, that of a binding is first, and that of a role, which others
 * hold, last.
 */
const rankOf = (kind: string): number => {
  if (kind.endsWith('Binding')) return 0
  return kind === 'Role' || kind === 'ClusterRole' ? 2 : 1
}

/** What is to be changed so that a fact is no longer so. */
const choiceOf = (cluster: Cluster, { object, path, fix }: Fact): Choice | undefined => {
  if (fix === undefined) return undefined
  const { namespace, name } = object
  const workload = object.kind === 'Pod' ? workloadOf(cluster, namespace, name) : undefined
  const inner = workload?.kind === 'CronJob' ? 'spec.jobTemplate.spec.template' : 'spec.template'
  const place = workload ? `${inner}.${path}` : path
  const what = workload ?? object
  const key = JSON.stringify([rankOf(what.kind), what.kind, what.namespace, what.name, place, fix])
  return { key, text: fix, object: what, path: place }
}

/** One way in which a path holds: the changes that put an end to it. */
type Variant = ReadonlySet<string>

const union = (a: Variant, b: Variant): Variant => new Set([...a, ...b])
const isWithin = (a: Variant, b: Variant): boolean => [...a].every((key) => b.has(key))

/** Those that no other one is part of: who ends these ends all. */
const smallest = (variants: readonly Variant[]): readonly Variant[] => {
  const kept: Variant[] = []
  for (const variant of variants.toSorted((a, b) => a.size - b.size)) {
    if (!kept.some((other) => isWithin(other, variant))) kept.push(variant)
  }
  return kept
}

/** All ways in which a path holds: one reason of one way for each of its hops. */
const variantsOf = (hops: readonly (readonly Variant[])[]): readonly Variant[] => {
  let variants: readonly Variant[] = [new Set<string>()]
  for (const distinct of hops) {
    if (variants.length * distinct.length > limits.pathVariantsMax) continue
    const longer = variants.flatMap((variant) => distinct.map((each) => union(variant, each)))
    variants = smallest(longer)
  }
  return variants
}

/** Variants that have nothing in common each need a change of their own. */
const leastNumber = (variants: readonly Variant[]): number => {
  const taken = new Set<string>()
  let count = 0
  for (const variant of variants) {
    if ([...variant].some((key) => taken.has(key))) continue
    count++
    for (const key of variant) taken.add(key)
  }
  return count
}

const byUse = (variants: readonly Variant[]): readonly string[] => {
  const uses = new Map<string, number>()
  for (const variant of variants) for (const key of variant) uses.set(key, (uses.get(key) ?? 0) + 1)
  return [...uses].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([key]) => key)
}

/** The one that ends most, until nothing is left. */
const greedy = (variants: readonly Variant[]): readonly string[] => {
  const chosen: string[] = []
  let left = variants
  while (left.length > 0) {
    const [best] = byUse(left)
    if (best === undefined) break
    chosen.push(best)
    left = left.filter((variant) => !variant.has(best))
  }
  return chosen
}

/** Tries choices for the variant with the fewest, and gives up on what cannot be smaller. */
class Search {
  best: readonly string[]
  tried = 0

  constructor(start: readonly string[]) {
    this.best = start
  }

  /** `false`: the bound was reached. */
  run(left: readonly Variant[], chosen: readonly string[]): boolean {
    this.tried++
    if (this.tried > limits.fixChoicesMax) return false
    if (left.length === 0) {
      if (chosen.length < this.best.length) this.best = chosen
      return true
    }
    const sorted = left.toSorted((a, b) => a.size - b.size)
    if (chosen.length + leastNumber(sorted) >= this.best.length) return true
    const uses = byUse(left)
    for (const key of uses.filter((each) => sorted[0]?.has(each) === true)) {
      const rest = left.filter((variant) => !variant.has(key))
      if (!this.run(rest, [...chosen, key])) return false
    }
    return true
  }
}

/**
 * Keys of which every set has one, as few as there can be, or nearly. None of the sets is
 * empty.
 */
export const hittingSet = (
  sets: readonly Variant[],
): { readonly keys: readonly string[]; readonly isSmallest: boolean } => {
  const search = new Search(greedy(sets))
  const isSmallest = search.run(sets, [])
  return { keys: search.best, isSmallest }
}

/** The smallest set of changes that cuts all of the paths that can be cut. */
export const findFixes = (cluster: Cluster, paths: readonly AttackPath[]): FixSet => {
  const choices = new Map<string, Choice>()
  const keysOf = (reason: Reason): Variant => {
    const found = reason.flatMap((fact) => choiceOf(cluster, fact) ?? [])
    for (const choice of found) choices.set(choice.key, choice)
    return new Set(found.map(({ key }) => key))
  }
  // Many paths go the same way.
  const known = new Map<Hop, readonly Variant[]>()
  const reasonsOf = (hop: Hop): readonly Variant[] => {
    let found = known.get(hop)
    if (!found) {
      const ways = [...hop.ways, ...hop.replicas.flatMap((each) => each.ways)]
      found = smallest(ways.flatMap(({ reasons }) => reasons().map(keysOf)))
      known.set(hop, found)
    }
    return found
  }
  const ofPaths = paths.map(({ hops }) => variantsOf(hops.map(reasonsOf)))
  const isUncut = (variants: readonly Variant[]): boolean => variants.some(({ size }) => size === 0)
  const needed = smallest(ofPaths.filter((variants) => !isUncut(variants)).flat())
  const chosen = hittingSet(needed)
  const fixes = chosen.keys.flatMap((key): readonly Fix[] => {
    const choice = choices.get(key)
    if (!choice) return []
    const { text, object, path } = choice
    const cut = ofPaths.flatMap((variants, place) =>
      variants.some((variant) => variant.has(key)) ? [place] : [],
    )
    return [{ text, object, path, paths: cut }]
  })
  return {
    fixes: fixes.toSorted(
      (a, b) => b.paths.length - a.paths.length || (keyText(a) < keyText(b) ? -1 : 1),
    ),
    isSmallest: chosen.isSmallest,
    atLeast: chosen.isSmallest ? chosen.keys.length : leastNumber(needed),
    uncut: ofPaths.flatMap((variants, place) => (isUncut(variants) ? [place] : [])),
  }
}

const keyText = ({ object, path, text }: Fix): string => JSON.stringify([object, path, text])
