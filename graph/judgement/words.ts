/** A judgement as people and programs read it: the same words everywhere. */
import type { Factor } from './factor.ts'
import { factSource } from './factor.ts'
import type { Judgement } from './judge.ts'
import type { PathThrough, WalkedEdge } from './context.ts'

const sign = ({ direction, weight }: Factor): string => {
  if (direction === 'none') return '  0'
  return `${direction === 'raise' ? '+' : '-'}${weight}`.padStart(3)
}

/** A path in one line: `internet → container web → …`. */
export const pathText = ({ from, steps, certainty }: PathThrough): string =>
  [
    from,
    ...steps.map(
      ({ edge, to, isWalked }) => `[${edge}${isWalked === true ? ', walked' : ''}] ${to}`,
    ),
  ].join(' → ') + (certainty === 'certain' ? '' : ` (${certainty})`)

/** Factors, and under each the facts that it rests on; a fact of several factors stands once. */
export const factorLines = (factors: readonly Factor[]): readonly string[] => {
  const told = new Set<string>()
  return factors.flatMap((factor) => {
    const lines = [`${sign(factor)} ${factor.text} [${factor.id}]`]
    for (const fact of factor.facts) {
      const line = `      ${fact.text} (${factSource(fact)})`
      if (!told.has(line)) lines.push(line)
      told.add(line)
    }
    return lines
  })
}

/** What is not known, in one line or none. */
export const unknownLines = (unknown: readonly string[]): readonly string[] =>
  unknown.length === 0 ? [] : [`  ? not known: ${unknown.join('; ')}`]

/** What became of the severity, in one sentence without its full stop. */
export const summaryOf = ({ detection, effective, score, suppression }: Judgement): string => {
  const sum = score < 0 ? `${score}` : `+${score}`
  const change =
    detection === effective
      ? `${effective}, as detected (context ${sum})`
      : `${effective}, detected as ${detection} (context ${sum})`
  return suppression
    ? `suppressed by ${suppression.name} (${suppression.reason}): ${change}`
    : change
}

/** An edge that was walked, in one line. */
const walkedText = ({ edge, from, to, certainty, isSure }: WalkedEdge): string => {
  const doubt = certainty === 'unknown' ? ' (that the objects do not know)' : ''
  return `${isSure ? 'walked' : 'may have been walked'}: ${from} → [${edge}] ${to}${doubt}`
}

/** A judgement as lines of text. */
export const judgementLines = (judgement: Judgement): readonly string[] => [
  summaryOf(judgement),
  ...factorLines(judgement.factors),
  ...judgement.notes.map((note) => `  ! ${note}`),
  ...judgement.walked.map((edge) => `  ${walkedText(edge)}`),
  ...(judgement.path ? [`  path: ${pathText(judgement.path)}`] : []),
  ...unknownLines(judgement.unknown),
]

/** A factor as JSON. */
export const factorJson = (factor: Factor): Readonly<Record<string, unknown>> => ({
  id: factor.id,
  direction: factor.direction,
  weight: factor.weight,
  text: factor.text,
  facts: factor.facts.map(({ text, object, path }) => ({ text, object, path })),
})

export const pathJson = ({
  from,
  to,
  certainty,
  steps,
}: PathThrough): Readonly<Record<string, unknown>> => ({
  from,
  to,
  certainty,
  steps: steps.map((step) => ({
    edge: step.edge,
    from: step.from,
    to: step.to,
    title: step.title,
    ...(step.isWalked === true ? { walked: true } : {}),
  })),
})

/** An edge that was walked, as JSON. */
const walkedJson = (walked: WalkedEdge): Readonly<Record<string, unknown>> => {
  const { edge, title, from, to, certainty, isSure, facts, lost } = walked
  return {
    edge,
    title,
    from,
    to,
    certainty,
    sure: isSure,
    facts: facts.map(({ text, object, path }) => ({ text, object, path })),
    ...(lost
      ? {
          lost: {
            node: lost.node,
            pods: lost.pods,
            service_accounts: lost.serviceAccounts,
            secrets: lost.secrets,
            counts: {
              pods: lost.counts.pods,
              service_accounts: lost.counts.serviceAccounts,
              secrets: lost.counts.secrets,
            },
          },
        }
      : {}),
  }
}

/** A judgement as the alert's JSON has it, under `bulwark.context`. */
export const judgementJson = (judgement: Judgement): Readonly<Record<string, unknown>> => ({
  detection: judgement.detection,
  severity: judgement.effective,
  score: judgement.score,
  summary: summaryOf(judgement),
  ...(judgement.suppression ? { suppressed_by: judgement.suppression } : {}),
  ...(judgement.indicator === undefined ? {} : { indicator: judgement.indicator }),
  factors: judgement.factors.map(factorJson),
  ...(judgement.notes.length > 0 ? { notes: judgement.notes } : {}),
  ...(judgement.walked.length > 0 ? { walked: judgement.walked.map(walkedJson) } : {}),
  ...(judgement.path ? { path: pathJson(judgement.path) } : {}),
  ...(judgement.unknown.length > 0 ? { unknown: judgement.unknown } : {}),
})
