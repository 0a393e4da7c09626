/**
 * Golden cases of loading, one text file each in `cases/`: rule files first, then what comes of
 * them. `UPDATE_CASES=1` writes what comes of them now.
 */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { syscallNames } from '@bulwark/schema'
import { schemaCatalog } from './fields.ts'
import { loadRuleFiles } from './load.ts'
import type { LoadResult } from './load.ts'
import { diagnosticLine } from '../testdata/diagnostics.ts'

const folder = join(import.meta.dirname, 'cases')
const options = {
  catalog: schemaCatalog,
  eventNames: syscallNames,
  carriedEvents: new Set(['open', 'openat', 'execve', 'connect']),
  sources: new Set(['syscall']),
  suggestedOutput: [],
}

const answer = (loaded: LoadResult): string => {
  const parts = loaded.files.map(({ name, successful, found }) =>
    [`==> ${name}: ${successful ? 'ok' : 'not ok'}`, ...found.map(diagnosticLine)].join('\n'),
  )
  const rules = loaded.rules
    .filter((rule) => rule.disabledBy.length === 0)
    .map(({ name, conditionText, eventTypes, enabled, remarks }) => {
      const events = eventTypes === 'all' ? 'all' : [...eventTypes].join(' ')
      const state = enabled ? '' : ' (off)'
      return [`${name}${state}: ${conditionText} [${events}]`, ...remarks.map(diagnosticLine)].join(
        '\n  ',
      )
    })
  const disabled = loaded.disabled.map(({ name, reasons }) =>
    [name, ...reasons.map(diagnosticLine)].join('\n  '),
  )
  return [...parts, '==> rules', ...rules, '==> disabled', ...disabled, ''].join('\n')
}

/** Rule files of a case: each starts with a line `# file NAME`. */
const filesOf = (text: string): readonly { name: string; text: string }[] =>
  text
    .split(/^# file /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n')
      return { name: part.slice(0, end), text: part.slice(end + 1) }
    })

for (const name of readdirSync(folder).sort()) {
  test(name, () => {
    const path = join(folder, name)
    const [input = '', ...rest] = readFileSync(path, 'utf8').split(/^(?===> )/m)
    const got = answer(loadRuleFiles(filesOf(input), options))
    if (process.env['UPDATE_CASES'] === '1') writeFileSync(path, input + got)
    else assert.equal(got, rest.join(''))
  })
}
