/**
 * What is said of a policy in its `status`: whether it holds, and as what it acts. Pure: who writes
 * it brings the time, and what was said before.
 */
import { diagnosticText } from '../diagnostics.ts'
import type { LoadedPolicy } from './load.ts'

/** One condition, as Kubernetes has them. */
export interface PolicyCondition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
  readonly observedGeneration?: number
  /** When `status` became what it is, RFC 3339. */
  readonly lastTransitionTime: string
}

/** `status` of a RuntimePolicy. */
export interface PolicyStatus {
  /** The generation of `spec` that it is about. */
  readonly observedGeneration: number
  /** What a match leads to; `null`: to nothing, since the policy has a fault. */
  readonly actsAs: 'audit' | null
  /** Why. */
  readonly message: string
  readonly conditions: readonly PolicyCondition[]
}

type Verdict = Pick<PolicyCondition, 'type' | 'status' | 'reason' | 'message'>

/** Characters of a message, and errors in it: who wrote the policy asks `policy check` for all. */
const messageCharsMax = 4096
const errorsMax = 10

const cut = (text: string): string =>
  text.length > messageCharsMax ? `${text.slice(0, messageCharsMax - 1)}…` : text

/** @param errors  `undefined`: it holds */
const accepted = (message: string, errors: readonly string[] | undefined): Verdict => {
  const type = 'Accepted'
  if (!errors) return { type, status: 'True', reason: 'Valid', message }
  const first = cut(errors.slice(0, errorsMax).join('\n'))
  return { type, status: 'False', reason: 'Invalid', message: first }
}

const acceptedOf = ({ isDisabled, found, rules }: LoadedPolicy): Verdict => {
  const errors = found.filter(({ severity }) => severity === 'error')
  return accepted(`${rules.length} rules`, isDisabled ? errors.map(diagnosticText) : undefined)
}

const enforcedOf = ({ isDisabled, mode }: LoadedPolicy): Verdict => {
  const not = { type: 'Enforced', status: 'False' } as const
  if (isDisabled) return { ...not, reason: 'NotAccepted', message: 'it holds nowhere' }
  return mode === 'enforce'
    ? { ...not, reason: 'ActsAsAudit', message: 'acts as audit: nothing is enforced yet' }
    : { ...not, reason: 'AuditMode', message: 'the policy asks for alerts alone' }
}

/** Conditions of others stay; ours keep their time while their status stays. */
const joined = (
  verdicts: readonly Verdict[],
  observedGeneration: number,
  before: readonly PolicyCondition[],
  now: string,
): readonly PolicyCondition[] => {
  const own = verdicts.map((verdict): PolicyCondition => {
    const known = before.find(({ type }) => type === verdict.type)
    const lastTransitionTime = known?.status === verdict.status ? known.lastTransitionTime : now
    return { ...verdict, observedGeneration, lastTransitionTime }
  })
  const types = new Set(verdicts.map(({ type }) => type))
  return [...before.filter(({ type }) => !types.has(type)), ...own]
}

/**
 * The status of a policy.
 *
 * @param generation  of the `spec` that was loaded
 * @param before      conditions that its status has now
 * @param now         RFC 3339, for conditions that change
 */
export const policyStatus = (
  policy: LoadedPolicy,
  generation: number,
  before: readonly PolicyCondition[],
  now: string,
): PolicyStatus => {
  const holds = acceptedOf(policy)
  const enforced = enforcedOf(policy)
  return {
    observedGeneration: generation,
    actsAs: policy.isDisabled ? null : 'audit',
    message: policy.isDisabled ? holds.message : enforced.message,
    conditions: joined([holds, enforced], generation, before, now),
  }
}

/**
 * The status of a policy of which nothing but whether it holds is to be said.
 *
 * @param errors  what is wrong with it
 * @param valid   the message where that is nothing
 */
export const acceptedStatus = (
  errors: readonly string[],
  valid: string,
  generation: number,
  before: readonly PolicyCondition[],
  now: string,
): Omit<PolicyStatus, 'actsAs'> => {
  const holds = accepted(valid, errors.length === 0 ? undefined : errors)
  return {
    observedGeneration: generation,
    message: holds.message,
    conditions: joined([holds], generation, before, now),
  }
}
