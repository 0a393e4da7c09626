/** `bulwark graph pod`: what a pod's context is, and what it would do to its alerts. */
import { Command, Option } from 'commander'
import type { Factor, PodContext, SeveritySettings } from '@bulwark/graph'
import {
  factorJson,
  factorLines,
  factorsOf,
  pathJson,
  pathText,
  podContextOf,
  unknownLines,
  unknownsOf,
} from '@bulwark/graph'
import { exitCodes } from '../exit.ts'
import { collect, log, logError } from '../report.ts'
import { clusterFilesOf } from './files.ts'
import { severitySettingsOf } from './severity.ts'

interface PodOptions {
  readonly output: 'json' | 'table'
  readonly fromFiles: string
  readonly severity: readonly string[]
}

const asJson = (context: PodContext, factors: readonly Factor[]): string =>
  JSON.stringify({
    pod: { namespace: context.pod.namespace, name: context.pod.name },
    factors: factors.map(factorJson),
    ...(context.path ? { path: pathJson(context.path) } : {}),
    unknown: unknownsOf(context),
  })

const asText = (context: PodContext, factors: readonly Factor[]): string => {
  const { namespace, name } = context.pod
  const none = factors.length === 0 ? ['  nothing changes the severity of its alerts'] : []
  return [
    `${namespace}/${name}`,
    ...factorLines(factors),
    ...none,
    ...(context.path ? [`  path: ${pathText(context.path)}`] : []),
    ...unknownLines(unknownsOf(context)),
  ].join('\n')
}

const show = (what: string, options: PodOptions): number => {
  const [namespace = '', name = '', ...rest] = what.split('/')
  if (namespace === '' || name === '' || rest.length > 0) {
    logError(`${what} is no pod`, 'write NAMESPACE/NAME')
    return exitCodes.usage
  }
  const settings: SeveritySettings | undefined = severitySettingsOf(options.severity)
  const files = settings && clusterFilesOf(options.fromFiles)
  if (!files) return exitCodes.usage
  for (const line of files.told) log(line)
  const { cluster } = files.sources
  if (!cluster.objects.get('Pod', namespace, name)) {
    const others = [...cluster.objects.all('Pod')]
      .filter((pod) => pod.namespace === namespace)
      .map((pod) => pod.name)
      .toSorted()
    const known = others.length === 0 ? `namespace ${namespace} has none` : others.join(', ')
    logError(`there is no pod ${what}`, `pods there: ${known}`)
    return exitCodes.fault
  }
  const question = { namespace, name, container: undefined, executables: [] }
  const context = podContextOf(files.sources, question)
  const factors = factorsOf({ alert: undefined, context, settings })
  console.log((options.output === 'json' ? asJson : asText)(context, factors))
  return exitCodes.done
}

export const podCommand = (): Command =>
  new Command('pod')
    .description('the context of a pod: what raises or lowers its alerts, and why')
    .argument('<namespace/pod>', 'the pod')
    .requiredOption('--from-files <folder>', 'what `kubectl get KINDS -A -o json` wrote')
    .option('--severity <file>', 'a SeverityPolicy; may be given again', collect, [])
    .addOption(
      new Option('-o, --output <form>', 'form of the answer')
        .choices(['json', 'table'])
        .default('table'),
    )
    .addHelpText(
      'after',
      `
Files about images beside them are read, too: see docs/vulnerabilities.md. Factors and their
weights: docs/severity.md.

Example:
  bulwark graph pod shop-prod/web-5d9c --from-files dumps/`,
    )
    .action((what: string, options: PodOptions) => {
      process.exitCode = show(what, options)
    })
