/**
 * An API server that lists a large generated cluster, and writes its pods again and again once it
 * is told to: for a process of its own, so that what it takes is not the watcher's.
 */
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import type { ClusterSize } from './cluster.ts'
import { clusterTexts, podOf, sizeOf } from './cluster.ts'

/** Where the kinds are that the cluster has. */
const paths: Readonly<Record<string, string>> = {
  Namespace: '/api/v1/namespaces',
  Node: '/api/v1/nodes',
  Pod: '/api/v1/pods',
  Service: '/api/v1/services',
  ServiceAccount: '/api/v1/serviceaccounts',
  ClusterRole: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  ClusterRoleBinding: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  Role: '/apis/rbac.authorization.k8s.io/v1/roles',
  RoleBinding: '/apis/rbac.authorization.k8s.io/v1/rolebindings',
  EndpointSlice: '/apis/discovery.k8s.io/v1/endpointslices',
  NetworkPolicy: '/apis/networking.k8s.io/v1/networkpolicies',
}

const split = (path: string): readonly [base: string, name: string] => {
  const at = path.lastIndexOf('/')
  return [path.slice(0, at), path.slice(at + 1)]
}

const bases = [...new Set(Object.values(paths).map((path) => split(path)[0]))]

const discoveryAt = (path: string): unknown => {
  if (path === '/version') return { major: '1', minor: '34' }
  if (path === '/apis') {
    const versions = bases.map((base) => ({ groupVersion: base.replace(/^\/apis?\//, '') }))
    return { kind: 'APIGroupList', groups: [{ versions }] }
  }
  if (!bases.includes(path)) return undefined
  const resources = Object.entries(paths).flatMap(([kind, each]) => {
    const [base, name] = split(each)
    return base === path ? [{ name, kind, verbs: ['list', 'watch'] }] : []
  })
  return { kind: 'APIResourceList', resources }
}

const write = async (response: ServerResponse, text: string): Promise<void> => {
  if (!response.write(text)) await once(response, 'drain')
}

const list = async (size: ClusterSize, kind: string, response: ServerResponse): Promise<void> => {
  await write(response, `{"kind":"${kind}List","metadata":{"resourceVersion":"1"},"items":[`)
  let comma = ''
  for (const text of clusterTexts(size, kind)) {
    await write(response, comma + text.slice(text.indexOf('[') + 1, -2))
    comma = ','
  }
  response.end(']}')
}

/**
 * Serves until its standard input ends. Prints its address; a line on its standard input begins the
 * writing.
 *
 * @param pods    of the cluster, which has all else in proportion
 * @param writes  how many pods are written
 */
export const serveBigCluster = (pods: number, writes: number): void => {
  const size = sizeOf(pods)
  const watchOfPods = Promise.withResolvers<ServerResponse>()

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://server')
    const [kind] = Object.entries(paths).find(([, path]) => path === pathname) ?? []
    const known = discoveryAt(pathname)
    if (known !== undefined) response.end(JSON.stringify(known))
    else if (kind === undefined) response.writeHead(404).end('{}')
    else if (searchParams.has('watch')) {
      response.flushHeaders()
      if (kind === 'Pod') watchOfPods.resolve(response)
    } else void list(size, kind, response)
  })

  server.listen(0, '127.0.0.1', () => {
    console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })

  process.stdin.on('data', () => {
    void (async () => {
      const watch = await watchOfPods.promise
      for (let n = 0; n < writes; n++) {
        // Every other one says what was known, as most that is written of pods does.
        const pod = podOf(size, n % pods, n % 2) as { metadata: object }
        const metadata = { ...pod.metadata, resourceVersion: String(n + 2) }
        const object = { kind: 'Pod', apiVersion: 'v1', ...pod, metadata }
        await write(watch, `${JSON.stringify({ type: 'MODIFIED', object })}\n`)
      }
    })()
  })
  process.stdin.on('end', () => process.exit())
}
