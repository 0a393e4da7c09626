/** Alerts written in short, and what becomes of them as lines, for tests. */
import type { AlertAct } from '@bulwark/schema'
import type { Cluster } from '../../cluster.ts'
import { CveStore } from '../../cves/store.ts'
import { UsedFiles } from '../../cves/usage.ts'
import type { AlertFacts } from '../../judgement/context.ts'
import type { Judgement } from '../../judgement/judge.ts'
import { defaultSettings } from '../../judgement/settings.ts'
import { judgementJson, judgementLines } from '../../judgement/words.ts'
import type { PodAlert } from '../judging.ts'
import { AlertJudging } from '../judging.ts'

/**
 * An alert in short: `at` in seconds, `pod` as `namespace/name`, `connects` as `10.0.0.5:6379`,
 * `opens` and `writes` as paths.
 */
export interface ShortAlert {
  readonly id: string
  readonly at: number
  readonly pod: string
  readonly rule?: string
  readonly priority?: AlertFacts['priority']
  readonly tags?: readonly string[]
  readonly container?: string
  readonly outcome?: AlertFacts['outcome']
  readonly does?: string
  readonly connects?: string
  readonly opens?: string
  readonly writes?: string
}

const peerOf = (connects: string | undefined): AlertAct['peer'] => {
  if (connects === undefined) return undefined
  const colon = connects.lastIndexOf(':')
  const port = Number(connects.slice(colon + 1))
  return { address: connects.slice(0, colon), port, protocol: 'tcp' }
}

const typeOf = ({ does, connects, opens, writes }: ShortAlert): string => {
  if (does !== undefined) return does
  if (connects !== undefined) return 'connect'
  return opens === undefined && writes === undefined ? 'execve' : 'openat'
}

/** The alert that is meant. */
export const alertOf = (short: ShortAlert): PodAlert<string> => {
  const { id, at, pod, rule = 'Shell', priority = 'Notice', tags = [] } = short
  const { outcome = 'done', connects, opens, writes, container } = short
  const [namespace = '', podName = ''] = pod.split('/')
  const files = [opens, writes].filter((path) => path !== undefined)
  const isWrite = writes !== undefined
  return {
    uuid: id,
    told: id,
    namespace,
    podName,
    executables: [],
    rule,
    priority,
    tags,
    container,
    timeMs: at * 1000,
    outcome,
    act: { type: typeOf(short), files, isWrite, peer: peerOf(connects) },
  }
}

/** What an alert says at last. */
export interface Told {
  readonly judgement: Judgement
  readonly joined: readonly string[]
}

/** Judges alerts in an order; what each says at last, and the lines of what is told. */
export const tell = (
  cluster: Cluster,
  alerts: readonly ShortAlert[],
): { readonly last: ReadonlyMap<string, Told>; readonly lines: readonly string[] } => {
  const judging = new AlertJudging<string>()
  const sources = { cluster, cves: new CveStore(), used: new UsedFiles(), hasReports: false }
  const last = new Map<string, Told>()
  const lines: string[] = []
  for (const short of alerts) {
    const { judgement, joined, raised } = judging.judge(sources, alertOf(short), defaultSettings)
    last.set(short.id, { judgement, joined })
    lines.push(`${short.id}: ${chainLines(judgement).join('\n')}`, ...joinedLine(joined))
    JSON.stringify(judgementJson(judgement))
    for (const each of raised) {
      last.set(each.uuid, each)
      const { before, judgement: now, added } = each
      const reasons = added.map(({ text }) => text).join('; ')
      lines.push(`raises ${each.uuid} from ${before} to ${now.effective}: ${reasons}`)
      lines.push(...joinedLine(each.joined))
    }
  }
  return { last, lines }
}

const joinedLine = (joined: readonly string[]): readonly string[] =>
  joined.length === 0 ? [] : [`  joined with ${joined.join(', ')}`]

/** Without what is of the pod alone, in `judgement/cases`. */
const chainLines = (judgement: Judgement): readonly string[] => {
  const own = /^(?:chain|alerts|node|learning|escape\.walked|attempt)/
  const factors = judgement.factors.filter(({ id }) => own.test(id))
  return judgementLines({ ...judgement, factors, unknown: [] })
}
