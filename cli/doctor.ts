/** `bulwark doctor`: what this kernel and machine can do, and what rules lose without it. */
import { Command } from 'commander'
import { backendFindings, chooseBackend, kernelName, machineOf, probeMachine } from '@bulwark/agent'
import { diagnosticText } from '@bulwark/policy'
import { exitCodes } from './exit.ts'
import { loadRules } from './load-rules.ts'

const collect = (path: string, before: readonly string[]): readonly string[] => [...before, path]

const doctor = ({ rules }: { readonly rules: readonly string[] }): void => {
  console.log(`kernel: ${kernelName()}; Node.js ${process.versions.node}`)
  const machine = machineOf(process.arch)
  const backends = machine ? backendFindings(machine) : []
  const findings = [...probeMachine(), ...backends]
  for (const { name, probe, needed, without, remedy } of findings) {
    const state = typeof probe === 'string' ? probe : `cannot tell (${probe.unknown})`
    console.log(`${name}: ${state}`)
    if (probe === 'yes') continue
    console.log(`  without it: ${without}${needed ? ' (needed)' : ''}`)
    console.log(`  to get it: ${remedy}`)
  }
  console.log(`backend: ${chooseBackend('auto', backends).backend}`)
  const loaded = loadRules(rules)
  if ('message' in loaded) {
    console.log(`rules: ${loaded.message}`)
    process.exitCode = exitCodes.usage
    return
  }
  const disabled = loaded.rules.filter((rule) => rule.disabledBy.length > 0)
  console.log(`rules: ${loaded.rules.length - disabled.length} of ${loaded.rules.length} can run`)
  for (const rule of disabled) {
    for (const reason of rule.disabledBy) console.log(`  ${rule.name}: ${diagnosticText(reason)}`)
  }
  const cannot = findings.some(({ needed, probe }) => needed && probe === 'no')
  process.exitCode = cannot ? exitCodes.cannot : exitCodes.done
}

export const doctorCommand = (): Command =>
  new Command('doctor')
    .description('say what this kernel and machine can do, and what each rule loses without it')
    .option('--rules <path>', 'rule file or folder; may be given again', collect, [])
    .addHelpText('after', '\nExample:\n  bulwark doctor --rules falco_rules.yaml')
    .action(doctor)
