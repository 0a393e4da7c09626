/**
 * Where the API server is, whom the agent trusts to be it, and how the agent says who it is.
 * Tokens and certificates are read from their files again for each request: they are renewed
 * under the same names.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes, or the file that has them. */
export type Secret = { readonly text: string } | { readonly file: string }

export interface ApiAccess {
  /** `https:`, or `http:` for a proxy of kubectl's; its path comes before that of each request. */
  readonly server: URL
  /** Certificates of the authorities to trust, PEM; Node.js's own list when not said. */
  readonly authorities: Secret | undefined
  /** The server's certificate is not looked at. */
  readonly insecure: boolean
  /** The name that its certificate must have; that of `server` when not said. */
  readonly serverName: string | undefined
  readonly clientCert: Secret | undefined
  readonly clientKey: Secret | undefined
  readonly token: Secret | undefined
}

/** The API server cannot be asked as things are: what to do is in the message. */
export class AccessError extends Error {}

/**
 * What a secret holds now.
 *
 * @throws AccessError  the file cannot be read
 */
export const readSecret = (secret: Secret, what: string): string => {
  if ('text' in secret) return secret.text
  try {
    return readFileSync(secret.file, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new AccessError(`cannot read ${what}: ${why}`)
  }
}

/** Where Kubernetes puts the token of a pod's service account. */
const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

/** A host as it stands in an address. */
const inAddress = (host: string): string => (host.includes(':') ? `[${host}]` : host)

/**
 * The access that every pod has.
 *
 * @param environment  the variables of the process
 * @returns `undefined` outside a cluster
 */
export const accessInCluster = (
  environment: Readonly<Record<string, string | undefined>>,
  folder = accountFolder,
): ApiAccess | undefined => {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = environment
  const token = join(folder, 'token')
  if (host === undefined || host === '' || !existsSync(token)) return undefined
  const server = URL.parse(`https://${inAddress(host)}:${port}`)
  if (!server) throw new AccessError(`KUBERNETES_SERVICE_HOST and _PORT are no address: ${host}`)
  return {
    server,
    authorities: { file: join(folder, 'ca.crt') },
    insecure: false,
    serverName: undefined,
    clientCert: undefined,
    clientKey: undefined,
    token: { file: token },
  }
}
