/**
 * Which scopes of policies a container is in. Containers that are in the same ones are of one
 * class, and rules are compiled for classes, not for containers: so an event costs what the rules
 * cost that hold where it is from, however many policies there are.
 *
 * Where something that a scope asks for is not known of a container, its rules are judged there all
 * the same, and their alerts say so: to be silent would be a gap that nobody sees.
 */
import { isDeepStrictEqual } from 'node:util'
import type { PodSubject } from '@bulwark/schema'
import type { Answer, Rule, Scope, ScopeSurroundings } from '@bulwark/policy'
import { cgroupNumbers, scopeClassMin, scopeOf } from '@bulwark/policy'
import { BoundedMap } from '../bounded.ts'
import type { Container, ContainerMetadata } from './container.ts'
import { limits } from '../limits.ts'

/** Containers that are in the same scopes. Compared by identity. */
export interface ScopeClass {
  /** What the kernel is told of the cgroups of such a container; never again of another class. */
  readonly number: number
  /** By the keys of scopes: those that hold, and those of which it is not known. */
  readonly scopes: ReadonlyMap<string, 'holds' | 'unknown'>
}

/** What a container was found to be, and what that was made of. */
export interface ScopeAnswer {
  readonly by: Scopes
  readonly metadata: ContainerMetadata | undefined
  readonly surroundings: ScopeSurroundings
  readonly of: ScopeClass
}

/** What is known of a container in its pod. */
export const subjectOf = ({ podUid, metadata }: Container): PodSubject => ({
  namespace: metadata?.namespace,
  namespaceLabels: metadata?.namespaceLabels,
  namespaceLabelsCut: metadata?.namespaceLabelsCut,
  podName: metadata?.podName,
  podUid: podUid ?? metadata?.podUid,
  podLabels: metadata?.podLabels,
  podLabelsCut: metadata?.podLabelsCut,
  workload: metadata?.workload,
  serviceAccount: metadata?.serviceAccount,
  container: metadata?.name,
  image: metadata?.image,
  imageDigest: metadata?.imageDigest,
})

/** In what a process of a container runs; one that nobody knows anything of may be in a pod. */
const surroundingsOf = (container: Container): ScopeSurroundings => {
  const subject = subjectOf(container)
  const isInPod =
    container.metadata === undefined ||
    subject.podUid !== undefined ||
    subject.podName !== undefined
  return { is: 'container', subject, isInPod }
}

/** The scopes of some rules, each once. */
const scopesOf = (rules: readonly Rule[]): readonly Scope[] => {
  const found = new Map<string, Scope>()
  for (const { policy } of rules) if (policy?.scope) found.set(policy.scope.key, policy.scope)
  return [...found.values()]
}

/** Tells the scopes of one set of rules. */
export class Scopes {
  /** No rule has a scope: all is of one class. */
  readonly isTrivial: boolean
  /** What runs in no container. */
  readonly host: ScopeClass = { number: cgroupNumbers.host, scopes: new Map() }
  readonly #asks: readonly (readonly [key: string, ask: (of: ScopeSurroundings) => Answer])[]
  readonly #classes = new BoundedMap<string, ScopeClass>(limits.scopeClassesMax, () => {})
  #next: number = scopeClassMin

  constructor(rules: readonly Rule[]) {
    this.#asks = scopesOf(rules).map((scope) => [scope.key, scopeOf(scope)])
    this.isTrivial = this.#asks.length === 0
  }

  /** The class of what runs in a container; the same object until something changes of it. */
  classOf(container: Container | undefined): ScopeClass {
    if (!container || this.isTrivial) return this.host
    const kept = container.scopes
    const { metadata } = container
    if (kept?.by === this && kept.metadata === metadata) return kept.of
    const surroundings = surroundingsOf(container)
    // Most that changes of a pod no scope asks for.
    const isSame = kept?.by === this && isDeepStrictEqual(kept.surroundings, surroundings)
    const of = isSame ? kept.of : this.#find(surroundings)
    container.scopes = { by: this, metadata, surroundings, of }
    return of
  }

  /** The class of a container, for rules that do not run yet: it keeps that of those that do. */
  find(container: Container): ScopeClass {
    if (container.scopes?.by === this) return this.classOf(container)
    return this.#find(surroundingsOf(container))
  }

  #find(surroundings: ScopeSurroundings): ScopeClass {
    const scopes = new Map<string, 'holds' | 'unknown'>()
    let name = ''
    this.#asks.forEach(([key, ask], i) => {
      const answer = ask(surroundings)
      if (answer === false) return
      scopes.set(key, answer === true ? 'holds' : 'unknown')
      name += `${i}${answer === true ? '' : '?'},`
    })
    const known = this.#classes.get(name)
    if (known) return known
    const made: ScopeClass = { number: this.#next++, scopes }
    this.#classes.set(name, made)
    return made
  }
}

/** Whether a rule is judged on what is of a class. */
export const isInScope = ({ policy }: Rule, { scopes }: ScopeClass): boolean =>
  policy?.scope === undefined || scopes.has(policy.scope.key)
