/**
 * An API server for tests: lists with pages, watches with bookmarks, selectors, versions that
 * expire, tokens and certificates, for pods, namespaces, RuntimePolicies and what else is in
 * `store.ts`; and what a server should not do, on demand. It has the documented shapes of the
 * Kubernetes API: kubectl works with it, and it answers as a real one has that was recorded, which
 * are tests. It schedules and runs nothing: pods are what tests put there.
 */
import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { policyKind, policySpec, severityPolicyKind, severitySpec } from '@bulwark/schema'
import type { Action } from './authorizer.ts'
import { Authorizer, admin } from './authorizer.ts'
import type { Certificates } from './certificates.ts'
import { schemaOf } from '../../generate/crd.ts'
import { discoveryAt } from './discovery.ts'
import { stored, validationFaults } from './openapi.ts'
import type { Target } from './requests.ts'
import {
  Refusal,
  actionOf,
  bodyOf,
  isWatch,
  mergePatch,
  refusalOf,
  selectorOf,
  targetOf,
  versionOf,
} from './requests.ts'
import type { Json, KubeObject, NewObject, Resource } from './store.ts'
import { Store, idOf, isPolicy, keyOf, ownResources } from './store.ts'
import type { After } from './watches.ts'
import { Watches, byMachine } from './watches.ts'

export interface ApiServerOptions {
  /** HTTPS when given. */
  readonly certificates?: Certificates
  /** Users by their tokens. Without it everybody may ask. */
  readonly tokens?: ReadonlyMap<string, string>
  /** Objects of RBAC: who may do what. Without them everybody may do everything; so may `admin`. */
  readonly rbac?: readonly Json[]
  /** Kinds that it has beside pods, namespaces and RuntimePolicies. */
  readonly resources?: readonly Resource[]
  /** How watches wait for their end, and bookmarks; by the machine's clock when not said. */
  readonly after?: After
  /** How often each watch gets a bookmark: a real server gives one a minute. When not said, they
   * come when they are asked for. */
  readonly bookmarkMs?: number
}

/** What a server should not do. Each holds until it is taken back. */
export interface Faults {
  /** Every request is answered so: 500, 429, 403. */
  answer: { readonly code: number; readonly retryAfter?: number } | undefined
  /** No request is answered at all. */
  silent: boolean
  /** Bodies of lists are these texts. */
  list: string | undefined
  /** A page whose token has been given is asked for in vain. */
  expirePages: boolean
  /** It knows no custom resources. */
  bare: boolean
  /** Requests for a resource are answered so: see `idOf`. */
  readonly of: Map<string, number>
  /** Lists of this resource come in pieces, so many milliseconds apart. */
  slow: { readonly resource: string; readonly ms: number } | undefined
}

/** The rest of a list whose first pages were given. */
interface Rest {
  readonly version: number
  readonly objects: readonly KubeObject[]
}

/** In how many pieces a slow list comes. */
const slowPieces = 8

const send = (response: ServerResponse, code: number, body: Json | string): void => {
  response.writeHead(code, { 'content-type': 'application/json' })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

export class ApiServer {
  readonly store = new Store()
  readonly watches: Watches
  readonly faults: Faults = {
    answer: undefined,
    silent: false,
    list: undefined,
    expirePages: false,
    bare: false,
    of: new Map(),
    slow: undefined,
  }
  /** Requests so far, with their queries, and in which form each is to be answered. */
  readonly asked: string[] = []
  readonly forms: string[] = []
  /** Kinds that it has now: definitions come and go. */
  readonly resources: Resource[] = [...ownResources]
  readonly #tokens: ApiServerOptions['tokens']
  readonly #authorizer: Authorizer | undefined
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #rests = new Map<string, Rest>()
  readonly #isSecure: boolean
  readonly #after: After
  #port = 0

  private constructor({
    certificates,
    tokens,
    rbac,
    resources = [],
    after = byMachine,
    bookmarkMs,
  }: ApiServerOptions) {
    this.resources.push(...resources)
    this.#after = after
    this.watches = new Watches(this.store, after, bookmarkMs)
    this.#tokens = tokens
    this.#authorizer = rbac && new Authorizer(rbac)
    this.#isSecure = certificates !== undefined
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#answer(request, response)
    }
    this.#server = certificates
      ? createTlsServer(
          {
            ...certificates.server,
            ca: certificates.authority,
            requestCert: true,
            rejectUnauthorized: false,
          },
          answer,
        )
      : createServer(answer)
    const keep = (socket: Socket): void => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => {})
    }
    this.#server.on('connection', keep)
  }

  /** Starts one on a free port of 127.0.0.1, with the namespaces that every cluster has. */
  static async start(options: ApiServerOptions = {}): Promise<ApiServer> {
    const server = new ApiServer(options)
    for (const name of ['default', 'kube-node-lease', 'kube-public', 'kube-system']) {
      server.putNamespace(name)
    }
    await server.listen()
    return server
  }

  /** Listens; again on the same port after `stop`. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `${this.#isSecure ? 'https' : 'http'}://127.0.0.1:${this.#port}`
  }

  /** Ends every connection in the middle of what is said. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Nobody listens any more. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.cut()
    await closed
  }

  /** Forgets what happened before: watches cannot go on from there, nor lists. */
  compact(): void {
    this.store.compact()
    this.#rests.clear()
  }

  putNamespace(name: string, labels: Readonly<Record<string, string>> = {}): KubeObject {
    const own = { 'kubernetes.io/metadata.name': name, ...labels }
    const given = { metadata: { name, labels: own }, status: { phase: 'Active' } }
    return this.store.put(named('namespaces'), given)
  }

  putPod(pod: NewObject): KubeObject {
    return this.store.put(named('pods'), pod)
  }

  removePod(namespace: string, name: string): void {
    this.store.remove({ resource: 'pods', namespace, name })
  }

  putPolicy(policy: NewObject): KubeObject {
    return this.store.put(named('runtimepolicies'), policy)
  }

  /** Makes an object of any kind that it has, or puts another in its place. */
  put(resource: Resource, object: NewObject): KubeObject {
    return this.store.put(resource, object)
  }

  /** All objects of a kind. */
  listOf(resource: Resource): readonly KubeObject[] {
    return this.store.list(idOf(resource))
  }

  remove(resource: Resource, object: NewObject): void {
    this.store.remove(keyOf(resource, object))
  }

  removePolicy(name: string): void {
    this.store.remove({ resource: 'runtimepolicies', namespace: '', name })
  }

  putSeverityPolicy(policy: NewObject): KubeObject {
    return this.store.put(named('severitypolicies'), policy)
  }

  removeSeverityPolicy(name: string): void {
    this.store.remove({ resource: 'severitypolicies', namespace: '', name })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '/' } = request
    this.asked.push(`${request.method ?? ''} ${url}`)
    this.forms.push(request.headers.accept ?? '')
    const { answer, silent } = this.faults
    if (silent) return
    try {
      if (answer) {
        if (answer.retryAfter !== undefined) {
          response.setHeader('retry-after', String(answer.retryAfter))
        }
        throw new Refusal(answer.code, 'Fault', `a fault of ${answer.code} on demand`)
      }
      const user = this.#authenticate(request)
      await this.#route(request, response, new URL(url, 'http://localhost'), user)
    } catch (error) {
      const refusal =
        error instanceof Refusal ? error : new Refusal(500, 'InternalError', String(error))
      send(response, refusal.code, refusal.body)
    }
  }

  /** Who asks: by a token, or a certificate. */
  #authenticate(request: IncomingMessage): string {
    if (!this.#tokens) return admin
    const { socket } = request
    if (socket instanceof TLSSocket && socket.authorized) return admin
    const [, token] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? []
    const user = token === undefined ? undefined : this.#tokens.get(token)
    if (user !== undefined) return user
    throw new Refusal(401, 'Unauthorized', 'Unauthorized')
  }

  #authorize(user: string, action: Action, target: Target): void {
    if (this.#authorizer?.allows(user, action) !== false) return
    const { verb, group, resource } = action
    // A namespace is in itself.
    const inside = target.namespace ?? (resource === 'namespaces' ? target.name : undefined)
    const where = inside === undefined ? 'at the cluster scope' : `in the namespace "${inside}"`
    const why =
      `is forbidden: User ${JSON.stringify(user)} cannot ${verb} resource ` +
      `${JSON.stringify(resource)} in API group ${JSON.stringify(group)} ${where}`
    throw refusalOf(target, 403, 'Forbidden', (named) => `${named} ${why}`)
  }

  async #route(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    user: string,
  ): Promise<void> {
    const { method = 'GET' } = request
    const known = method === 'GET' ? discoveryAt(url.pathname, this.resources) : undefined
    if (known) return send(response, 200, known)
    if (method === 'POST' && url.pathname === '/apis/authentication.k8s.io/v1/tokenreviews') {
      return send(response, 201, this.#review(await bodyOf(request)))
    }
    if (method === 'POST' && url.pathname.endsWith('/v1/selfsubjectaccessreviews')) {
      return send(response, 201, this.#mayThey(await bodyOf(request), user))
    }
    const target = targetOf(url.pathname, this.resources)
    if (!target || (this.faults.bare && target.resource.isCustom)) {
      throw new Refusal(404, 'NotFound', 'the server could not find the requested resource')
    }
    const code = this.faults.of.get(idOf(target.resource))
    if (code !== undefined) throw new Refusal(code, 'Fault', `a fault of ${code} on demand`)
    this.#authorize(user, actionOf(method, target, url.searchParams), target)
    if (method !== 'GET') return send(response, ...(await this.#write(request, target)))
    if (target.name !== undefined) return send(response, 200, this.#existing(target))
    if (isWatch(url.searchParams)) {
      return this.#watch(target, url.searchParams, formOf(request), response)
    }
    const list = (): Json => this.#list(target, url.searchParams, formOf(request))
    const { slow } = this.faults
    if (slow?.resource === idOf(target.resource)) {
      const text = JSON.stringify(list())
      return this.#sendSlowly(response, text, Math.ceil(text.length / slowPieces), slow.ms)
    }
    send(response, 200, this.faults.list ?? list())
  }

  #sendSlowly(response: ServerResponse, text: string, chars: number, ms: number): void {
    response.write(text.slice(0, chars))
    const rest = text.slice(chars)
    if (rest === '') response.end()
    else this.#after(ms, () => this.#sendSlowly(response, rest, chars, ms))
  }

  #existing({ resource, namespace, name = '' }: Target): KubeObject {
    const at = { resource: idOf(resource), namespace: namespace ?? '', name }
    const found = this.store.get(at)
    if (found) return found
    throw refusalOf({ resource, name }, 404, 'NotFound', (named) => `${named} not found`)
  }

  #watch(
    { resource, namespace }: Target,
    query: URLSearchParams,
    form: Form | undefined,
    response: ServerResponse,
  ): void {
    const selects = selectorOf(query, resource)
    const seconds = query.get('timeoutSeconds')
    this.watches.start(
      {
        resource,
        form: (object) => form?.(object) ?? object,
        selects: (object) => isIn(object, namespace) && selects(object),
        version: versionOf(query),
        bookmarks: query.get('allowWatchBookmarks') === 'true',
        seconds: seconds === null ? undefined : Number(seconds),
      },
      response,
    )
  }

  /** A page of a list. One at version 0 comes whole: from the cache, as with a real server. */
  #list({ resource, namespace }: Target, query: URLSearchParams, form: Form | undefined): Json {
    const selects = selectorOf(query, resource)
    const version = versionOf(query)
    if (version > this.store.version) {
      const more = `${version}, current: ${this.store.version}`
      const message = `Timeout: Too large resource version: ${more}`
      throw new Refusal(504, 'Timeout', message, { details: { retryAfterSeconds: 1 } })
    }
    const token = query.get('continue') ?? ''
    const rest = token === '' ? undefined : this.#rests.get(token)
    if (token !== '' && (!rest || this.faults.expirePages)) {
      throw new Refusal(
        410,
        'Expired',
        'The provided continue parameter is too old to display a consistent list result.',
      )
    }
    const limit =
      version === 0 && query.has('resourceVersion') ? 0 : Number(query.get('limit') ?? 0)
    // Pages of a version are of that one; without pages it is the least that is asked for.
    const isExact = limit > 0 && version > 0 && !rest
    if (isExact && version < this.store.knownFrom) {
      throw new Refusal(410, 'Expired', 'The resourceVersion for the provided list is too old.')
    }
    const at = rest?.version ?? (isExact ? version : this.store.version)
    const objects =
      rest?.objects ??
      this.store.listAt(idOf(resource), at).filter((each) => isIn(each, namespace) && selects(each))
    const page = limit > 0 ? objects.slice(0, limit) : objects
    const left = objects.slice(page.length)
    const metadata = { resourceVersion: String(at), ...this.#more(at, left) }
    const { kind, apiVersion } = resource
    // Items of custom resources say what they are.
    const items = resource.isCustom ? page : page.map(bare)
    if (form) {
      return { ...namesKind, kind: `${namesKind.kind}List`, metadata, items: page.map(form) }
    }
    return { kind: `${kind}List`, apiVersion, metadata, items }
  }

  #more(version: number, objects: readonly KubeObject[]): Json {
    if (objects.length === 0) return {}
    const token = randomUUID()
    this.#rests.set(token, { version, objects })
    return { continue: token, remainingItemCount: objects.length }
  }

  async #write(request: IncomingMessage, target: Target): Promise<[number, Json]> {
    const { resource, namespace, name } = target
    if (request.method === 'DELETE') {
      const { uid } = this.#existing(target).metadata
      this.store.remove({ resource: idOf(resource), namespace: namespace ?? '', name: name ?? '' })
      const { group, name: kind } = resource
      const details = { name, ...(group === '' ? {} : { group }), kind, uid }
      return [200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }]
    }
    const body = await bodyOf(request)
    if (request.method === 'PATCH') {
      const before = this.#existing(target)
      refuseStale(target, before, body)
      const patched = mergePatch(before, body) as NewObject
      const part = partOf(target, before, patched)
      const given = target.part === undefined ? takenOf(resource, part) : part
      return [200, this.store.put(resource, given)]
    }
    const given = withNamespace(body as NewObject, namespace)
    if (request.method === 'POST' && this.store.get(keyOf(resource, given))) {
      const at = { resource, name: given.metadata.name }
      throw refusalOf(at, 409, 'AlreadyExists', (named) => `${named} already exists`)
    }
    return [
      request.method === 'POST' ? 201 : 200,
      this.store.put(resource, takenOf(resource, given)),
    ]
  }

  /** Whether who asks has a right. */
  #mayThey(review: Json, user: string): Json {
    const spec = review['spec'] as Json | undefined
    const asked = spec?.['resourceAttributes'] as Readonly<Record<string, string>> | undefined
    const { verb = '', group = '', resource = '', subresource = '' } = asked ?? {}
    const action = { verb, group, resource: resource + (subresource && `/${subresource}`) }
    const allowed = this.#authorizer?.allows(user, action) !== false
    const apiVersion = 'authorization.k8s.io/v1'
    return { kind: 'SelfSubjectAccessReview', apiVersion, metadata: {}, spec, status: { allowed } }
  }

  /** Whose a token is. */
  #review(review: Json): Json {
    const { token, audiences } = (review['spec'] as Json | undefined) ?? {}
    const user = typeof token === 'string' ? this.#tokens?.get(token) : undefined
    const uid = createHash('sha256')
      .update(user ?? '')
      .digest('hex')
    return {
      ...review,
      kind: 'TokenReview',
      apiVersion: 'authentication.k8s.io/v1',
      status:
        user === undefined
          ? { authenticated: false, user: {}, error: 'invalid bearer token' }
          : {
              authenticated: true,
              user: { username: user, uid: uid.slice(0, 32) },
              // Its tokens are for whomever it is asked.
              ...(audiences === undefined ? {} : { audiences }),
            },
    }
  }
}

/** A patch that names a version is for that one alone. */
const refuseStale = (target: Target, before: KubeObject, patch: Json): void => {
  const version = (patch['metadata'] as Json | undefined)?.['resourceVersion']
  if (version === undefined || version === before.metadata.resourceVersion) return
  const why = 'the object has been modified; please apply your changes to the latest version'
  throw refusalOf(
    target,
    409,
    'Conflict',
    (named) => `Operation cannot be fulfilled on ${named}: ${why} and try again`,
  )
}

/** `spec` of policies, as the definitions in deploy/ have it, by their kinds. */
const policySchemas: Readonly<Record<string, ReturnType<typeof schemaOf>>> = {
  [policyKind]: schemaOf(policySpec),
  [severityPolicyKind]: schemaOf(severitySpec),
}

/** What is stored of an object: of a custom one, what its schema has, where it allows it. */
const takenOf = (resource: Resource, given: NewObject): NewObject => {
  const schema = isPolicy(resource) ? policySchemas[resource.kind] : undefined
  if (!schema) return given
  const spec = stored(schema, given['spec'])
  const faults = validationFaults(schema, spec, 'spec')
  if (faults.length === 0) return { ...given, spec }
  const { kind, group } = resource
  const { name } = given.metadata
  const message = `${kind}.${group} ${JSON.stringify(name)} is invalid: ${faults.join(', ')}`
  const causes = faults.map((fault) => ({ message: fault, field: fault.replace(/:.*/, '') }))
  throw new Refusal(422, 'Invalid', message, { details: { name, group, kind, causes } })
}

/** Of a custom resource, what a path may change: `status` by its own, all else by the other. */
const partOf = ({ resource, part }: Target, before: KubeObject, patched: NewObject): NewObject => {
  if (!isPolicy(resource)) return patched
  const { status: patchedStatus, ...patchedRest } = patched
  const { status: statusBefore, ...rest } = before
  const [kept, said] = part === 'status' ? [rest, patchedStatus] : [patchedRest, statusBefore]
  return { ...(kept as NewObject), ...(said === undefined ? {} : { status: said }) }
}

const named = (name: string): Resource => {
  const found = ownResources.find((each) => each.name === name)
  if (!found) throw new Error(`no resource ${name}`)
  return found
}

type Form = (object: KubeObject) => Json

const namesKind = { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' } as const

/** The form in which an answer is asked for, where it is not the whole object. */
const formOf = ({ headers: { accept = '' } }: IncomingMessage): Form | undefined =>
  /;as=PartialObjectMetadata(?:List)?;g=meta\.k8s\.io;v=v1$/.test(accept)
    ? ({ metadata }) => ({ ...namesKind, metadata })
    : undefined

const isIn = ({ metadata }: KubeObject, namespace: string | undefined): boolean =>
  namespace === undefined || metadata.namespace === namespace

const withNamespace = (given: NewObject, namespace: string | undefined): NewObject =>
  namespace === undefined ? given : { ...given, metadata: { ...given.metadata, namespace } }

/** Items of a list do not say their kind: the list does. */
const bare = (object: KubeObject): Json =>
  Object.fromEntries(
    Object.entries(object).filter(([key]) => key !== 'apiVersion' && key !== 'kind'),
  )
