/**
 * Whether rules read what messages hold. The kernel side copies the first bytes of messages only
 * then, so that nobody else pays for it.
 */
import type { FieldRef } from '@bulwark/schema'
import { eventKinds } from '@bulwark/schema'
import type { Rule } from '@bulwark/policy'
import { fieldsOfOutput } from '@bulwark/policy'
import { limits } from './limits.ts'

const hasPayload: ReadonlySet<string> = new Set(
  eventKinds
    .filter(({ members }) => members.some(({ name }) => name === 'payload'))
    .flatMap(({ types }) => types),
)

/** An argument by number is one of many: it may be the data. */
const readsPayload = ({ field, argument }: FieldRef): boolean =>
  field.name === 'evt.buffer' ||
  field.name === 'evt.args' ||
  (field.name === 'evt.arg' && (argument === 'data' || typeof argument === 'number'))

const isOfMessages = ({ eventTypes }: Rule): boolean =>
  eventTypes === 'all' || [...eventTypes].some((type) => hasPayload.has(type))

/** How many of the first bytes of messages the rules read; 0 when none does. */
export const payloadBytesOf = (rules: readonly Rule[]): number => {
  const isRead = rules.some(
    (rule) =>
      isOfMessages(rule) && [...rule.fields, ...fieldsOfOutput(rule.output)].some(readsPayload),
  )
  return isRead ? limits.bufferBytes : 0
}
