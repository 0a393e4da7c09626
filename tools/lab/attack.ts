/**
 * `node tools/lab/attack.ts [--list] [--twin] [--from FILE] [NAME...]`: performs scenarios in
 * throwaway containers and says what happens, so that a person can watch a sensor see it.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { LabError } from './command.ts'
import { type Lab, openLab } from './lab.ts'
import { type Scenario, perform } from './scenario.ts'
import { readScenarios } from './scenarios.ts'
import { namesOf } from './spec.ts'

const usage = `usage: node tools/lab/attack.ts [--list] [--twin] [--from FILE] [NAME...]

Performs attacks in throwaway containers: those named, or all.
  --list       only says which there are
  --twin       performs each one's benign twin instead: a rule must stay silent
  --from FILE  takes the scenarios from FILE instead of rules/scenarios/`

const exit = { done: 0, failed: 1, usage: 2, machine: 3 } as const

async function main(): Promise<number> {
  const options = readOptions()
  if (options === undefined) return exit.usage
  const read = options.files.map((file) => ({ file, ...readScenarios(readFileSync(file, 'utf8')) }))
  const faults = read.flatMap((each) => each.faults.map((fault) => `${each.file}: ${fault}`))
  for (const fault of faults) console.error(fault)
  if (faults.length > 0) return exit.failed
  const scenarios = read.flatMap((each) => each.scenarios)
  const chosen = options.names.length === 0 ? scenarios : choose(scenarios, options.names)
  if (chosen === undefined) return exit.usage
  if (options.list) {
    for (const { name, rule } of chosen) console.log(`${name.padEnd(34)} ${rule}`)
    return exit.done
  }
  return await performAll(chosen, options.twin)
}

async function performAll(scenarios: readonly Scenario[], twin: boolean): Promise<number> {
  let lab: Lab
  try {
    lab = await openLab()
  } catch (error) {
    console.error(String(error))
    return exit.machine
  }
  let failed = 0
  for (const scenario of scenarios) {
    try {
      await performOne(lab, scenario, twin)
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      console.log(`    failed: ${error.message}`)
      failed++
    }
  }
  await lab.close()
  return failed === 0 ? exit.done : exit.failed
}

async function performOne(lab: Lab, scenario: Scenario, twin: boolean): Promise<void> {
  const act = twin ? scenario.twin : scenario.attack
  const { image, name, namespace, pod } = namesOf(act.container)
  console.log(`${scenario.name}${twin ? ' (benign twin)' : ''}: ${act.does}`)
  const container = await lab.createContainer(act.container)
  console.log(
    `    container ${container.id.slice(0, 12)}, ${name} of pod ${namespace}/${pod}, ${image}`,
  )
  await perform(act, container, (text) => console.log(`    ${text}`))
  const verdict = twin ? `\`${scenario.rule}\` must stay silent` : `see \`${scenario.rule}\``
  console.log(`    done; ${verdict}`)
  await container.destroy()
}

/** The scenarios of Bulwark's own rules, in the order of the rules. */
const packScenarios = (): string[] =>
  globSync(join(import.meta.dirname, '../../rules/scenarios/*.yaml')).toSorted()

type Options = { list: boolean; twin: boolean; files: readonly string[]; names: string[] }

function readOptions(): Options | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        list: { type: 'boolean', default: false },
        twin: { type: 'boolean', default: false },
        from: { type: 'string' },
      },
    })
    return {
      list: values.list,
      twin: values.twin,
      files: values.from === undefined ? packScenarios() : [values.from],
      names: positionals,
    }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
    return undefined
  }
}

function choose(all: readonly Scenario[], names: readonly string[]): Scenario[] | undefined {
  const unknown = names.filter((name) => !all.some((scenario) => scenario.name === name))
  for (const name of unknown) console.error(`no scenario ${name}; --list says which there are`)
  return unknown.length > 0 ? undefined : all.filter(({ name }) => names.includes(name))
}

process.exitCode = await main()
