/** `bulwark version`: what a report of a fault should name. */
import { Command } from 'commander'
import { kernelName } from '@bulwark/agent'
import { engineVersion } from '@bulwark/policy'
import { print } from './print.ts'
import type { FormOptions } from './rules.ts'
import { formOption } from './rules.ts'

/** Of Bulwark. */
export const version = '0.1.0'

export const versionCommand = (): Command =>
  new Command('version')
    .description("say which version this is, and as which of Falco's engine it reads rules")
    .addOption(formOption())
    .addHelpText(
      'after',
      '\nExamples:\n  bulwark version\n  bulwark version -o json | jq -r .falco_engine',
    )
    .action(({ output }: FormOptions) => {
      const { node } = process.versions
      const [kernel, falcoEngine] = [kernelName(), engineVersion]
      if (output === 'json') {
        print(JSON.stringify({ bulwark: version, falco_engine: falcoEngine, node, kernel }))
        return
      }
      print(`bulwark ${version}`)
      print(`rules are read as by Falco's engine ${falcoEngine}`)
      print(`Node.js ${node}; kernel: ${kernel}`)
    })
