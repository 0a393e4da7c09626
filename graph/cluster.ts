/**
 * The cluster as its objects tell it: takes them in as they come from a list, a watch or a file,
 * and keeps what is derived of them up to date. Nothing that it is given makes it throw.
 */
import { Diagnostics } from './diagnostics.ts'
import { limits } from './limits.ts'
import type { Kind, KindMap } from './objects/kinds.ts'
import { apiNameOf, kindOf, kinds } from './objects/kinds.ts'
import type { Named } from './objects/metadata.ts'
import { readNames } from './objects/metadata.ts'
import type { Json } from './objects/reader.ts'
import { Reader, isJson } from './objects/reader.ts'
import { isSame } from './objects/same.ts'
import { Sharing } from './objects/share.ts'
import type { OnChange } from './objects/table.ts'
import { ObjectTable } from './objects/table.ts'

/** What objects do not tell. */
export interface ClusterSettings {
  /** Pods up to which a judgement looks at ways over each of them. */
  readonly powerReachPodsMax: number
  /** Minor version of the API server, 34 of 1.34; `undefined`: not known. */
  readonly minorVersion: number | undefined
}

/** What `apiVersion` and `kind` are of objects that do not say it, as items of a list. */
export interface TypeOfItem {
  readonly apiVersion: string
  readonly kind: string
}

/** Something derived of the objects, made when it is first asked and told of each change. */
export interface StateSpec<State> {
  readonly create: (cluster: Cluster) => State
  readonly change?: (state: State) => OnChange
}

/** An object's type and names, when it has them. */
interface Identity {
  readonly kind: Kind
  readonly namespace: string
  readonly name: string
}

const shortText = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= limits.nameCharsMax
    ? value
    : undefined

export class Cluster {
  readonly objects = new ObjectTable()
  readonly diagnostics = new Diagnostics()
  /** May be others from some time on: an API server is upgraded. */
  settings: ClusterSettings
  readonly sharing = new Sharing()
  readonly #states = new Map<object, unknown>()

  constructor(settings: Partial<ClusterSettings> = {}) {
    const { powerReachPodsMax } = limits
    this.settings = { powerReachPodsMax, minorVersion: undefined, ...settings }
  }

  /** Takes an object in, as it is now; also each item of a `List`, and of a `PodList`. */
  put(json: unknown, type?: TypeOfItem): void {
    if (isJson(json) && Array.isArray(json['items'])) {
      const of = shortText(json['kind'])?.replace(/List$/, '')
      const apiVersion = shortText(json['apiVersion'])
      const items = of === undefined || of === '' || apiVersion === undefined
      const itemType = items ? type : { apiVersion, kind: of }
      for (const item of json['items'] as readonly unknown[]) this.#putOne(item, itemType)
      return
    }
    this.#putOne(json, type)
  }

  #putOne(json: unknown, type: TypeOfItem | undefined): void {
    const identity = this.#identify(json, type)
    if (!identity || !isJson(json)) return
    const { kind, namespace, name } = identity
    const reader = new Reader({ kind, namespace, name }, this.diagnostics)
    this.diagnostics.clear(reader.object)
    const object = this.#read(kind, json, reader)
    const before = object && this.objects.get(kind, namespace, name)
    if (before && isSame(before, object)) return
    if (object) this.objects.put(kind, object)
    else this.objects.delete(kind, namespace, name)
  }

  #read<K extends Kind>(kind: K, json: Json, reader: Reader): KindMap[K] | undefined {
    const names: Named = readNames(json, reader, this.sharing)
    return kinds[kind].read(json, { reader, sharing: this.sharing, names })
  }

  /** An object is gone. */
  delete(json: unknown, type?: TypeOfItem): void {
    const identity = this.#identify(json, type)
    if (!identity) return
    this.diagnostics.clear(identity)
    this.objects.delete(identity.kind, identity.namespace, identity.name)
  }

  /**
   * A list has come to its end whose items were put in one by one: what it had not is gone.
   *
   * @param isThere  whether the list had an object; `namespace` is empty for what has none
   */
  keep(
    { apiVersion, kind: apiKind }: TypeOfItem,
    isThere: (namespace: string, name: string) => boolean,
  ): void {
    const kind = kindOf(apiVersion, apiKind)
    if (kind === undefined) return
    const gone = [...this.objects.all(kind)].filter((each) => !isThere(each.namespace, each.name))
    for (const { namespace, name } of gone) this.objects.delete(kind, namespace, name)
    // Also of those that could not be read, and so are no objects here.
    this.diagnostics.clearKind(kind, ({ namespace, name }) => !isThere(namespace, name))
  }

  /** How many objects there are of a kind of the API. */
  count({ apiVersion, kind: apiKind }: TypeOfItem): number {
    const kind = kindOf(apiVersion, apiKind)
    return kind === undefined ? 0 : this.objects.count(kind)
  }

  /** How many objects there are, by the kinds of the API that are read. */
  get counts(): readonly (readonly [type: TypeOfItem, count: number])[] {
    return (Object.keys(kinds) as Kind[]).flatMap((kind) => {
      const count = this.objects.count(kind)
      return count === 0 ? [] : [[apiNameOf(kind), count] as const]
    })
  }

  #identify(json: unknown, type: TypeOfItem | undefined): Identity | undefined {
    const metadata = isJson(json) ? json['metadata'] : undefined
    const name = isJson(metadata) ? shortText(metadata['name']) : undefined
    // Listed without its contents, an object says this instead of what it is.
    const isPart = isJson(json) && json['kind'] === 'PartialObjectMetadata'
    const own = isJson(json) && !isPart ? json : {}
    const kind = shortText(own['kind']) ?? type?.kind
    const apiVersion = shortText(own['apiVersion']) ?? type?.apiVersion
    if (!isJson(metadata) || name === undefined || kind === undefined || apiVersion === undefined) {
      this.diagnostics.unnamed++
      return undefined
    }
    const known = kindOf(apiVersion, kind)
    if (known === undefined) {
      this.diagnostics.countUnread(apiVersion, kind)
      return undefined
    }
    const namespace = shortText(metadata['namespace']) ?? ''
    const { isNamespaced } = kinds[known]
    if (isNamespaced && namespace === '') {
      this.diagnostics.unnamed++
      return undefined
    }
    return { kind: known, namespace: isNamespaced ? namespace : '', name }
  }

  /** What is derived by a rule of its own. The spec is declared once: it is its own name. */
  state<State>(spec: StateSpec<State>): State {
    const known = this.#states.get(spec)
    if (known !== undefined) return known as State
    const state = spec.create(this)
    this.#states.set(spec, state)
    if (spec.change) this.objects.onChange(spec.change(state))
    return state
  }
}
