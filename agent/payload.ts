/**
 * Whether rules read what messages hold. The kernel side copies the first bytes of messages only
 * then, so that nobody else pays for it.
 */
import type { FieldRef, FieldSpec } from '@bulwark/schema'
import { eventKinds, questionTypes } from '@bulwark/schema'
import type { Rule } from '@bulwark/policy'
import { fieldsOfOutput, needsOneOf } from '@bulwark/policy'
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

const fieldsOfRule = ({ fields, output }: Rule): readonly FieldRef[] => [
  ...fields,
  ...fieldsOfOutput(output),
]

/** How many of the first bytes of messages the rules read; 0 when none does. */
export const payloadBytesOf = (rules: readonly Rule[]): number => {
  const isRead = rules.some((rule) => isOfMessages(rule) && fieldsOfRule(rule).some(readsPayload))
  return isRead ? limits.bufferBytes : 0
}

const isOfQuestion = ({ onlyOn }: FieldSpec): boolean => onlyOn === questionTypes

/** Calls of which hooks tell questions, and nothing else. */
const onlyQuestions: ReadonlySet<string> = new Set(
  eventKinds.flatMap(({ hooks }) =>
    hooks.flatMap((hook) => ('only' in hook && hook.only === 'questions' ? hook.syscalls : [])),
  ),
)

/** The types of a rule's events that it wants whatever is in them. */
export const typesOf = ({ eventTypes, condition }: Rule): Rule['eventTypes'] =>
  eventTypes !== 'all' && needsOneOf(condition, isOfQuestion)
    ? new Set([...eventTypes].filter((type) => !onlyQuestions.has(type)))
    : eventTypes

/**
 * Which questions to name servers the rules read: those of messages that are seen anyway, or also
 * those that are written to a connected socket.
 */
export const questionsOf = (rules: readonly Rule[]): 'messages' | 'writes' | undefined => {
  const readers = rules.filter((rule) =>
    fieldsOfRule(rule).some(({ field }) => isOfQuestion(field)),
  )
  if (readers.length === 0) return undefined
  const wantsWrites = (rule: Rule): boolean =>
    rule.eventTypes !== 'all' &&
    needsOneOf(rule.condition, isOfQuestion) &&
    [...rule.eventTypes].some((type) => onlyQuestions.has(type))
  return readers.some(wantsWrites) ? 'writes' : 'messages'
}
