/**
 * The SeverityPolicies of a cluster, listed and watched as RuntimePolicies are: each change is in
 * force with the next alert. A faulty one is told, and stays what it was where it was sound before.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { OperatorSettings } from '@bulwark/graph'
import { refText } from '@bulwark/graph'
import type { ApiAccess, ApiPlace, FollowOptions, Following, ReadObject } from '@bulwark/kubernetes'
import { ApiClient, follow } from '@bulwark/kubernetes'
import type { Json } from '@bulwark/schema'
import {
  asObject,
  parseJson,
  policyApiVersion,
  policyGroup,
  severityPolicyKind,
  severityPolicyPlural,
} from '@bulwark/schema'
import { limits } from '../limits.ts'
import type { TextKeeper } from '../memory/index.ts'

/** Where SeverityPolicies are. */
export const severityPoliciesPath = `/apis/${policyApiVersion}/${severityPolicyPlural}`

/** One of them, without what the server adds. */
interface SeverityObject {
  readonly name: string
  readonly chars: number
  readonly value: Json
}

const readSeverityObject: ReadObject<SeverityObject> = (object, onFlaw) => {
  const name = asObject(object['metadata'])?.['name']
  if (typeof name !== 'string' || name === '') {
    onFlaw('metadata.name is missing')
    return undefined
  }
  const { apiVersion = policyApiVersion, kind = severityPolicyKind, spec } = object
  try {
    const value = { apiVersion, kind, metadata: { name }, spec }
    return { name, value, chars: JSON.stringify(value).length }
  } catch {
    onFlaw('spec is nested too deeply')
    return undefined
  }
}

export interface SeverityFeedOptions extends Omit<FollowOptions, 'count'> {
  readonly access: ApiAccess
  /** Told of each policy that comes, changes and goes. */
  readonly settings: OperatorSettings
  /** Keeps those that are sound over a restart; those of an earlier run count until the server has
   * listed them, and where one is faulty now. */
  readonly keeper?: TextKeeper | undefined
}

/** From when it is made until it is stopped. */
export class SeverityFeed {
  readonly #client: ApiClient
  readonly #following: Following
  readonly #options: SeverityFeedOptions
  /** Policies of an earlier run of which the server has said nothing yet. */
  #kept: ReadonlySet<string>
  /** How often what went wrong, by place. */
  readonly counts = new Map<ApiPlace, number>()

  constructor(options: SeverityFeedOptions) {
    this.#options = options
    this.#kept = new Set(this.#takeKept())
    this.#client = new ApiClient(options.access)
    const plural = severityPolicyPlural
    this.#following = follow<SeverityObject>(
      this.#client,
      {
        what: plural,
        kind: severityPolicyKind,
        apiVersion: policyApiVersion,
        resource: `${plural}.${policyGroup}`,
        absent: `the API server knows no ${plural} (deploy/crds), and is asked now and again`,
        path: severityPoliciesPath,
        query: {},
        valuesMax: limits.severityPoliciesMax,
        charsOf: ({ chars }) => chars,
        charsMax: limits.severityPolicyCharsMax,
        read: readSeverityObject,
        keyOf: ({ name }) => name,
        tell: (changed, gone) => this.#take(changed, gone),
      },
      { ...options, count: (place) => this.#count(place) },
    )
    // A list of none tells of no change.
    void this.#following.listed.then(() => this.#take([], []))
  }

  /** Takes what an earlier run has kept, as far as it is sound. Names of those that it took. */
  #takeKept(): readonly string[] {
    const { settings, keeper, log } = this.#options
    return (keeper?.policies ?? []).flatMap(({ name, text }) => {
      const { faults } = settings.putSeverityPolicy(name, parseJson(text))
      if (faults.length === 0) return name
      settings.deleteSeverityPolicy(name)
      log(`warning: severity policy ${name}: what was kept of it is not sound any more`)
      return []
    })
  }

  /** What is wrong with a watch or an object is told by itself; what finds no room is told here. */
  #count(place: ApiPlace): void {
    this.counts.set(place, (this.counts.get(place) ?? 0) + 1)
    if (place !== 'apiOverflows') return
    this.#options.log('warning: a severity policy has no room beside the others: make it shorter')
  }

  #take(changed: readonly SeverityObject[], gone: readonly string[]): void {
    const { settings, log, keeper } = this.#options
    // The first to come is all that there is.
    const named = new Set(changed.map(({ name }) => name))
    const goneMeanwhile = [...this.#kept].filter((name) => !named.has(name))
    this.#kept = new Set()
    for (const name of [...goneMeanwhile, ...gone]) {
      settings.deleteSeverityPolicy(name)
      log(`severity policy ${name} is gone`)
    }
    for (const { name, value } of changed) {
      const { faults, isKept } = settings.putSeverityPolicy(name, value)
      for (const { object, path, message } of faults.slice(0, limits.toldFaultsMax)) {
        log(`warning: ${refText(object)}: ${path} ${message}`)
      }
      if (faults.length === 0) log(`severity policy ${name} is in force`)
      else if (isKept) log(`warning: severity policy ${name} stays what it was`)
    }
    keeper?.keep(
      settings.soundPolicies.map((each) => ({ name: each.name, text: JSON.stringify(each.value) })),
    )
  }

  /** How old what is known is, milliseconds; `undefined`: nothing is. */
  get ageMs(): number | undefined {
    return this.#following.ageMs
  }

  /** Resolves when they were listed, or refused; or when that takes too long. Never rejects. */
  async untilAnswered(msMax: number = limits.severityStartMsMax): Promise<void> {
    const late = new AbortController()
    const tooLate = pause(msMax, undefined, { signal: late.signal }).catch(() => {})
    await Promise.race([this.#following.answered, tooLate])
    late.abort()
  }

  stop(): void {
    this.#following.stop()
    this.#client.close()
  }
}
