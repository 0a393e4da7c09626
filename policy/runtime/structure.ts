/**
 * Checks a YAML value against a shape of the schema. Strict: what the shape does not have is a
 * fault. All faults are found, not the first alone, as people correct a file in one go.
 */
import type { ShapeMember, ValueShape } from '@bulwark/schema'
import { closest } from '@bulwark/schema'
import { shownText } from '../kernel/print.ts'
import type { Context, Report } from '../falco/report.ts'
import { LoadFault } from '../falco/report.ts'
import type { Yaml, YamlMap } from '../falco/yaml.ts'

type Of<Is extends ValueShape['is']> = Extract<ValueShape, { readonly is: Is }>

const wordOf = (value: Yaml): string => {
  switch (value.is) {
    case 'null':
      return 'nothing'
    case 'scalar':
      return 'a text'
    case 'sequence':
      return 'a list'
    case 'map':
      return 'a map'
  }
}

const shownMax = 60

/** A text of the file, short enough for a message. */
export const shown = (given: string): string =>
  shownText(given.length > shownMax ? `${given.slice(0, shownMax)}…` : given)

const quoted = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ')

const suggestedMax = 8

/** What a near name suggests; else all of them, where they are few. */
const suggestion = (wanted: string, names: readonly string[]): string | undefined => {
  const near = closest(
    wanted.toLowerCase(),
    names.map((name) => name.toLowerCase()),
  )
  const exact = names.find((name) => name.toLowerCase() === near)
  if (exact !== undefined) return `did you mean \`${exact}\`?`
  if (names.length > suggestedMax) return undefined
  return names.length === 1 ? `write ${quoted(names)}` : `one of ${quoted(names)}`
}

/** What is to be written: the value where only one can be, else what it means. */
const helpForMissing = (name: string, { shape, meaning }: ShapeMember): string => {
  const only = shape.is === 'text' && shape.oneOf?.length === 1 ? shape.oneOf[0] : undefined
  return only === undefined ? `write \`${name}: …\`: ${meaning}` : `write \`${name}: ${only}\``
}

/** Checks values, and reports their faults. */
export class StructureCheck {
  readonly #report: Report

  constructor(report: Report) {
    this.#report = report
  }

  #fault(code: string, message: string, context: Context, help?: string): void {
    this.#report.error(new LoadFault(code, message, context, help))
  }

  /**
   * @param context  that of what the value is in
   * @param key      the key that it stands behind, or what it is
   */
  check(value: Yaml, shape: ValueShape, context: Context, key: string): void {
    const at = context.at('value for', key, value.place)
    switch (shape.is) {
      case 'anything':
        return
      case 'entry':
        return this.#entry(value, at, key)
      case 'text':
        return this.#text(value, shape, at, key)
      case 'number':
        return this.#number(value, shape, at, key)
      case 'list':
        return this.#list(value, shape, at, key)
      case 'map':
        return this.#map(value, shape, at, key)
      case 'object':
        return this.#object(value, shape, at, key)
    }
  }

  #isA<Is extends Yaml['is']>(
    value: Yaml,
    is: Is,
    at: Context,
    key: string,
    example: string,
  ): value is Extract<Yaml, { readonly is: Is }> {
    if (value.is === is) return true
    const wanted = is === 'scalar' ? 'a text' : is === 'sequence' ? 'a list' : 'a map'
    const message = `\`${key}\` is ${wordOf(value)}, and must be ${wanted}`
    this.#fault('policy-structure', message, at, example)
    return false
  }

  #entry(value: Yaml, at: Context, key: string): void {
    if (value.is !== 'null' && value.is !== 'map') return
    const message = `\`${key}\` is ${wordOf(value)}, and must be a text or a list`
    this.#fault('policy-structure', message, at, `write \`${key}: [...]\``)
  }

  #text(value: Yaml, shape: Of<'text'>, at: Context, key: string): void {
    if (!this.#isA(value, 'scalar', at, key, `write \`${key}: ...\``)) return
    const { text } = value
    const { least, most, pattern, what, oneOf } = shape
    if (oneOf) {
      if (oneOf.includes(text)) return
      const message = `\`${key}\` cannot be ${shown(text)}`
      return this.#fault('policy-value', message, at, suggestion(text, oneOf))
    }
    if (text.length < least) return this.#fault('policy-value', `\`${key}\` is empty`, at)
    if (text.length > most) {
      return this.#fault('policy-value', `\`${key}\` has more than ${most} characters`, at)
    }
    if (!pattern || pattern.test(text)) return
    this.#fault('policy-value', `\`${key}\` cannot be ${shown(text)}`, at, what && `it is ${what}`)
  }

  #number(value: Yaml, { least, most, isWhole }: Of<'number'>, at: Context, key: string): void {
    if (!this.#isA(value, 'scalar', at, key, `write \`${key}: ${least}\``)) return
    const plain = isWhole ? /^-?\d{1,15}$/ : /^-?\d{1,15}(?:\.\d{1,15})?$/
    const read = plain.test(value.text) ? Number(value.text) : Number.NaN
    if (read >= least && read <= most) return
    const what = `${isWhole ? 'a whole number' : 'a number'} from ${least} to ${most}`
    this.#fault('policy-value', `\`${key}\` cannot be ${shown(value.text)}`, at, `it is ${what}`)
  }

  #list(value: Yaml, { of, least, most }: Of<'list'>, at: Context, key: string): void {
    if (!this.#isA(value, 'sequence', at, key, `write \`${key}: [...]\``)) return
    const { items } = value
    if (items.length < least) {
      const help = 'take it out, or say what it is about'
      return this.#fault('policy-value', `\`${key}\` has no items`, at, help)
    }
    if (items.length > most) {
      return this.#fault('policy-value', `\`${key}\` has more than ${most} items`, at)
    }
    for (const item of items) this.check(item, of, at, `item of ${key}`)
  }

  #map(value: Yaml, { of, keys, most }: Of<'map'>, at: Context, key: string): void {
    if (!this.#isA(value, 'map', at, key, `write \`${key}: {...}\``)) return
    this.#refuseRepeated(value, at)
    if (value.entries.size > most) {
      return this.#fault('policy-value', `\`${key}\` has more than ${most} entries`, at)
    }
    for (const [name, each] of value.entries) {
      const place = value.keys.get(name) ?? each.place
      this.check({ is: 'scalar', text: name, place }, keys, at, `key of ${key}`)
      this.check(each, of, at, name)
    }
  }

  #refuseRepeated({ repeated }: YamlMap, at: Context): void {
    for (const [name, place] of repeated) {
      const again = at.at('value for', name, place)
      this.#fault('policy-repeated-key', `\`${shown(name)}\` is there twice`, again)
    }
  }

  #object(value: Yaml, shape: Of<'object'>, at: Context, key: string): void {
    if (!this.#isA(value, 'map', at, key, `write the keys of \`${key}\` below it`)) return
    this.#refuseRepeated(value, at)
    const names = Object.keys(shape.members)
    for (const [name, each] of value.entries) {
      // A name such as `constructor` is no member.
      const member = Object.hasOwn(shape.members, name) ? shape.members[name] : undefined
      if (member) this.check(each, member.shape, at, name)
      else {
        const message = `\`${key}\` has no key \`${shown(name)}\``
        const unknown = at.at('value for', name, value.keys.get(name) ?? each.place)
        this.#fault('policy-unknown-key', message, unknown, suggestion(name, names))
      }
    }
    for (const name of names) {
      if (shape.members[name]?.required !== true || value.entries.has(name)) continue
      const message = `\`${key}\` lacks \`${name}\``
      this.#fault('policy-missing-key', message, at, helpForMissing(name, shape.members[name]))
    }
    this.#together(value, shape, at, key)
  }

  /** What members ask of each other. */
  #together(value: YamlMap, { someOf, cases }: Of<'object'>, at: Context, key: string): void {
    const { entries } = value
    if (someOf?.every((name) => !entries.has(name)) === true) {
      const message = `\`${key}\` lacks ${someOf.map((name) => `\`${name}\``).join(' or ')}`
      this.#fault('policy-missing-key', message, at)
    }
    for (const { member, values, list, hasItems } of cases ?? []) {
      const chosen = entries.get(member)
      if (chosen?.is !== 'scalar' || !values.includes(chosen.text)) continue
      const found = entries.get(list)
      const isFilled = found?.is === 'sequence' && found.items.length > 0
      if (isFilled === hasItems) continue
      const message = `\`${member}: ${chosen.text}\` ${hasItems ? 'needs' : 'has no'} \`${list}\``
      this.#fault('policy-value', message, found ? at.at('value for', list, found.place) : at)
    }
  }
}
