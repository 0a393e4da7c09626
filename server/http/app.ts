/** The server's HTTP side: what is asked of it, who may, and what it says to bad requests. */
import type { LinkAnswer, UsageReport } from '@bulwark/schema'
import { alertsPath, graphPath, usagePath } from '@bulwark/schema'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fastify, { LogController } from 'fastify'
import type { Logger } from 'pino'
import type { ClusterFeed } from '../feed.ts'
import type { AlertJudgeOptions } from '../judge/index.ts'
import { limits } from '../limits.ts'
import type { AlertIntake } from '../link/index.ts'
import { isBadBatch, readBatch, readUsage } from '../link/index.ts'
import { replyTo } from './graph-routes.ts'
import type { Caller, Guard, Role } from './guard.ts'
import { isDenied } from './guard.ts'
import { metricsText } from './metrics.ts'
import type { Counted } from './numbers.ts'
import { metricsOf } from './numbers.ts'
import type { Tls } from './renewed-tls.ts'
import { tlsBounds } from './renewed-tls.ts'

/** What becomes of a report of files that run: `later`, the cluster is not known yet; `all`, it is
 * taken, and all that was told of its node before is to be told again. */
export type UsageAnswer = 'taken' | 'later' | 'all'

export interface AppOptions extends Omit<Counted, 'requests'> {
  /** Takes a report of files that run. */
  readonly takeUsage: (report: UsageReport) => UsageAnswer
  readonly guard: Guard
  readonly settings: AlertJudgeOptions['settings']
  readonly tls: Tls | undefined
  readonly log: Logger
  /** Milliseconds that only go up. */
  readonly now: () => number
}

/** Types of bodies, and the form of alerts in them. */
const forms = { 'application/json': 'array', 'application/x-ndjson': 'lines' } as const

const isForm = (type: string): type is keyof typeof forms => type in forms

const fail = (reply: FastifyReply, status: number, message: string, help: string): FastifyReply =>
  reply.code(status).send({ message, help })

/** For whoever should come again. */
const later = (reply: FastifyReply, status: 429 | 503, message: string): FastifyReply =>
  fail(
    reply.header('retry-after', limits.retrySeconds),
    status,
    message,
    `send it again in ${limits.retrySeconds} s`,
  )

const deny =
  (
    guard: Guard,
    role: Role,
    onCaller: (request: FastifyRequest, caller: Caller) => void = () => {},
  ) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    // A page in a browser on this machine could be made to ask by another name.
    if (guard.isOpen(role) && !isOwnName(request.hostname)) {
      fail(reply, 403, `${request.hostname} is no name of this machine alone`, 'ask localhost')
      return
    }
    const checked = await guard.check(role, request.headers.authorization)
    if (!isDenied(checked)) {
      onCaller(request, checked)
      return
    }
    const { status, message, help } = checked
    if (status === 401) reply.header('www-authenticate', 'Bearer')
    if (status === 503) later(reply, status, message)
    else fail(reply, status, message, help)
  }

const isOwnName = (name: string): boolean =>
  name === 'localhost' || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name)

/** Whose alerts they are: by what an agent cannot choose as it can a name in them. */
const agentOf = ({ ip }: FastifyRequest, { node }: Caller = {}): string =>
  node === undefined ? ip.replace(/^::ffff:(?=\d+\.)/, '') : `node/${node}`

class Alerts {
  readonly #intake: AlertIntake
  readonly #feed: ClusterFeed
  readonly #startedMs: number
  readonly #now: () => number
  readonly #callers = new WeakMap<FastifyRequest, Caller>()

  constructor({ intake, feed, now }: AppOptions) {
    this.#intake = intake
    this.#feed = feed
    this.#now = now
    this.#startedMs = now()
  }

  /** Hears who a request is of, before its body has come. */
  readonly onCaller = (request: FastifyRequest, caller: Caller): void =>
    void this.#callers.set(request, caller)

  async take(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const [type = ''] = (request.headers['content-type'] ?? '').split(';')
    const form = type.trim().toLowerCase()
    const batch = readBatch(String(request.body), isForm(form) ? forms[form] : 'array')
    if (isBadBatch(batch)) return fail(reply, 400, batch.message, batch.help)
    const { alerts, refused } = batch
    const { counts } = this.#intake
    const isKnown = this.#feed.sources !== undefined
    if (!isKnown && this.#now() - this.#startedMs < limits.contextWaitMsMax) {
      counts.put_off += alerts.length
      return later(reply, 503, 'the cluster is not known yet')
    }
    const handled = this.#intake.take(alerts, agentOf(request, this.#callers.get(request)))
    if (typeof handled === 'string') {
      counts.put_off += alerts.length
      const whose = handled === 'share' ? ', and those of this agent have their share' : ''
      return later(reply, 429, `${this.#intake.waiting} alerts wait${whose}`)
    }
    counts.received += alerts.length + refused.length
    counts.refused += refused.length
    const { accepted, repeated } = await handled
    const reasons = refused.slice(0, limits.refusedToldMax)
    return reply.send({
      accepted,
      repeated,
      refused: refused.length,
      reasons,
    } satisfies LinkAnswer)
  }
}

const addHealth = (app: FastifyInstance, counted: Counted): void => {
  app.get('/healthz', (_, reply) => reply.type('text/plain').send('ok\n'))
  app.get('/readyz', (_, reply) => {
    if (counted.feed.sources) return reply.type('text/plain').send('ready\n')
    return later(reply, 503, 'the cluster is not known yet')
  })
  app.get('/metrics', (_, reply) =>
    reply.type('text/plain; version=0.0.4').send(metricsText(metricsOf(counted))),
  )
}

const addQuestions = (app: FastifyInstance, { feed, guard, settings }: AppOptions): void => {
  const onRequest = deny(guard, 'reader')
  app.get(`${graphPath}/:question`, { onRequest }, ({ params, query }, reply) => {
    const { sources } = feed
    if (!sources) return later(reply, 503, 'the cluster is not known yet')
    const { question } = params as { readonly question: string }
    const of = { sources, input: () => feed.input() }
    const answer = replyTo(question, query, of, settings.now)
    if ('answer' in answer) return reply.send(answer)
    return fail(reply, 400, answer.message, answer.help)
  })
}

const addUsage = (app: FastifyInstance, { guard, takeUsage }: AppOptions): void => {
  app.post(usagePath, { onRequest: deny(guard, 'agent') }, (request, reply) => {
    const read = readUsage(String(request.body))
    if (!('report' in read)) return fail(reply, 400, read.message, read.help)
    const answer = takeUsage(read.report)
    if (answer === 'later') return later(reply, 503, 'the cluster is not known yet')
    if (answer === 'all') {
      const message = `nothing was known of files that run on ${read.report.node}`
      return fail(reply, 409, message, 'send a report with all of them')
    }
    return reply.code(204).send()
  })
}

/** Numbers of answers by route, which are few. */
const countAnswers = (app: FastifyInstance): Map<string, number> => {
  const requests = new Map<string, number>()
  app.addHook('onResponse', async ({ routeOptions }, { statusCode }) => {
    const key = `${routeOptions.url ?? 'nowhere'} ${statusCode}`
    requests.set(key, (requests.get(key) ?? 0) + 1)
  })
  return requests
}

const addFaults = (app: FastifyInstance, log: Logger): void => {
  app.setNotFoundHandler((request, reply) =>
    fail(reply, 404, `nothing is at ${request.method} ${request.url}`, 'see docs/server.md'),
  )
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, request, reply) => {
    const { statusCode = 500, message, code } = error
    if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
      const help = 'send application/x-ndjson or application/json'
      return fail(reply, 415, 'the type of the request is not known', help)
    }
    if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
      const help = 'send it in parts'
      return fail(reply, 413, `the request has more than ${limits.bodyBytesMax} bytes`, help)
    }
    if (statusCode < 500) return fail(reply, statusCode, message, 'see docs/server.md')
    log.error({ err: error, url: request.url }, 'a request failed')
    return fail(reply, 500, 'the server has failed on this', 'its log says why')
  })
}

/** The application, which listens to nothing yet. */
export const makeApp = (options: AppOptions): FastifyInstance => {
  const { tls, guard, log } = options
  const app = fastify({
    ...(tls ? { https: { ...tls, ...tlsBounds } } : {}),
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestMsMax,
    keepAliveTimeout: limits.keepAliveMs,
    http: { headersTimeout: limits.headersMsMax },
    forceCloseConnections: 'idle',
  }) as unknown as FastifyInstance
  app.server.maxConnections = limits.connectionsMax
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(Object.keys(forms), { parseAs: 'string' }, (_, body, done) =>
    done(null, body),
  )
  addFaults(app, log)
  addHealth(app, { ...options, requests: countAnswers(app) })
  addQuestions(app, options)
  addUsage(app, options)
  const alerts = new Alerts(options)
  const onRequest = deny(guard, 'agent', alerts.onCaller)
  app.post(alertsPath, { onRequest }, (request, reply) => alerts.take(request, reply))
  return app
}
