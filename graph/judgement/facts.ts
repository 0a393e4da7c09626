/**
 * What a RuntimePolicy's `context` can ask of an alert (`contextFields` of the schema), read from
 * the context of its pod and from the judgement's factors. What the objects leave open is not
 * known: neither true nor false.
 */
import type { Answer, KnownFact, KnownLabels, ReadFact } from '@bulwark/schema'
import { anyAnswer, byteString, labelOf } from '@bulwark/schema'
import type { Certainty } from '../edges.ts'
import type { ContainerCves, ContextPart, PodContext, WeighedFinding } from './context.ts'
import type { JudgedInput } from './factor.ts'
import { images } from './cve-factors.ts'
import { waysOut } from './pod-factors.ts'
import { factorTable } from './table.ts'

type Value = string | number | boolean | undefined

const textual = (value: string | undefined): string | undefined =>
  value === undefined ? undefined : byteString(value)

/** True where it is certain, not known where it is only possible. */
const isSure = (certainty: Certainty | 'observed'): Answer =>
  certainty === 'certain' || certainty === 'observed' || undefined

const internetExposed = ({ exposure }: PodContext): Answer =>
  exposure && (exposure.level === 6 ? isSure(exposure.certainty) : false)

const tokenReaches = ({ identity, notLookedAt }: PodContext): string | undefined => {
  if (!identity) return undefined
  if (!identity.hasToken) return 'nothing'
  if (isSure(identity.certainty) !== true) return undefined
  const isWorst = identity.reaches === 'cluster-admin'
  return isWorst || notLookedAt.length === 0 ? identity.reaches : undefined
}

const clusterAdmin = 'cluster-admin'

const leadsToClusterAdmin = (context: PodContext): Answer => {
  const { path, identity, escapes, notLookedAt } = context
  const byToken = identity?.hasToken === true && identity.reaches === clusterAdmin
  const found = [
    ...(byToken ? [isSure(identity.certainty)] : []),
    ...(path?.to === clusterAdmin ? [isSure(path.certainty)] : []),
  ]
  if (found.length > 0) return anyAnswer(found)
  return identity && escapes && notLookedAt.length === 0 ? false : undefined
}

/** Ways out of the container: a certain one decides it. */
const leadsOut = (input: JudgedInput, edge?: string): Answer => {
  if (!input.context.escapes) return undefined
  const ways = waysOut(input).filter((way) => edge === undefined || way.edge === edge)
  return anyAnswer(ways.map(({ certainty }) => isSure(certainty)))
}

const isInUse = ({ use }: WeighedFinding): Answer => {
  if (use === 'owns-executable' || use === 'loaded') return true
  // Whether what is built into a binary is reached, nobody has seen.
  return use === 'unseen' ? false : undefined
}

/** Whether the image of the alert's container has such a vulnerability. */
const hasExploited = (input: JudgedInput, holds: (each: WeighedFinding) => Answer): Answer => {
  const own = images(input)
  if (own.length === 0) return undefined
  const inImage = ({ findings, isReported }: ContainerCves): Answer =>
    anyAnswer([
      ...findings.map((each) => each.finding.kev !== undefined && holds(each)),
      isReported ? false : undefined,
    ])
  return anyAnswer(own.map(inImage))
}

/** The value of each fact that has no argument; `undefined`: it is not known. */
const plainFacts: Readonly<Record<string, (input: JudgedInput) => Value>> = {
  'graph.internet_exposed': ({ context }) => internetExposed(context),
  'graph.exposure_level': ({ context }) => context.exposure?.level,
  'graph.has_token': ({ context }) => context.identity?.hasToken,
  'graph.token_reaches': ({ context }) => tokenReaches(context),
  'graph.path_to_cluster_admin': ({ context }) => leadsToClusterAdmin(context),
  'graph.path_to_node': (input) => leadsOut(input),
  'graph.privileged': (input) => leadsOut(input, 'ESC_PRIV'),
  'graph.pod_security': ({ context }) => context.posture?.level,
  'graph.seccomp': ({ context }) => context.posture?.hasSeccomp,
  'graph.sandboxed': ({ context: { posture } }) => posture && posture.sandbox !== undefined,
  'graph.secrets': ({ context }) => context.secrets?.length,
  'graph.critical_neighbours': ({ context: { neighbours } }) => neighbours && neighbours.length > 0,
  'graph.cve_kev': (input) => hasExploited(input, () => true),
  'graph.cve_in_use_kev': (input) => hasExploited(input, isInUse),
  'k8s.ns.name': ({ context }) => textual(context.pod.namespace),
  'k8s.pod.name': ({ context }) => textual(context.pod.name),
  'container.name': ({ alert }) => textual(alert?.container),
}

/** A label that there is not is known not to be there where all are known. */
const labelIn = (known: KnownLabels | undefined, key: string): KnownFact | undefined => {
  const value = known && labelOf(known.labels, key)
  if (value !== undefined) return { value: byteString(value) }
  return known?.isWhole === true ? { value: undefined } : undefined
}

const partOf = new Map(factorTable.map(({ id, part }) => [id as string, part]))

/** Whether what a factor is about is known; of images, what reports say of them. */
const isKnownPart = (input: JudgedInput, part: ContextPart | 'alert', id: string): boolean => {
  if (part === 'alert') return input.alert !== undefined
  if (part !== 'cves') return input.context[part] !== undefined
  const own = images(input)
  return own.length > 0 && (id === 'cve.unreported' || own.every((image) => image.isReported))
}

/** Whether a factor holds; not known where what it is about is not. */
const factorAnswer = (input: JudgedInput, factors: ReadonlySet<string>, id: string): Answer => {
  if (factors.has(id)) return true
  const part = partOf.get(id)
  return part !== undefined && isKnownPart(input, part, id) ? false : undefined
}

const known = (value: Value): KnownFact | undefined => (value === undefined ? undefined : { value })

/**
 * Reads facts of a judged alert.
 *
 * @param factors  ids of the factors that hold
 */
export const factReader =
  (input: JudgedInput, factors: ReadonlySet<string>): ReadFact =>
  (name, argument) => {
    const { context } = input
    const key = String(argument ?? '')
    switch (name) {
      case 'graph.factor':
        return known(factorAnswer(input, factors, key))
      case 'graph.known':
        return known(context[key as ContextPart] !== undefined)
      case 'k8s.ns.label':
        return labelIn(context.namespaceLabels, key)
      case 'k8s.pod.label':
        return labelIn(context.podLabels, key)
      default:
        return known(plainFacts[name]?.(input))
    }
  }

/** All facts that have one value, as JSON has them; `null`: not known. */
export const factsJson = (
  input: JudgedInput,
): Readonly<Record<string, string | number | boolean | null>> =>
  Object.fromEntries(
    Object.entries(plainFacts)
      .filter(([name]) => name.startsWith('graph.'))
      .map(([name, read]) => [name, read(input) ?? null]),
  )
