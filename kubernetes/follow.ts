/** Follows one kind of objects of an API server: what is new of it, or gone, is told on. */
import type { ApiClient } from './client.ts'
import { Known } from './known.ts'
import type { MakeLineKeeper, Passage } from './line-keeper.ts'
import type { KnownBounds } from './known.ts'
import type { ApiPlace, ListWatchTimes } from './list-watch.ts'
import { ListWatch } from './list-watch.ts'
import type { ReadAgain, ReadObject } from './read-object.ts'

/** What whoever follows something brings. */
export interface FollowOptions {
  readonly count: (place: ApiPlace) => void
  readonly log: (line: string) => void
  /** From 0 to 1, below 1; chance when not said. */
  readonly random?: () => number
  readonly times?: ListWatchTimes
}

/** One kind of objects: what they are, and whom their changes are told. */
export interface Followed<Value> extends KnownBounds<Value> {
  /** For people: `pods on node-a`. */
  readonly what: string
  readonly kind: string
  readonly apiVersion: string
  /** As a role names it. */
  readonly resource: string
  /** Said where the server does not know them; `undefined`: every server does. */
  readonly absent?: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly read: ReadObject<Value>
  /** Lines that say nothing new are not read: `read` looks at nothing of what `KnownLines` passes
   * over, nor of these. */
  readonly repeats?: readonly Passage[]
  /** With `repeats`: where the spec is as it was, that is not read again, nor what else is. */
  readonly readAgain?: ReadAgain<Value>
  /** With `repeats`: how lines are kept; in plain JavaScript when not said. */
  readonly keeper?: MakeLineKeeper
  readonly keyOf: (value: Value) => string
  /** Values that are new or other, and keys of those that are gone. */
  readonly tell: (changed: readonly Value[], gone: readonly string[]) => void
}

export interface Following {
  /** Resolves when they were listed for the first time. Never rejects. */
  readonly listed: Promise<void>
  /** The same, or when they were refused: nobody need wait for them. */
  readonly answered: Promise<void>
  /** How old what is known is, milliseconds; `undefined`: nothing is. */
  readonly ageMs: number | undefined
  stop(): void
}

/** Lists and watches, until it is stopped. */
export const follow = <Value>(
  client: ApiClient,
  followed: Followed<Value>,
  { count, log, random = Math.random, times }: FollowOptions,
): Following => {
  const { keyOf, tell, ...kind } = followed
  const known = new Known(keyOf, kind, () => count('apiOverflows'))
  const { promise: listed, resolve: onListed } = Promise.withResolvers<void>()
  const { promise: answered, resolve: onAnswer } = Promise.withResolvers<void>()
  let isListed = false
  const watched = new ListWatch<Value>({
    ...kind,
    client,
    count,
    log,
    random,
    ...(times ? { times } : {}),
    listed: (values) => {
      const { changed, gone } = known.replace(values)
      if (changed.length + gone.length > 0) tell(changed, gone)
      if (!isListed) log(`${kind.what} of ${client.place}: ${known.size}`)
      isListed = true
      onListed()
      onAnswer()
    },
    changed: (value) => {
      if (known.put(value)) tell([value], [])
      return known.has(keyOf(value))
    },
    gone: (value) => {
      if (known.remove(keyOf(value))) tell([], [keyOf(value)])
    },
    refused: () => onAnswer(),
  })
  void watched.run()
  return {
    listed,
    answered,
    get ageMs() {
      return watched.ageMs
    },
    stop: () => watched.stop(),
  }
}
