/** Rules from text, for tests: loaded as the command line loads them. */
import assert from 'node:assert/strict'
import { syscallNames } from '@bulwark/schema'
import type { Rule } from '@bulwark/policy'
import { loadPolicies, loadRuleFiles, schemaCatalog } from '@bulwark/policy'

/** A rule as YAML; the condition is one line. */
export const ruleText = (name: string, condition: string, output = 'seen'): string =>
  `- rule: ${name}\n  desc: d\n  condition: >\n    ${condition}\n  output: >\n    ${output}\n` +
  `  priority: WARNING\n  tags: [b, a]\n`

const options = {
  catalog: schemaCatalog,
  eventNames: syscallNames,
  sources: new Set(['syscall']),
  suggestedOutput: [],
}

/** The rules of a text without a fault. */
export const rulesOf = (...texts: readonly string[]): readonly Rule[] => {
  const { files, rules } = loadRuleFiles([{ name: 'test.yaml', text: texts.join('') }], options)
  const faults = files.flatMap(({ errors }) => errors)
  assert.deepEqual(faults, [])
  return rules
}

/** A policy with one rule, as a document. */
export const policyText = (name: string, scope: string, condition: string): string =>
  `---\napiVersion: bulwark.dev/v1alpha1\nkind: RuntimePolicy\nmetadata: {name: ${name}}\n` +
  `spec:\n  scope: ${scope}\n  rules:\n    - name: rule of ${name}\n` +
  `      condition: ${condition}\n      output: seen\n`

/** A policy that applies to rules, as a document. */
export const applyingText = (name: string, scope: string, rules: readonly string[]): string =>
  `---\napiVersion: bulwark.dev/v1alpha1\nkind: RuntimePolicy\nmetadata: {name: ${name}}\n` +
  `spec:\n  scope: ${scope}\n  applyTo: {rules: [${rules.join(', ')}]}\n`

/** The rules of rule files and policies without a fault; what only warns is none. */
export const policyRulesOf = (rules: string, ...policies: readonly string[]): readonly Rule[] => {
  const loaded = loadPolicies(
    [{ name: 'test.yaml', text: rules }],
    [{ name: 'policies.yaml', text: policies.join('') }],
    options,
  )
  assert.deepEqual(
    loaded.policies.flatMap(({ found }) => found).filter((each) => each.severity === 'error'),
    [],
  )
  return loaded.rules
}
