/** `bulwark graph pod`: what a pod's context is, and what it would do to its alerts. */
import { Command } from 'commander'
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
import { collect, logError } from '../report.ts'
import { outputOption, printLines } from './output.ts'
import { severitySettingsOf } from './severity.ts'
import type { SourceOptions } from './source.ts'
import { addSource, sourceOf } from './source.ts'

interface PodOptions extends SourceOptions {
  readonly output: 'json' | 'table'
  readonly severity: readonly string[]
}

const asJson = (context: PodContext, factors: readonly Factor[]): string =>
  JSON.stringify({
    pod: { namespace: context.pod.namespace, name: context.pod.name },
    factors: factors.map(factorJson),
    ...(context.path ? { path: pathJson(context.path) } : {}),
    unknown: unknownsOf(context),
  })

const asLines = (context: PodContext, factors: readonly Factor[]): readonly string[] => {
  const { namespace, name } = context.pod
  const none = factors.length === 0 ? ['  nothing changes the severity of its alerts'] : []
  return [
    `${namespace}/${name}`,
    ...factorLines(factors),
    ...none,
    ...(context.path ? [`  path: ${pathText(context.path)}`] : []),
    ...unknownLines(unknownsOf(context)),
  ]
}

const show = async (what: string, options: PodOptions): Promise<number> => {
  const [namespace = '', name = '', ...rest] = what.split('/')
  if (namespace === '' || name === '' || rest.length > 0) {
    logError(`${what} is no pod`, 'write NAMESPACE/NAME')
    return exitCodes.usage
  }
  const settings: SeveritySettings | undefined = severitySettingsOf(options.severity)
  if (!settings) return exitCodes.usage
  const source = await sourceOf(options)
  if (!source) return Number(process.exitCode ?? exitCodes.usage)
  const { cluster, sources } = source.input
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
  const context = podContextOf(sources, question)
  const factors = factorsOf({ alert: undefined, context, settings })
  if (options.output === 'json') console.log(asJson(context, factors))
  else printLines(asLines(context, factors))
  return exitCodes.done
}

export const podCommand = (): Command =>
  addSource(
    new Command('pod')
      .description('the context of a pod: what raises or lowers its alerts, and why')
      .argument('<namespace/pod>', 'the pod'),
  )
    .option('--severity <file>', 'a SeverityPolicy; may be given again', collect, [])
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Files about images beside them are read, too: see docs/vulnerabilities.md. Factors and their
weights: docs/severity.md.

Example:
  bulwark graph pod shop-prod/web-5d9c --from-files dumps/`,
    )
    .action(async (what: string, options: PodOptions) => {
      process.exitCode = await show(what, options)
    })
