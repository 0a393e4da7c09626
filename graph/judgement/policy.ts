/**
 * Reads a SeverityPolicy: a file by which an operator changes judgements. It comes decoded, from
 * YAML or JSON. What is wrong is told with its path and the nearest word; an override with a fault
 * does not hold, all else does.
 */
import type {
  Answer,
  ContextEffectName,
  KnownLabels,
  ObjectShape,
  Selector,
  ValueShape,
} from '@bulwark/schema'
import {
  allAnswers,
  closest,
  contextEffects,
  factorIds,
  overrideWhen,
  policyApiVersion,
  severityIndicators,
  severityObject,
  severityOverride,
  severityPolicyKind,
  severitySpec,
  severityWeight,
  selects,
} from '@bulwark/schema'
import type { ObjectFault } from '../diagnostics.ts'
import { Diagnostics } from '../diagnostics.ts'
import { limits } from '../limits.ts'
import type { Json } from '../objects/reader.ts'
import { Reader, isJson } from '../objects/reader.ts'
import type { JudgedInput } from './factor.ts'
import type { Override, SeveritySettings } from './settings.ts'
import { defaultSettings } from './settings.ts'
import type { Level } from './severity.ts'
import { levelOf, levels } from './severity.ts'
import { scale } from './table.ts'

/** What came of severity policies. */
export interface ReadSettings {
  readonly settings: SeveritySettings
  readonly faults: readonly ObjectFault[]
}

const keysOf = ({ members }: ObjectShape): readonly string[] => Object.keys(members)

const didYouMean = (word: string, words: readonly string[]): string => {
  const near = closest(word, words)
  return near === undefined ? `known are ${words.join(', ')}` : `did you mean \`${near}\`?`
}

/** Words of a document, quoted for a message. */
const quoted = (word: string): string => `\`${word.slice(0, limits.nameCharsMax)}\``

class PolicyReader {
  readonly #reader: Reader
  readonly #diagnostics: Diagnostics
  readonly #source: string

  constructor(source: string, diagnostics: Diagnostics) {
    this.#source = source
    this.#diagnostics = diagnostics
    const object = { kind: severityPolicyKind, namespace: '', name: source }
    this.#reader = new Reader(object, diagnostics)
  }

  fault(path: string, message: string): void {
    this.#reader.fault(path, message)
  }

  read(json: Json, before: SeveritySettings): SeveritySettings {
    const reader = this.#reader
    this.#keys(json, '', keysOf(severityObject))
    const spec = reader.map(json, 'spec', '')
    if (!spec) {
      this.fault('spec', 'is missing: what the policy changes')
      return before
    }
    this.#keys(spec, 'spec', keysOf(severitySpec))
    const indicators = reader.map(spec, 'indicators', 'spec')
    if (indicators) this.#keys(indicators, 'spec.indicators', keysOf(severityIndicators))
    const more = (key: 'tags' | 'rules'): readonly string[] => [
      ...before.indicators[key],
      ...reader.texts(indicators, key, 'spec.indicators'),
    ]
    return {
      weights: new Map([...before.weights, ...this.#weights(spec)]),
      indicators: { tags: more('tags'), rules: more('rules') },
      epssLikely: this.#number(spec, 'epssLikely', 'spec') ?? before.epssLikely,
      staleDays: this.#number(spec, 'staleDays', 'spec') ?? before.staleDays,
      nearSteps: this.#number(spec, 'nearSteps', 'spec') ?? before.nearSteps,
      development: this.#development(spec) ?? before.development,
      overrides: [...before.overrides, ...this.#overrides(spec)],
    }
  }

  /** Tells keys that nothing reads. */
  #keys(from: Json, at: string, known: readonly string[]): void {
    for (const key of Object.keys(from)) {
      if (known.includes(key)) continue
      this.fault(at, `unknown key ${quoted(key)}: ${didYouMean(key, known)}`)
    }
  }

  /** @param shape  with its bounds; that of a key of the spec where it is left out */
  #number(
    from: Json,
    key: string,
    at: string,
    shape: ValueShape | undefined = severitySpec.members[key]?.shape,
  ): number | undefined {
    const value = from[key]
    if (value === undefined || value === null || shape?.is !== 'number') return undefined
    const { least, most, isWhole } = shape
    const isNumber = typeof value === 'number' && (!isWhole || Number.isInteger(value))
    if (isNumber && value >= least && value <= most) return value
    this.fault(`${at}.${key}`, `is no ${isWhole ? 'whole ' : ''}number from ${least} to ${most}`)
    return undefined
  }

  #weights(spec: Json): readonly (readonly [string, number])[] {
    const map = this.#reader.map(spec, 'weights', 'spec')
    if (!map) return []
    return Object.keys(map).flatMap((id): readonly (readonly [string, number])[] => {
      const at = 'spec.weights'
      if (!factorIds.some((each) => each === id)) {
        this.fault(at, `no factor has the id ${quoted(id)}: ${didYouMean(id, factorIds)}`)
        return []
      }
      const weight = this.#number(map, id, at, severityWeight)
      return weight === undefined ? [] : [[id, weight]]
    })
  }

  #development(spec: Json): readonly Selector[] | undefined {
    if (spec['development'] === undefined) return undefined
    const list = this.#reader.list(spec, 'development', 'spec')
    return list.flatMap((item, index): readonly Selector[] => {
      const key = `development[${index}]`
      const selector = this.#reader.selector({ [key]: item }, key, 'spec')
      if (selector !== undefined && selector !== 'broken') return [selector]
      this.fault(`spec.${key}`, 'is no selector of labels: it selects no namespace')
      return []
    })
  }

  #overrides(spec: Json): readonly Override[] {
    const names = new Set<string>()
    return this.#reader.maps(spec, 'overrides', 'spec', (item, at) => {
      const faults = this.#faultCount
      this.#keys(item, at, keysOf(severityOverride))
      const name = this.#must(item, 'name', at)
      const reason = this.#must(item, 'reason', at)
      const effect = this.#oneOf<ContextEffectName>(
        this.#must(item, 'effect', at),
        at,
        contextEffects,
      )
      const weight = this.#number(item, 'by', at, severityOverride.members['by']?.shape)
      const holds = this.#when(item, at)
      if (name !== undefined && names.has(name)) this.fault(at, 'has the name of another override')
      if (effect === 'suppress' && weight !== undefined) {
        this.fault(`${at}.by`, 'means nothing: what is suppressed is not weighed')
      }
      if (name !== undefined) names.add(name)
      const isSound = this.#faultCount === faults
      if (!isSound || name === undefined || reason === undefined || !effect || !holds) {
        this.fault(at, 'this override does not hold, because of what is wrong with it')
        return undefined
      }
      const { levelWeight } = scale
      const object = { kind: severityPolicyKind, namespace: '', name: this.#source }
      const origin = { text: `asks to ${effect} it`, object, path: at }
      return { name, effect, weight: weight ?? levelWeight, reason, origin, holds }
    })
  }

  get #faultCount(): number {
    return this.#diagnostics.faults().length + this.#diagnostics.notKept
  }

  #must(from: Json, key: string, at: string): string | undefined {
    const text = this.#reader.name(from, key, at)
    if (text !== undefined && text !== '') return text
    if (from[key] === undefined || text === '') this.fault(`${at}.${key}`, 'is missing')
    return undefined
  }

  #oneOf<Word extends string>(
    word: string | undefined,
    at: string,
    words: readonly Word[],
  ): Word | undefined {
    const found = words.find((each) => each === word)
    if (found === undefined && word !== undefined) {
      this.fault(at, `${quoted(word)} is none of its words: ${didYouMean(word, words)}`)
    }
    return found
  }

  #when(item: Json, at: string): Override['holds'] | undefined {
    const when = this.#reader.map(item, 'when', at)
    const path = `${at}.when`
    if (!when || Object.keys(when).length === 0) {
      this.fault(path, 'is missing: without a condition it would hold of every alert')
      return undefined
    }
    this.#keys(when, path, keysOf(overrideWhen))
    const list = (key: string): readonly string[] | undefined =>
      when[key] === undefined ? undefined : this.#reader.texts(when, key, path)
    const selector = (key: string): Selector | undefined => {
      const read = this.#reader.selector(when, key, path)
      if (read !== 'broken') return read
      this.fault(`${path}.${key}`, 'is no selector of labels')
      return undefined
    }
    const factors = (key: string): readonly string[] | undefined => {
      const ids = list(key)
      for (const id of ids ?? []) this.#oneOf(id, `${path}.${key}`, factorIds)
      return ids
    }
    const severities = list('severities')?.flatMap(
      (word) => this.#oneOf<Level>(word, `${path}.severities`, levels) ?? [],
    )
    return conditionOf({
      namespaces: list('namespaces'),
      rules: list('rules'),
      tags: list('tags'),
      containers: list('containers'),
      severities,
      factors: factors('factors'),
      noFactors: factors('noFactors'),
      namespaceSelector: selector('namespaceSelector'),
      podSelector: selector('podSelector'),
    })
  }
}

/** What `when` asks for; `undefined`: it does not matter. Of lists any, but all of `factors`. */
interface When {
  readonly namespaces: readonly string[] | undefined
  readonly rules: readonly string[] | undefined
  readonly tags: readonly string[] | undefined
  readonly containers: readonly string[] | undefined
  /** Of the rule. */
  readonly severities: readonly Level[] | undefined
  /** All of these hold. */
  readonly factors: readonly string[] | undefined
  /** None of these holds. */
  readonly noFactors: readonly string[] | undefined
  readonly namespaceSelector: Selector | undefined
  readonly podSelector: Selector | undefined
}

const selected = (selector: Selector | undefined, labels: KnownLabels | undefined): Answer => {
  if (selector === undefined) return true
  return labels === undefined ? undefined : selects(selector, labels)
}

const conditionOf =
  (when: When): Override['holds'] =>
  ({ alert, context }: JudgedInput, factors): Answer => {
    const isOf = (words: readonly string[] | undefined, word: string | undefined): Answer => {
      if (words === undefined) return true
      return word === undefined ? undefined : words.includes(word)
    }
    return allAnswers([
      isOf(when.namespaces, context.pod.namespace),
      isOf(when.rules, alert?.rule),
      when.tags === undefined || (alert && when.tags.some((tag) => alert.tags.includes(tag))),
      isOf(when.containers, alert?.container),
      isOf(when.severities, alert && levelOf(alert.priority)),
      when.factors === undefined || when.factors.every((id) => factors.has(id)),
      when.noFactors === undefined || !when.noFactors.some((id) => factors.has(id)),
      selected(when.namespaceSelector, context.namespaceLabels),
      selected(when.podSelector, context.podLabels),
    ])
  }

/** A decoded document, and what messages call it. */
export interface PolicyDocument {
  readonly name: string
  readonly value: unknown
}

/** Reads severity policies, one after the other: of a setting that several have the last counts. */
export const readSeverityPolicies = (documents: readonly PolicyDocument[]): ReadSettings => {
  const diagnostics = new Diagnostics()
  let settings = defaultSettings
  for (const { name, value } of documents) {
    const reader = new PolicyReader(name, diagnostics)
    if (!isJson(value)) {
      reader.fault('', `is no map with \`kind: ${severityPolicyKind}\``)
    } else if (value['kind'] !== severityPolicyKind) {
      reader.fault('kind', `is not \`${severityPolicyKind}\``)
    } else if (value['apiVersion'] !== policyApiVersion) {
      reader.fault('apiVersion', `is not \`${policyApiVersion}\``)
    } else {
      settings = reader.read(value, settings)
    }
  }
  const { notKept } = diagnostics
  const more = {
    object: { kind: severityPolicyKind, namespace: '', name: documents.at(-1)?.name ?? '' },
    path: '',
    message: `${notKept} more things are wrong`,
  }
  return { settings, faults: [...diagnostics.faults(), ...(notKept > 0 ? [more] : [])] }
}
