/** `bulwark config`: what is wrong with a file of options. */
import { reasonOf } from '@bulwark/schema'
import { Command } from 'commander'
import { exitCodes } from '../exit.ts'
import { print } from '../print.ts'
import { logError } from '../report.ts'
import { readText } from '../text-file.ts'
import { configure, usualConfig } from './flags.ts'
import { faultText } from './read.ts'

const examples = '\nExample:\n  bulwark config check /etc/bulwark/config.yaml'

export const configCommand = (): Command =>
  new Command('config')
    .description('check a file of options')
    .addHelpText('after', examples)
    .addCommand(
      new Command('check')
        .description('say what is wrong with files of options; exit code 1 when something is')
        .argument('[files...]', `files (default: ${usualConfig})`)
        .addHelpText(
          'after',
          `
Fields and formats in append_output are checked, too; files, addresses and programs that
options name are not looked for.
${examples}`,
        )
        .action((files: readonly string[]) => {
          process.exitCode = check(files.length === 0 ? [usualConfig] : files)
        }),
    )

const check = (files: readonly string[]): number => {
  let code: number = exitCodes.done
  for (const file of files) {
    try {
      readText(file)
    } catch (error) {
      const help =
        file === usualConfig
          ? 'there need be none: give the file that is meant'
          : 'give a file of options'
      logError(`cannot read ${file}: ${reasonOf(error, file)}`, help)
      return exitCodes.usage
    }
    const configured = configure(file, new Map())
    const faults = 'faults' in configured ? configured.faults : []
    for (const fault of faults) print(faultText(fault))
    const count = faults.length === 1 ? '1 error' : `${faults.length} errors`
    print(`${file}: ${faults.length === 0 ? 'ok' : count}`)
    if (faults.length > 0) code = exitCodes.fault
  }
  return code
}
