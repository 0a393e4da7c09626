/** `bulwark graph paths` and `graph fixes`: ways to what matters, and what cuts them. */
import { Command } from 'commander'
import type { GraphCertainty, PathsAnswer } from '@bulwark/schema'
import { askPaths, serverLimits } from '@bulwark/server'
import { exitCodes } from '../exit.ts'
import type { Diagram } from './diagram.ts'
import { drawFixes, drawPaths } from './drawings.ts'
import type { Form } from './output.ts'
import { bestOption, certaintyOption, outputOption, printAnswer } from './output.ts'
import type { AskOptions } from './remote.ts'
import { addAsked, answerOf } from './remote.ts'
import { fixesLines, pathsLines } from './text.ts'

interface PathsOptions extends AskOptions {
  readonly from: string
  readonly to?: string
  readonly crownJewels?: string
  readonly best: number
  readonly certainty: GraphCertainty
  readonly check: boolean
  readonly output: Form
}

const ask =
  (table: (answer: PathsAnswer) => readonly string[], draw: (answer: PathsAnswer) => Diagram) =>
  async (options: PathsOptions): Promise<void> => {
    const { from, to, crownJewels, certainty, best } = options
    const query = { from, to, crown_jewels: crownJewels, certainty, best: String(best) }
    const answer = await answerOf(options, 'paths', query, (of) =>
      askPaths(of, { from, to, crownJewels, certainty, best }),
    )
    if (!answer) return
    if (options.check && answer.paths.length > 0) process.exitCode = exitCodes.fault
    const { output } = options
    printAnswer(output, { json: answer, table: () => table(answer), diagram: () => draw(answer) })
  }

const addQuestion = (command: Command): Command =>
  addAsked(command)
    .requiredOption(
      '--from <start>',
      'internet, pod:NS/NAME, service-account:NS/NAME, user:NAME, group:NAME',
    )
    .option(
      '--to <target>',
      'cluster-admin, node, node:NAME, secrets:NS, crown-jewels (default: cluster-admin)',
    )
    .option(
      '--crown-jewels <selector>',
      'labels of pods, secrets and namespaces that matter (default: bulwark.dev/crown-jewel)',
    )
    .addOption(bestOption(serverLimits.bestMax))
    .addOption(certaintyOption())
    .option('--check', 'exit code 1 when there is a way', false)

const usual = '--from internet --to cluster-admin --from-files dumps/'

/** `graph paths`. */
export const pathsCommand = (): Command =>
  addQuestion(
    new Command('paths').description('ways from a start to what matters, and what cuts them'),
  )
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Each step says why it is there, with the objects and the paths in them, and what would prove that
somebody took it. docs/graph.md has every kind of step.

Examples:
  bulwark graph paths ${usual}
  bulwark graph paths --from pod:shop/web-5d9c --to secrets:payments --from-files dumps/ --best 10
  bulwark graph paths --from user:jane --crown-jewels tier=database --kubeconfig ~/.kube/config
  bulwark graph paths ${usual} -o mermaid`,
    )
    .action(ask(pathsLines, drawPaths))

/** `graph fixes`. */
export const fixesCommand = (): Command =>
  addQuestion(
    new Command('fixes').description(
      'the fewest changes that cut ways from a start to what matters',
    ),
  )
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
It cuts the ways that it lists: those of --best. With --check it is a test for a pipeline.

Examples:
  bulwark graph fixes ${usual} --best 20
  bulwark graph fixes ${usual} --check -o json | jq '.fixes.fixes'`,
    )
    .action(ask(fixesLines, drawFixes))
