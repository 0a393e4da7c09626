/**
 * The RuntimePolicies of a cluster, as texts: whoever reads them from files reads these, too. What
 * is wrong with one is for that reader to say; here it is a text of bounded length under a name.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { ApiAccess, ApiPlace, FollowOptions, Following, ReadObject } from '@bulwark/kubernetes'
import { ApiClient, follow } from '@bulwark/kubernetes'
import { asObject, policyApiVersion, policyGroup, policyKind, policyPlural } from '@bulwark/schema'
import { limits } from '../limits.ts'
import { nameOf } from './objects.ts'

/** A RuntimePolicy of an API server. */
export interface PolicyText {
  /** `runtimepolicy.bulwark.dev/NAME`, as kubectl calls it. */
  readonly name: string
  /** Its JSON, without what the server adds. */
  readonly text: string
}

/** Where RuntimePolicies are. */
export const policiesPath = `/apis/${policyApiVersion}/${policyPlural}`

const fileName = (name: string): string => `${policyKind.toLowerCase()}.${policyGroup}/${name}`

/** Reads a RuntimePolicy as far as its name: all else stays as it was written. */
export const readPolicyText: ReadObject<PolicyText> = (object, onFlaw) => {
  const name = nameOf(asObject(object['metadata']), onFlaw)
  if (name === undefined) return undefined
  const { apiVersion = policyApiVersion, kind = policyKind, spec } = object
  try {
    // Line by line: what is wrong with it is told by line and column.
    const text = JSON.stringify({ apiVersion, kind, metadata: { name }, spec }, undefined, 2)
    return { name: fileName(name), text }
  } catch {
    onFlaw('spec is nested too deeply')
    return undefined
  }
}

export interface PolicyFeedOptions extends Omit<FollowOptions, 'count'> {
  readonly access: ApiAccess
  /** What counts until the server has listed them. */
  readonly before?: readonly PolicyText[]
}

/** The policies of one API server, from when it is made until it is stopped. */
export class PolicyFeed {
  readonly #client: ApiClient
  readonly #following: Following
  readonly #texts = new Map<string, PolicyText>()
  readonly #before: readonly PolicyText[]
  readonly #counted: ApiPlace[] = []
  #count: (place: ApiPlace) => void = (place) => this.#counted.push(place)
  #onChange: () => void = () => {}

  constructor({ access, before = [], ...options }: PolicyFeedOptions) {
    this.#client = new ApiClient(access)
    this.#before = before
    this.#following = follow<PolicyText>(
      this.#client,
      {
        what: policyPlural,
        kind: policyKind,
        apiVersion: policyApiVersion,
        resource: `${policyPlural}.${policyGroup}`,
        absent: `the API server knows no ${policyPlural} (deploy/crds), and is asked now and again`,
        path: policiesPath,
        query: {},
        valuesMax: limits.policiesMax,
        charsOf: ({ text }) => text.length,
        charsMax: limits.policyCharsMax,
        read: readPolicyText,
        keyOf: ({ name }) => name,
        tell: (changed, gone) => this.#take(changed, gone),
      },
      { ...options, count: (place) => this.#count(place) },
    )
    // A list without any is no change of what the server said.
    if (before.length > 0) void this.#following.listed.then(() => this.#onChange())
  }

  #take(changed: readonly PolicyText[], gone: readonly string[]): void {
    for (const policy of changed) this.#texts.set(policy.name, policy)
    for (const name of gone) this.#texts.delete(name)
    this.#onChange()
  }

  /** Those that are known now, by name: of two that say the same, the same text. */
  get texts(): readonly PolicyText[] {
    if (this.ageMs === undefined) return this.#before
    return [...this.#texts.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** How old that is, milliseconds; `undefined`: nothing is known. */
  get ageMs(): number | undefined {
    return this.#following.ageMs
  }

  /** Resolves when they were listed, or refused; or when that takes too long. Never rejects. */
  async untilAnswered(msMax: number = limits.apiStartMsMax): Promise<void> {
    const late = new AbortController()
    const tooLate = pause(msMax, undefined, { signal: late.signal }).catch(() => {})
    await Promise.race([this.#following.answered, tooLate])
    late.abort()
  }

  /** Tells from now on when there are others; counts what was counted, and what will be. */
  attach(onChange: () => void, count: (place: ApiPlace) => void): void {
    this.#onChange = onChange
    this.#count = count
    for (const place of this.#counted) count(place)
    this.#counted.length = 0
  }

  stop(): void {
    this.#following.stop()
    this.#client.close()
  }
}
