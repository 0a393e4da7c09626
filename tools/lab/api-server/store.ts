/**
 * The objects of the lab's API server: one counter of versions over all of them, what happened to
 * them and when, and until when that is still known. As etcd behind a real one.
 */
import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import {
  policyApiVersion,
  policyGroup,
  policyKind,
  policyPlural,
  severityPolicyKind,
  severityPolicyPlural,
} from '@bulwark/schema'

export type Json = Readonly<Record<string, unknown>>

/** An object as it is stored; its version and uid are the store's. */
export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Json & {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly uid: string
    readonly resourceVersion: string
  }
  readonly [more: string]: unknown
}

/** An object as a test gives it. */
export type NewObject = Json & {
  readonly metadata: Json & { readonly name: string; readonly namespace?: string }
}

export interface Resource {
  /** Plural. */
  readonly name: string
  /** Of its API: `''` for Kubernetes' own. */
  readonly group: string
  /** With the group before it, where there is one. */
  readonly apiVersion: string
  readonly kind: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly namespaced: boolean
  /** Defined by a CustomResourceDefinition: items of its lists say what they are. */
  readonly isCustom: boolean
}

const core = { group: '', apiVersion: 'v1', isCustom: false } as const

/** What every server of the lab has. */
export const ownResources: readonly Resource[] = [
  { ...core, name: 'pods', kind: 'Pod', singular: 'pod', shortNames: ['po'], namespaced: true },
  {
    ...core,
    name: 'namespaces',
    kind: 'Namespace',
    singular: 'namespace',
    shortNames: ['ns'],
    namespaced: false,
  },
  {
    group: policyGroup,
    apiVersion: policyApiVersion,
    name: policyPlural,
    kind: policyKind,
    singular: policyKind.toLowerCase(),
    shortNames: ['rpol'],
    namespaced: false,
    isCustom: true,
  },
  {
    group: policyGroup,
    apiVersion: policyApiVersion,
    name: severityPolicyPlural,
    kind: severityPolicyKind,
    singular: severityPolicyKind.toLowerCase(),
    shortNames: ['spol'],
    namespaced: false,
    isCustom: true,
  },
]

/** Its `spec` has versions of its own, and `status` a path of its own. */
export const isPolicy = ({ group }: Resource): boolean => group === policyGroup

/** Under which name a store has its objects: two groups may have the same. */
export const idOf = ({ name, group }: Resource): string =>
  group === '' || group === policyGroup ? name : `${name}.${group}`

/** What happened to an object. */
export interface Change {
  readonly version: number
  /** See `idOf`. */
  readonly resource: string
  /** `undefined`: it was made. */
  readonly before: KubeObject | undefined
  /** As it is now, or as it was last. */
  readonly object: KubeObject
  readonly isGone: boolean
}

/** The order in which an API server writes metadata: that of ObjectMeta. */
const metadataOrder = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
]

/** What is in no order here stays behind the rest. */
const inOrder = (metadata: Json): Json => {
  const places = new Map(metadataOrder.map((name, i) => [name, i]))
  const placeOf = (name: string): number => places.get(name) ?? metadataOrder.length
  return Object.fromEntries(
    Object.entries(metadata).toSorted(([a], [b]) => placeOf(a) - placeOf(b)),
  )
}

/** All that the store knows at one moment. */
interface Moment {
  readonly version: number
  readonly objects: ReadonlyMap<string, KubeObject>
}

/** Where an object is. */
export interface Key {
  /** See `idOf`. */
  readonly resource: string
  readonly namespace: string
  readonly name: string
}

const keyText = ({ resource, namespace, name }: Key): string => `${resource}/${namespace}/${name}`

/** A version that a fresh cluster is at soon after its start. */
const firstVersion = 1000

export class Store {
  #objects = new Map<string, KubeObject>()
  #version = firstVersion
  #changes: Change[] = []
  #knownFrom = firstVersion
  readonly #listeners = new Set<(change: Change) => void>()

  get version(): number {
    return this.#version
  }

  /** What happened before this version is not known any more. */
  get knownFrom(): number {
    return this.#knownFrom
  }

  get({ resource, namespace, name }: Key): KubeObject | undefined {
    return this.#objects.get(keyText({ resource, namespace, name }))
  }

  /** Objects of a resource, in the order of their keys. */
  list(resource: string): readonly KubeObject[] {
    return [...this.#objects]
      .filter(([key]) => key.startsWith(`${resource}/`))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object)
  }

  /** Objects of a resource as they were at a version that is still known. */
  listAt(resource: string, version: number): readonly KubeObject[] {
    const objects = new Map(this.list(resource).map((each) => [each.metadata.uid, each]))
    for (const { object, before, resource: of } of this.since(version).toReversed()) {
      if (of !== resource) continue
      if (before) objects.set(object.metadata.uid, before)
      else objects.delete(object.metadata.uid)
    }
    return [...objects.values()].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))
  }

  /** Makes an object, or puts another in its place. */
  put(resource: Resource, given: NewObject): KubeObject {
    const key = keyOf(resource, given)
    const before = this.get(key)
    const version = ++this.#version
    const metadata = {
      creationTimestamp:
        before?.metadata['creationTimestamp'] ?? new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
      ...given.metadata,
      ...(resource.namespaced ? { namespace: key.namespace } : {}),
      uid: (given.metadata['uid'] ?? before?.metadata.uid ?? randomUUID()) as string,
      ...(isPolicy(resource) ? { generation: generationOf(before, given) } : {}),
      resourceVersion: String(version),
    }
    const { apiVersion, kind } = resource
    const object = { kind, apiVersion, ...given, metadata: inOrder(metadata) } as KubeObject
    this.#objects.set(keyText(key), object)
    this.#tell({ version, resource: key.resource, before, object, isGone: false })
    return object
  }

  /** Removes an object; it has a version of its own then, as in the event that says so. */
  remove(key: Key): KubeObject | undefined {
    const before = this.get(key)
    if (!before) return undefined
    const version = ++this.#version
    this.#objects.delete(keyText(key))
    const metadata = { ...before.metadata, resourceVersion: String(version) }
    const object = { ...before, metadata }
    this.#tell({ version, resource: key.resource, before, object, isGone: true })
    return object
  }

  #tell(change: Change): void {
    this.#changes.push(change)
    for (const listener of this.#listeners) listener(change)
  }

  /** What happened after a version. */
  since(version: number): readonly Change[] {
    return this.#changes.filter((change) => change.version > version)
  }

  /** Calls a function with each change. Returns what ends that. */
  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Forgets what happened before now. */
  compact(): void {
    this.#changes = []
    this.#knownFrom = this.#version
  }

  /** What to give to `restore`. */
  remember(): Moment {
    return { version: this.#version, objects: new Map(this.#objects) }
  }

  /** Goes back in time, as after a restored backup. */
  restore({ version, objects }: Moment): void {
    this.#objects = new Map(objects)
    this.#version = version
    this.#changes = this.#changes.filter((change) => change.version <= version)
    this.#knownFrom = Math.min(this.#knownFrom, version)
  }
}

/** It counts what was asked for, and not what became of it. */
const generationOf = (before: KubeObject | undefined, given: NewObject): number => {
  const generation = Number(before?.metadata['generation'] ?? 0)
  return before && isDeepStrictEqual(before['spec'], given['spec']) ? generation : generation + 1
}

const placeOf = ({ metadata: { namespace = '', name } }: KubeObject): string =>
  `${namespace}/${name}`

/** Where an object of a test belongs. */
export const keyOf = (resource: Resource, { metadata }: NewObject): Key => ({
  resource: idOf(resource),
  namespace: resource.namespaced ? (metadata.namespace ?? 'default') : '',
  name: metadata.name,
})
