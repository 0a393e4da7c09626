/**
 * Golden cases of judgements, one text file a topic in `cases/`: a title, a context and an alert in
 * short (see `testdata/contexts.ts`) and perhaps a policy; then what comes of them. `UPDATE_CASES=1`
 * writes what comes of them now.
 */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { refText } from '../diagnostics.ts'
import { judge } from './judge.ts'
import { readSeverityPolicies } from './policy.ts'
import { alertOf, caseOf, contextOf } from './testdata/contexts.ts'
import { judgementLines } from './words.ts'

const folder = join(import.meta.dirname, 'cases')

const answer = (text: string): string => {
  const { alert, context, policy } = caseOf(text)
  const documents = policy === undefined ? [] : [{ name: 'policy.yaml', value: policy }]
  const { settings, faults } = readSeverityPolicies(documents)
  const told = faults.map(({ object, path, message }) => `${refText(object)}: ${path} ${message}`)
  const judged = judgementLines(judge(alertOf(alert), contextOf(context), settings))
  return [
    ...(told.length > 0 ? ['==> faults', ...told] : []),
    '==> judgement',
    ...judged,
    '',
    '',
  ].join('\n')
}

for (const name of readdirSync(folder).toSorted()) {
  const path = join(folder, name)
  const cases = readFileSync(path, 'utf8').split(/^(?=# )/m)
  const got = cases.map((text) => {
    const [input = ''] = text.split(/^(?===> )/m)
    return { text, now: input + answer(input) }
  })
  if (process.env['UPDATE_CASES'] === '1') {
    writeFileSync(
      path,
      `${got
        .map(({ now }) => now)
        .join('')
        .trimEnd()}\n`,
    )
  }
  for (const { text, now } of got) {
    test(`${name}: ${text.slice(2, text.indexOf('\n'))}`, () => {
      if (process.env['UPDATE_CASES'] !== '1') assert.equal(now.trimEnd(), text.trimEnd())
    })
  }
}
