/** `bulwark graph who-can`: everybody whom RBAC lets do something, and by what. */
import { Command } from 'commander'
import { askWhoCan, faultsOfRequest } from '@bulwark/server'
import { exitCodes } from '../exit.ts'
import { logError } from '../report.ts'
import type { Diagram } from './diagram.ts'
import { drawWhoCan } from './drawings.ts'
import type { Form } from './output.ts'
import { outputOption, printAnswer } from './output.ts'
import type { AskOptions } from './remote.ts'
import { addAsked, answerOf } from './remote.ts'
import { whoCanLines } from './text.ts'

interface WhoCanOptions extends AskOptions {
  readonly namespace?: string
  readonly output: Form
}

const ask = async (
  verb: string,
  resource: string,
  name: string | undefined,
  options: WhoCanOptions,
): Promise<void> => {
  const asked = { verb, resource, name, namespace: options.namespace }
  // Said before a cluster is read, which may take a while.
  const [fault] = faultsOfRequest(asked)
  if (fault) {
    logError(fault.message, fault.help)
    process.exitCode = exitCodes.usage
    return
  }
  const answer = await answerOf(options, 'who-can', asked, (of) => askWhoCan(of, asked))
  if (!answer) return
  const diagram = (): Diagram => drawWhoCan(answer)
  printAnswer(options.output, { json: answer, table: () => whoCanLines(answer), diagram })
}

/** `graph who-can`. */
export const whoCanCommand = (): Command =>
  addAsked(
    new Command('who-can')
      .description('every user, group and service account that RBAC lets do something')
      .argument('<verb>', 'get, list, create, impersonate, …')
      .argument('<resource>', 'pods, pods/exec, deployments.apps; or a path: /metrics')
      .argument('[name]', 'of one object'),
  )
    .option('-n, --namespace <name>', 'in one namespace (default: in all)')
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Groups stand for their members, whom no object tells. Other authorizers than RBAC are not known.

Examples:
  bulwark graph who-can create pods/exec -n shop --from-files dumps/
  bulwark graph who-can get secrets db-password -n shop --from-files dumps/
  bulwark graph who-can impersonate users --kubeconfig ~/.kube/config -o json`,
    )
    .action(ask)
