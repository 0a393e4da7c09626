/** `bulwark graph blast-radius`: what control of something leads to. */
import { Command } from 'commander'
import type { GraphCertainty } from '@bulwark/schema'
import { askBlastRadius } from '@bulwark/server'
import type { Diagram } from './diagram.ts'
import { drawBlastRadius } from './drawings.ts'
import type { Form } from './output.ts'
import { certaintyOption, outputOption, printAnswer } from './output.ts'
import type { AskOptions } from './remote.ts'
import { addAsked, answerOf } from './remote.ts'
import { blastLines } from './text.ts'

interface BlastOptions extends AskOptions {
  readonly certainty: GraphCertainty
  readonly output: Form
}

const ask = async (from: string, options: BlastOptions): Promise<void> => {
  const { certainty } = options
  const answer = await answerOf(options, 'blast-radius', { from, certainty }, (of) =>
    askBlastRadius(of, from, certainty),
  )
  if (!answer) return
  const { output } = options
  const diagram = (): Diagram => drawBlastRadius(answer)
  printAnswer(output, { json: answer, table: () => blastLines(answer), diagram })
}

/** `graph blast-radius`. */
export const blastRadiusCommand = (): Command =>
  addAsked(
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
