/** What is said of a pod: its factors, and what they rest on. */
import type { Factor, PodContext, SeveritySettings } from '@bulwark/graph'
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
import type { GraphReply, PodReply } from '@bulwark/schema'
import type { Questioned } from './ask.ts'
import { badReply, goodReply } from './ask.ts'

export interface PodFindings {
  readonly context: PodContext
  readonly factors: readonly Factor[]
  readonly facts: ReturnType<typeof factsJson>
  /** Reads the facts for conditions of policies. */
  readonly read: ReturnType<typeof factReader>
}

/** @param what  `NAMESPACE/NAME` */
export const findingsOfPod = (
  { sources }: Pick<Questioned, 'sources'>,
  settings: SeveritySettings,
  what: string,
): PodFindings | GraphReply<never> => {
  const [namespace = '', name = '', ...rest] = what.split('/')
  if (namespace === '' || name === '' || rest.length > 0) return badPod(what)
  const { objects } = sources.cluster
  if (!objects.get('Pod', namespace, name)) {
    const others = [...objects.all('Pod')]
      .filter((pod) => pod.namespace === namespace)
      .map((pod) => pod.name)
      .toSorted()
    const known = others.length === 0 ? `namespace ${namespace} has none` : others.join(', ')
    return badReply([{ message: `there is no pod ${what}`, help: `pods there: ${known}` }])
  }
  const question = { namespace, name, container: undefined, executables: [] }
  const context = podContextOf(sources, question)
  const input = { alert: undefined, context, settings }
  const factors = factorsOf(input)
  const read = factReader(input, new Set(factors.map(({ id }) => id)))
  return { context, factors, facts: factsJson(input), read }
}

/** Of what is no name of a pod. */
export const badPod = (what: string): GraphReply<never> =>
  badReply([{ message: `${what} is no pod`, help: 'write NAMESPACE/NAME' }])

export const podJson = ({ context, factors, facts }: PodFindings): PodReply['json'] => ({
  pod: { namespace: context.pod.namespace, name: context.pod.name },
  factors: factors.map(factorJson),
  ...(context.path ? { path: pathJson(context.path) } : {}),
  unknown: unknownsOf(context),
  facts,
})

const factLines = (facts: PodFindings['facts']): readonly string[] =>
  Object.entries(facts).map(([name, value]) => `  ${name} = ${String(value ?? '(not known)')}`)

/** @param withFacts  also those that conditions of policies can ask for */
export const podLines = (
  { context, factors, facts }: PodFindings,
  withFacts: boolean,
): readonly string[] => {
  const { namespace, name } = context.pod
  const none = factors.length === 0 ? ['  nothing changes the severity of its alerts'] : []
  return [
    `${namespace}/${name}`,
    ...factorLines(factors),
    ...none,
    ...(context.path ? [`  path: ${pathText(context.path)}`] : []),
    ...unknownLines(unknownsOf(context)),
    ...(withFacts ? factLines(facts) : []),
  ]
}

export const askPod = (
  of: Questioned,
  settings: SeveritySettings,
  what: string,
  withFacts: boolean,
): GraphReply<PodReply> => {
  const found = findingsOfPod(of, settings, what)
  if ('exit' in found) return found
  return goodReply({ json: podJson(found), lines: podLines(found, withFacts) })
}
