/**
 * The objects of the cluster as they are now, and indices over them. A change costs as many steps
 * as the object has entries in indices; an index is made when it is first asked, and kept up to
 * date from then on.
 */
import type { Kind, KindMap } from './kinds.ts'

/** Which keys an object is found by. Declared once, as a constant: it is its own name. */
export interface Index<K extends Kind> {
  readonly kind: K
  readonly keys: (object: KindMap[K]) => readonly string[]
}

/** Hears of each change, after it. `before` and `after`: at least one is there. */
export type OnChange = <K extends Kind>(
  kind: K,
  before: KindMap[K] | undefined,
  after: KindMap[K] | undefined,
) => void

type Objects = Map<string, KindMap[Kind]>
type Entries = Map<string, Set<KindMap[Kind]>>
type AnyIndex = { readonly kind: Kind; readonly keys: (object: never) => readonly string[] }

const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`
const none: ReadonlySet<never> = new Set()

export class ObjectTable {
  readonly #objects = new Map<Kind, Objects>()
  readonly #indices = new Map<AnyIndex, Entries>()
  readonly #indicesOf = new Map<Kind, AnyIndex[]>()
  readonly #versions = new Map<Kind, number>()
  readonly #listeners: OnChange[] = []

  #ofKind(kind: Kind): Objects {
    let objects = this.#objects.get(kind)
    if (!objects) this.#objects.set(kind, (objects = new Map()))
    return objects
  }

  get<K extends Kind>(kind: K, namespace: string, name: string): KindMap[K] | undefined {
    return this.#objects.get(kind)?.get(keyOf(namespace, name)) as KindMap[K] | undefined
  }

  /** All objects of a kind, in no order that means something. */
  all<K extends Kind>(kind: K): Iterable<KindMap[K]> {
    return (this.#objects.get(kind)?.values() ?? []) as Iterable<KindMap[K]>
  }

  count(kind: Kind): number {
    return this.#objects.get(kind)?.size ?? 0
  }

  /** Objects with a key, in no order that means something. */
  find<K extends Kind>(index: Index<K>, key: string): ReadonlySet<KindMap[K]> {
    const entries = this.#indices.get(index) ?? this.#fill(index)
    return (entries.get(key) ?? none) as ReadonlySet<KindMap[K]>
  }

  /** All keys of an index, in no order that means something. */
  keys(index: AnyIndex): Iterable<string> {
    return (this.#indices.get(index) ?? this.#fill(index)).keys()
  }

  #fill(index: AnyIndex): Entries {
    const entries: Entries = new Map()
    this.#indices.set(index, entries)
    const ofKind = this.#indicesOf.get(index.kind)
    if (ofKind) ofKind.push(index)
    else this.#indicesOf.set(index.kind, [index])
    for (const object of this.#ofKind(index.kind).values()) enter(index, entries, object)
    return entries
  }

  /** Grows with each change of an object of the kind. */
  version(kind: Kind): number {
    return this.#versions.get(kind) ?? 0
  }

  onChange(listener: OnChange): void {
    this.#listeners.push(listener)
  }

  put<K extends Kind>(kind: K, object: KindMap[K]): void {
    const objects = this.#ofKind(kind)
    const key = keyOf(object.namespace, object.name)
    const before = objects.get(key)
    objects.set(key, object)
    this.#changed(kind, before, object)
  }

  delete(kind: Kind, namespace: string, name: string): void {
    const objects = this.#ofKind(kind)
    const key = keyOf(namespace, name)
    const before = objects.get(key)
    if (!before) return
    objects.delete(key)
    this.#changed(kind, before, undefined)
  }

  #changed(kind: Kind, before: KindMap[Kind] | undefined, after: KindMap[Kind] | undefined): void {
    for (const index of this.#indicesOf.get(kind) ?? []) {
      const entries = this.#indices.get(index)
      if (!entries) continue
      if (before) leave(index, entries, before)
      if (after) enter(index, entries, after)
    }
    this.#versions.set(kind, this.version(kind) + 1)
    for (const listener of this.#listeners) listener(kind, before, after)
  }
}

const enter = (index: AnyIndex, entries: Entries, object: KindMap[Kind]): void => {
  for (const key of index.keys(object as never)) {
    const set = entries.get(key)
    if (set) set.add(object)
    else entries.set(key, new Set([object]))
  }
}

const leave = (index: AnyIndex, entries: Entries, object: KindMap[Kind]): void => {
  for (const key of index.keys(object as never)) {
    const set = entries.get(key)
    if (set?.delete(object) === true && set.size === 0) entries.delete(key)
  }
}
