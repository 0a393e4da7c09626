/**
 * The pods of one node and all namespaces, as the API server tells them. What changed is told on,
 * and what only seems to have changed is not: a pod is written each time that its status is.
 */
import { isDeepStrictEqual } from 'node:util'
import { limits } from '../limits.ts'
import type { NamespaceFacts, PodChanges, PodFacts } from '../pod.ts'
import { noChanges } from '../pod.ts'
import type { ApiAccess } from './access.ts'
import { ApiClient } from './client.ts'
import type { ApiPlace, ListWatchTimes } from './list-watch.ts'
import { ListWatch } from './list-watch.ts'
import type { ReadObject } from './objects.ts'
import { readNamespace, readPod } from './objects.ts'

export interface PodSourceOptions {
  readonly access: ApiAccess
  /** Name of the Node whose pods are watched; of all nodes when not said. */
  readonly node: string | undefined
  readonly tell: (changes: PodChanges) => void
  readonly count: (place: ApiPlace) => void
  readonly log: (line: string) => void
  /** From 0 to 1, below 1; chance when not said. */
  readonly random?: () => number
  readonly times?: ListWatchTimes
}

/** What the agent last heard, by key. */
export class Known<Value> {
  readonly #values = new Map<string, Value>()
  readonly #keyOf: (value: Value) => string
  readonly #sizeMax: number
  readonly #onOverflow: () => void

  /** @param onOverflow  called for each value that finds no room */
  constructor(keyOf: (value: Value) => string, sizeMax: number, onOverflow: () => void) {
    this.#keyOf = keyOf
    this.#sizeMax = sizeMax
    this.#onOverflow = onOverflow
  }

  get size(): number {
    return this.#values.size
  }

  /** Whether it is new, or other than before. */
  put(value: Value): boolean {
    const key = this.#keyOf(value)
    const before = this.#values.get(key)
    if (before !== undefined && isDeepStrictEqual(before, value)) return false
    if (before === undefined && this.#values.size >= this.#sizeMax) {
      this.#onOverflow()
      return false
    }
    this.#values.set(key, value)
    return true
  }

  /** Whether it was there. */
  remove(value: Value): boolean {
    return this.#values.delete(this.#keyOf(value))
  }

  /** Takes these for all there are: what is new or other, and the keys of what is gone. */
  replace(values: readonly Value[]): {
    readonly changed: readonly Value[]
    gone: readonly string[]
  } {
    const keys = new Set(values.map(this.#keyOf))
    const gone = [...this.#values.keys()].filter((key) => !keys.has(key))
    for (const key of gone) this.#values.delete(key)
    return { changed: values.filter((value) => this.put(value)), gone }
  }
}

/** How old what the API server told is, milliseconds; `undefined`: nothing was told yet. */
export interface ApiAge {
  readonly podsMs: number | undefined
  readonly namespacesMs: number | undefined
}

/** One kind of objects: what they are, and whom their changes are told. */
interface Followed<Value> {
  readonly what: string
  readonly kind: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly valuesMax: number
  readonly read: ReadObject<Value>
  readonly keyOf: (value: Value) => string
  /** Values that are new or other, and keys of those that are gone. */
  readonly tell: (changed: readonly Value[], gone: readonly string[]) => void
}

export class PodSource {
  readonly #options: PodSourceOptions
  readonly #client: ApiClient
  readonly #pods: ListWatch<PodFacts>
  readonly #namespaces: ListWatch<NamespaceFacts>
  readonly #listed: Promise<void>[] = []

  constructor(options: PodSourceOptions) {
    const { access, node, tell } = options
    this.#options = options
    this.#client = new ApiClient(access)
    this.#pods = this.#follow<PodFacts>({
      what: node === undefined ? 'pods' : `pods on ${node}`,
      kind: 'Pod',
      path: '/api/v1/pods',
      query: node === undefined ? {} : { fieldSelector: `spec.nodeName=${node}` },
      valuesMax: limits.podsMax,
      read: readPod,
      keyOf: ({ uid }) => uid,
      tell: (pods, podsGone) => tell({ ...noChanges, pods, podsGone }),
    })
    this.#namespaces = this.#follow<NamespaceFacts>({
      what: 'namespaces',
      kind: 'Namespace',
      path: '/api/v1/namespaces',
      query: {},
      valuesMax: limits.namespacesMax,
      read: readNamespace,
      keyOf: ({ name }) => name,
      tell: (namespaces, namespacesGone) => tell({ ...noChanges, namespaces, namespacesGone }),
    })
  }

  #follow<Value>({ keyOf, tell, ...kind }: Followed<Value>): ListWatch<Value> {
    const { count, log, random = Math.random, times } = this.#options
    const known = new Known(keyOf, kind.valuesMax, () => count('apiOverflows'))
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#listed.push(promise)
    let isListed = false
    const followed = new ListWatch<Value>({
      ...kind,
      client: this.#client,
      count,
      log,
      random,
      ...(times ? { times } : {}),
      listed: (values) => {
        const { changed, gone } = known.replace(values)
        if (changed.length + gone.length > 0) tell(changed, gone)
        if (!isListed) log(`${kind.what} of ${this.#client.place}: ${known.size}`)
        isListed = true
        resolve()
      },
      changed: (value) => {
        if (known.put(value)) tell([value], [])
      },
      gone: (value) => {
        if (known.remove(value)) tell([], [keyOf(value)])
      },
    })
    void followed.run()
    return followed
  }

  /** Resolves when pods and namespaces were listed for the first time. Never rejects. */
  async untilListed(): Promise<void> {
    await Promise.all(this.#listed)
  }

  get age(): ApiAge {
    return { podsMs: this.#pods.ageMs, namespacesMs: this.#namespaces.ageMs }
  }

  /** Ends all requests. What was told stays with whom it was told. */
  stop(): void {
    this.#pods.stop()
    this.#namespaces.stop()
    this.#client.close()
  }
}
