/** An authority, and certificates of it for the lab's API server and a client of it. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Certificates {
  /** PEM, each. */
  readonly authority: string
  readonly server: { readonly cert: string; readonly key: string }
  readonly client: { readonly cert: string; readonly key: string }
}

const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/**
 * Makes them in a folder, by openssl.
 *
 * @param user  whom the client's certificate names: the user that Kubernetes takes it for
 */
export const makeCertificates = (folder: string, user: string): Certificates => {
  const make = (name: string, subject: string, ...more: readonly string[]): void => {
    const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)]
    const words = ['req', '-x509', ...key, ...files, '-subj', `/CN=${subject}`, ...more]
    execFileSync('openssl', words, { stdio: 'ignore' })
  }
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8')
  make('ca', 'lab')
  const ca = ['-CA', join(folder, 'ca.pem'), '-CAkey', join(folder, 'ca.key')]
  const leaf = [...ca, '-addext', 'basicConstraints=CA:FALSE']
  make('server', 'api-server', ...leaf, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:kubernetes')
  make('client', user, ...leaf)
  return {
    authority: text('ca.pem'),
    server: { cert: text('server.pem'), key: text('server.key') },
    client: { cert: text('client.pem'), key: text('client.key') },
  }
}
