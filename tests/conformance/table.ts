/**
 * The compatibility table of the README: what the suite counted, by kind of case. Written by
 * `make conformance` with the cases beside the repository; the tests hold it against them.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GroupResult } from './suite.ts'

const readme = join(import.meta.dirname, '../../README.md')
const begin = '<!-- written by make conformance -->'
const end = '<!-- end of what make conformance writes -->'

/** What the cases of each kind are about. */
const about: Readonly<Record<string, string>> = {
  parse: 'conditions: accepted or refused, canonical form, tree, place of the fault',
  compile: 'types, operators, literals: errors, warnings, events',
  eval: 'true, false or refused, on given values',
  'rule-load': 'rule files: codes and texts of errors and warnings, the final rules',
  fields: 'fields of the engine and its container plugin: types, lists, arguments',
}

/** Rows as a table, columns as wide as their widest cell. */
const tableOf = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')
}

const sectionOf = (groups: readonly GroupResult[]): string => {
  const rows = groups.map(({ name, passed, failed, skipped }) => [
    `\`${name}\``,
    about[name] ?? '',
    String(passed),
    String(failed.length),
    String(skipped.length),
  ])
  const head = ['cases', 'what they ask', 'passed', 'failed', 'skipped']
  return `${begin}\n\n${tableOf([head, ...rows])}\n\n${end}`
}

const withSection = (text: string, section: string): string => {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < 0) throw new Error('README.md has no place for the table')
  return text.slice(0, from) + section + text.slice(to + end.length)
}

/** Whether the table of the README says what was counted. */
export const isTableCurrent = (groups: readonly GroupResult[]): boolean =>
  readFileSync(readme, 'utf8').includes(sectionOf(groups))

/** Writes the table into the README. */
export const writeTable = (groups: readonly GroupResult[]): void => {
  writeFileSync(readme, withSection(readFileSync(readme, 'utf8'), sectionOf(groups)))
}
