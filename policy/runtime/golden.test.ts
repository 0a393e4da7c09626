/**
 * Golden cases of RuntimePolicies, one text file each in `cases/`: rule files and policies first, then
 * what comes of them. `UPDATE_CASES=1` writes what comes of them now.
 */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { syscallNames } from '@bulwark/schema'
import { schemaCatalog } from '../falco/fields.ts'
import type { Rule } from '../rule.ts'
import type { LoadedPolicy } from './load.ts'
import { loadPolicies } from './load.ts'
import { diagnosticLine } from '../testdata/diagnostics.ts'

const folder = join(import.meta.dirname, 'cases')
const options = {
  catalog: schemaCatalog,
  eventNames: syscallNames,
  sources: new Set(['syscall']),
  suggestedOutput: [],
}

const policyLines = (policy: LoadedPolicy): readonly string[] => {
  const { name, mode, scope, isDisabled, rules, context, found } = policy
  const state = isDisabled ? 'disabled' : `${mode}, ${rules.length} rules`
  return [
    `${name || '(no name)'}: ${state}: ${scope?.key ?? 'everywhere'}`,
    ...context.map(
      ({ path, rule, effect, weight, when, reason }) =>
        `${path}${rule === undefined ? '' : ` (${rule})`}: ${effect} ${weight ?? ''} when ${when}: ${reason}`,
    ),
    ...found.map(diagnosticLine),
  ]
}

const ruleLine = ({ name, policy, priority, tags, conditionText, place }: Rule): string => {
  const by = policy ? ` [${policy.name}]` : ''
  return `${name}${by} ${priority} ${tags.join(',')} ${place.file}:${place.line}: ${conditionText}`
}

/** Files of a case: each starts with a line `# rules NAME` or `# policies NAME`. */
const filesOf = (text: string, kind: string): readonly { name: string; text: string }[] =>
  text
    .split(/^(?=# (?:rules|policies) )/m)
    .filter((part) => part.startsWith(`# ${kind} `))
    .map((part) => {
      const end = part.indexOf('\n')
      return { name: part.slice(kind.length + 3, end), text: part.slice(end + 1) }
    })

const answer = (input: string): string => {
  const loaded = loadPolicies(filesOf(input, 'rules'), filesOf(input, 'policies'), options)
  const policies = loaded.policies.map((policy) => policyLines(policy).join('\n  '))
  return ['==> policies', ...policies, '==> rules', ...loaded.rules.map(ruleLine), ''].join('\n')
}

for (const name of readdirSync(folder).sort()) {
  test(name, () => {
    const path = join(folder, name)
    const [input = '', ...rest] = readFileSync(path, 'utf8').split(/^(?===> )/m)
    const got = answer(input)
    if (process.env['UPDATE_CASES'] === '1') writeFileSync(path, input + got)
    else assert.equal(got, rest.join(''))
  })
}
