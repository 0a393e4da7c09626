/**
 * Golden cases of judgements, one text file a topic in `cases/`: a title, a context and an alert in
 * short (see `testdata/contexts.ts`) and perhaps a policy; then what comes of them. See
 * `testdata/golden.ts`.
 */
import { join } from 'node:path'
import { refText } from '../diagnostics.ts'
import { filesIn, testCases } from '../testdata/golden.ts'
import { judge } from './judge.ts'
import { readSeverityPolicies } from './policy.ts'
import { alertOf, caseOf, contextOf } from './testdata/contexts.ts'
import { judgementLines } from './words.ts'

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

testCases({ files: filesIn(join(import.meta.dirname, 'cases')), answer })
