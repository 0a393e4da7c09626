/** `bulwark rules`: what is in rule files, and what is wrong with them. */
import { Command, Option } from 'commander'
import type { DescribedRule, LoadResult, Rule } from '@bulwark/policy'
import { LoadAnswers, diagnosticText } from '@bulwark/policy'
import { closest } from '@bulwark/schema'
import { exitCodes } from './exit.ts'
import type { RuleText } from './load-rules.ts'
import { describeRuleTexts, diagnosticsOf, loadRuleTexts, readRuleFiles } from './load-rules.ts'
import { print } from './print.ts'
import { log, logError } from './report.ts'
import { twoColumns } from './wrap.ts'

/** The form of an answer. */
export interface FormOptions {
  readonly output: 'json' | 'text'
}

/** `-o` of commands that answer. */
export const formOption = (): Option =>
  new Option('-o, --output <form>', 'form of the answer').choices(['json', 'text']).default('text')

/** The texts of rule files; `undefined` when a path cannot be read, which was said. */
export const readTexts = (paths: readonly string[]): readonly RuleText[] | undefined => {
  const texts = readRuleFiles(paths)
  if (!('message' in texts)) return texts
  logError(texts.message, texts.help)
  process.exitCode = exitCodes.usage
  return undefined
}

const check = (paths: readonly string[], { output }: FormOptions): void => {
  const texts = readTexts(paths)
  if (!texts) return
  if (texts.length === 0) {
    logError(`no rule files in ${paths.join(', ')}`, 'a folder has them in files *.yaml and *.yml')
    process.exitCode = exitCodes.usage
    return
  }
  const loaded = loadRuleTexts(texts)
  const failed = loaded.files.filter((file) => !file.successful)
  process.exitCode = failed.length > 0 ? exitCodes.fault : exitCodes.done
  const answers = new LoadAnswers(texts)
  if (output === 'json') {
    const results = loaded.files.map((file) => answers.file(file))
    print(JSON.stringify({ falco_load_results: results, disabled_rules: loaded.disabled }))
    return
  }
  checkText(loaded, answers)
}

const checkText = (loaded: LoadResult, answers: LoadAnswers): void => {
  const told = new Set(loaded.files.flatMap(({ found }) => found))
  for (const { name, successful, found } of loaded.files) {
    const isError = ({ severity }: { readonly severity: string }): boolean => severity === 'error'
    const errors = found.filter(isError)
    const warnings = found.filter((each) => !isError(each))
    const word = warnings.length > 0 ? 'Ok, with warnings' : 'Ok'
    print(`${name}: ${successful ? word : 'Invalid'}`)
    for (const [what, some] of [['Errors', errors] as const, ['Warnings', warnings] as const]) {
      if (some.length > 0) print(`${some.length} ${what}:`)
      for (const each of some) {
        print(diagnosticText(each))
        print(`------\n${answers.message(each).context.snippet.trimEnd()}\n------`)
      }
    }
  }
  for (const each of diagnosticsOf(loaded)) if (!told.has(each)) print(diagnosticText(each))
  const running = loaded.rules.filter((rule) => rule.disabledBy.length === 0)
  print(`${running.length} of ${loaded.rules.length} rules can run on this machine`)
}

/** What Falco has no key for: whether a rule runs here, and why not. */
const stateOf = ({ enabled, disabledBy }: Rule): 'runs' | 'off' | 'disabled' => {
  if (disabledBy.length > 0) return 'disabled'
  return enabled ? 'runs' : 'off'
}

const withState = (described: DescribedRule, rule: Rule | undefined): unknown => ({
  ...described,
  bulwark: {
    state: rule ? stateOf(rule) : 'disabled',
    reasons: rule?.disabledBy.map(({ message }) => message) ?? [],
  },
})

/** Says that there is no rule of a name. */
export const unknownRule = (name: string, names: readonly string[]): void => {
  const near = closest(name, names)
  const help =
    near === undefined
      ? 'see `bulwark rules list`, and name the files of other rules'
      : `did you mean "${near}"?`
  logError(`there is no rule "${name}"`, help)
  process.exitCode = exitCodes.usage
}

const list = (
  paths: readonly string[],
  { output, rule: only }: FormOptions & { readonly rule?: string },
): void => {
  const texts = readTexts(paths)
  if (!texts) return
  const { loaded, described } = describeRuleTexts(texts)
  // Rules of a file with errors are not listed: never without a word.
  for (const { found } of loaded.files) {
    for (const each of found.filter(({ severity }) => severity === 'error')) {
      log(diagnosticText(each))
      process.exitCode = exitCodes.fault
    }
  }
  const names = described.rules.map(({ info }) => info.name)
  if (only !== undefined && !names.includes(only)) {
    unknownRule(only, names)
    return
  }
  const byName = new Map(loaded.rules.map((rule) => [rule.name, rule]))
  const rules = described.rules.filter(({ info }) => only === undefined || info.name === only)
  if (output === 'json') {
    const told = rules.map((rule) => withState(rule, byName.get(rule.info.name)))
    print(JSON.stringify(only === undefined ? { ...described, rules: told } : { rules: told }))
    return
  }
  print(twoColumns('Rule', 'Description'))
  print(twoColumns('----', '-----------'))
  for (const { info } of rules) {
    const rule = byName.get(info.name)
    const state = `${info.priority}, ${rule ? stateOf(rule) : 'disabled'}`
    print(`${twoColumns(info.name, `${info.description.trim()} (${state})`)}\n`)
  }
}

/** `rules check`. */
export const checkCommand = (): Command =>
  new Command('check')
    .description(
      'say what is wrong with rule files, as `falco -V` does; exit code 1 when something is',
    )
    .argument('<path...>', 'rule files or folders, loaded in order')
    .addOption(formOption())
    .addHelpText(
      'after',
      '\nExample:\n  bulwark rules check falco_rules.yaml falco_rules.local.yaml',
    )
    .action(check)

/** `rules list`. */
export const listCommand = (): Command =>
  new Command('list')
    .description(
      "the rules of files as `falco -L` tells them, and whether they run; Bulwark's own when no " +
        'file is given',
    )
    .argument('[path...]', 'rule files or folders, loaded in order')
    .option('--rule <name>', 'this one alone')
    .addOption(formOption())
    .addHelpText(
      'after',
      `
Examples:
  bulwark rules list -o json | jq -r ".rules[].info.name"
  bulwark rules list falco_rules.yaml --rule "Terminal shell in container" -o json`,
    )
    .action(list)
