/** `bulwark policy`: what is in files of RuntimePolicies, and what is wrong with them. */
import { Command } from 'commander'
import { AccessError, ApiFault } from '@bulwark/kubernetes'
import type { LoadedPolicy, PolicyLoad, Rule, Scope } from '@bulwark/policy'
import type { ContextEffect } from '@bulwark/schema'
import { printableText, severityPolicyKind } from '@bulwark/schema'
import { readSeverityPolicies, refText } from '@bulwark/graph'
import { SeverityFileError, isJson, readSeverityFiles } from '@bulwark/server'
import { diagnosticText } from '@bulwark/policy'
import type { ClusterChoice, ClusterView } from './cluster.ts'
import { clusterView } from './cluster.ts'
import { exitCodes } from './exit.ts'
import type { RuleText } from './load-rules.ts'
import { diagnosticsOf, loadPolicyTexts, severityFilesIn } from './load-rules.ts'
import { print } from './print.ts'
import type { ChosenTexts } from './report.ts'
import { again, log, logError, readChosen } from './report.ts'
import type { FormOptions } from './rules.ts'
import { formOption } from './rules.ts'
import { wrap } from './wrap.ts'

interface PolicyOptions extends FormOptions {
  readonly rules: readonly string[]
}

/**
 * Loads policies with the rules that they build on; `undefined` when a path cannot be read.
 *
 * @param cluster  policies of a cluster, behind those of files
 */
export const loadPoliciesIn = (
  paths: readonly string[],
  rules: readonly string[],
  cluster: readonly RuleText[] = [],
): PolicyLoad | undefined => {
  const texts = readTexts(paths, rules)
  return texts && loadPolicyTexts(texts.rules, [...texts.policies, ...cluster])
}

/** `undefined` when a path cannot be read, which was said. */
const readTexts = (paths: readonly string[], rules: readonly string[]): ChosenTexts | undefined => {
  const texts = readChosen({ rules, policies: paths })
  if (!('message' in texts)) return texts
  logError(texts.message, texts.help)
  process.exitCode = exitCodes.usage
  return undefined
}

/** Says what is wrong with policies. Returns whether something is. */
export const saidErrors = ({ policies }: PolicyLoad): boolean => {
  const errors = policies.flatMap(({ found }) =>
    found.filter(({ severity }) => severity === 'error'),
  )
  for (const each of errors) log(diagnosticText(each))
  if (errors.length > 0) process.exitCode = exitCodes.fault
  return errors.length > 0
}

const named = ({ name, place }: LoadedPolicy): string =>
  name === '' ? `${place.file}:${place.line}` : name

/** What is wrong with the SeverityPolicies of some files, one line each. */
const severityFaults = (names: readonly string[]): readonly string[] =>
  names.flatMap((name) => {
    try {
      const { faults } = readSeverityPolicies(
        readSeverityFiles([name]).filter(({ value }) => isSeverityPolicy(value)),
      )
      return faults.map(({ object, path, message }) => `${refText(object)}: ${path} ${message}`)
    } catch (error) {
      if (!(error instanceof SeverityFileError)) throw error
      return [error.message]
    }
  })

const isSeverityPolicy = (value: unknown): boolean =>
  isJson(value) && value['kind'] === severityPolicyKind

const check = (paths: readonly string[], { rules, output }: PolicyOptions): void => {
  const texts = readTexts(paths, rules)
  if (!texts) return
  if (texts.policies.length === 0) {
    const help = 'a folder has them in files *.yaml and *.yml'
    logError(`no files of policies in ${paths.join(', ')}`, help)
    process.exitCode = exitCodes.usage
    return
  }
  const { policies, files } = loadPolicyTexts(texts.rules, texts.policies)
  const ofSeverity = severityFilesIn(texts.policies)
  const severityLines = severityFaults(ofSeverity)
  const faulty = policies.filter(({ isDisabled }) => isDisabled)
  process.exitCode = faulty.length + severityLines.length > 0 ? exitCodes.fault : exitCodes.done
  if (output === 'json') {
    const told = policies.map(({ name, place, isDisabled, found }) => ({
      name,
      place,
      ok: !isDisabled,
      found,
    }))
    print(
      JSON.stringify({ policies: told, severity: { files: ofSeverity, faults: severityLines } }),
    )
    return
  }
  for (const policy of policies) {
    print(`${named(policy)}: ${policy.isDisabled ? 'Invalid' : 'Ok'}`)
    for (const each of policy.found) print(diagnosticText(each))
  }
  const errors = diagnosticsOf(files).filter(({ severity }) => severity === 'error').length
  if (errors > 0) print(`rule files have ${errors} errors: see \`bulwark rules check\``)
  print(`${policies.length - faulty.length} of ${policies.length} policies hold`)
  if (ofSeverity.length === 0) return
  for (const line of severityLines) print(line)
  const state = severityLines.length === 0 ? 'Ok' : 'Invalid'
  print(`SeverityPolicies of ${ofSeverity.join(', ')} (--severity): ${state}`)
}

type ImagePattern = NonNullable<Scope['images']>[number]

const imageText = ({ name = '*', digest }: ImagePattern): string =>
  digest === undefined ? name : `${name}@${digest}`

/** What a scope asks for, in a line. */
export const scopeText = (scope: Scope | undefined): string => {
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
export const stateOf = ({ isDisabled, mode }: LoadedPolicy): string => {
  if (isDisabled) return 'disabled'
  return mode === 'enforce' ? 'enforce (acts as audit)' : mode
}

const ruleText = ({ name, priority, enabled, disabledBy }: Rule): string => {
  const state = disabledBy.length > 0 ? ', disabled' : enabled ? '' : ', off'
  return `${name} (${priority}${state})`
}

/** What a policy's `context` does, in a line. */
export const contextText = ({ effect, weight, when, rule, reason }: ContextEffect): string => {
  const by = weight === undefined ? '' : ` by ${weight}`
  const of = rule === undefined ? '' : ` alerts of ${rule}`
  return `${effect}${by}${of} when ${printableText(when)}: ${reason}`
}

/** The same as JSON. */
export const contextJson = ({
  rule,
  path,
  effect,
  weight,
  when,
  reason,
}: ContextEffect): Readonly<Record<string, string | number | undefined>> => ({
  rule,
  path,
  effect,
  by: weight,
  when: printableText(when),
  reason,
})

const indented = (text: string): string =>
  wrap(text, 96)
    .map((line) => `  ${line}`)
    .join('\n')

/** How many of the containers that are known a policy selects. */
export const selectionText = ({ scope }: LoadedPolicy, view: ClusterView): string => {
  const { selected, unknown } = view.containers.selectedBy(scope)
  const perhaps = unknown === 0 ? '' : `, and perhaps ${unknown} more`
  return `${selected} of ${view.containers.count} containers of ${view.of}${perhaps}`
}

/** Looks at the cluster; `undefined` when that cannot be done, which was said. */
export const lookAt = async (
  choice: ClusterChoice,
): Promise<{ readonly view: ClusterView | undefined } | undefined> => {
  try {
    return { view: await clusterView(choice) }
  } catch (error) {
    if (!(error instanceof AccessError) && !(error instanceof ApiFault)) throw error
    const where = choice.podsFrom ?? choice.kubeconfig ?? ''
    logError(`cannot look at ${where}: ${error.message}`, 'see docs/kubernetes.md')
    process.exitCode = error instanceof AccessError ? exitCodes.usage : exitCodes.fault
    return undefined
  }
}

const list = async (
  paths: readonly string[],
  { rules, output, ...choice }: PolicyOptions & ClusterChoice,
): Promise<void> => {
  if (paths.length === 0 && choice.kubeconfig === undefined) {
    logError('nothing says which policies', 'give files, or --kubeconfig')
    process.exitCode = exitCodes.usage
    return
  }
  const looked = await lookAt(choice)
  if (!looked) return
  const { view } = looked
  const loaded = loadPoliciesIn(paths, rules, view?.policies)
  if (!loaded) return
  const { policies } = loaded
  saidErrors(loaded)
  if (output === 'json') {
    const told = policies.map(({ name, description, place, mode, scope, isDisabled, ...more }) => ({
      name,
      description,
      file: place.file,
      line: place.line,
      mode,
      acts_as: isDisabled ? null : 'audit',
      scope: scope && { ...scope, key: undefined },
      ...(view && !isDisabled
        ? { containers: { ...view.containers.selectedBy(scope), of: view.containers.count } }
        : {}),
      rules: more.rules.map((rule) => ({
        name: rule.name,
        priority: rule.priority,
        tags: rule.tags,
        runs: rule.enabled && rule.disabledBy.length === 0,
      })),
      context: more.context.map(contextJson),
    }))
    print(JSON.stringify({ policies: told }))
    return
  }
  for (const policy of policies) {
    print(`${named(policy)}: ${stateOf(policy)}`)
    if (policy.description !== '') print(indented(policy.description))
    if (policy.isDisabled) continue
    print(indented(`where: ${scopeText(policy.scope)}`))
    if (view) print(indented(`selects: ${selectionText(policy, view)}`))
    for (const rule of policy.rules) print(`  rule: ${ruleText(rule)}`)
    for (const each of policy.context) print(indented(`context: ${contextText(each)}`))
  }
}

const withRules = (command: Command): Command =>
  command.addOption(
    again(
      '--rules <path>',
      'rule files and folders whose macros, lists and rules they use',
      "Bulwark's own",
    ),
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
      .description('RuntimePolicies: where each holds, its rules, and as what it acts')
      .argument('[path...]', 'files of policies, or folders'),
  )
    .option(
      '--kubeconfig <file>',
      'also those of this cluster, and how many containers each selects',
    )
    .option('--pods-from <folder>', 'count containers in what kubectl wrote, in place of a cluster')
    .option('--node <name>', 'count the containers of this node alone')
    .addOption(formOption())
    .addHelpText(
      'after',
      `
Examples:
  bulwark policy list policies/ -o json | jq -r ".policies[].name"
  bulwark policy list --kubeconfig ~/.kube/config --node node-a`,
    )
    .action(list)
