/** `bulwark graph pod`: what a pod's context is, and what it would do to its alerts. */
import { Command } from 'commander'
import type { Factor, PodContext } from '@bulwark/graph'
import {
  factReader,
  factorJson,
  factorLines,
  factorsOf,
  factsJson,
  pathJson,
  pathText,
  podContextOf,
  unknownLines,
  unknownsOf,
} from '@bulwark/graph'
import type { Answer, ContextEffect } from '@bulwark/schema'
import { exitCodes } from '../exit.ts'
import { contextJson, contextText, loadPoliciesIn, saidErrors } from '../policy.ts'
import { collect, logError } from '../report.ts'
import { wrap } from '../wrap.ts'
import { outputOption, printLines } from './output.ts'
import { severitySettingsOf } from './severity.ts'
import type { SourceOptions } from './source.ts'
import { addSource, sourceOf } from './source.ts'

interface PodOptions extends SourceOptions {
  readonly output: 'json' | 'table'
  readonly severity: readonly string[]
  readonly policy: readonly string[]
  readonly rules: readonly string[]
  readonly facts?: boolean
}

/** An item of a policy's `context`, and whether it holds of a pod. */
interface AskedEffect {
  readonly effect: ContextEffect
  /** `undefined`: not known. */
  readonly holds: Answer
}

/** What is said of a pod. */
interface PodAnswer {
  readonly context: PodContext
  readonly factors: readonly Factor[]
  readonly facts: ReturnType<typeof factsJson>
  readonly asked: readonly AskedEffect[]
}

const asJson = ({ context, factors, facts, asked }: PodAnswer): string =>
  JSON.stringify({
    pod: { namespace: context.pod.namespace, name: context.pod.name },
    factors: factors.map(factorJson),
    ...(context.path ? { path: pathJson(context.path) } : {}),
    unknown: unknownsOf(context),
    facts,
    ...(asked.length === 0
      ? {}
      : {
          policies: asked.map(({ effect, holds }) => ({
            policy: effect.policy,
            ...contextJson(effect),
            holds: holds ?? null,
          })),
        }),
  })

const columns = 92

const answerText = (answer: Answer): string =>
  answer === undefined ? 'not known' : answer ? 'holds' : 'does not hold'

const factLines = (facts: PodAnswer['facts']): readonly string[] =>
  Object.entries(facts).map(([name, value]) => `  ${name} = ${String(value ?? '(not known)')}`)

const asLines = (answer: PodAnswer, withFacts: boolean): readonly string[] => {
  const { context, factors, facts, asked } = answer
  const { namespace, name } = context.pod
  const none = factors.length === 0 ? ['  nothing changes the severity of its alerts'] : []
  return [
    `${namespace}/${name}`,
    ...factorLines(factors),
    ...none,
    ...(context.path ? [`  path: ${pathText(context.path)}`] : []),
    ...unknownLines(unknownsOf(context)),
    ...(withFacts ? factLines(facts) : []),
    ...asked.flatMap(({ effect, holds }) =>
      [`  ${effect.policy} ${effect.path}: ${answerText(holds)}`].concat(
        wrap(contextText(effect), columns).map((line) => `    ${line}`),
      ),
    ),
  ]
}

/** `context` of policies in files; `undefined` when they cannot be used, which was said. */
const effectsIn = ({ rules, policy }: PodOptions): readonly ContextEffect[] | undefined => {
  if (policy.length === 0) return []
  const loaded = loadPoliciesIn(policy, rules)
  if (!loaded || saidErrors(loaded)) return undefined
  return loaded.policies.flatMap(({ context }) => context)
}

const show = async (what: string, options: PodOptions): Promise<number> => {
  const [namespace = '', name = '', ...rest] = what.split('/')
  if (namespace === '' || name === '' || rest.length > 0) {
    logError(`${what} is no pod`, 'write NAMESPACE/NAME')
    return exitCodes.usage
  }
  const settings = severitySettingsOf(options.severity)
  if (!settings) return exitCodes.usage
  const effects = effectsIn(options)
  if (!effects) return Number(process.exitCode ?? exitCodes.usage)
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
  const input = { alert: undefined, context, settings: settings.now }
  const factors = factorsOf(input)
  const read = factReader(input, new Set(factors.map(({ id }) => id)))
  const asked = effects.map((effect) => ({ effect, holds: effect.holds(read) }))
  const answer = { context, factors, facts: factsJson(input), asked }
  if (options.output === 'json') console.log(asJson(answer))
  else printLines(asLines(answer, options.facts === true))
  return exitCodes.done
}

export const podCommand = (): Command =>
  addSource(
    new Command('pod')
      .description('the context of a pod: what raises or lowers its alerts, and why')
      .argument('<namespace/pod>', 'the pod'),
  )
    .option('--severity <file>', 'a SeverityPolicy; may be given again', collect, [])
    .option('--facts', 'also the facts that `context` of a RuntimePolicy can ask for')
    .option(
      '--policy <path>',
      'a file or folder of RuntimePolicies: whether their `context` holds; may be given again',
      collect,
      [],
    )
    .option(
      '--rules <path>',
      "rule files whose macros, lists and rules these use (default: Bulwark's own)",
      collect,
      [],
    )
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Files about images beside them are read, too: see docs/vulnerabilities.md. Factors and their
weights: docs/severity.md.

Examples:
  bulwark graph pod shop-prod/web-5d9c --from-files dumps/
  bulwark graph pod shop-prod/web-5d9c --from-files dumps/ --policy policies/ --facts`,
    )
    .action(async (what: string, options: PodOptions) => {
      process.exitCode = await show(what, options)
    })
