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
import { timeTexts } from './time.ts'
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
): Pick<Alert, 'timeNs' | 'time' | 'priority' | 'message' | 'output'> => {
  const { iso, local } = timeTexts(timeNs)
  return { timeNs, time: iso, priority, message, output: `${local}: ${priority} ${message}` }
}

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

const quoted = (text: string): string => JSON.stringify(text)

/** A number in JSON, whatever its size: JSON has no bound, only its readers have. */
const valueJson = (value: PrintedValue): string => {
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value))
    return `[${(value as readonly PrintedValue[]).map(valueJson).join(',')}]`
  return JSON.stringify(value)
}

/** `output` as the form wants its time. */
const outputOf = ({ output, time, priority, message }: Alert, form: AlertForm): string =>
  form.isoTime ? `${time}: ${priority} ${message}` : output

/** The fields in the order of their names, and the time among them, a number as Falco has it. */
const fieldsJson = ({ outputFields, timeNs }: Alert, form: AlertForm): string => {
  const timeName = form.isoTime ? 'evt.time.iso8601' : 'evt.time'
  const names = Array.from(outputFields.keys())
  if (!outputFields.has(timeName)) names.push(timeName)
  let json = ''
  for (const name of names.sort()) {
    const value = name === timeName ? timeNs : (outputFields.get(name) ?? null)
    json += `${json === '' ? '' : ','}${quoted(name)}:${valueJson(value)}`
  }
  return `{${json}}`
}

const bulwarkJson = ({ bulwark }: Alert): string => {
  const { containerId = null, context, fromUserMemory, pid, podUid = null, policy } = bulwark
  const { scopeUnknown, truncated, update } = bulwark
  let json = `{"container_id":${valueJson(containerId)}`
  if (context !== undefined) json += `,"context":${JSON.stringify(context)}`
  json += `,"from_user_memory":${fromUserMemory},"pid":${pid},"pod_uid":${valueJson(podUid)}`
  if (policy !== undefined) json += `,"policy":${quoted(policy)}`
  if (scopeUnknown === true) json += ',"scope_unknown":true'
  json += `,"truncated":${truncated.length === 0 ? '[]' : JSON.stringify(truncated)}`
  if (update !== undefined) json += `,"update":${JSON.stringify(update)}`
  return `${json}}`
}

/**
 * One line of JSON, keys sorted as Falco's are. Invalid UTF-8 became U+FFFD when it was read.
 * Written piece by piece: objects of all that are sorted first take twice as long.
 */
export const alertJson = (alert: Alert, form: AlertForm = defaultForm): string => {
  const { hostname, message, priority, rule, source, tags, time, uuid } = alert
  let json = form.includeBulwark ? `{"bulwark":${bulwarkJson(alert)},` : '{'
  json += `"hostname":${quoted(hostname)}`
  if (form.includeMessage) json += `,"message":${quoted(message)}`
  if (form.includeOutput) json += `,"output":${quoted(outputOf(alert, form))}`
  if (form.includeOutputFields) json += `,"output_fields":${fieldsJson(alert, form)}`
  json += `,"priority":"${priority}","rule":${quoted(rule)},"source":${quoted(source)}`
  // Alerts about the sensor itself have none, as Falco's have.
  if (form.includeTags && source !== 'internal') json += `,"tags":${JSON.stringify(tags)}`
  json += `,"time":${quoted(time)}`
  if (form.includeBulwark) json += `,"uuid":${quoted(uuid)}`
  return `${json}}`
}

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
  const json = alertJson(alert, linkForm)
  if (!subject) return json
  return `${json.slice(0, -1)},"subject":${JSON.stringify(linkSubject(subject))}}`
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

/** JSON for a terminal: it means the same. */
export const shownJson = (json: string): string => json.replace(controls, writtenOut)

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
