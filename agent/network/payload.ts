/**
 * Whether rules read what messages hold. The kernel side copies the first bytes of messages only
 * then, so that nobody else pays for it.
 */
import type { FieldRef, FieldSpec } from '@bulwark/schema'
import { eventKinds, questionTypes } from '@bulwark/schema'
import type { Rule } from '@bulwark/policy'
import { fieldsOf, fieldsOfOutput, needsOneOf, specialise } from '@bulwark/policy'
import { limits } from '../limits.ts'

const hasPayload: ReadonlySet<string> = new Set(
  eventKinds
    .filter(({ members }) => members.some(({ name }) => name === 'payload'))
    .flatMap(({ types }) => types),
)

/** Calls of which a hook tells messages when rules ask for what is in them. */
const writeTypes: ReadonlySet<string> = new Set(
  eventKinds.flatMap(({ hooks }) =>
    hooks.flatMap((hook) => ('only' in hook && hook.only === 'messages' ? hook.syscalls : [])),
  ),
)

/** An argument by number is one of many: it may be the data. */
const readsPayload = ({ field, argument }: FieldRef): boolean =>
  field.name === 'evt.buffer' ||
  field.name === 'evt.args' ||
  (field.name === 'evt.arg' && (argument === 'data' || typeof argument === 'number'))

const isOfMessages = ({ eventTypes }: Rule): boolean =>
  eventTypes === 'all' ||
  [...eventTypes].some((type) => hasPayload.has(type) || writeTypes.has(type))

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

const isOpening = (field: FieldSpec): boolean => field.name === 'evt.is_opening'

/** What a rule wants of a call that writes; `undefined` where that is not the call's event. */
const wantedOfWrites = (rule: Rule, type: string): 'part' | 'all' | undefined => {
  if (rule.eventTypes === 'all' || !writeTypes.has(type)) return undefined
  const isPart = (field: FieldSpec): boolean => isOfQuestion(field) || isOpening(field)
  return needsOneOf(specialise(rule.condition, type), isPart) ? 'part' : 'all'
}

/** The types of a rule's events that it wants whatever is in them. */
export const typesOf = (rule: Rule): Rule['eventTypes'] =>
  rule.eventTypes === 'all'
    ? 'all'
    : new Set([...rule.eventTypes].filter((type) => wantedOfWrites(rule, type) !== 'part'))

/** Whether a rule wants, of some call that writes, messages that such a field singles out. */
const wantsPart = (rule: Rule, isOne: (field: FieldSpec) => boolean): boolean =>
  rule.eventTypes !== 'all' &&
  [...rule.eventTypes].some(
    (type) =>
      wantedOfWrites(rule, type) === 'part' &&
      fieldsOf(specialise(rule.condition, type)).some(({ field }) => isOne(field)),
  )

/**
 * Which questions to name servers the rules read: those of messages that are seen anyway, or also
 * those that are written to a connected socket.
 */
export const questionsOf = (rules: readonly Rule[]): 'messages' | 'writes' | undefined => {
  const readers = rules.filter((rule) =>
    fieldsOfRule(rule).some(({ field }) => isOfQuestion(field)),
  )
  if (readers.length === 0) return undefined
  return readers.some((rule) => wantsPart(rule, isOfQuestion)) ? 'writes' : 'messages'
}

/** What else of writes on sockets the rules read as messages. */
export const writesOf = (rules: readonly Rule[]): 'openings' | 'all' | undefined => {
  const readsAll = (rule: Rule): boolean =>
    rule.eventTypes !== 'all' &&
    [...rule.eventTypes].some((type) => wantedOfWrites(rule, type) === 'all') &&
    fieldsOfRule(rule).some(readsPayload)
  if (rules.some(readsAll)) return 'all'
  return rules.some((rule) => wantsPart(rule, isOpening)) ? 'openings' : undefined
}
