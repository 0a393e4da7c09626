/** Policies that select nothing of what runs here: a mistake in a selector, or another node's. */
import type { Rule } from '@bulwark/policy'
import type { Container } from './container.ts'
import type { Scopes } from './scopes.ts'

/** The containers that there are, and those that pods bring. */
interface Containers {
  containerCgroups(): Iterable<{ readonly container: Container }>
  expectedContainers(): Iterable<Container>
}

/**
 * Names of policies that no container is in, by what is known of it. Policies without a scope hold
 * everywhere, and are none of them.
 */
export const unusedPolicies = (
  { active, scopes }: { readonly active: readonly Rule[]; readonly scopes: Scopes },
  containers: Containers,
): readonly string[] => {
  if (scopes.isTrivial) return []
  const here = Array.from(containers.containerCgroups(), ({ container }) => container)
  const classes = new Set(
    here.concat(...containers.expectedContainers()).map((container) => scopes.classOf(container)),
  )
  const used = new Set(Array.from(classes, (of) => [...of.scopes.keys()]).flat())
  const unused = active.flatMap(({ policy }) =>
    policy?.scope && !used.has(policy.scope.key) ? [policy.name] : [],
  )
  return [...new Set(unused)].toSorted()
}
