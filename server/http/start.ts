/** Puts the parts of a server together, and lets them listen. */
import type { ApiAccess } from '@bulwark/kubernetes'
import type { UsageReport } from '@bulwark/schema'
import type { Logger } from 'pino'
import { destination, pino } from 'pino'
import type { ClusterFeed } from '../feed.ts'
import type { AlertJudgeOptions, Judged } from '../judge/index.ts'
import { AlertJudge } from '../judge/index.ts'
import { limits } from '../limits.ts'
import type { ReceivedAlert, RestoreStep } from '../link/index.ts'
import { AlertIntake } from '../link/index.ts'
import type { AlertState } from '../memory/index.ts'
import { AlertMemory } from '../memory/index.ts'
import type { UsageAnswer } from './app.ts'
import { makeApp } from './app.ts'
import type { Role, RoleAccess } from './guard.ts'
import { Guard } from './guard.ts'
import type { SecureServer, Tls } from './renewed-tls.ts'
import { renewTls } from './renewed-tls.ts'
import { tokenReviewer } from './review.ts'

/** Where a server listens. */
export interface Listen {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** The address is one of this machine alone. */
  readonly isLoopback: boolean
}

export interface ServerOptions {
  readonly listen: Listen
  /** Reads certificate and key: now, where it may throw, and again and again. */
  readonly tls: (() => Tls) | undefined
  readonly roles: Readonly<Record<Role, RoleAccess>>
  /** What tokens of service accounts must be made for. */
  readonly audience: string
  /** Of the API server that is asked about tokens. */
  readonly access: ApiAccess | undefined
  readonly feed: ClusterFeed
  readonly settings: AlertJudgeOptions['settings']
  /** Takes an alert, and those that it raises, to the server's channels. Never waits or throws. */
  readonly tell: (alert: ReceivedAlert, judged: Judged<ReceivedAlert>) => void
  /** Alerts that a channel has lost so far. */
  readonly lost: () => Iterable<readonly [channel: string, count: number]>
  /** Where alerts are kept over a restart; `undefined`: nowhere. */
  readonly state?: AlertState | undefined
  /** Hears what goes on; without it, lines of JSON go to stderr. */
  readonly log: ((line: string) => void) | undefined
  /** Alerts that may wait for their judgement; that of `limits` when not said. */
  readonly waitingMax?: number
  /** How often certificate and key are looked at, milliseconds; that of `limits` when not said. */
  readonly tlsLookMs?: number
}

export interface RunningServer {
  /** `http://127.0.0.1:7676` */
  readonly url: string
  /** Numbers for a last word. */
  readonly counts: AlertIntake['counts']
  /** Takes nothing new, tells what was taken, and ends; within a bound. */
  readonly close: () => Promise<void>
}

const stderrFd = 2

/** pino writes where the lines of `log` go. */
const loggerOf = (log: ServerOptions['log']): Logger =>
  log
    ? pino({ level: 'warn' }, { write: (line: string) => log(line.trimEnd()) })
    : pino({ level: 'info' }, destination({ fd: stderrFd, sync: true }))

/**
 * Starts a server.
 *
 * @throws Error  the address is taken, or is none of this machine; certificate or key are none
 */
export const startHttp = async (options: ServerOptions): Promise<RunningServer> => {
  const { listen, roles, audience, access, feed, settings, tell, lost } = options
  const logger = loggerOf(options.log)
  const say = options.log ?? ((line: string): void => logger.info(line))
  const now = (): number => performance.now()
  const judge = new AlertJudge<ReceivedAlert>({
    sourcesNow: () => feed.sources,
    settings,
    log: say,
  })
  const { waitingMax = limits.waitingAlertsMax, tlsLookMs: lookMs = limits.tlsLookMs } = options
  const tls = options.tls?.()
  const memory =
    options.state && new AlertMemory({ ...options.state, log: say, taken: () => judge.taken })
  const restore = memory && restoring(judge, memory, feed)
  const intake = new AlertIntake({
    judge: (alert) => judge.judge(alert),
    tell,
    waitingMax,
    memory,
    ...(restore ? { restore } : {}),
  })
  const review = access && tokenReviewer(access, audience)
  const guard = new Guard({ isLoopback: listen.isLoopback, roles, review, now })
  const judgeFaults = (): number => judge.faults
  const unjoined = (): number => judge.unjoined
  const takeUsage = (report: UsageReport): UsageAnswer => {
    const isNews = judge.knowsUsageOf(report.node) || report.from_start === true
    if (!judge.takeUsage(report)) return 'later'
    return isNews ? 'taken' : 'all'
  }
  const app = makeApp({
    takeUsage,
    intake,
    feed,
    guard,
    settings,
    tls,
    log: logger,
    now,
    lost,
    judgeFaults,
    unjoined,
    unkept: () => memory?.unkept ?? 0,
  })
  const { host, port } = listen
  const url = await app.listen({ host, port })
  const { tls: read } = options
  const server = app.server as unknown as SecureServer
  const endTls = tls && read ? renewTls({ read, first: tls, server, log: say, lookMs }) : undefined
  const end = async (): Promise<void> => {
    endTls?.()
    await close(app, intake)
    await memory?.close()
  }
  return { url, counts: intake.counts, close: end }
}

/** Takes up the alerts of an earlier run, once the cluster is known. */
const restoring = (
  judge: AlertJudge<ReceivedAlert>,
  memory: AlertMemory,
  feed: ClusterFeed,
): (() => RestoreStep) => {
  judge.restoreTaken(memory.taken)
  const steps = judge.restore(memory.toldBefore())
  return () => {
    if (!feed.sources) return 'later'
    return steps.next().done === true ? 'done' : 'more'
  }
}

const close = async (app: ReturnType<typeof makeApp>, intake: AlertIntake): Promise<void> => {
  const timer = setTimeout(() => app.server.closeAllConnections(), limits.closeMsMax)
  await app.close()
  clearTimeout(timer)
  await intake.drained()
}
