/** `bulwark graph pod`: what a pod's context is, and what it would do to its alerts. */
import { Command } from 'commander'
import type { Answer, ContextEffect, GraphReply, PodReply } from '@bulwark/schema'
import type { PodFindings, Questioned } from '@bulwark/server'
import { badPod, findingsOfPod, podJson, podLines } from '@bulwark/server'
import { exitCodes } from '../exit.ts'
import { contextJson, contextText, loadPoliciesIn, saidErrors } from '../policy.ts'
import { again, logError } from '../report.ts'
import { wrap } from '../wrap.ts'
import { drawPod } from './drawings.ts'
import type { Form } from './output.ts'
import { outputOption, printAnswer } from './output.ts'
import type { AskOptions } from './remote.ts'
import { addAsked, answerOf } from './remote.ts'
import { severitySettingsOf } from './severity.ts'

interface PodOptions extends AskOptions {
  readonly output: Form
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

const asJson = (found: PodFindings, asked: readonly AskedEffect[]): PodReply['json'] => ({
  ...podJson(found),
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

const effectLines = (asked: readonly AskedEffect[]): readonly string[] =>
  asked.flatMap(({ effect, holds }) =>
    [`  ${effect.policy} ${effect.path}: ${answerText(holds)}`].concat(
      wrap(contextText(effect), columns).map((line) => `    ${line}`),
    ),
  )

/** `context` of policies in files; `undefined` when they cannot be used, which was said. */
const effectsIn = ({ rules, policy }: PodOptions): readonly ContextEffect[] | undefined => {
  if (policy.length === 0) return []
  const loaded = loadPoliciesIn(policy, rules)
  if (!loaded || saidErrors(loaded)) return undefined
  return loaded.policies.flatMap(({ context }) => context)
}

/** What a server is not told: it judges by policies and settings of its own. */
const ofServer = ({ server, severity, policy }: PodOptions): string | undefined => {
  if (server === undefined) return undefined
  if (severity.length > 0) return '--severity'
  return policy.length > 0 ? '--policy' : undefined
}

const show = async (what: string, options: PodOptions): Promise<void> => {
  process.exitCode = exitCodes.usage
  const isPod = /^[^/]+\/[^/]+$/.test(what)
  const alien = ofServer(options)
  if (!isPod) badPod(what).faults.forEach(({ message, help }) => logError(message, help))
  else if (alien !== undefined) {
    logError(`${alien} beside --server: it has its own`, 'leave one of the two out')
  }
  if (!isPod || alien !== undefined) return
  const settings = severitySettingsOf(options.severity)
  const effects = settings && effectsIn(options)
  if (!settings || !effects) return
  const withFacts = options.facts === true
  const ask = (of: Questioned): GraphReply<PodReply> => {
    const found = findingsOfPod(of, settings.now, what)
    if ('exit' in found) return found
    const asked = effects.map((effect) => ({ effect, holds: effect.holds(found.read) }))
    const lines = [...podLines(found, withFacts), ...effectLines(asked)]
    const answer = { json: asJson(found, asked), lines }
    return { remarks: [], faults: [], exit: 0, answer }
  }
  const query = { pod: what, facts: withFacts ? 'yes' : 'no' }
  const answer = await answerOf(options, 'pod', query, ask)
  if (!answer) return
  const { json, lines } = answer
  printAnswer(options.output, { json, table: () => lines, diagram: () => drawPod(json) })
}

export const podCommand = (): Command =>
  addAsked(
    new Command('pod')
      .description('the context of a pod: what raises or lowers its alerts, and why')
      .argument('<namespace/pod>', 'the pod'),
  )
    .addOption(again('--severity <file>', 'a SeverityPolicy'))
    .option('--facts', 'also the facts that `context` of a RuntimePolicy can ask for')
    .addOption(
      again(
        '--policy <path>',
        'a file or folder of RuntimePolicies: whether their `context` holds',
      ),
    )
    .addOption(
      again(
        '--rules <path>',
        'rule files whose macros, lists and rules these use',
        "Bulwark's own",
      ),
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
    .action(show)
