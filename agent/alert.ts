/** An alert, and its two forms: a line of JSON with Falco's keys, or a line for people. */
import type { PrintedValue, PriorityName } from '@bulwark/policy'

export interface Alert {
  readonly uuid: string
  readonly rule: string
  readonly priority: PriorityName
  readonly source: string
  readonly tags: readonly string[]
  readonly hostname: string
  /** UTC, ISO 8601 with nanoseconds. */
  readonly time: string
  /** Local time of day, then priority and message. */
  readonly output: string
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
  }
}

const raw = (value: unknown): unknown => {
  if (typeof value !== 'bigint') return value
  // A number in JSON, whatever its size: JSON has no bound, only its readers have.
  return (
    (JSON as unknown as { rawJSON?: (text: string) => unknown }).rawJSON?.(String(value)) ??
    Number(value)
  )
}

/** One line of JSON, keys sorted as Falco's are. */
export const alertJson = (alert: Alert): string => {
  const { bulwark } = alert
  const fields = [...alert.outputFields].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(
    {
      bulwark: {
        container_id: bulwark.containerId ?? null,
        from_user_memory: bulwark.fromUserMemory,
        pid: bulwark.pid,
        pod_uid: bulwark.podUid ?? null,
        truncated: bulwark.truncated,
      },
      hostname: alert.hostname,
      output: alert.output,
      output_fields: Object.fromEntries(fields),
      priority: alert.priority,
      rule: alert.rule,
      source: alert.source,
      tags: alert.tags,
      time: alert.time,
      uuid: alert.uuid,
    },
    (_, value: unknown) => raw(value),
  )
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

// A terminal obeys these, and alerts hold what attackers chose. The last ones turn text around.
const controls = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

const writtenOut = (letter: string): string => {
  const code = letter.charCodeAt(0)
  const [form, digits] = code < 256 ? ['x', 2] : ['u', 4]
  return `\\${form}${code.toString(16).padStart(digits, '0')}`
}

/**
 * One line for a person: what a terminal would obey is written out.
 *
 * @param coloured  with ANSI colours
 */
export const alertText = (alert: Alert, coloured: boolean): string => {
  const line = alert.output.replace(controls, writtenOut)
  if (!coloured) return line
  return line.replace(
    `${alert.priority} `,
    `\x1b[${colours[alert.priority]}m${alert.priority}\x1b[0m `,
  )
}
