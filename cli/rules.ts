/** `bulwark rules`: what is in rule files, and what is wrong with them. */
import { Command, Option } from 'commander'
import type { LoadResult } from '@bulwark/policy'
import { diagnosticText } from '@bulwark/policy'
import { exitCodes } from './exit.ts'
import { diagnosticsOf, loadRules } from './load-rules.ts'

interface FormOptions {
  readonly output: 'json' | 'text'
}

const form = (): Option =>
  new Option('-o, --output <form>', 'form of the answer').choices(['json', 'text']).default('text')

const load = (paths: readonly string[]): LoadResult | undefined => {
  const loaded = loadRules(paths)
  if (!('message' in loaded)) return loaded
  process.stderr.write(`bulwark: error: ${loaded.message}\n  help: ${loaded.help}\n`)
  process.exitCode = exitCodes.usage
  return undefined
}

const check = (paths: readonly string[], { output }: FormOptions): void => {
  const loaded = load(paths)
  if (!loaded) return
  const failed = loaded.files.filter((file) => !file.successful)
  process.exitCode = failed.length > 0 ? exitCodes.fault : exitCodes.done
  if (output === 'json') {
    const results = loaded.files.map(({ name, successful, errors, warnings }) => ({
      name,
      successful,
      errors,
      warnings,
    }))
    console.log(JSON.stringify({ falco_load_results: results, disabled_rules: loaded.disabled }))
    return
  }
  for (const diagnostic of diagnosticsOf(loaded)) console.log(diagnosticText(diagnostic))
  for (const file of loaded.files) {
    const count = (severity: string): number =>
      file.found.filter((each) => each.severity === severity).length
    const counts = `${count('error')} errors, ${count('warning')} warnings`
    console.log(`${file.name}: ${file.successful ? 'ok' : 'not ok'}, ${counts}`)
  }
  const running = loaded.rules.filter((rule) => rule.disabledBy.length === 0)
  console.log(`${running.length} of ${loaded.rules.length} rules can run on this machine`)
}

const list = (paths: readonly string[], { output }: FormOptions): void => {
  const loaded = load(paths)
  if (!loaded) return
  // Rules of a file with errors are not listed: never without a word.
  for (const { found } of loaded.files) {
    for (const each of found.filter(({ severity }) => severity === 'error')) {
      process.stderr.write(`bulwark: ${diagnosticText(each)}\n`)
      process.exitCode = exitCodes.fault
    }
  }
  if (output === 'json') {
    const rules = loaded.rules.map((rule) => ({
      name: rule.name,
      description: rule.description,
      priority: rule.priority,
      source: rule.source,
      tags: rule.tags,
      enabled: rule.enabled,
      runs: rule.enabled && rule.disabledBy.length === 0,
      condition: rule.conditionText,
      events: rule.falcoEventTypes === 'all' ? 'all' : [...rule.falcoEventTypes],
    }))
    console.log(JSON.stringify({ rules }))
    return
  }
  for (const rule of loaded.rules) {
    const state = rule.disabledBy.length > 0 ? 'disabled' : rule.enabled ? 'runs' : 'off'
    console.log(`${rule.priority.padEnd(13)} ${state.padEnd(8)} ${rule.name}`)
  }
}

export const rulesCommand = (): Command => {
  const command = new Command('rules').description('check and list rule files')
  command
    .command('check')
    .description('say what is wrong with rule files; exit code 1 when something is')
    .argument('<path...>', 'rule files or folders, loaded in order')
    .addOption(form())
    .addHelpText(
      'after',
      '\nExample:\n  bulwark rules check falco_rules.yaml falco_rules.local.yaml',
    )
    .action(check)
  command
    .command('list')
    .description("the rules of files, with whether they run; Bulwark's own when no file is given")
    .argument('[path...]', 'rule files or folders, loaded in order')
    .addOption(form())
    .addHelpText('after', '\nExample:\n  bulwark rules list -o json | jq ".rules[].name"')
    .action(list)
  return command
}
