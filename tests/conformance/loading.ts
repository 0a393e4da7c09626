/** Runs the cases of loading: each file's answer, and the rules that stand in the end. */
import { isDeepStrictEqual } from 'node:util'
import { syscallNames } from '@bulwark/schema'
import { loadRuleFiles } from '@bulwark/policy'
import type { Diagnostic, Rule } from '@bulwark/policy'
import type { CaseMessage, CaseRule, LoadCase, Outcome } from './cases.ts'
import { catalog } from './catalog.ts'

/** A message in the form of the case files; that of the YAML library is its own. */
const messageOf = ({ code, message, context }: Diagnostic): CaseMessage => ({
  code,
  message: code === 'LOAD_ERR_YAML_PARSE' ? '' : message,
  locations: context.map(({ itemType, itemName }) => ({
    item_type: itemType,
    item_name: itemName,
  })),
})

const wantedMessage = ({ code, message, locations }: CaseMessage): CaseMessage => ({
  code,
  message: code === 'LOAD_ERR_YAML_PARSE' ? '' : message,
  locations,
})

const ruleOf = (rule: Rule): CaseRule => ({
  name: rule.name,
  condition_compiled: rule.conditionText,
  output: rule.outputText,
  priority: rule.priority,
  enabled: rule.enabled,
  tags: rule.tags,
  source: rule.source,
  description: rule.description,
  capture: rule.capture,
  capture_duration: rule.captureDurationMs,
})

const wantedRule = (rule: CaseRule): CaseRule => {
  const { name, condition_compiled, output, priority, enabled, source, description } = rule
  const { capture, capture_duration } = rule
  const tags = [...rule.tags].sort()
  return {
    name,
    condition_compiled,
    output,
    priority,
    enabled,
    tags,
    source,
    description,
    capture,
    capture_duration,
  }
}

/** What is wrong; `undefined` when nothing is. */
export const runLoad = (wanted: LoadCase): Outcome => {
  const files = wanted.files.map(({ name, content }) => ({ name, text: content }))
  const loaded = loadRuleFiles(files, {
    catalog,
    eventNames: syscallNames,
    sources: new Set(['syscall', 'k8s_audit']),
    suggestedOutput: [],
  })
  const wantedAnswers = wanted.results.map(({ ok, errors = [], warnings = [] }) => ({
    ok,
    errors: errors.map(wantedMessage),
    warnings: warnings.map(wantedMessage),
  }))
  // An engine that ended in an exception has said nothing: there it is the refusal that counts.
  const isMute = (i: number): boolean =>
    wantedAnswers[i]?.ok === false && wantedAnswers[i].errors.length === 0
  const answers = loaded.files.map(({ successful, errors, warnings }, i) => ({
    ok: successful,
    errors: isMute(i) ? [] : errors.map(messageOf),
    warnings: isMute(i) ? (wantedAnswers[i]?.warnings ?? []) : warnings.map(messageOf),
  }))
  if (!isDeepStrictEqual(answers, wantedAnswers)) {
    return `answers ${JSON.stringify(answers)}\n  wanted  ${JSON.stringify(wantedAnswers)}`
  }
  if (!wanted.rules) return undefined
  const rules = loaded.rules.map(ruleOf)
  const wantedRules = wanted.rules.map(wantedRule)
  return isDeepStrictEqual(rules, wantedRules)
    ? undefined
    : `gives ${JSON.stringify(rules)}\n  wanted ${JSON.stringify(wantedRules)}`
}
