/**
 * An alert, and its two forms: a line of JSON with Falco's keys, or a line for people. What an
 * operator can say of the forms is `AlertForm`, with Falco's meaning of each switch.
 */
import type { PrintedValue, PriorityName } from '@bulwark/policy'
import type {
  AlertAct,
  AlertContext,
  AlertSubject,
  AlertUpdate,
  LinkSubject,
} from '@bulwark/schema'
import { dateParts, isoTime } from './time.ts'
import { randomUuid } from './uuid.ts'

export interface Alert {
  readonly uuid: string
  readonly rule: string
  readonly priority: PriorityName
  /** `internal`: about Bulwark itself. */
  readonly source: string
  readonly tags: readonly string[]
  readonly hostname: string
  /** Nanoseconds since 1970. */
  readonly timeNs: bigint
  /** UTC, ISO 8601 with nanoseconds. */
  readonly time: string
  /** What the rule says, without time and priority. */
  readonly message: string
  /** Local time of day, then priority and message. */
  readonly output: string
  /** Of the rule's output, and what is added to it; without the time. */
  readonly outputFields: ReadonlyMap<string, PrintedValue>
  /** What Falco has no key for. */
  readonly bulwark: {
    readonly pid: number
    readonly containerId: string | undefined
    readonly podUid: string | undefined
    /** Members of the event or of its process that were cut. */
    readonly truncated: readonly string[]
    /** Some path of the event is what the process said, not what the kernel resolved. */
    readonly fromUserMemory: boolean
    /** The policy of the rule; none: the rule is of a rule file, and no policy applies to it. */
    readonly policy?: string
    /** What the scope asks for was not known of the container. */
    readonly scopeUnknown?: boolean
    /** What its context makes of it; none: nobody has judged it. */
    readonly context?: AlertContext
    /** It tells an alert again that others have raised. */
    readonly update?: AlertUpdate
  }
  /** For whoever judges it, and not part of its line; alerts about Bulwark itself have none. */
  readonly subject?: AlertSubject
}

/** An alert of an alert that was told: another one has raised it. */
export const raisedRule = 'Bulwark internal: alert raised'

/** What lines of alerts hold. */
export interface AlertForm {
  /** Times in the text are ISO 8601 in UTC, and not the local time of day. */
  readonly isoTime: boolean
  /** Keys of JSON that may be left out, or in. */
  readonly includeOutput: boolean
  readonly includeMessage: boolean
  readonly includeOutputFields: boolean
  readonly includeTags: boolean
  /** `uuid` and `bulwark`, which Falco does not have. */
  readonly includeBulwark: boolean
}

/** The form that Falco's own settings have when nobody changes them; with Bulwark's keys. */
export const defaultForm: AlertForm = {
  isoTime: false,
  includeOutput: true,
  includeMessage: false,
  includeOutputFields: true,
  includeTags: true,
  includeBulwark: true,
}

/** What all alerts have of a time, a priority and a message. */
export const spoken = (
  timeNs: bigint,
  priority: PriorityName,
  message: string,
): Pick<Alert, 'timeNs' | 'time' | 'priority' | 'message' | 'output'> => ({
  timeNs,
  time: isoTime(timeNs),
  priority,
  message,
  output: `${dateParts(timeNs).time}: ${priority} ${message}`,
})

/** An alert about Bulwark itself, of no rule, event or process. */
export const internalAlert = (facts: {
  readonly rule: string
  readonly priority: PriorityName
  readonly hostname: string
  readonly timeNs: bigint
  readonly message: string
  readonly fields: readonly (readonly [name: string, value: PrintedValue])[]
}): Alert => ({
  uuid: randomUuid(),
  rule: facts.rule,
  source: 'internal',
  tags: [],
  hostname: facts.hostname,
  ...spoken(facts.timeNs, facts.priority, facts.message),
  outputFields: new Map(facts.fields),
  bulwark: {
    pid: 0,
    containerId: undefined,
    podUid: undefined,
    truncated: [],
    fromUserMemory: false,
  },
})

/** What others make of an alert that was told. */
export interface RaisedTo {
  readonly priority: PriorityName
  readonly context: AlertContext
  readonly update: AlertUpdate
}

/** Fields of the alert that say of whom it is. */
const whoseFields = ['container.id', 'container.name', 'k8s.ns.name', 'k8s.pod.name'] as const

/** The record that tells an alert again. `timeNs`: of the alert that raised it. */
export const raisedAlert = (
  alert: Alert,
  { priority, context, update }: RaisedTo,
  timeNs: bigint,
): Alert => {
  const { hostname, rule, bulwark } = alert
  const reasons = update.reasons.join('; ')
  const told = internalAlert({
    rule: raisedRule,
    priority,
    hostname,
    timeNs,
    message: `${rule}: raised from ${update.before} to ${update.severity}: ${reasons}`,
    fields: [
      ['alert.uuid', update.of],
      ['alert.rule', rule],
      ...whoseFields.flatMap((name) => {
        const value = alert.outputFields.get(name)
        return value === undefined ? [] : [[name, value] as const]
      }),
    ],
  })
  const { pid, containerId, podUid } = bulwark
  return { ...told, bulwark: { ...told.bulwark, pid, containerId, podUid, context, update } }
}

const raw = (value: PrintedValue): unknown => {
  if (Array.isArray(value)) return (value as readonly PrintedValue[]).map(raw)
  if (typeof value !== 'bigint') return value
  // A number in JSON, whatever its size: JSON has no bound, only its readers have.
  return (
    (JSON as unknown as { rawJSON?: (text: string) => unknown }).rawJSON?.(String(value)) ??
    Number(value)
  )
}

/** `output` as the form wants its time. */
const outputOf = ({ output, time, priority, message }: Alert, form: AlertForm): string =>
  form.isoTime ? `${time}: ${priority} ${message}` : output

/** The fields in the order of their names, and the time among them, a number as Falco has it. */
const fieldsOf = (alert: Alert, form: AlertForm): Readonly<Record<string, unknown>> => {
  const timeName = form.isoTime ? 'evt.time.iso8601' : 'evt.time'
  const all = new Map(alert.outputFields).set(timeName, alert.timeNs)
  const sorted = [...all].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([name, value]) => [name, raw(value)]))
}

const valuesOf = (alert: Alert, form: AlertForm): Readonly<Record<string, unknown>> => {
  const { bulwark, hostname, message, priority, rule, source, tags, time, uuid } = alert
  const own = {
    container_id: bulwark.containerId ?? null,
    ...(bulwark.context === undefined ? {} : { context: bulwark.context }),
    from_user_memory: bulwark.fromUserMemory,
    pid: bulwark.pid,
    pod_uid: bulwark.podUid ?? null,
    ...(bulwark.policy === undefined ? {} : { policy: bulwark.policy }),
    ...(bulwark.scopeUnknown === true ? { scope_unknown: true } : {}),
    truncated: bulwark.truncated,
    ...(bulwark.update === undefined ? {} : { update: bulwark.update }),
  }
  return {
    ...(form.includeBulwark ? { bulwark: own } : {}),
    hostname,
    ...(form.includeMessage ? { message } : {}),
    ...(form.includeOutput ? { output: outputOf(alert, form) } : {}),
    ...(form.includeOutputFields ? { output_fields: fieldsOf(alert, form) } : {}),
    priority,
    rule,
    source,
    // Alerts about the sensor itself have none, as Falco's have.
    ...(form.includeTags && source !== 'internal' ? { tags } : {}),
    time,
    ...(form.includeBulwark ? { uuid } : {}),
  }
}

/** One line of JSON, keys sorted as Falco's are. Invalid UTF-8 became U+FFFD when it was read. */
export const alertJson = (alert: Alert, form: AlertForm = defaultForm): string =>
  JSON.stringify(valuesOf(alert, form))

const linkForm: AlertForm = { ...defaultForm, includeMessage: true }

const linkSubject = (of: AlertSubject): LinkSubject => {
  const { namespace, podName: pod, container, imageDigest, programs, outcome, act } = of
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(pod === undefined ? {} : { pod }),
    ...(container === undefined ? {} : { container }),
    ...(imageDigest === undefined ? {} : { image_digest: imageDigest }),
    programs: programs.map(({ executable, programArguments, workingDirectory }) => ({
      executable,
      arguments: programArguments,
      directory: workingDirectory,
    })),
    outcome,
    ...(act ? { act: linkAct(act) } : {}),
  }
}

const linkAct = ({ type, files, isWrite, peer }: AlertAct): NonNullable<LinkSubject['act']> => ({
  type,
  files,
  is_write: isWrite,
  ...(peer
    ? {
        peer: {
          address: peer.address,
          port: peer.port,
          ...(peer.protocol === undefined ? {} : { protocol: peer.protocol }),
        },
      }
    : {}),
})

/** The line for the server of the cluster: it says whom it is about, to be judged there. */
export const alertLinkJson = (alert: Alert): string => {
  const { subject } = alert
  const values = valuesOf(alert, linkForm)
  return JSON.stringify(subject ? { ...values, subject: linkSubject(subject) } : values)
}

const colours: Readonly<Record<PriorityName, string>> = {
  Emergency: '1;37;41',
  Alert: '1;37;41',
  Critical: '1;31',
  Error: '31',
  Warning: '33',
  Notice: '36',
  Informational: '37',
  Debug: '90',
}

// What a terminal obeys beside what JSON escapes; alerts hold what attackers chose. The last ones
// turn text around.
const controls = /[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

const writtenOut = (letter: string): string =>
  `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`

/**
 * One line of text, escaped as in JSON, as Falco does; and what else a terminal would obey.
 *
 * @param coloured  with ANSI colours
 */
export const alertText = (
  alert: Alert,
  coloured: boolean,
  form: AlertForm = defaultForm,
): string => {
  const { context } = alert.bulwark
  const text = outputOf(alert, form) + (context === undefined ? '' : ` [${context.summary}]`)
  const line = JSON.stringify(text).slice(1, -1).replace(controls, writtenOut)
  if (!coloured) return line
  return line.replace(
    `${alert.priority} `,
    `\x1b[${colours[alert.priority]}m${alert.priority}\x1b[0m `,
  )
}
