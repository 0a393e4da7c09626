/** The alerts of a request: lines of JSON, or an array. One that is bad spoils no other. */
import type { RefusedAlert } from '@bulwark/schema'
import { limits } from '../limits.ts'
import type { ReceivedAlert } from './read-alert.ts'
import { readAlert, uuidIn } from './read-alert.ts'

/** The request as a whole is of no use: what is wrong, and what to do. */
export interface BadBatch {
  readonly message: string
  readonly help: string
}

export interface Batch {
  readonly alerts: readonly ReceivedAlert[]
  readonly refused: readonly RefusedAlert[]
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown

/** Numbers beyond what a double holds stay what they are: times are nanoseconds. */
const exact: Reviver = (_, value, { source }) =>
  typeof value === 'number' &&
  !Number.isSafeInteger(value) &&
  source !== undefined &&
  /^-?\d{1,40}$/.test(source)
    ? BigInt(source)
    : value

const parse = JSON.parse as (text: string, reviver: Reviver) => unknown

/** @throws SyntaxError  it is no JSON */
export const parseExact = (text: string): unknown => parse(text, exact)

const tooMany: BadBatch = {
  message: `more than ${limits.batchAlertsMax} alerts in one request`,
  help: 'send them in several',
}

const valuesOfLines = (text: string): readonly unknown[] | BadBatch => {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  if (lines.length > limits.batchAlertsMax) return tooMany
  return lines.map((line) => {
    if (line.length > limits.alertCharsMax) {
      return new Unreadable(`has more than ${limits.alertCharsMax} characters`)
    }
    try {
      return parseExact(line)
    } catch {
      return new Unreadable('is no JSON')
    }
  })
}

const valuesOfArray = (text: string): readonly unknown[] | BadBatch => {
  let value: unknown
  try {
    value = parseExact(text)
  } catch {
    return { message: 'the request is no JSON', help: 'send an array of alerts' }
  }
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  return values.length > limits.batchAlertsMax ? tooMany : values
}

class Unreadable {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}

export const isBadBatch = (batch: object): batch is BadBatch => 'help' in batch

/** @param form  of the text: `lines`, or `array`, which may also be one alert */
export const readBatch = (text: string, form: 'lines' | 'array'): Batch | BadBatch => {
  const values = form === 'lines' ? valuesOfLines(text) : valuesOfArray(text)
  if (isBadBatch(values)) return values
  const alerts: ReceivedAlert[] = []
  const refused: RefusedAlert[] = []
  for (const [at, value] of values.entries()) {
    const alert = value instanceof Unreadable ? value : readAlert(value)
    if ('reason' in alert) refused.push({ at, uuid: uuidIn(value), reason: alert.reason })
    else alerts.push(alert)
  }
  return { alerts, refused }
}
