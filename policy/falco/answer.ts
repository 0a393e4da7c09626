/**
 * What was found in a rule file, in the form in which `falco -V` answers: lines, columns and
 * offsets from 0, each with the way to it and a snippet. Pure.
 */
import { byteString, printableText } from '@bulwark/schema'
import type { ContextStep, Diagnostic } from '../diagnostics.ts'
import type { FileResult, RuleFile } from './load.ts'

/** What each of Falco's codes is about. */
export const loadCodes: Readonly<Record<string, string>> = {
  LOAD_ERR_FILE_READ: 'File read error',
  LOAD_ERR_YAML_PARSE: 'YAML parse error',
  LOAD_ERR_YAML_VALIDATE: 'Error validating internal structure of YAML file',
  LOAD_ERR_COMPILE_CONDITION: 'Error compiling condition',
  LOAD_ERR_COMPILE_OUTPUT: 'Error compiling output',
  LOAD_ERR_VALIDATE: 'Error validating rule/macro/list/exception objects',
  LOAD_ERR_EXTENSION: 'Error in extension item',
  LOAD_UNKNOWN_SOURCE: 'Unknown event source',
  LOAD_UNSAFE_NA_CHECK: 'Unsafe <NA> comparison in condition',
  LOAD_NO_EVTTYPE: 'Condition has no event-type restriction',
  LOAD_UNKNOWN_FILTER: 'Unknown field or event-type in condition or output',
  LOAD_UNUSED_MACRO: 'Unused macro',
  LOAD_UNUSED_LIST: 'Unused list',
  LOAD_UNKNOWN_ITEM: 'Unknown rules file item',
  LOAD_DEPRECATED_ITEM: 'Used deprecated item',
  LOAD_WARNING_EXTENSION: 'Warning in extension item',
  LOAD_APPEND_NO_VALUES: 'Overriding/appending with no values',
  LOAD_EXCEPTION_NAME_NOT_UNIQUE: 'Multiple exceptions defined with the same name',
  LOAD_INVALID_MACRO_NAME: 'Invalid macro name',
  LOAD_INVALID_LIST_NAME: 'Invalid list name',
  LOAD_COMPILE_CONDITION: 'Warning in rule condition',
  LOAD_UNKNOWN_KEY: 'Unknown key in item definition',
}

/** A place on the way to what was found. */
export interface AnswerLocation {
  readonly item_type: string
  readonly item_name: string
  readonly position: {
    /** Of the file; or the start of a condition, in quotes. */
    readonly name: string
    readonly line: number
    readonly column: number
    readonly offset: number
  }
}

/** Something found. */
export interface AnswerMessage {
  readonly code: string
  readonly codedesc: string
  readonly message: string
  readonly context: { readonly locations: readonly AnswerLocation[]; readonly snippet: string }
  readonly deprecated_field?: string
}

/** The answer for one file. */
export interface LoadAnswer {
  readonly name: string
  readonly successful: boolean
  readonly errors: readonly AnswerMessage[]
  readonly warnings: readonly AnswerMessage[]
}

/** Characters of a line that are shown around a place. */
const snippetWidth = 160
const conditionNameMax = 20

/** Byte offsets of the lines of a text. */
const lineStarts = (bytes: string): readonly number[] => {
  const starts = [0]
  for (let at = bytes.indexOf('\n'); at >= 0; at = bytes.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** The line at an offset, cut on both sides, and a mark below the place. */
const snippetAt = (bytes: string, offset: number): string => {
  if (bytes === '') return '<No context available>\n'
  let at = Math.min(offset, bytes.length)
  while (at > 0 && (at >= bytes.length || bytes[at] === '\n')) at--
  const half = snippetWidth / 2
  const from = Math.max(bytes.lastIndexOf('\n', at) + 1, at - half)
  const next = bytes.indexOf('\n', at)
  const to = Math.min(next < 0 ? bytes.length : next, at + half)
  let line = bytes.slice(from, to)
  if (line === '') return '<No context available>\n'
  if (at - from >= half) line = `...${line.slice(3)}`
  if (to - at >= half) line = `${line.slice(0, -3)}...`
  return `${line}\n${' '.repeat(at - from)}^\n`
}

const conditionName = (text: string): string => {
  const cut = text.length > conditionNameMax ? `${text.slice(0, conditionNameMax - 3)}...` : text
  return `"${cut.replace(/[\r\n]/g, ' ')}"`
}

/** The texts of the files, for places in them. */
export class LoadAnswers {
  readonly #texts = new Map<
    string,
    { readonly bytes: string; readonly starts: readonly number[] }
  >()

  constructor(files: readonly RuleFile[]) {
    for (const { name, text } of files) {
      const bytes = byteString(text)
      this.#texts.set(name, { bytes, starts: lineStarts(bytes) })
    }
  }

  #location({ itemType, itemName, place }: ContextStep): AnswerLocation {
    const [line, column] = [place.line - 1, place.column - 1]
    const start = this.#texts.get(place.file)?.starts[line] ?? 0
    const position = { name: place.file, line, column, offset: start + column }
    return { item_type: itemType, item_name: itemName, position }
  }

  /** A place in a condition is told by the condition, and counts from where that stands. */
  #inCondition(before: AnswerLocation, text: string, at: number): AnswerLocation {
    const lines = text.slice(0, at).split('\n')
    const { line, column, offset } = before.position
    const position = {
      name: conditionName(printableText(text)),
      line: line + lines.length,
      column: column + (lines.at(-1)?.length ?? 0) + 1,
      offset: offset + at,
    }
    return { item_type: 'condition expression', item_name: '', position }
  }

  message(diagnostic: Diagnostic): AnswerMessage {
    const { code, message, context, excerpt, place } = diagnostic
    const locations = context.map((step) => this.#location(step))
    const last = locations.at(-1)
    let snippet = snippetAt(this.#texts.get(place.file)?.bytes ?? '', last?.position.offset ?? 0)
    if (excerpt && last) {
      const text = byteString(excerpt.text)
      locations.splice(-1, 1, this.#inCondition(last, text, excerpt.at))
      snippet = snippetAt(text, excerpt.at)
    }
    const found = {
      code,
      codedesc: loadCodes[code] ?? '',
      message,
      context: { locations, snippet: printableText(snippet) },
    }
    const [, field] = /^usage of deprecated field '([^']+)'/.exec(message) ?? []
    return field === undefined ? found : { ...found, deprecated_field: field }
  }

  file({ name, successful, errors, warnings }: FileResult): LoadAnswer {
    return {
      name,
      successful,
      errors: errors.map((each) => this.message(each)),
      warnings: warnings.map((each) => this.message(each)),
    }
  }
}
