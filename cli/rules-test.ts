/** `bulwark rules test`: events or captures, and the alerts that must come of them. */
import { closeSync, openSync, readSync, readdirSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { Command } from 'commander'
import { activeRules, printable, replay } from '@bulwark/agent'
import type { Difference, LoadResult, RaisedAlert, Trial, TrialFile } from '@bulwark/policy'
import { diagnosticText, judge, readTrials, runTrial } from '@bulwark/policy'
import { reasonOf } from '@bulwark/schema'
import { exitCodes } from './exit.ts'
import { catalog, loadRules } from './load-rules.ts'
import { print } from './print.ts'
import { again, log, logError } from './report.ts'
import type { FormOptions } from './rules.ts'
import { formOption } from './rules.ts'
import { readText } from './text-file.ts'

interface TestOptions extends FormOptions {
  readonly rules: readonly string[]
}

/** What came of one trial. */
interface Tried {
  readonly name: string
  readonly line: number
  readonly passed: boolean
  readonly differences: readonly Difference[]
}

/** What came of one file. */
interface TriedFile {
  readonly name: string
  /** What keeps its trials from being tried. */
  readonly faults: readonly string[]
  readonly trials: readonly Tried[]
}

const isTrialFile = (name: string): boolean => /\.test\.ya?ml$/.test(name)

/** The files of trials at a path: itself, or those in a folder and below. */
const filesAt = (path: string): readonly string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, encoding: 'utf8' })
        .filter(isTrialFile)
        .toSorted()
        .map((name) => join(path, name))
    : [path]

const readBytes = 1024 * 1024

/** The alerts of a capture. */
const replayed = async (
  path: string,
  loaded: LoadResult,
  matching: 'first' | 'all',
): Promise<readonly RaisedAlert[]> => {
  const fd = openSync(path, 'r')
  const buffer = Buffer.alloc(readBytes)
  const raised: RaisedAlert[] = []
  try {
    await replay({
      source: (bytesMax) =>
        buffer.subarray(0, readSync(fd, buffer, 0, Math.min(bytesMax, readBytes), null)),
      rules: loaded.rules,
      matching,
      onAlert: ({ rule, priority, message }) =>
        raised.push({ rule, priority, output: message, event: undefined }),
      log: (line) => log(`${path}: ${line}`),
    })
  } finally {
    closeSync(fd)
  }
  return raised
}

class Tester {
  readonly #rules: readonly string[]
  readonly #loaded = new Map<string, ReturnType<typeof loadRules>>()

  /** @param rules  in place of those that the files name, if any */
  constructor(rules: readonly string[]) {
    this.#rules = rules
  }

  #load(paths: readonly string[]): ReturnType<typeof loadRules> {
    const key = JSON.stringify(paths)
    const loaded = this.#loaded.get(key) ?? loadRules(paths)
    this.#loaded.set(key, loaded)
    return loaded
  }

  async file(name: string): Promise<TriedFile> {
    const file = readTrials(name, readText(name), catalog)
    const faults = file.faults.map(({ message, help, place }) => {
      const more = help === undefined ? '' : `\n  help: ${help}`
      return `${name}:${place.line}:${place.column}: error: ${message}${more}`
    })
    if (faults.length === 0 && file.trials.length === 0) {
      faults.push(
        `${name}:1:1: error: there are no trials\n  help: write some: docs/testing-rules.md`,
      )
    }
    const beside = (path: string): string => (isAbsolute(path) ? path : join(dirname(name), path))
    const loaded = this.#load(this.#rules.length > 0 ? this.#rules : file.rules.map(beside))
    if ('message' in loaded) return { name, faults: [...faults, loaded.message], trials: [] }
    const errors = loaded.files.flatMap(({ found }) =>
      found.filter(({ severity }) => severity === 'error'),
    )
    faults.push(...errors.map(diagnosticText))
    if (faults.length > 0) return { name, faults, trials: [] }
    const trials: Tried[] = []
    for (const trial of file.trials) trials.push(await this.#try(trial, file, loaded, beside))
    return { name, faults, trials }
  }

  async #try(
    trial: Trial,
    { matching }: TrialFile,
    loaded: LoadResult,
    beside: (path: string) => string,
  ): Promise<Tried> {
    const { name, place, capture } = trial
    const run = async (which: 'first' | 'all'): Promise<readonly RaisedAlert[]> =>
      capture === undefined
        ? runTrial(trial, activeRules(loaded.rules), which, printable)
        : await replayed(beside(capture), loaded, which)
    let differences: readonly Difference[]
    try {
      const came = await run(matching)
      differences = judge(trial, came, loaded.rules)
      // What hides an alert is told of events; to replay once more for it would take long.
      if (differences.length > 0 && capture === undefined) {
        differences = judge(trial, came, loaded.rules, await run('all'))
      }
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      differences = [{ sign: '-', text, help: undefined }]
    }
    return { name, line: place.line, passed: differences.length === 0, differences }
  }
}

const printFile = ({ name, faults, trials }: TriedFile): void => {
  print(name)
  for (const fault of faults) print(`  ${fault}`)
  for (const { name: trial, line, passed, differences } of trials) {
    print(passed ? `  ok    ${trial}` : `  FAIL  ${trial} (line ${line})`)
    for (const { sign, text, help } of differences) {
      print(`        ${sign} ${text}`)
      if (help !== undefined) print(`          ${help}`)
    }
  }
}

const test = async (paths: readonly string[], { rules, output }: TestOptions): Promise<number> => {
  const files: TriedFile[] = []
  const tester = new Tester(rules)
  for (const path of paths) {
    try {
      for (const name of filesAt(path)) files.push(await tester.file(name))
    } catch (error) {
      const message = `cannot read ${path}: ${reasonOf(error, path)}`
      logError(message, 'give a file of trials or a folder of them')
      return exitCodes.usage
    }
  }
  if (files.length === 0) {
    logError(`no trials in ${paths.join(', ')}`, 'a folder has them in files *.test.yaml')
    return exitCodes.usage
  }
  const trials = files.flatMap((file) => file.trials)
  const passed = trials.filter((each) => each.passed).length
  const faulty = files.filter(({ faults }) => faults.length > 0).length
  const failed = trials.length - passed + faulty
  if (output === 'json') print(JSON.stringify({ passed, failed, files }))
  else {
    files.forEach(printFile)
    print(`${passed} passed, ${failed} failed`)
  }
  return failed > 0 ? exitCodes.fault : exitCodes.done
}

/** `rules test`. */
export const testCommand = (): Command =>
  new Command('test')
    .description('try rules on events written down, or on captures; exit code 1 when one fails')
    .argument('<path...>', 'files of trials, or folders with files *.test.yaml')
    .addOption(again('--rules <path>', 'rule file or folder in place of those that the files name'))
    .addOption(formOption())
    .addHelpText(
      'after',
      `
A file of trials:
  rules: [falco_rules.yaml, mine.yaml]
  trials:
    - name: a shell of a web server
      events:
        - { evt.type: execve, proc.name: sh, proc.pname: nginx, container.id: 0a1b2c3d4e5f }
      alerts:
        - { rule: Shell by a server, priority: Warning, output: by nginx }

Example:
  bulwark rules test rules/trials -o json`,
    )
    .action(async (paths: readonly string[], options: TestOptions) => {
      process.exitCode = await test(paths, options)
    })
