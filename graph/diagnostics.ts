/**
 * What is wrong with objects, as data. Kept by object, so that an object which is put right takes
 * its faults with it: what is told is of the cluster as it is now.
 */
import { limits } from './limits.ts'

/** An object by its names. `namespace` is empty for what has none. */
export interface ObjectRef {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/** `Kind ns/name`, `Kind name`: as people write it. */
export const refText = ({ kind, namespace, name }: ObjectRef): string =>
  namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`

/** A fault of an object. What it is about is left out of the graph; everything else is kept. */
export interface ObjectFault {
  readonly object: ObjectRef
  /** Where in the object, as `kubectl explain` writes paths: `spec.containers[0].image`. */
  readonly path: string
  readonly message: string
}

export class Diagnostics {
  readonly #byObject = new Map<string, ObjectFault[]>()
  readonly #unread = new Map<string, number>()
  #kept = 0
  /** Faults over the bounds. */
  notKept = 0
  /** Objects that are none of which anything can be said: no object, no kind, no name. */
  unnamed = 0
  /** Objects of kinds over the bound of kinds that are counted. */
  otherUnread = 0

  /** Faults that are kept now. */
  get kept(): number {
    return this.#kept
  }

  report(fault: ObjectFault): void {
    const key = refText(fault.object)
    const list = this.#byObject.get(key) ?? []
    if (list.length >= limits.diagnosticsPerObjectMax || this.#kept >= limits.diagnosticsMax) {
      this.notKept++
      return
    }
    list.push(fault)
    this.#kept++
    this.#byObject.set(key, list)
  }

  /** The object is read again, or is gone. */
  clear(object: ObjectRef): void {
    const key = refText(object)
    this.#kept -= this.#byObject.get(key)?.length ?? 0
    this.#byObject.delete(key)
  }

  /** Objects of a kind are read again, or gone: all, or those that one says it of. */
  clearKind(kind: string, isCleared: (object: ObjectRef) => boolean = () => true): void {
    for (const [first] of this.#byObject.values()) {
      if (first?.object.kind === kind && isCleared(first.object)) this.clear(first.object)
    }
  }

  /** An object of a kind or a version that nothing reads. */
  countUnread(apiVersion: string, kind: string): void {
    const key = `${apiVersion} ${kind}`
    const count = this.#unread.get(key)
    if (count === undefined && this.#unread.size >= limits.unreadKindsMax) this.otherUnread++
    else this.#unread.set(key, (count ?? 0) + 1)
  }

  /** `apiVersion Kind` of what was not read, with how often, in order of name. */
  unread(): readonly (readonly [kind: string, count: number])[] {
    return [...this.#unread].toSorted(([a], [b]) => (a < b ? -1 : 1))
  }

  /** All faults, in order of the objects' names. */
  faults(): readonly ObjectFault[] {
    return [...this.#byObject]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, faults]) => faults)
  }
}
