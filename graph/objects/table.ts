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

/** By namespace, then by name: a text made of both would have to be made for each look. */
type Objects = Map<string, Map<string, KindMap[Kind]>>
type Entries = Map<string, Set<KindMap[Kind]>>
type AnyIndex = { readonly kind: Kind; readonly keys: (object: never) => readonly string[] }

const none: ReadonlySet<never> = new Set()

export class ObjectTable {
  readonly #objects = new Map<Kind, Objects>()
  readonly #counts = new Map<Kind, number>()
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
    return this.#objects.get(kind)?.get(namespace)?.get(name) as KindMap[K] | undefined
  }

  /** All objects of a kind, in no order that means something. */
  *all<K extends Kind>(kind: K): Generator<KindMap[K]> {
    for (const names of this.#objects.get(kind)?.values() ?? []) {
      yield* names.values() as Iterable<KindMap[K]>
    }
  }

  /** Kinds of which there are objects, or were. */
  kinds(): Iterable<Kind> {
    return this.#objects.keys()
  }

  count(kind: Kind): number {
    return this.#counts.get(kind) ?? 0
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
    for (const object of this.all(index.kind)) enter(index, entries, object)
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
    let names = objects.get(object.namespace)
    if (!names) objects.set(object.namespace, (names = new Map<string, KindMap[Kind]>()))
    const before = names.get(object.name)
    names.set(object.name, object)
    if (!before) this.#counts.set(kind, this.count(kind) + 1)
    this.#changed(kind, before, object)
  }

  delete(kind: Kind, namespace: string, name: string): void {
    const objects = this.#ofKind(kind)
    const names = objects.get(namespace)
    const before = names?.get(name)
    if (!names || !before) return
    names.delete(name)
    if (names.size === 0) objects.delete(namespace)
    this.#counts.set(kind, this.count(kind) - 1)
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
