/**
 * Output formats: text with `%field`, `%field[argument]`, `%transformer(field)` and `%20field`
 * (20 characters wide). Parsed once, rendered for each alert. There is no escape for `%`.
 */
import type { FieldRef, FieldValue, Scalar } from '@bulwark/schema'
import { byteString, printableText } from '@bulwark/schema'
import type { Reader } from './evaluate.ts'
import { valueOf } from './evaluate.ts'
import { checkValue } from './falco/check.ts'
import type { Catalog } from './falco/fields.ts'
import { parseOperand } from './falco/parse.ts'
import { printOperand } from './falco/syntax.ts'
import type { Value } from './ir.ts'
import { fieldsOfValue } from './ir.ts'

/** Text as it stands, or a value to be printed. */
export type Piece =
  | { readonly is: 'text'; readonly text: string }
  | {
      readonly is: 'value'
      readonly value: Value
      /** The key of `output_fields`: the field or transformer in its canonical text. */
      readonly name: string
      readonly width: number | undefined
    }

/** A parsed output: its pieces in order, and the text they came from. */
export interface OutputFormat {
  readonly text: string
  readonly pieces: readonly Piece[]
  /** What is a field of the alert, and stands in no text; sorted by name. */
  readonly extraFields: readonly ExtraField[]
}

/** A field that is added to alerts. */
export interface ExtraField {
  readonly name: string
  readonly format: OutputFormat
  /** The value of the one field in the format, with its type; else the format's text. */
  readonly raw: boolean
}

/** What an operator adds to the outputs of some rules: Falco's `append_output`. */
export interface OutputAppend {
  /** All that is said must hold; of tags, a rule has to have all. */
  readonly match: {
    readonly rule: string | undefined
    readonly source: string | undefined
    readonly tags: readonly string[]
  }
  /** A format. */
  readonly extraOutput: string | undefined
  /** A raw one's format is `%` and its name. */
  readonly extraFields: readonly {
    readonly name: string
    readonly format: string
    readonly raw: boolean
  }[]
  /** What the sources suggest for every output. */
  readonly suggestedOutput: boolean
}

/** Whether it is for a rule. */
export const appendsTo = (
  { match }: OutputAppend,
  rule: { readonly name: string; readonly source: string; readonly tags: readonly string[] },
): boolean =>
  (match.rule === undefined || match.rule === rule.name) &&
  (match.source === undefined || match.source === rule.source) &&
  match.tags.every((tag) => rule.tags.includes(tag))

/** A format, or why the text is none. */
export type ParsedOutput =
  | { readonly ok: true; readonly format: OutputFormat }
  | {
      readonly ok: false
      /** Falco's text. */
      readonly message: string
      /** Why, in our words, and what to do. */
      readonly help: string | undefined
    }

/** Bytes of a field or transformer in an output. Each length is tried, so it bounds the time. */
const valueBytesMax = 1024

type Found =
  | { readonly value: Value; readonly name: string; readonly end: number }
  | { readonly help: string | undefined }

/**
 * The longest text at `at` that is a field or a transformer: what stands behind a field, a dot or
 * the rest of a word, may belong to the sentence.
 */
const findValue = (bytes: string, at: number, catalog: Catalog): Found => {
  let help: string | undefined
  let end = Math.min(bytes.length, at + valueBytesMax)
  while (end > at) {
    const parsed = parseOperand(bytes.slice(at, end))
    if (!parsed.ok) {
      help ??= `${parsed.error.message}; there is no way to write a plain %`
      // What is shorter than the place of the fault has the same start, and may be whole.
      end = Math.min(end - 1, at + parsed.error.at)
      continue
    }
    const checked = checkValue(parsed.node, catalog)
    if (checked.ok) {
      return { value: checked.value, name: printOperand(parsed.node), end: at + parsed.end }
    }
    help ??= [checked.fault.message, checked.fault.help]
      .filter((part) => part !== undefined)
      .join('; ')
    end = at + parsed.end - 1
  }
  return { help }
}

const widthForm = /\d+/y

/**
 * Parses an output format. A leading `*` (print even when values are missing) says what is always
 * done here, and is dropped.
 */
export const parseOutput = (text: string, catalog: Catalog): ParsedOutput => {
  const fault = (message: string, help?: string): ParsedOutput => ({ ok: false, message, help })
  if (text === '') return fault('empty formatting token')
  const bytes = byteString(text.replace(/^\*/, ''))
  const pieces: Piece[] = []
  let done = 0
  for (;;) {
    const percent = bytes.indexOf('%', done)
    const before = bytes.slice(done, percent < 0 ? undefined : percent)
    if (before !== '') pieces.push({ is: 'text', text: printableText(before) })
    if (percent < 0) return { ok: true, format: { text, pieces, extraFields: [] } }
    widthForm.lastIndex = percent + 1
    const width = widthForm.exec(bytes)?.[0] ?? ''
    const at = percent + 1 + width.length
    if (at >= bytes.length) {
      const last = width === '' ? 'a %' : 'a number'
      return fault(`invalid formatting syntax: formatting cannot end with ${last}`)
    }
    const found = findValue(bytes, at, catalog)
    if (!('end' in found)) return fault("unknown filter: unexpected token after '", found.help)
    const { value, name, end } = found
    pieces.push({ is: 'value', value, name, width: width === '' ? undefined : Number(width) })
    done = end
  }
}

/** All fields that an output reads. */
export const fieldsOfOutput = (format: OutputFormat): readonly FieldRef[] => [
  ...format.pieces.flatMap((piece) => (piece.is === 'value' ? fieldsOfValue(piece.value) : [])),
  ...format.extraFields.flatMap((extra) => fieldsOfOutput(extra.format)),
]

/** A value of `output_fields`. */
export type PrintedValue = string | number | bigint | boolean | null | readonly PrintedValue[]

const asPrinted = (value: FieldValue): PrintedValue => {
  if (value === undefined) return null
  if (Array.isArray(value)) return (value as readonly Scalar[]).map(asPrinted)
  return typeof value === 'string' ? printableText(value) : value
}

const asText = (value: PrintedValue): string => {
  if (value === null) return '<NA>'
  if (Array.isArray(value)) return `(${(value as readonly PrintedValue[]).map(asText).join(',')})`
  return String(value)
}

/** Parts of a second, which Falco's text shows with all nine digits; in JSON they are numbers. */
const nineDigits: ReadonlySet<string> = new Set(
  'evt.rawtime.ns evt.reltime evt.reltime.ns evt.latency.ns evt.deltatime.ns'.split(' '),
)

const shownText = (value: PrintedValue, name: string): string => {
  const text = asText(value)
  return value !== null && nineDigits.has(name) ? text.padStart(9, '0') : text
}

/** Cut or filled to so many bytes, as Falco counts; a letter that is cut in two is U+FFFD. */
const ofWidth = (text: string, width: number): string =>
  printableText(byteString(text).slice(0, width).padEnd(width))

/**
 * Renders an output.
 *
 * @param print  turns the value of a field that is no text as it stands (addresses) into one
 * @returns the text, `<NA>` for what is missing, and the fields, `null` for what is missing; the
 *   extra ones after those of the text
 */
export const renderOutput = (
  format: OutputFormat,
  reader: Reader,
  print: (value: FieldValue, piece: Value) => FieldValue,
): { readonly text: string; readonly fields: Map<string, PrintedValue> } => {
  const fields = new Map<string, PrintedValue>()
  let text = ''
  for (const piece of format.pieces) {
    if (piece.is === 'text') {
      text += piece.text
      continue
    }
    const value = asPrinted(print(valueOf(piece.value, reader), piece.value))
    fields.set(piece.name, value)
    const shown = shownText(value, piece.name)
    text += piece.width === undefined ? shown : ofWidth(shown, piece.width)
  }
  for (const { name, format: inner, raw } of format.extraFields) {
    const rendered = renderOutput(inner, reader, print)
    const [value] = rendered.fields.values()
    fields.set(name, raw && value !== undefined ? value : rendered.text)
  }
  return { text, fields }
}
