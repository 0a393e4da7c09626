/** `bulwark graph paths` and `graph fixes`: ways to what matters, and what cuts them. */
import { Command } from 'commander'
import type { GraphNode } from '@bulwark/graph'
import { findPaths } from '@bulwark/graph'
import type { GraphCertainty, PathsAnswer } from '@bulwark/schema'
import { exitCodes } from '../exit.ts'
import { log, logError } from '../report.ts'
import { fixesOf, pointOf, wayJson, waysOf } from './answer.ts'
import { dotLines, mermaidLines } from './diagram.ts'
import type { TargetChoice } from './ends.ts'
import { isBadEnd, remarkOn, startOf, targetOf } from './ends.ts'
import { inputJson } from '@bulwark/server'
import { limits } from './limits.ts'
import { bestOption, certaintyOption, outputOption, printLines } from './output.ts'
import type { Source, SourceOptions } from './source.ts'
import { addSource, sourceOf } from './source.ts'
import { fixesLines, pathsLines } from './text.ts'

interface PathsOptions extends SourceOptions {
  readonly from: string
  readonly to?: string
  readonly crownJewels?: string
  readonly best: number
  readonly certainty: GraphCertainty
  readonly check: boolean
  readonly output: 'table' | 'json' | 'mermaid' | 'dot'
}

/** What is asked. */
interface Question {
  readonly start: GraphNode
  readonly target: TargetChoice
}

const questionOf = (
  { input }: Source,
  { from, to, crownJewels }: PathsOptions,
): Question | undefined => {
  const start = startOf(input.cluster, from)
  const remark = isBadEnd(start) ? undefined : remarkOn(input.cluster, start)
  if (remark !== undefined) log(`warning: ${remark}`)
  const wanted = to ?? (crownJewels === undefined ? 'cluster-admin' : 'crown-jewels')
  const target = targetOf(input.cluster, wanted, crownJewels)
  for (const [end, name] of [[start, 'from'] as const, [target, 'to'] as const]) {
    if (isBadEnd(end)) {
      logError(`--${name}: ${end.message}`, end.help)
      process.exitCode = exitCodes.usage
    }
  }
  return isBadEnd(start) || isBadEnd(target) ? undefined : { start, target }
}

const answerOf = (
  { input, from }: Source,
  { start, target }: Question,
  { certainty, best }: PathsOptions,
): PathsAnswer => {
  const pathsMax = best * limits.pathsPerWay
  const found = findPaths(input.cluster, [start], target.is, { certainty, pathsMax })
  const all = waysOf(found.paths)
  const ways = all.slice(0, best)
  return {
    from: pointOf(start),
    to: target.text,
    certainty,
    paths: ways.map(wayJson),
    more: found.hasMore || all.length > best,
    fixes: fixesOf(input.cluster, ways),
    input: inputJson(input, from),
  }
}

const ask =
  (asTable: (answer: PathsAnswer) => readonly string[]) =>
  async (options: PathsOptions): Promise<void> => {
    const source = await sourceOf(options)
    const question = source && questionOf(source, options)
    if (!source || !question) return
    const answer = answerOf(source, question, options)
    if (options.check && answer.paths.length > 0) process.exitCode = exitCodes.fault
    switch (options.output) {
      case 'json':
        console.log(JSON.stringify(answer))
        break
      case 'mermaid':
        printLines(mermaidLines(answer.paths))
        break
      case 'dot':
        printLines(dotLines(answer.paths))
        break
      case 'table':
        printLines(asTable(answer))
    }
  }

const addQuestion = (command: Command): Command =>
  addSource(command)
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
    .addOption(bestOption(limits.bestMax))
    .addOption(certaintyOption())
    .option('--check', 'exit code 1 when there is a way', false)

const usual = '--from internet --to cluster-admin --from-files dumps/'

/** `graph paths`. */
export const pathsCommand = (): Command =>
  addQuestion(
    new Command('paths').description('ways from a start to what matters, and what cuts them'),
  )
    .addOption(outputOption('mermaid', 'dot'))
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
    .action(ask(pathsLines))

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
    .action(ask(fixesLines))
