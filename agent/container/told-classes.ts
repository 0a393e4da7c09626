/**
 * What the kernel is told of the scopes of containers: the class that each is in, where the filters
 * in place know it. One of another class is told to be a container and no more, which every filter
 * lets through where any rule would; the filters that are made next know its class.
 */
import type { ToldClass } from '@bulwark/policy'
import { CGROUP_IS_CONTAINER } from '@bulwark/schema'
import type { Container } from './container.ts'
import type { ContainerCgroup } from './container-table.ts'
import type { ScopeClass, Scopes } from './scopes.ts'

/** The scopes of some rules, and the classes that filters for them know. */
export interface KnownClasses {
  readonly scopes: Scopes
  readonly classes: ReadonlyMap<number, ScopeClass>
}

/** What filters are made for. */
export interface Containers {
  /** The cgroups of containers that there are. */
  readonly cgroups: () => Iterable<ContainerCgroup>
  /** What those will be that pods bring, whether they are made yet or not. */
  readonly expected: () => Iterable<Container>
}

/** The classes of containers that there are and will be, with a pause after each container. */
export function* knownClasses(
  scopes: Scopes,
  { cgroups, expected }: Containers,
): Generator<undefined, KnownClasses, undefined> {
  const classes = new Map<number, ScopeClass>()
  if (scopes.isTrivial) return { scopes, classes }
  // Taken first: both may change in a pause.
  const all = new Set([...Array.from(cgroups(), ({ container }) => container), ...expected()])
  for (const container of all) {
    const of = scopes.find(container)
    classes.set(of.number, of)
    yield
  }
  return { scopes, classes }
}

/** The same as filters are made from it. */
export const toldClassesOf = ({ classes }: KnownClasses): readonly ToldClass[] =>
  Array.from(classes.values(), ({ number, scopes }) => ({
    number,
    isJudged: (key: string) => scopes.has(key),
  }))

export class ToldClasses {
  readonly #onUnknown: () => void
  /** Of the filters in place; `undefined`: none is, or no rule has a scope. */
  #known: KnownClasses | undefined
  /** What was told last, of containers with a class. */
  #told = new WeakMap<Container, number>()

  /** @param onUnknown  a container is of a class that the filters in place do not know */
  constructor(onUnknown: () => void) {
    this.#onUnknown = onUnknown
  }

  /** From now on filters are in place that know these. Everything is to be told anew. */
  use(known: KnownClasses | undefined): void {
    this.#known = known?.scopes.isTrivial === false ? known : undefined
    this.#told = new WeakMap()
  }

  /** What the kernel is told of a container's cgroups. */
  numberOf(container: Container): number {
    if (!this.#known) return CGROUP_IS_CONTAINER
    const { scopes, classes } = this.#known
    const { number } = scopes.classOf(container)
    const isKnown = classes.has(number)
    if (!isKnown) this.#onUnknown()
    const told = isKnown ? number : CGROUP_IS_CONTAINER
    this.#told.set(container, told)
    return told
  }

  /** Asks for filters that know the classes of containers that are still to be made. */
  expect(containers: Iterable<Container>): void {
    if (!this.#known) return
    const { scopes, classes } = this.#known
    for (const container of containers) {
      if (classes.has(scopes.classOf(container).number)) continue
      this.#onUnknown()
      return
    }
  }

  /** Whether the kernel is to be told something else of a container than before. */
  hasChanged(container: Container): boolean {
    if (!this.#known) return false
    const before = this.#told.get(container)
    return before !== undefined && before !== this.numberOf(container)
  }
}
