/** `bulwark policy`: what is in files of RuntimePolicies, and what is wrong with them. */
import { Command } from 'commander'
import type { LoadedPolicy, PolicyLoad, Rule, Scope } from '@bulwark/policy'
import { diagnosticText } from '@bulwark/policy'
import { exitCodes } from './exit.ts'
import { diagnosticsOf, loadPolicyTexts } from './load-rules.ts'
import { collect, logError, readChosen } from './report.ts'
import type { FormOptions } from './rules.ts'
import { formOption } from './rules.ts'
import { wrap } from './wrap.ts'

interface PolicyOptions extends FormOptions {
  readonly rules: readonly string[]
}

/** Loads policies with the rules that they build on; `undefined` when a path cannot be read. */
const load = (paths: readonly string[], rules: readonly string[]): PolicyLoad | undefined => {
  const texts = readChosen({ rules, policies: paths })
  if ('message' in texts) {
    logError(texts.message, texts.help)
    process.exitCode = exitCodes.usage
    return undefined
  }
  return loadPolicyTexts(texts.rules, texts.policies)
}

const named = ({ name, place }: LoadedPolicy): string =>
  name === '' ? `${place.file}:${place.line}` : name

const check = (paths: readonly string[], { rules, output }: PolicyOptions): void => {
  const loaded = load(paths, rules)
  if (!loaded) return
  const { policies, files } = loaded
  const faulty = policies.filter(({ isDisabled }) => isDisabled)
  process.exitCode = faulty.length > 0 ? exitCodes.fault : exitCodes.done
  if (output === 'json') {
    console.log(
      JSON.stringify({
        policies: policies.map(({ name, place, isDisabled, found }) => ({
          name,
          place,
          ok: !isDisabled,
          found,
        })),
      }),
    )
    return
  }
  for (const policy of policies) {
    console.log(`${named(policy)}: ${policy.isDisabled ? 'Invalid' : 'Ok'}`)
    for (const each of policy.found) console.log(diagnosticText(each))
  }
  const errors = diagnosticsOf(files).filter(({ severity }) => severity === 'error').length
  if (errors > 0) console.log(`rule files have ${errors} errors: see \`bulwark rules check\``)
  console.log(`${policies.length - faulty.length} of ${policies.length} policies hold`)
}

type ImagePattern = NonNullable<Scope['images']>[number]

const imageText = ({ name = '*', digest }: ImagePattern): string =>
  digest === undefined ? name : `${name}@${digest}`

/** What a scope asks for, in a line. */
const scopeText = (scope: Scope | undefined): string => {
  if (!scope) return 'everywhere'
  const { namespaceSelector, podSelector, workloads, serviceAccounts, images, containers } = scope
  const parts = [
    namespaceSelector && `namespaces ${selectorText(namespaceSelector)}`,
    podSelector && `pods ${selectorText(podSelector)}`,
    workloads &&
      `workloads ${workloads.map(({ kind, name }) => `${kind ?? '*'}/${name ?? '*'}`).join(', ')}`,
    serviceAccounts && `service accounts ${serviceAccounts.join(', ')}`,
    images && `images ${images.map(imageText).join(', ')}`,
    containers && `containers ${containers.join(', ')}`,
  ]
  return parts.filter((part) => part !== undefined).join('; ')
}

const selectorText = (selector: NonNullable<Scope['podSelector']>): string =>
  selector
    .map(({ key, operator, values }) => {
      switch (operator) {
        case 'In':
          return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(', ')})`
        case 'NotIn':
          return `${key} not in (${values.join(', ')})`
        case 'Exists':
          return key
        case 'DoesNotExist':
          return `no ${key}`
      }
    })
    .join(', ') || 'of any labels'

/** What a match leads to by now, and what the policy asks for where that is more. */
const stateOf = ({ isDisabled, mode }: LoadedPolicy): string => {
  if (isDisabled) return 'disabled'
  return mode === 'enforce' ? 'enforce (acts as audit)' : mode
}

const ruleText = ({ name, priority, enabled, disabledBy }: Rule): string => {
  const state = disabledBy.length > 0 ? ', disabled' : enabled ? '' : ', off'
  return `${name} (${priority}${state})`
}

const indented = (text: string): string =>
  wrap(text, 96)
    .map((line) => `  ${line}`)
    .join('\n')

const list = (paths: readonly string[], { rules, output }: PolicyOptions): void => {
  const loaded = load(paths, rules)
  if (!loaded) return
  const { policies } = loaded
  for (const policy of policies) {
    for (const each of policy.found.filter(({ severity }) => severity === 'error')) {
      process.stderr.write(`bulwark: ${diagnosticText(each)}\n`)
      process.exitCode = exitCodes.fault
    }
  }
  if (output === 'json') {
    const told = policies.map(({ name, description, place, mode, scope, isDisabled, ...more }) => ({
      name,
      description,
      file: place.file,
      line: place.line,
      mode,
      acts_as: isDisabled ? null : 'audit',
      scope: scope && { ...scope, key: undefined },
      rules: more.rules.map((rule) => ({
        name: rule.name,
        priority: rule.priority,
        tags: rule.tags,
        runs: rule.enabled && rule.disabledBy.length === 0,
      })),
    }))
    console.log(JSON.stringify({ policies: told }))
    return
  }
  for (const policy of policies) {
    console.log(`${named(policy)}: ${stateOf(policy)}`)
    if (policy.description !== '') console.log(indented(policy.description))
    if (policy.isDisabled) continue
    console.log(indented(`where: ${scopeText(policy.scope)}`))
    for (const rule of policy.rules) console.log(`  rule: ${ruleText(rule)}`)
  }
}

const withRules = (command: Command): Command =>
  command.option(
    '--rules <path>',
    "rule files and folders whose macros, lists and rules they use (default: Bulwark's own)",
    collect,
    [],
  )

/** `policy check`. */
export const policyCheckCommand = (): Command =>
  withRules(
    new Command('check')
      .description('say what is wrong with RuntimePolicies; exit code 1 when one does not hold')
      .argument('<path...>', 'files of policies, or folders'),
  )
    .addOption(formOption())
    .addHelpText('after', '\nExample:\n  bulwark policy check policies/ --rules falco_rules.yaml')
    .action(check)

/** `policy list`. */
export const policyListCommand = (): Command =>
  withRules(
    new Command('list')
      .description('the RuntimePolicies of files: where each holds, its rules, and as what it acts')
      .argument('<path...>', 'files of policies, or folders'),
  )
    .addOption(formOption())
    .addHelpText(
      'after',
      '\nExample:\n  bulwark policy list policies/ -o json | jq -r ".policies[].name"',
    )
    .action(list)
