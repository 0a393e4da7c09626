/**
 * Trials of rules, as text: events or a capture, and the alerts that must come of them. A file is
 * YAML; see docs/testing-rules.md. Reading one never throws.
 */
import type { FieldRef, FieldValue, Scalar } from '@bulwark/schema'
import { byteString, closest } from '@bulwark/schema'
import type { Place } from './diagnostics.ts'
import type { Catalog } from './falco/fields.ts'
import { resolveField, typeOfField } from './falco/fields.ts'
import { parseOperand } from './falco/parse.ts'
import type { Yaml, YamlMap } from './falco/yaml.ts'
import { parseYaml } from './falco/yaml.ts'
import { isNetwork } from './ir.ts'
import { parseLiteral } from './literals.ts'
import type { PriorityName } from './rule.ts'
import { priorityNamed, priorityNames } from './rule.ts'

/** An event: values of fields by the names that rules have for them. What is not said is absent. */
export interface TrialEvent {
  readonly type: string
  /** By `keyOfField`. */
  readonly values: ReadonlyMap<string, FieldValue>
}

/** Alerts that must come. */
export interface ExpectedAlert {
  readonly rule: string
  /** How many; `undefined` for at least one. */
  readonly count: number | undefined
  readonly priority: PriorityName | undefined
  /** Each stands somewhere in the output. */
  readonly output: readonly string[]
  /** The number of the event, from 1. */
  readonly event: number | undefined
  readonly place: Place
}

/** One trial. */
export interface Trial {
  readonly name: string
  readonly events: readonly TrialEvent[]
  /** A capture in place of events; relative to the file. */
  readonly capture: string | undefined
  readonly alerts: readonly ExpectedAlert[]
  /** Other alerts may come, too. */
  readonly allowsOthers: boolean
  readonly place: Place
}

/** Something that cannot be read. */
export interface TrialFault {
  readonly message: string
  readonly help: string | undefined
  readonly place: Place
}

/** What stands in a file of trials. */
export interface TrialFile {
  /** Rule files and folders, relative to the file. */
  readonly rules: readonly string[]
  readonly matching: 'first' | 'all'
  readonly trials: readonly Trial[]
  readonly faults: readonly TrialFault[]
}

/** A field with its argument, as a key. */
export const keyOfField = ({ field, argument }: FieldRef): string =>
  argument === undefined ? field.name : `${field.name}[${argument}]`

const trialKeys = ['name', 'events', 'capture', 'alerts', 'others']
const alertKeys = ['rule', 'count', 'priority', 'output', 'event']
const fileKeys = ['rules', 'matching', 'trials']

const textOf = (yaml: Yaml | undefined): string | undefined =>
  yaml?.is === 'scalar' ? yaml.text : undefined

class TrialReader {
  readonly faults: TrialFault[] = []
  readonly #catalog: Catalog

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  #fault(message: string, { place }: { readonly place: Place }, help?: string): void {
    this.faults.push({ message, place, help })
  }

  #map(yaml: Yaml, what: string, keys: readonly string[]): YamlMap | undefined {
    if (yaml.is !== 'map') {
      this.#fault(`${what} is no mapping`, yaml, `write ${keys.map((key) => `${key}:`).join(', ')}`)
      return undefined
    }
    for (const [key, { place }] of yaml.entries) {
      if (keys.includes(key)) continue
      const near = closest(key, keys)
      const help = near === undefined ? `one of ${keys.join(', ')}` : `did you mean \`${near}\`?`
      this.#fault(`unknown key \`${key}\` of ${what}`, { place }, help)
    }
    return yaml
  }

  /** A sequence; one value stands for a sequence of it. */
  #items(yaml: Yaml | undefined): readonly Yaml[] {
    if (!yaml || yaml.is === 'null') return []
    return yaml.is === 'sequence' ? yaml.items : [yaml]
  }

  #texts(yaml: Yaml | undefined, what: string): readonly string[] {
    return this.#items(yaml).flatMap((item) => {
      const text = textOf(item)
      if (text === undefined) this.#fault(`${what} is no text`, item)
      return text === undefined ? [] : [text]
    })
  }

  file(yaml: Yaml): Omit<TrialFile, 'faults'> {
    const nothing = { rules: [], matching: 'first', trials: [] } as const
    const map = this.#map(yaml, 'a file of trials', fileKeys)
    if (!map) return nothing
    const matching = textOf(map.entries.get('matching')) ?? 'first'
    if (matching !== 'first' && matching !== 'all') {
      this.#fault('matching is neither `first` nor `all`', map.entries.get('matching') ?? map)
    }
    return {
      rules: this.#texts(map.entries.get('rules'), 'a path of rules'),
      matching: matching === 'all' ? 'all' : 'first',
      trials: this.#items(map.entries.get('trials')).flatMap((item, i) => this.#trial(item, i)),
    }
  }

  #trial(yaml: Yaml, index: number): readonly Trial[] {
    const map = this.#map(yaml, 'a trial', trialKeys)
    if (!map) return []
    const capture = textOf(map.entries.get('capture'))
    const events = map.entries.get('events')
    if ((capture === undefined) === (events === undefined)) {
      this.#fault('a trial has either `events` or a `capture`', map)
    }
    if (!map.entries.has('alerts')) {
      this.#fault('a trial has no `alerts`', map, 'write `alerts: []` where none must come')
    }
    const others = textOf(map.entries.get('others')) ?? 'fail'
    if (others !== 'fail' && others !== 'allow') {
      this.#fault('others is neither `fail` nor `allow`', map.entries.get('others') ?? map)
    }
    return [
      {
        name: textOf(map.entries.get('name')) ?? `trial ${index + 1}`,
        events: this.#items(events).flatMap((event) => this.#event(event)),
        capture,
        alerts: this.#items(map.entries.get('alerts')).flatMap((alert) => this.#alert(alert)),
        allowsOthers: others === 'allow',
        place: map.place,
      },
    ]
  }

  /** A rule's name alone, or a mapping. */
  #alert(yaml: Yaml): readonly ExpectedAlert[] {
    const { place } = yaml
    const plain = { count: 1, priority: undefined, output: [], event: undefined, place }
    if (yaml.is === 'scalar') return [{ ...plain, rule: yaml.text }]
    const map = this.#map(yaml, 'an alert', alertKeys)
    if (!map) return []
    const rule = textOf(map.entries.get('rule'))
    if (rule === undefined) {
      this.#fault('an alert has no `rule`', map)
      return []
    }
    const priority = textOf(map.entries.get('priority'))
    const named = priority === undefined ? undefined : priorityNamed(priority)
    if (priority !== undefined && !named) {
      this.#fault(`unknown priority ${priority}`, map, `one of ${priorityNames.join(', ')}`)
    }
    const count = textOf(map.entries.get('count'))
    return [
      {
        rule,
        count: count === 'any' ? undefined : this.#count(map, 'count', 1),
        priority: named,
        output: this.#texts(map.entries.get('output'), 'output'),
        event: map.entries.has('event') ? this.#count(map, 'event', 1) : undefined,
        place,
      },
    ]
  }

  #count(map: YamlMap, key: string, otherwise: number): number {
    const value = map.entries.get(key)
    if (!value) return otherwise
    const text = textOf(value) ?? ''
    if (/^\d{1,9}$/.test(text)) return Number(text)
    this.#fault(`${key} is no whole number`, value)
    return otherwise
  }

  #event(yaml: Yaml): readonly TrialEvent[] {
    if (yaml.is !== 'map') {
      this.#fault('an event is no mapping', yaml, 'write fields and values: `evt.type: execve`')
      return []
    }
    const values = new Map<string, FieldValue>()
    for (const [key, value] of yaml.entries) this.#field(key, value, values)
    const type = textOf(yaml.entries.get('evt.type'))
    if (type !== undefined && this.#catalog.isEventName(type)) return [{ type, values }]
    const message = type === undefined ? 'an event has no evt.type' : `unknown event type ${type}`
    this.#fault(message, yaml.entries.get('evt.type') ?? yaml)
    return []
  }

  #field(key: string, value: Yaml, values: Map<string, FieldValue>): void {
    const parsed = parseOperand(byteString(key))
    if (!parsed.ok || parsed.end !== byteString(key).length || parsed.node.is !== 'field') {
      this.#fault(`\`${key}\` is no field`, value)
      return
    }
    const ref = resolveField(parsed.node.name, parsed.node.argument, this.#catalog)
    if ('message' in ref) this.#fault(ref.message, value, ref.help)
    else values.set(keyOfField(ref), this.#value(ref, value))
  }

  #value(ref: FieldRef, yaml: Yaml): FieldValue {
    if (yaml.is === 'null') return undefined
    const { field } = ref
    const isAncestors = field.comparison === 'ancestors' && ref.argument === undefined
    const isMany = field.list || isAncestors || field.comparison === 'either-end'
    if (!isMany && yaml.is !== 'scalar') {
      this.#fault(`${keyOfField(ref)} has one value`, yaml)
      return undefined
    }
    const one = this.#items(yaml).flatMap((item) => this.#scalar(ref, item))
    return isMany ? one : one[0]
  }

  #scalar(ref: FieldRef, yaml: Yaml): readonly Scalar[] {
    if (yaml.is !== 'scalar') {
      this.#fault(`a value of ${keyOfField(ref)} is no text`, yaml)
      return []
    }
    const literal = parseLiteral(byteString(yaml.text), typeOfField(ref), '=')
    if (!literal.ok || isNetwork(literal.value)) {
      const why = literal.ok ? 'a network is no value' : literal.message
      this.#fault(`${keyOfField(ref)}: ${why}`, yaml)
      return []
    }
    return [literal.value]
  }
}

/** Reads a file of trials. */
export const readTrials = (name: string, text: string, catalog: Catalog): TrialFile => {
  const reader = new TrialReader(catalog)
  const yaml = parseYaml(name, text)
  const nothing = { rules: [], matching: 'first', trials: [] } as const
  if (!yaml.ok) {
    const { message, place } = yaml
    return { ...nothing, faults: [{ message, place, help: undefined }] }
  }
  const [document] = yaml.documents
  const file = document ? reader.file(document) : nothing
  return { ...file, faults: reader.faults }
}
