/**
 * Equal alerts of one rule, folded: the first is told at once, and those that follow within a
 * window are told in one alert when it ends, with their number and the times of the first and the
 * last. Whether a rule's alerts are folded is said by the rule or by the operator. Pure: time comes
 * with what is told, so a replay folds as the agent did.
 */
import type { FieldType } from '@bulwark/schema'
import { fields } from '@bulwark/schema'
import type { PrintedValue, Rule } from '@bulwark/policy'
import type { Alert } from './alert.ts'
import { spoken } from './alert.ts'
import { BoundedMap } from './bounded.ts'
import { limits } from './limits.ts'
import { dateParts } from './time.ts'

/** Which rules' alerts are folded. */
export interface Folding {
  /** `said`: of rules that say `fold: true`; `all`: of those that do not say `fold: false`. */
  readonly rules: 'said' | 'all' | 'none'
  /** For how long after an alert, at least 1. */
  readonly seconds: number
}

/** Whether equal alerts of a rule become one. */
export const isFolded = ({ folds }: Pick<Rule, 'folds'>, { rules }: Folding): boolean =>
  rules === 'all' ? folds !== false : rules === 'said' && folds === true

const isTime = (type: FieldType): boolean => type === 'abstime' || type === 'reltime'

/** Fields that tell one occurrence from the next, beside all that are times. */
export const ofOccurrence: ReadonlySet<string> = new Set(
  [
    'evt.num evt.cpu evt.latency.quantized fd.num fd.cport container.watched_s',
    'evt.time evt.time.s evt.time.iso8601 evt.datetime evt.datetime.s',
    'proc.pid proc.ppid proc.apid proc.vpid proc.pvpid proc.sid proc.pgid proc.vpgid',
    'thread.tid thread.vtid',
    ...fields.filter(({ type }) => isTime(type)).map(({ name }) => name),
  ].flatMap((names) => names.split(' ')),
)

/** The port that the client of a connection was given, in `10.0.0.1:40000->10.0.0.2:443`. */
const clientPort = /:\d+(?=->)/

/** Whether a field of an output must be equal, by its name there: `proc.apid[2]`. */
const mustBeEqual = (name: string): boolean => {
  const argumentAt = name.indexOf('[')
  return !ofOccurrence.has(argumentAt < 0 ? name : name.slice(0, argumentAt))
}

/** Of a value what must be equal, so that it can be told where it ends and of which type it is. */
const sameness = (name: string, value: PrintedValue): string => {
  if (typeof value === 'string') {
    const text = name === 'fd.name' ? value.replace(clientPort, '') : value
    return `"${text.length}:${text}`
  }
  if (Array.isArray(value)) {
    return `[${value.map((each) => sameness(name, each as PrintedValue)).join('')}]`
  }
  return `${String(value)};`
}

/** What alerts that are equal have in common: rule, container, and what the output shows. */
export const foldKey = ({ rule, priority, bulwark, outputFields }: Alert): string => {
  let key = `${sameness('', rule)}${priority}${bulwark.containerId ?? ''}`
  for (const [name, value] of outputFields) {
    if (mustBeEqual(name)) key += ` ${name}=${sameness(name, value)}`
  }
  return key
}

/** Equal alerts of one window. */
interface Fold {
  readonly key: string
  /** Nanoseconds since boot. */
  readonly startNs: bigint
  /** Not told yet: how many, when the first was (nanoseconds since 1970), and the last one. */
  count: number
  firstNs: bigint
  last: Alert | undefined
}

/** The alert that stands for those of a window. */
const summary = (last: Alert, count: number, firstNs: bigint): Alert => {
  const [from, to] = [dateParts(firstNs).time, dateParts(last.timeNs).time]
  const message = `${last.message} fold_count=${count} fold_first=${from} fold_last=${to}`
  const outputFields = new Map(last.outputFields)
    .set('fold.count', count)
    .set('fold.first', firstNs)
    .set('fold.last', last.timeNs)
  return { ...last, ...spoken(last.timeNs, last.priority, message), outputFields }
}

export class AlertFolds {
  readonly #folding: Folding
  readonly #windowNs: bigint
  readonly #onAlert: (alert: Alert) => void
  /** Those whose windows began first are first. */
  readonly #open: BoundedMap<string, Fold>

  /** @param foldsMax  so many different alerts may have equal ones, at least 1 */
  constructor(
    folding: Folding,
    onAlert: (alert: Alert) => void,
    foldsMax: number = limits.foldsMax,
  ) {
    this.#folding = folding
    this.#windowNs = BigInt(folding.seconds) * 1_000_000_000n
    this.#onAlert = onAlert
    this.#open = new BoundedMap(foldsMax, (_, fold) => this.#tell(fold))
  }

  /**
   * Takes an alert of a rule, and tells it at once unless one that is equal was told in its window.
   *
   * @param nowNs  when it happened, nanoseconds since boot
   */
  add(alert: Alert, rule: Rule, nowNs: bigint): void {
    if (!isFolded(rule, this.#folding)) {
      this.#onAlert(alert)
      return
    }
    const key = foldKey(alert)
    const before = this.#open.get(key)
    const isOver = before !== undefined && nowNs - before.startNs >= this.#windowNs
    const fold = isOver ? this.#renew(before, nowNs) : before
    if (!fold) {
      this.#open.set(key, { key, startNs: nowNs, count: 0, firstNs: 0n, last: undefined })
      this.#onAlert(alert)
      return
    }
    if (fold.count === 0) fold.firstNs = alert.timeNs
    fold.count++
    fold.last = alert
  }

  /** Time has passed: tells of the windows that are over. */
  pass(nowNs: bigint): void {
    for (const fold of this.#open.values()) {
      if (nowNs - fold.startNs < this.#windowNs) return
      this.#renew(fold, nowNs)
    }
  }

  /** Tells all that waits, and forgets what was told. */
  flush(): void {
    for (const fold of this.#open.values()) {
      this.#open.delete(fold.key)
      this.#tell(fold)
    }
  }

  /** Ends a window. Alerts that go on get the next one; `undefined` where there were none. */
  #renew(fold: Fold, nowNs: bigint): Fold | undefined {
    this.#open.delete(fold.key)
    if (fold.count === 0) return undefined
    this.#tell(fold)
    const next: Fold = { key: fold.key, startNs: nowNs, count: 0, firstNs: 0n, last: undefined }
    this.#open.set(next.key, next)
    return next
  }

  #tell({ last, count, firstNs }: Fold): void {
    if (last) this.#onAlert(summary(last, count, firstNs))
  }
}
