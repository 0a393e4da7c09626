/** `bulwark graph who-can`: everybody whom RBAC lets do something, and by what. */
import { Command } from 'commander'
import type { Request } from '@bulwark/graph'
import { whoCan } from '@bulwark/graph'
import type { WhoCanAnswer } from '@bulwark/schema'
import { exitCodes } from '../exit.ts'
import { logError } from '../report.ts'
import { factOf } from './answer.ts'
import { inputJson } from '@bulwark/server'
import { outputOption, printLines } from './output.ts'
import { requestOf } from './request.ts'
import type { SourceOptions } from './source.ts'
import { addSource, sourceOf } from './source.ts'
import { whoCanLines } from './text.ts'

interface WhoCanOptions extends SourceOptions {
  readonly namespace?: string
  readonly output: 'table' | 'json'
}

const resourceText = (request: Request): string => {
  if ('path' in request) return request.path
  const { resource, subresource, group } = request
  const whole = subresource === '' ? resource : `${resource}/${subresource}`
  return group === '' ? whole : `${whole} of ${group}`
}

const ask = async (
  verb: string,
  resource: string,
  name: string | undefined,
  options: WhoCanOptions,
): Promise<void> => {
  const request = requestOf({ verb, resource, name, namespace: options.namespace })
  if ('message' in request) {
    logError(request.message, request.help)
    process.exitCode = exitCodes.usage
    return
  }
  const source = await sourceOf(options)
  if (!source) return
  const { input, from } = source
  const answer: WhoCanAnswer = {
    verb,
    resource: resourceText(request),
    name: name ?? '',
    namespace: options.namespace ?? '',
    subjects: whoCan(input.cluster, request).map(({ facts, ...subject }) => ({
      kind: subject.kind,
      namespace: subject.namespace,
      name: subject.name,
      reasons: facts.map(factOf),
    })),
    input: inputJson(input, from),
  }
  if (options.output === 'json') console.log(JSON.stringify(answer))
  else printLines(whoCanLines(answer))
}

/** `graph who-can`. */
export const whoCanCommand = (): Command =>
  addSource(
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
