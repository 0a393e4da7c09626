/** Reads the lines in which alerts are kept: whatever they are, there is an answer. */
import type { Level, TakenNode, ToldLevel } from '@bulwark/graph'
import { graphLimits, levels } from '@bulwark/graph'
import type { Json } from '@bulwark/schema'
import { asObject, asText, parseJson } from '@bulwark/schema'
import { limits } from '../limits.ts'

/** Of what is written. */
export const formVersion = 1

export interface KeptAlert {
  /** The line that has it whole. */
  readonly line: string
  /** As it was told at last. */
  readonly level: ToldLevel
  /** That is not what its line says. */
  readonly isRaised: boolean
}

export interface KeptAlerts {
  /** Alerts that were told, the oldest first. */
  readonly uuids: ReadonlySet<string>
  /** The last of them that others may belong to, by uuid. */
  readonly told: ReadonlyMap<string, KeptAlert>
  readonly taken: readonly TakenNode[]
  /** Lines that are none, such as one that was cut. */
  readonly bad: number
}

const uuidForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const levelIn = ({ effective, isSuppressed }: Json): ToldLevel | undefined => {
  const level = levels.find((each): each is Level => each === effective)
  return level && typeof isSuppressed === 'boolean' ? { effective: level, isSuppressed } : undefined
}

const takenIn = (value: unknown): TakenNode | undefined => {
  const taken = asObject(value)
  const escape = asObject(taken?.['escape'])
  const pod = asObject(escape?.['pod'])
  const [node, uuid, rule] = [taken?.['node'], escape?.['uuid'], escape?.['rule']].map(asText)
  const [edge, namespace, name] = [escape?.['edge'], pod?.['namespace'], pod?.['name']].map(asText)
  const timeMs = escape?.['timeMs']
  if (node === undefined || uuid === undefined || rule === undefined) return undefined
  if (edge === undefined || namespace === undefined || name === undefined) return undefined
  if (typeof timeMs !== 'number') return undefined
  return { node, escape: { uuid, rule, pod: { kind: 'Pod', namespace, name }, edge, timeMs } }
}

class Reading {
  readonly uuids = new Set<string>()
  readonly told = new Map<string, KeptAlert>()
  readonly taken: TakenNode[] = []
  bad = 0

  take(line: string): void {
    const object = asObject(parseJson(line))
    const uuid = asText(object?.['uuid'])
    const taken = takenIn(object?.['taken'])
    const uuids = object?.['uuids']
    if (taken) this.taken.push(taken)
    else if (Array.isArray(uuids)) for (const each of uuids) this.#takeUuid(each)
    else if (object && uuid !== undefined && uuidForm.test(uuid))
      this.#takeAlert(line, object, uuid)
    else this.bad++
  }

  #takeAlert(line: string, object: Json, uuid: string): void {
    const level = levelIn(object)
    const before = this.told.get(uuid)
    if (before && level) this.told.set(uuid, { line: before.line, level, isRaised: true })
    // It was raised, and is forgotten itself.
    if (level && object['alert'] === undefined) return
    if (level && !before) this.told.set(uuid, { line, level, isRaised: false })
    dropOldest(this.told, graphLimits.openAlertsMax)
    this.#takeUuid(uuid)
  }

  #takeUuid(uuid: unknown): void {
    if (typeof uuid !== 'string' || !uuidForm.test(uuid)) return
    this.uuids.add(uuid)
    dropOldest(this.uuids, limits.rememberedAlertsMax)
  }
}

const dropOldest = (of: Set<string> | Map<string, unknown>, most: number): void => {
  if (of.size <= most) return
  const [oldest] = of.keys()
  if (oldest !== undefined) of.delete(oldest)
}

/** Why lines are not of this cluster's alerts; `undefined`: they are. */
const strangeIn = (header: string, cluster: string): string | undefined => {
  const object = asObject(parseJson(header))
  if (!object) return 'its first line is no whole JSON object'
  if (object['version'] !== formVersion) return 'another version of Bulwark has written it'
  if (object['cluster'] === cluster) return undefined
  return `it is of ${JSON.stringify(object['cluster'])}, and the cluster is ${cluster}`
}

/**
 * What is kept in texts, the older first. What is wrong is told.
 *
 * @param cluster  what is of another one is not taken
 */
export const readKept = (
  texts: readonly { readonly path: string; readonly text: string }[],
  cluster: string,
  log: (line: string) => void,
): KeptAlerts => {
  const reading = new Reading()
  for (const { path, text } of texts) {
    const [header = '', ...lines] = text.split('\n')
    const strange = strangeIn(header, cluster)
    if (strange !== undefined) {
      log(`warning: alerts kept in ${path} are not read: ${strange}`)
      continue
    }
    const bad = reading.bad
    for (const line of lines) if (line !== '') reading.take(line)
    const cut = reading.bad - bad
    if (cut > 0) log(`warning: ${path}: ${cut} lines are no alerts, or were cut: passed over`)
  }
  return reading
}
