/**
 * An alert as an agent sends it, checked: whoever can reach the server may send anything. What is
 * too long, or no alert, is refused with its place and the reason; keys that nobody knows are
 * passed over, since an agent may be newer than its server.
 */
import type { PriorityName } from '@bulwark/policy'
import { priorityNames } from '@bulwark/policy'
import type { AlertSubject } from '@bulwark/schema'
import * as z from 'zod'
import { limits } from '../limits.ts'

/** A value of a field. */
export type LinkValue = string | number | bigint | boolean | null | readonly LinkValue[]

/** An alert that came from an agent. */
export interface ReceivedAlert {
  readonly uuid: string
  readonly rule: string
  readonly priority: PriorityName
  readonly source: string
  readonly tags: readonly string[]
  readonly hostname: string
  /** Nanoseconds since 1970. */
  readonly timeNs: bigint
  readonly time: string
  readonly message: string
  readonly output: string
  readonly outputFields: ReadonlyMap<string, LinkValue>
  readonly bulwark: {
    readonly pid: number
    readonly containerId: string | undefined
    readonly podUid: string | undefined
    readonly truncated: readonly string[]
    readonly fromUserMemory: boolean
    readonly policy?: string
    readonly scopeUnknown?: boolean
  }
  readonly subject?: AlertSubject
}

const { nameCharsMax, textCharsMax, ruleCharsMax } = limits

const text = z.string().max(textCharsMax)
const name = z.string().min(1).max(nameCharsMax)
/** Names of objects: what a key is made of. */
const objectName = name.regex(/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/, 'is no name of Kubernetes')
const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'is no UUID in lower case')

const timeForm = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/

/** Nanoseconds since 1970; `undefined`: it is no time, or before that. */
const nanoseconds = (time: string): bigint | undefined => {
  const [, whole = '', fraction = ''] = timeForm.exec(time) ?? []
  const ms = Date.parse(`${whole}Z`)
  if (Number.isNaN(ms) || ms < 0) return undefined
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}

const isValue = (value: unknown, depth = 0): value is LinkValue => {
  if (typeof value === 'string') return value.length <= textCharsMax
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return true
  if (typeof value === 'number') return true
  if (!Array.isArray(value) || depth >= limits.fieldDepthMax) return false
  return value.length <= limits.fieldsMax && value.every((each) => isValue(each, depth + 1))
}

const fields = z
  .record(
    name,
    z.custom<LinkValue>((value) => isValue(value), 'is no value of a field'),
  )
  .refine((all) => Object.keys(all).length <= limits.fieldsMax, 'has too many fields')

const subject = z.object({
  namespace: objectName.optional(),
  pod: objectName.optional(),
  container: objectName.optional(),
  image_digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'is no digest')
    .optional(),
  programs: z
    .array(
      z.object({
        executable: text,
        arguments: z.array(text).max(limits.argumentsMax),
        directory: text,
      }),
    )
    .max(limits.programsMax),
  outcome: z.enum(['done', 'failed', 'unknown']),
  act: z
    .object({
      type: name,
      files: z.array(text).max(limits.filesOfActMax),
      is_write: z.boolean(),
      peer: z
        .object({
          address: name,
          port: z.int().min(1).max(65_535),
          protocol: name.optional(),
        })
        .optional(),
    })
    .optional(),
})

const alert = z.object({
  uuid,
  rule: z.string().min(1).max(ruleCharsMax),
  priority: z.enum(priorityNames),
  source: name,
  tags: z.array(z.string().max(ruleCharsMax)).max(limits.tagsMax).default([]),
  hostname: name,
  time: z.string().refine((time) => nanoseconds(time) !== undefined, {
    error: 'is no time in UTC such as 2026-11-26T20:00:00.000000000Z',
  }),
  message: text,
  output: text,
  output_fields: fields,
  bulwark: z.object({
    container_id: name.nullable(),
    from_user_memory: z.boolean(),
    pid: z.int().min(0),
    pod_uid: name.nullable(),
    policy: z.string().max(ruleCharsMax).optional(),
    scope_unknown: z.boolean().optional(),
    truncated: z.array(name).max(limits.fieldsMax),
  }),
  subject: subject.optional(),
})

const subjectOf = (of: z.infer<typeof subject>): AlertSubject => ({
  namespace: of.namespace,
  podName: of.pod,
  container: of.container,
  imageDigest: of.image_digest,
  programs: of.programs.map((program) => ({
    executable: program.executable,
    programArguments: program.arguments,
    workingDirectory: program.directory,
  })),
  outcome: of.outcome,
  act: of.act && {
    type: of.act.type,
    files: of.act.files,
    isWrite: of.act.is_write,
    peer: of.act.peer && { ...of.act.peer, protocol: of.act.peer.protocol },
  },
})

const received = (of: z.infer<typeof alert>): ReceivedAlert => {
  const { bulwark } = of
  return {
    uuid: of.uuid,
    rule: of.rule,
    priority: of.priority,
    source: of.source,
    tags: of.tags,
    hostname: of.hostname,
    timeNs: nanoseconds(of.time) ?? 0n,
    time: of.time,
    message: of.message,
    output: of.output,
    outputFields: new Map(Object.entries(of.output_fields)),
    bulwark: {
      pid: bulwark.pid,
      containerId: bulwark.container_id ?? undefined,
      podUid: bulwark.pod_uid ?? undefined,
      truncated: bulwark.truncated,
      fromUserMemory: bulwark.from_user_memory,
      ...(bulwark.policy === undefined ? {} : { policy: bulwark.policy }),
      ...(bulwark.scope_unknown === true ? { scopeUnknown: true } : {}),
    },
    ...(of.subject ? { subject: subjectOf(of.subject) } : {}),
  }
}

/** The first fault: `output_fields.evt: is …`. */
const reasonOf = ({ issues }: z.ZodError): string => {
  const [first] = issues
  const path = first?.path.map(String).join('.') ?? ''
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more faults)` : ''
  return `${path === '' ? '' : `${path}: `}${first?.message ?? 'is no alert'}${more}`
}

/** The alert that a value of JSON is, or why it is none. */
export const readAlert = (value: unknown): ReceivedAlert | { readonly reason: string } => {
  const parsed = alert.safeParse(value)
  return parsed.success ? received(parsed.data) : { reason: reasonOf(parsed.error) }
}

/** The uuid of what may be no alert, to speak of it. */
export const uuidIn = (value: unknown): string | null => {
  if (typeof value !== 'object' || value === null || !('uuid' in value)) return null
  return uuid.safeParse(value.uuid).data ?? null
}
