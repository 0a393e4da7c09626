/**
 * Questions to a cluster that an API server lists: the same answers as from its files, without the
 * contents of secrets, and what is refused is told. The server here only lists what is in the files
 * of a sample cluster, as an API server does: by discovery, in pages, items without their kind.
 */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { kubeconfigText } from '@bulwark/tools'
import { bulwark } from '../running.ts'

type Json = Readonly<Record<string, unknown>>
interface KubeObject extends Json {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Json
}

const shop = join(import.meta.dirname, '../clusters/shop')
const minor = '34'

const pluralOf = (kind: string): string =>
  kind.toLowerCase().replace(/s$/, 'se').replace(/y$/, 'ie').concat('s')

/** The sample cluster: a folder of lists, with what an API server tells, and no more. */
const filesOf = (t: TestContext): { readonly folder: string; readonly objects: KubeObject[] } => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-graph-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const objects: KubeObject[] = []
  for (const name of readdirSync(shop).filter((each) => each.endsWith('.json'))) {
    const list = JSON.parse(readFileSync(join(shop, name), 'utf8')) as { items?: KubeObject[] }
    if (!list.items) continue
    objects.push(...list.items)
    cpSync(join(shop, name), join(folder, name))
  }
  writeFileSync(join(folder, 'version.json'), JSON.stringify({ serverVersion: { minor } }))
  return { folder, objects }
}

interface Asked {
  readonly path: string
  readonly accept: string
}

class ListServer {
  readonly asked: Asked[] = []
  /** Paths that are refused. */
  readonly refused = new Set<string>()
  readonly #byPath: ReadonlyMap<string, readonly KubeObject[]>
  readonly #server = createServer((request, response) => this.#answer(request, response))

  constructor(objects: readonly KubeObject[]) {
    this.#byPath = Map.groupBy(objects, ({ apiVersion, kind }) => {
      const root = apiVersion.includes('/') ? '/apis' : '/api'
      return `${root}/${apiVersion}/${pluralOf(kind)}`
    })
  }

  async start(t: TestContext): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    t.after(() => this.#server.closeAllConnections())
    t.after(() => this.#server.close())
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://server')
    const accept = request.headers.accept ?? ''
    this.asked.push({ path: url.pathname, accept })
    const send = (code: number, body: Json): void => {
      response.writeHead(code, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    const found = this.#discovery(url.pathname)
    const objects = this.#byPath.get(url.pathname)
    if (found) send(200, found)
    else if (this.refused.has(url.pathname)) send(403, { kind: 'Status', message: 'forbidden' })
    else if (objects) send(200, page(objects, url.searchParams, accept))
    else send(404, { kind: 'Status', message: 'not found' })
  }

  #discovery(path: string): Json | undefined {
    if (path === '/version') return { major: '1', minor }
    const paths = [...this.#byPath.keys()]
    if (path === '/apis') {
      const groups = paths.flatMap((each) => /^\/apis\/(.*)\/[^/]*$/.exec(each)?.[1] ?? [])
      const versions = [...new Set(groups)].map((groupVersion) => ({ groupVersion }))
      return { kind: 'APIGroupList', groups: [{ versions }] }
    }
    const here = paths.filter((each) => each.slice(0, each.lastIndexOf('/')) === path)
    if (here.length === 0) return undefined
    const resources = here.map((each) => ({
      name: each.slice(path.length + 1),
      kind: this.#byPath.get(each)?.[0]?.kind,
      verbs: ['get', 'list', 'watch'],
    }))
    const sub = { name: 'pods/exec', kind: 'PodExecOptions', verbs: ['create', 'get'] }
    return { kind: 'APIResourceList', resources: [...resources, sub] }
  }
}

/** Pages of three, so that each list has some. */
const pageItems = 3

const page = (objects: readonly KubeObject[], query: URLSearchParams, accept: string): Json => {
  const from = Number(query.get('continue') ?? 0)
  const more = from + pageItems < objects.length ? { continue: String(from + pageItems) } : {}
  const isPart = accept.includes('as=PartialObjectMetadataList')
  const [{ kind, apiVersion } = { kind: '', apiVersion: '' }] = objects
  const items = objects.slice(from, from + pageItems).map((object) => {
    if (isPart) {
      return {
        kind: 'PartialObjectMetadata',
        apiVersion: 'meta.k8s.io/v1',
        metadata: object.metadata,
      }
    }
    const { kind: _kind, apiVersion: _version, ...item } = object
    return item
  })
  return {
    kind: isPart ? 'PartialObjectMetadataList' : `${kind}List`,
    apiVersion: isPart ? 'meta.k8s.io/v1' : apiVersion,
    metadata: { resourceVersion: '1', ...more },
    items,
  }
}

const kubeconfigOf = (folder: string, server: string): string => {
  const path = join(folder, 'kubeconfig')
  writeFileSync(path, kubeconfigText(server, { token: 't' }))
  return path
}

const question = ['graph', 'paths', '--from', 'internet', '--best', '5', '-o', 'json']

test('the answer is that of the files, and no secret is asked for', async (t) => {
  const { folder, objects } = filesOf(t)
  const server = new ListServer(objects)
  const kubeconfig = kubeconfigOf(folder, await server.start(t))
  const [live, files] = await Promise.all([
    bulwark([...question, '--kubeconfig', kubeconfig]),
    bulwark([...question, '--from-files', folder]),
  ])
  assert.deepEqual([live.code, files.code], [0, 0], live.stderr)
  const { input, ...answer } = JSON.parse(live.stdout) as { readonly input: { faults: unknown } }
  const { input: _input, ...expected } = JSON.parse(files.stdout) as Json
  assert.deepEqual(answer, expected)
  assert.deepEqual(input.faults, [])
  for (const { path, accept } of server.asked) {
    const isNames = /\/(?:secrets|configmaps)$/.test(path)
    assert.equal(accept.includes('as=PartialObjectMetadataList'), isNames, path)
  }
})

test('what may not be listed is told, with the right that is missing', async (t) => {
  const { folder, objects } = filesOf(t)
  const server = new ListServer(objects)
  server.refused.add('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings')
  const kubeconfig = kubeconfigOf(folder, await server.start(t))
  const { code, stderr } = await bulwark([...question, '--kubeconfig', kubeconfig])
  assert.equal(code, 0)
  assert.match(stderr, /warning: no ClusterRoleBinding: answers lack what follows from them/)
  assert.match(stderr, /clusterrolebindings: is not listed: HTTP 403: forbidden: the right to list/)
})

test('a server that does not answer: exit code 3', async (t) => {
  const { folder } = filesOf(t)
  const kubeconfig = kubeconfigOf(folder, 'http://127.0.0.1:9')
  const { code, stdout, stderr } = await bulwark([...question, '--kubeconfig', kubeconfig])
  assert.deepEqual([code, stdout], [3, ''])
  assert.match(stderr, /the API server cannot be asked: .*ECONNREFUSED/)
})
