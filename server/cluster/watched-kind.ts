/**
 * One kind of objects of an API server, listed and watched into a cluster. Objects go in as they
 * come, also those of a list that is under way; what a list had not is gone when it is at its end.
 */
import type { TypeOfItem } from '@bulwark/graph'
import type {
  ApiClient,
  ApiPlace,
  Clock,
  ListedResource,
  ListWatchTimes,
} from '@bulwark/kubernetes'
import { ListWatch } from '@bulwark/kubernetes'
import type { Json } from '@bulwark/schema'
import { asObject, asText } from '@bulwark/schema'
import type { ClusterInput } from '../input/index.ts'
import { limits } from '../limits.ts'
import { namesOnlyKinds } from './discovery.ts'

/** What of an object is looked at here. */
interface Listed {
  readonly namespace: string
  readonly name: string
  /** `undefined` once it has gone into the cluster. */
  readonly object: Json | undefined
}

/**
 * `listing`: not yet answered. `watched`: what is known is as old as `ageMs` says. `forbidden`: the
 * right to list it, or to watch it, is missing. `absent`: the server does not know it any more.
 */
export type KindStatus = 'listing' | 'watched' | 'forbidden' | 'absent'

/** What is known of a kind, and what happened on the way. */
export interface KindState extends ListedResource {
  readonly status: KindStatus
  /** How long ago the server said something of it, milliseconds; `undefined`: never. */
  readonly ageMs: number | undefined
  readonly objects: number
  readonly counts: ReadonlyMap<ApiPlace, number>
}

export interface WatchedKindOptions {
  readonly client: ApiClient
  readonly input: ClusterInput
  readonly log: (line: string) => void
  readonly random: () => number
  readonly clock: Clock
  readonly times: ListWatchTimes
  /** It was listed, or refused: nobody need wait for it. Called again each time. */
  readonly answered: () => void
  /** The server does not know it. */
  readonly absent: () => void
}

const statusOf: ReadonlyMap<number, KindStatus> = new Map([
  [403, 'forbidden'],
  [404, 'absent'],
])

export class WatchedKind {
  readonly resource: ListedResource
  readonly #options: WatchedKindOptions
  readonly #type: TypeOfItem
  readonly #watch: ListWatch<Listed>
  readonly #counts = new Map<ApiPlace, number>()
  readonly #namesOnly: boolean
  #status: KindStatus = 'listing'

  constructor(resource: ListedResource, options: WatchedKindOptions) {
    const { client, input, random, clock, times, log } = options
    const { path, kind, groupVersion } = resource
    this.resource = resource
    this.#options = options
    this.#type = { apiVersion: groupVersion, kind }
    this.#namesOnly = namesOnlyKinds.has(kind)
    this.#watch = new ListWatch<Listed>({
      client,
      what: this.name,
      path,
      query: {},
      kind,
      apiVersion: groupVersion,
      namesOnly: this.#namesOnly,
      resource: this.name,
      rightsIn: 'docs/server.md',
      valuesMax: limits.objectsPerKindMax,
      read: (object) => this.#read(object),
      listing: (value) => {
        this.#put(value)
        return { ...value, object: undefined }
      },
      listed: (values) => {
        const there = new Set(values.map(({ namespace, name }) => `${namespace}/${name}`))
        input.keep(this.#type, (namespace, name) => there.has(`${namespace}/${name}`))
        this.#answered('watched')
      },
      changed: (value) => {
        this.#change(value)
        return true
      },
      gone: ({ namespace, name }) => input.drop({ metadata: { namespace, name } }, this.#type),
      refused: (status) => this.#refused(status),
      count: (place) => this.#counts.set(place, (this.#counts.get(place) ?? 0) + 1),
      log,
      random,
      clock,
      times,
    })
    void this.#watch.run()
  }

  /** As a role names it: `pods`, `ingresses.networking.k8s.io`. */
  get name(): string {
    const { path, groupVersion } = this.resource
    const [group = '', version] = groupVersion.split('/')
    const plural = path.slice(path.lastIndexOf('/') + 1)
    return version === undefined ? plural : `${plural}.${group}`
  }

  get state(): KindState {
    const { ageMs } = this.#watch
    const objects = this.#options.input.count(this.#type)
    return { ...this.resource, status: this.#status, ageMs, objects, counts: this.#counts }
  }

  /** It has been listed, or refused. */
  get isAnswered(): boolean {
    return this.#status !== 'listing'
  }

  /** A request for it has come to nothing. */
  get hasFailed(): boolean {
    return this.#counts.size > 0
  }

  /** Asks no more; what is known stays. */
  stop(): void {
    this.#watch.stop()
  }

  /** The server has it not: nor has it objects. */
  forget(): void {
    this.stop()
    this.#options.input.keep(this.#type, () => false)
  }

  #answered(status: KindStatus): void {
    this.#status = status
    this.#options.answered()
  }

  #refused(status: number): void {
    this.#answered(statusOf.get(status) ?? this.#status)
    if (this.#status === 'absent') this.#options.absent()
  }

  /** Items of a list do not say their kind, and none may say another one than was asked for. */
  #read(object: Json): Listed | undefined {
    const metadata = asObject(object['metadata'])
    const name = asText(metadata?.['name'])
    const namespace = metadata?.['namespace'] ?? ''
    if (metadata === undefined || name === undefined || typeof namespace !== 'string') {
      return undefined
    }
    const { items: _items, ...rest } = object
    const taken = this.#namesOnly ? { metadata } : rest
    return { namespace, name, object: { ...taken, ...this.#type } }
  }

  #put({ object }: Listed): void {
    const { input } = this.#options
    const { path } = this.resource
    if (object) input.take({ file: path, item: '' }, object, this.#type)
  }

  #change(value: Listed): void {
    const { input } = this.#options
    if (input.count(this.#type) < limits.objectsPerKindMax) this.#put(value)
    else this.#counts.set('apiOverflows', (this.#counts.get('apiOverflows') ?? 0) + 1)
  }
}
