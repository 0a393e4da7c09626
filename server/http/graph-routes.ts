/** Questions to the graph over HTTP: those of `bulwark graph`, with the same answers. */
import type { SeveritySettings } from '@bulwark/graph'
import type { GraphReply } from '@bulwark/schema'
import * as z from 'zod'
import { limits } from '../limits.ts'
import type { Questioned } from '../questions/index.ts'
import { askBlastRadius, askPaths, askPod, askWhoCan } from '../questions/index.ts'

const text = z.string().max(limits.questionCharsMax)
const certainty = z.enum(['certain', 'possible', 'unknown']).default('possible')
const best = z.coerce.number().int().min(1).max(limits.bestMax).default(3)

const paths = z.object({
  from: text,
  to: text.optional(),
  crown_jewels: text.optional(),
  certainty,
  best,
})
const blastRadius = z.object({ from: text, certainty })
const whoCan = z.object({
  verb: text,
  resource: text,
  name: text.optional(),
  namespace: text.optional(),
})
const pod = z.object({ pod: text, facts: z.enum(['yes', 'no']).default('no') })

/** Reads what is asked, and answers. */
type Answerer = (
  query: unknown,
  of: Questioned,
  settings: SeveritySettings,
) => GraphReply<unknown> | z.ZodError

const answering =
  <Query>(
    shape: z.ZodType<Query>,
    answer: (query: Query, of: Questioned, settings: SeveritySettings) => GraphReply<unknown>,
  ): Answerer =>
  (query, of, settings) => {
    const read = shape.safeParse(query)
    return read.success ? answer(read.data, of, settings) : read.error
  }

const answerers: Readonly<Record<string, Answerer>> = {
  paths: answering(paths, ({ crown_jewels: crownJewels, to, ...query }, of) =>
    askPaths(of, { ...query, to, crownJewels }),
  ),
  'blast-radius': answering(blastRadius, ({ from, certainty: least }, of) =>
    askBlastRadius(of, from, least),
  ),
  'who-can': answering(whoCan, ({ verb, resource, name, namespace }, of) =>
    askWhoCan(of, { verb, resource, name, namespace }),
  ),
  pod: answering(pod, (query, of, settings) =>
    askPod(of, settings, query.pod, query.facts === 'yes'),
  ),
}

/** Names of the questions. */
export const questions: readonly string[] = Object.keys(answerers)

/** The reply to a question of that name; or what is wrong with how it is asked. */
export const replyTo = (
  question: string,
  query: unknown,
  of: Questioned,
  settings: SeveritySettings,
): GraphReply<unknown> | { readonly message: string; readonly help: string } => {
  const answer = Object.hasOwn(answerers, question) ? answerers[question] : undefined
  if (!answer) return { message: `no question ${question}`, help: `ask ${questions.join(', ')}` }
  const reply = answer(query, of, settings)
  if (!(reply instanceof z.ZodError)) return reply
  const [issue] = reply.issues
  const message = `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'is wrong'}`
  return { message, help: 'see docs/server.md' }
}
