/**
 * What operators say of judgements, kept up to date: SeverityPolicies of files and of a cluster,
 * and the `context` of RuntimePolicies. The same policies give the same settings, in whatever
 * order they were told.
 */
import type { ContextEffect } from '@bulwark/schema'
import { severityPolicyKind } from '@bulwark/schema'
import type { ObjectFault } from '../diagnostics.ts'
import { limits } from '../limits.ts'
import { isJson } from '../objects/reader.ts'
import { overridesOfPolicies } from './overrides.ts'
import type { PolicyDocument } from './policy.ts'
import { readSeverityPolicies } from './policy.ts'
import type { Override, SeveritySettings } from './settings.ts'

/** A SeverityPolicy of a cluster, as it is in force. */
interface InForce {
  readonly document: PolicyDocument
  readonly isSound: boolean
}

/** What became of a SeverityPolicy. */
export interface TakenPolicy {
  readonly faults: readonly ObjectFault[]
  /** It is faulty, and stays what it was. */
  readonly isKept: boolean
}

export class OperatorSettings {
  readonly #files: readonly PolicyDocument[]
  readonly #cluster = new Map<string, InForce>()
  #context: readonly Override[] = []
  #now: SeveritySettings | undefined
  /** What is wrong with the policies of files. */
  readonly faults: readonly ObjectFault[]
  /** Policies of the cluster over the bound, each time that one was told. */
  notKept = 0

  /** @param files  decoded; of a setting that several have the last counts */
  constructor(files: readonly PolicyDocument[] = []) {
    this.#files = files
    this.faults = readSeverityPolicies(files).faults
  }

  /**
   * Takes a SeverityPolicy of the cluster, new or changed. One that was sound and is not any more
   * stays what it was; of a new one, all but its faulty parts holds, as of a file.
   *
   * @returns what is wrong with it, and whether what was before stays
   */
  putSeverityPolicy(name: string, value: unknown): TakenPolicy {
    const document = { name, value: withoutServersOwn(value) }
    const { faults } = readSeverityPolicies([document])
    const before = this.#cluster.get(name)
    const isSound = faults.length === 0
    if (!before && this.#cluster.size >= limits.severityPoliciesMax) {
      this.notKept++
      const message = `is not kept: there are ${limits.severityPoliciesMax} others`
      const fault = { object: severityPolicy(name), path: '', message }
      return { faults: [...faults, fault], isKept: false }
    }
    if (!isSound && before?.isSound === true) return { faults, isKept: true }
    this.#cluster.set(name, { document, isSound })
    this.#now = undefined
    return { faults, isKept: false }
  }

  deleteSeverityPolicy(name: string): void {
    if (this.#cluster.delete(name)) this.#now = undefined
  }

  /** The policies of the cluster that are sound, as they hold. */
  get soundPolicies(): readonly PolicyDocument[] {
    return [...this.#cluster.values()].flatMap((each) => (each.isSound ? each.document : []))
  }

  /** All of the `context` of the policies that hold now. */
  setContext(effects: readonly ContextEffect[]): void {
    this.#context = overridesOfPolicies(effects)
    this.#now = undefined
  }

  /** What holds now: policies of the cluster by their names, then those of files, which count. */
  get now(): SeveritySettings {
    this.#now ??= this.#read()
    return this.#now
  }

  #read(): SeveritySettings {
    const cluster = [...this.#cluster.values()].map(({ document }) => document)
    const sorted = cluster.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const { settings } = readSeverityPolicies([...sorted, ...this.#files])
    return { ...settings, overrides: [...settings.overrides, ...this.#context] }
  }
}

const severityPolicy = (name: string): ObjectFault['object'] => ({
  kind: severityPolicyKind,
  namespace: '',
  name,
})

/** What an API server adds to an object. */
const withoutServersOwn = (value: unknown): unknown =>
  isJson(value)
    ? Object.fromEntries(Object.entries(value).filter(([key]) => key !== 'status'))
    : value
