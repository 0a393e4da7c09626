/**
 * Access as a kubeconfig file says it: clusters, users, contexts. What the agent does not do
 * (programs that fetch credentials, proxies, acting as somebody else) is refused with its name,
 * never passed over. Pure: the file was read and parsed by whoever has it.
 */
import { resolve } from 'node:path'
import type { Json } from '@bulwark/schema'
import { asObject, asText } from '@bulwark/schema'
import type { ApiAccess, Secret } from './access.ts'
import { AccessError } from './access.ts'

/** What in a user cannot be used here, and what to do in its place. */
const refusedOfUser: Readonly<Record<string, string>> = {
  exec: 'it runs a program to get credentials; give a token or a client certificate',
  'auth-provider': 'Kubernetes has no such providers any more; give a token',
  username: 'Kubernetes takes no passwords any more; give a token',
  password: 'Kubernetes takes no passwords any more; give a token',
  as: 'the agent does not act as somebody else; give a user of its own',
  'as-uid': 'the agent does not act as somebody else; give a user of its own',
  'as-groups': 'the agent does not act as somebody else; give a user of its own',
}

const refusedOfCluster: Readonly<Record<string, string>> = {
  'proxy-url': 'no proxy is used; give the address of the API server itself',
}

class Reader {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  text(from: Json, key: string, what: string): string | undefined {
    const value = from[key]
    if (value === undefined || value === null || value === '') return undefined
    if (typeof value === 'string') return value
    throw new AccessError(`${what}: \`${key}\` is no text`)
  }

  /** `clusters: [{name: …, cluster: {…}}]`. */
  named(config: Json, list: string, kind: string, name: string): Json {
    const items: unknown = config[list]
    const found = Array.isArray(items)
      ? items.map(asObject).find((item) => item?.['name'] === name)
      : undefined
    const value = found && asObject(found[kind])
    if (value) return value
    const names = Array.isArray(items)
      ? items.flatMap((item) => asText(asObject(item)?.['name']) ?? []).join(', ')
      : ''
    throw new AccessError(`no ${kind} ${JSON.stringify(name)} (there are: ${names || 'none'})`)
  }

  refuse(from: Json, refused: Readonly<Record<string, string>>, what: string): void {
    for (const [key, why] of Object.entries(refused)) {
      const value = from[key]
      if (value !== undefined && value !== null && value !== '') {
        throw new AccessError(`${what}: \`${key}\` cannot be used: ${why}`)
      }
    }
  }

  /** `NAME-data` holds it in base64, `NAME` is a file; the first wins, as with kubectl. */
  secret(from: Json, key: string, what: string): Secret | undefined {
    const data = this.text(from, `${key}-data`, what)
    if (data !== undefined) return { text: Buffer.from(data, 'base64').toString('latin1') }
    return this.file(from, key, what)
  }

  /** A file, relative to the folder of the kubeconfig. */
  file(from: Json, key: string, what: string): Secret | undefined {
    const path = this.text(from, key, what)
    return path === undefined ? undefined : { file: resolve(this.#folder, path) }
  }
}

const serverOf = (reader: Reader, cluster: Json, what: string): URL => {
  const text = reader.text(cluster, 'server', what)
  const server = URL.parse(text ?? '')
  if (!server || !/^https?:$/.test(server.protocol)) {
    throw new AccessError(`${what}: \`server\` is no http: or https: address`)
  }
  return server
}

/**
 * Reads the current context of a kubeconfig.
 *
 * @param config   what the YAML says
 * @param folder   that of the file: paths in it are relative to it
 * @param context  the context to use; the file's `current-context` when not said
 * @throws AccessError  something is missing, is none, or cannot be used
 */
export const accessFromKubeconfig = (
  config: unknown,
  folder: string,
  context?: string,
): ApiAccess => {
  const reader = new Reader(folder)
  const whole = asObject(config)
  if (!whole || whole['kind'] !== 'Config') throw new AccessError('it is no kubeconfig')
  const name = context ?? reader.text(whole, 'current-context', 'the file')
  if (name === undefined) throw new AccessError('it has no `current-context`')
  const chosen = reader.named(whole, 'contexts', 'context', name)
  const what = `context ${JSON.stringify(name)}`
  const clusterName = reader.text(chosen, 'cluster', what) ?? ''
  const cluster = reader.named(whole, 'clusters', 'cluster', clusterName)
  const ofCluster = `cluster ${JSON.stringify(clusterName)}`
  reader.refuse(cluster, refusedOfCluster, ofCluster)
  const userName = reader.text(chosen, 'user', what)
  const user = userName === undefined ? {} : reader.named(whole, 'users', 'user', userName)
  const ofUser = `user ${JSON.stringify(userName)}`
  reader.refuse(user, refusedOfUser, ofUser)
  const clientCert = reader.secret(user, 'client-certificate', ofUser)
  const clientKey = reader.secret(user, 'client-key', ofUser)
  if (!clientCert !== !clientKey) {
    throw new AccessError(`${ofUser}: a client certificate and its key come together`)
  }
  const token = reader.text(user, 'token', ofUser)
  return {
    server: serverOf(reader, cluster, ofCluster),
    authorities: reader.secret(cluster, 'certificate-authority', ofCluster),
    insecure: cluster['insecure-skip-tls-verify'] === true,
    serverName: reader.text(cluster, 'tls-server-name', ofCluster),
    clientCert,
    clientKey,
    token: token === undefined ? reader.file(user, 'tokenFile', ofUser) : { text: token },
  }
}
