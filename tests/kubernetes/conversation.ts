/**
 * A conversation with an API server, the same with each: what is asked, and what of the answers
 * does not differ from run to run. `testdata/recorded.json` is what a real one has answered.
 */
import { setTimeout as pause } from 'node:timers/promises'

type Json = Readonly<Record<string, unknown>>

/** A server to talk to; tokens `admin`, who may do everything, and `agent`, of deploy/. */
export interface Partner {
  readonly url: string
  /** Has it forget what happened before now. */
  readonly compact: () => Promise<void>
  /** Has it tell watches how far it is, if it does not by itself. */
  readonly bookmark: () => void
}

/** One question, and its answer. */
export interface Exchange {
  readonly asked: string
  readonly code: number
  readonly answer: unknown
}

const policies = '/apis/bulwark.dev/v1alpha1/runtimepolicies'
const rules = [{ name: 'r', condition: 'evt.type = execve', output: 'x' }]

const policyOf = (name: string, spec: object): Json => ({
  apiVersion: 'bulwark.dev/v1alpha1',
  kind: 'RuntimePolicy',
  metadata: { name },
  spec,
})

const podOf = (name: string, nodeName: string): Json => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', labels: { app: name } },
  spec: { nodeName, containers: [{ name: 'app', image: 'app:1' }] },
})

const merge = 'application/merge-patch+json'
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null

/** What every server words, or fills in, in its own way. */
const varying: Readonly<Record<string, string>> = {
  resourceVersion: 'VERSION',
  uid: 'UID',
  creationTimestamp: 'TIME',
  lastTransitionTime: 'TIME',
  continue: 'TOKEN',
}
const leftOut = new Set(['managedFields', 'selfLink', 'retryAfterSeconds', 'causes'])

/** What some versions of Kubernetes say, and others do not. */
const isLeftOut = (name: string, value: unknown): boolean =>
  leftOut.has(name) ||
  value === null ||
  value === '' ||
  (typeof value === 'string' && value.startsWith('RBAC: '))

/** Texts with numbers that differ. */
const plain = (text: string): string =>
  text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UID')
    .replaceAll(/resource version: \d+(?: \(\d+\))?(?:, current: \d+)?/g, 'resource version: N')

const stable = (value: unknown, key = ''): unknown => {
  const word = varying[key]
  if (word !== undefined && typeof value === 'string' && value !== '') return word
  if (typeof value === 'string') return plain(value)
  if (Array.isArray(value)) return value.map((each) => stable(each))
  if (!isObject(value)) return value
  const entries = Object.entries(value)
    .filter(([name, each]) => !isLeftOut(name, each))
    .map(([name, each]) => [name, stable(each, name)] as const)
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Of what others than a client write, only what it is. */
const bare = (object: Json): Json => {
  const { kind, apiVersion, metadata } = object
  const { name, namespace } = metadata as Json
  return { kind, apiVersion, metadata: { name, namespace } }
}

/** The answer, as far as a server of any version gives it. */
const answerOf = (body: Json, isCore: boolean): unknown => {
  const { items, message } = body
  if (typeof message === 'string') {
    const isInvalid = body['reason'] === 'Invalid'
    // What follows the first sentence is advice.
    const { metadata: _, ...rest } = body
    return stable({ ...rest, message: isInvalid ? 'MESSAGE' : message.replace(/\. .*|\.$/, '.') })
  }
  if (!isCore) return stable(body)
  return Array.isArray(items)
    ? stable({ ...body, items: (items as readonly Json[]).map(bare) })
    : stable(bare(body))
}

const plainPath = (path: string): string =>
  path
    .replace(/continue=[^&]+/, 'continue=TOKEN')
    .replace(/resourceVersion=[1-9]\d*/, 'resourceVersion=N')

class Talk {
  readonly exchanges: Exchange[] = []
  readonly #partner: Partner

  constructor(partner: Partner) {
    this.#partner = partner
  }

  async #fetch(method: string, path: string, body?: Json, token = 'admin'): Promise<Response> {
    const type = method === 'PATCH' ? merge : 'application/json'
    return await fetch(this.#partner.url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        'content-type': type,
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
  }

  async ask(method: string, path: string, body?: Json, token?: string): Promise<Json> {
    const response = await this.#fetch(method, path, body, token)
    const answer = JSON.parse(await response.text()) as Json
    const by = token === undefined ? '' : ` as ${token}`
    const asked = `${method} ${plainPath(path)}${by}`
    this.exchanges.push({
      asked: stable(asked) as string,
      code: response.status,
      answer: answerOf(answer, path.startsWith('/api/v1/')),
    })
    return answer
  }

  /** Watches until something of a type was told; `act` is carried out when the watch is open. */
  async watch(path: string, until: string, act: () => Promise<void>): Promise<void> {
    const response = await this.#fetch('GET', path)
    const acting = act()
    let text = ''
    const decoder = new TextDecoder()
    for await (const part of response.body ?? []) {
      text += decoder.decode(part as Uint8Array, { stream: true })
      if (text.includes(`"type":"${until}"`) && text.endsWith('\n')) break
    }
    await acting
    const events = text.trimEnd().split('\n').filter(Boolean)
    this.exchanges.push({
      asked: `GET ${plainPath(path)}`,
      code: response.status,
      answer: events.map((line) => stable(JSON.parse(line))),
    })
  }
}

const versionOf = (list: Json): string => String((list['metadata'] as Json)['resourceVersion'])
const tokenOf = (list: Json): string =>
  encodeURIComponent(String((list['metadata'] as Json)['continue']))

const writePolicies = async (talk: Talk): Promise<void> => {
  await talk.ask('POST', policies, policyOf('a', { rules }))
  await talk.ask('POST', policies, policyOf('a', { rules }))
  await talk.ask('POST', policies, policyOf('b', { mode: 'enforce', rules, unheard: 'of' }))
  const odd = {
    mode: 'loud',
    rules,
    scope: { containers: [], podSelector: { matchLabels: { a: 'b c' } } },
  }
  await talk.ask('POST', policies, policyOf('odd', odd))
  await talk.ask('POST', policies, policyOf('empty', {}))
  const noValues = { podSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } }
  await talk.ask('POST', policies, policyOf('no-values', { rules, scope: noValues }))
  await talk.ask('GET', `${policies}/a`)
  await talk.ask('GET', `${policies}/none`)
  const spec = { severity: 'Alert' }
  await talk.ask('PATCH', `${policies}/a/status`, { spec, status: { actsAs: 'audit' } })
  await talk.ask('PATCH', `${policies}/a`, { spec, status: { actsAs: 'enforce' } })
  await talk.ask('PATCH', `${policies}/a/status`, {
    metadata: { resourceVersion: '1' },
    status: {},
  })
  await talk.ask('PATCH', `${policies}/a/status`, { status: { actsAs: null } })
}

const list = async (talk: Talk, partner: Partner): Promise<void> => {
  const first = await talk.ask('GET', `${policies}?limit=1`)
  await talk.ask('GET', `${policies}?limit=1&continue=${tokenOf(first)}`)
  await talk.ask('GET', `${policies}?limit=1&resourceVersion=0`)
  await talk.ask('GET', `${policies}?resourceVersion=999999999`)
  await talk.ask('POST', '/api/v1/namespaces/default/pods', podOf('p', 'node-a'))
  await talk.ask('POST', '/api/v1/namespaces/default/pods', podOf('q', 'node-b'))
  await talk.ask('GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-a')
  await talk.ask('GET', '/api/v1/pods?fieldSelector=spec.image%3Dx')
  await talk.ask('GET', '/api/v1/pods?labelSelector=app%20in%20(q)')
  await talk.ask('GET', '/api/v1/namespaces?fieldSelector=metadata.name%3Ddefault')
  const again = await talk.ask('GET', `${policies}?limit=1`)
  await talk.ask('POST', policies, policyOf('c', { rules }))
  await partner.compact()
  await talk.ask('GET', `${policies}?limit=1&continue=${tokenOf(again)}`)
}

/** What a version means with a limit, and without one. */
const listVersions = async (talk: Talk): Promise<void> => {
  const version = versionOf(await talk.ask('GET', `${policies}?limit=500`))
  await talk.ask('POST', policies, policyOf('d', { rules }))
  await talk.ask('GET', `${policies}?limit=500&resourceVersion=${version}`)
  await talk.ask('GET', `${policies}?resourceVersion=${version}`)
  await talk.ask('DELETE', `${policies}/d`)
}

const watchPolicies = async (talk: Talk, partner: Partner): Promise<void> => {
  const version = versionOf(await talk.ask('GET', `${policies}?limit=500`))
  const query = `watch=true&allowWatchBookmarks=true&resourceVersion=${version}&timeoutSeconds=6`
  await talk.watch(`${policies}?${query}`, 'BOOKMARK', async () => {
    await talk.ask('POST', policies, policyOf('watched', { rules }))
    await talk.ask('PATCH', `${policies}/watched`, { spec: { mode: 'enforce' } })
    await talk.ask('DELETE', `${policies}/watched`)
    await pause(200)
    partner.bookmark()
  })
  await talk.watch(`${policies}?watch=true&resourceVersion=1`, 'ERROR', async () => {})
}

const rights = async (talk: Talk): Promise<void> => {
  await talk.ask('GET', '/api/v1/namespaces/default', undefined, 'agent')
  await talk.ask('GET', `${policies}?limit=1`, undefined, 'nobody')
  await talk.ask('PATCH', `${policies}/a/status`, { status: {} }, 'agent')
  for (const [verb, group, resource] of [
    ['list', '', 'pods'],
    ['get', '', 'pods'],
    ['watch', 'bulwark.dev', 'runtimepolicies'],
  ]) {
    await talk.ask(
      'POST',
      '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { verb, group, resource } },
      },
      'agent',
    )
  }
}

/** Holds it, and says what was answered. The server has the definition, and no policies yet. */
export const converse = async (partner: Partner): Promise<readonly Exchange[]> => {
  const talk = new Talk(partner)
  await writePolicies(talk)
  await list(talk, partner)
  await listVersions(talk)
  await watchPolicies(talk, partner)
  await rights(talk)
  return talk.exchanges
}
