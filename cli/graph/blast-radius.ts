/** `bulwark graph blast-radius`: what control of something leads to. */
import { Command } from 'commander'
import { blastRadius } from '@bulwark/graph'
import type { BlastRadiusAnswer, GraphCertainty } from '@bulwark/schema'
import { exitCodes } from '../exit.ts'
import { logError } from '../report.ts'
import { pointOf } from './answer.ts'
import { isBadEnd, startOf } from './ends.ts'
import { inputJson } from '@bulwark/server'
import { certaintyOption, outputOption, printLines } from './output.ts'
import type { SourceOptions } from './source.ts'
import { addSource, sourceOf } from './source.ts'
import { blastLines } from './text.ts'

interface BlastOptions extends SourceOptions {
  readonly certainty: GraphCertainty
  readonly output: 'table' | 'json'
}

const ask = async (what: string, options: BlastOptions): Promise<void> => {
  const source = await sourceOf(options)
  if (!source) return
  const { input, from } = source
  const start = startOf(input.cluster, what)
  if (isBadEnd(start)) {
    logError(start.message, start.help)
    process.exitCode = exitCodes.usage
    return
  }
  const { certainty } = options
  const { reached, counts, isCut } = blastRadius(input.cluster, start, certainty)
  const answer: BlastRadiusAnswer = {
    from: pointOf(start),
    certainty,
    counts: Object.fromEntries(counts),
    reached: reached.map(({ node, cost }) => {
      const { id, kind, text } = pointOf(node)
      return { id, kind, text, cost }
    }),
    more: isCut,
    input: inputJson(input, from),
  }
  if (options.output === 'json') console.log(JSON.stringify(answer))
  else printLines(blastLines(answer))
}

/** `graph blast-radius`. */
export const blastRadiusCommand = (): Command =>
  addSource(
    new Command('blast-radius')
      .description('everything that somebody gets to from a pod, an identity or a binding')
      .argument(
        '<start>',
        'pod:NS/NAME, service-account:NS/NAME, user:NAME, group:NAME, rolebinding:NS/NAME, ' +
          'clusterrolebinding:NAME, internet',
      ),
  )
    .addOption(certaintyOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Examples:
  bulwark graph blast-radius pod:shop/web-5d9c --from-files dumps/
  bulwark graph blast-radius clusterrolebinding:ci --from-files dumps/ -o json | jq .counts`,
    )
    .action(ask)
