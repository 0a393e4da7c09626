/** Rules from text, for tests: loaded as the command line loads them. */
import assert from 'node:assert/strict'
import { fieldNamed, fields, isEventName, isParameterName, syscallNames } from '@bulwark/schema'
import type { Rule } from '@bulwark/policy'
import { loadRuleFiles } from '@bulwark/policy'

/** A rule as YAML; the condition is one line. */
export const ruleText = (name: string, condition: string, output = 'seen'): string =>
  `- rule: ${name}\n  desc: d\n  condition: >\n    ${condition}\n  output: >\n    ${output}\n` +
  `  priority: WARNING\n  tags: [b, a]\n`

/** The rules of a text without a fault. */
export const rulesOf = (...texts: readonly string[]): readonly Rule[] => {
  const { files, rules } = loadRuleFiles([{ name: 'test.yaml', text: texts.join('') }], {
    catalog: {
      field: fieldNamed,
      fieldNames: fields.map(({ name }) => name),
      isEventName,
      isParameterName,
    },
    eventNames: syscallNames,
    sources: new Set(['syscall']),
    suggestedOutput: [],
  })
  const faults = files.flatMap(({ errors }) => errors)
  assert.deepEqual(faults, [])
  return rules
}
