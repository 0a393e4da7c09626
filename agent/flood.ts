/**
 * Floods: what the kernel side has shed, because a container sent more than its share while there
 * was little room in the ring. That is no loss: it is done on purpose, so that nothing is lost of
 * the others. `ShedMeter` takes the differences of the kernel's counts; `ShedAlerts` tells them.
 */
import type { Alert } from './alert.ts'
import { internalAlert } from './alert.ts'
import type { CgroupId } from './container/cgroup-index.ts'
import type { Container } from './container/container.ts'
import type { Counted } from './held-counts.ts'
import { HeldCounts } from './held-counts.ts'
import { limits } from './limits.ts'
import { keepsTable } from './loss.ts'
import { dateParts } from './time.ts'

/** Events of one cgroup and hook that were shed. */
export interface Shed {
  readonly cgroupId: CgroupId
  /** In the v1 hierarchy; 0 when none is looked at. */
  readonly oldId: CgroupId
  /** The type of event as rules have it, such as `openat`. */
  readonly hook: string
  readonly count: number
}

/** What was shed in an interval. Times are nanoseconds since boot. */
export interface ShedReport {
  readonly startNs: bigint
  readonly endNs: bigint
  readonly shed: readonly Shed[]
  /** Events of which the kernel side does not know any more whose they were. */
  readonly others: number
}

/** From counts that only go up to what came since the last look. */
export class ShedMeter {
  #before: ReadonlyMap<string, number> = new Map()
  /** Of all that was shed, what the reports have had. */
  #reported = 0
  #lookedNs: bigint

  /** @param nowNs  nanoseconds since boot; the counts are zero then */
  constructor(nowNs: bigint) {
    this.#lookedNs = nowNs
  }

  /**
   * @param total  all that was shed so far, read before `counts`
   * @param counts  the same by cgroup and hook, as far as the kernel side knows it: an entry that
   *   it has given up begins at zero again
   * @returns `undefined` when nothing was shed since the last look
   */
  look(total: number, counts: readonly Shed[], nowNs: bigint): ShedReport | undefined {
    const startNs = this.#lookedNs
    this.#lookedNs = nowNs
    const now = new Map<string, number>()
    const shed: Shed[] = []
    for (const each of counts) {
      const key = `${each.cgroupId} ${each.oldId} ${each.hook}`
      const known = now.get(key) ?? this.#before.get(key) ?? 0
      const more = each.count < known ? each.count : each.count - known
      now.set(key, each.count)
      if (more > 0) shed.push({ ...each, count: more })
      this.#reported += more
    }
    this.#before = now
    // What was shed between the two readings is in the next total.
    const others = Math.max(0, total - this.#reported)
    this.#reported += others
    return shed.length > 0 || others > 0 ? { startNs, endNs: nowNs, shed, others } : undefined
  }
}

export const shedRule = 'Bulwark internal: events shed'

/** Whether the process table is behind after it. */
export const shedsState = ({ shed }: ShedReport): boolean =>
  shed.some(({ hook }) => keepsTable.has(hook))

/** What was shed of whom. */
interface ShedOf {
  /** `undefined` when it is not told apart. */
  readonly hook: string | undefined
  readonly count: number
  /** In words. */
  readonly who: string
  readonly container: Container | undefined
  readonly cgroupId: CgroupId | undefined
}

const podOf = ({ metadata }: Container): string =>
  metadata?.podName === undefined ? '' : ` of pod ${metadata.namespace ?? ''}/${metadata.podName}`

const whoIs = (container: Container | undefined, cgroupId: CgroupId): string => {
  if (!container) return `cgroup ${cgroupId}, which is no container's`
  const id = container.id.slice(0, 12)
  const name = container.metadata?.name
  return `container ${name === undefined ? id : `${name} (${id})`}${podOf(container)}`
}

const ofOthers = (count: number): ShedOf => ({
  hook: undefined,
  count,
  who: 'others',
  container: undefined,
  cgroupId: undefined,
})

const textOf = ({ hook, count, who }: ShedOf): string =>
  `${count}${hook === undefined ? '' : ` of ${hook}`} in ${who}`

/** Tells at once what was shed; what follows soon is held together for a while. */
export class ShedAlerts {
  readonly #hostname: string
  readonly #onAlert: (alert: Alert) => void
  readonly #log: (line: string) => void
  // By container, whatever cgroups it has in itself.
  readonly #held = new HeldCounts<ShedOf>(({ container, cgroupId, hook }) =>
    JSON.stringify([container?.id ?? String(cgroupId), hook]),
  )

  constructor(hostname: string, onAlert: (alert: Alert) => void, log: (line: string) => void) {
    this.#hostname = hostname
    this.#onAlert = onAlert
    this.#log = log
  }

  /** @param containerOf  the container of a cgroup, as far as it is known */
  add(
    { startNs, endNs, shed, others: rest }: ShedReport,
    wallOffsetNs: bigint,
    containerOf: (id: CgroupId, oldId: CgroupId) => Container | undefined,
  ): void {
    const items = shed.map(({ cgroupId, oldId, hook, count }): ShedOf => {
      const container = containerOf(cgroupId, oldId)
      return { hook, count, container, cgroupId, who: whoIs(container, cgroupId) }
    })
    if (rest > 0) items.push(ofOthers(rest))
    this.#held.add({ startNs, endNs, items })
    const most = items.reduce((a, b) => (b.count > a.count ? b : a))
    const total = items.reduce((sum, { count }) => sum + count, 0)
    this.#log(`shed ${total} events, to lose none of others; most: ${textOf(most)}`)
    this.pass(endNs, wallOffsetNs)
  }

  /** Time has passed: tells what waits, if it has waited long enough. */
  pass(nowNs: bigint, wallOffsetNs: bigint): void {
    this.#tell(this.#held.takeDue(nowNs), wallOffsetNs)
  }

  /** Tells what waits. */
  flush(wallOffsetNs: bigint): void {
    this.#tell(this.#held.take(), wallOffsetNs)
  }

  /** The largest by themselves, the rest in one. */
  #tell({ startNs, endNs, items }: Counted<ShedOf>, wallOffsetNs: bigint): void {
    const [start, end] = [startNs + wallOffsetNs, endNs + wallOffsetNs]
    const sorted = items.toSorted((a, b) => b.count - a.count)
    for (const each of sorted.slice(0, limits.shedAlertsMax)) {
      this.#onAlert(this.#alert(each, start, end))
    }
    const rest = sorted.slice(limits.shedAlertsMax).reduce((sum, { count }) => sum + count, 0)
    if (rest > 0) this.#onAlert(this.#alert(ofOthers(rest), start, end))
  }

  #alert(of: ShedOf, start: bigint, end: bigint): Alert {
    const { hook = null, count, container, cgroupId } = of
    const metadata = container?.metadata
    const [from, to] = [dateParts(start).time, dateParts(end).time]
    const why = 'more than a share of what little room the ring had left'
    const id = container?.id.slice(0, 12) ?? (cgroupId === undefined ? null : 'host')
    const alert = internalAlert({
      rule: shedRule,
      priority: hook !== null && keepsTable.has(hook) ? 'Error' : 'Warning',
      hostname: this.#hostname,
      timeNs: end,
      message:
        `Events shed: ${textOf(of)} from ${from} to ${to}: ${why} | ` +
        `container=${id ?? '<NA>'} hook=${hook ?? '<NA>'} count=${count}`,
      fields: [
        ['container.id', id],
        ['container.name', metadata?.name ?? null],
        ['k8s.ns.name', metadata?.namespace ?? null],
        ['k8s.pod.name', metadata?.podName ?? null],
        ['shed.cgroup', cgroupId ?? null],
        ['shed.count', count],
        ['shed.end', end],
        ['shed.hook', hook],
        ['shed.start', start],
      ],
    })
    const podUid = container?.podUid
    return { ...alert, bulwark: { ...alert.bulwark, containerId: container?.id, podUid } }
  }
}
