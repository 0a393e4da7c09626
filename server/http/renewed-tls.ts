/**
 * Certificate and key that are renewed under the same names, as a Secret of Kubernetes is in a pod:
 * looked at now and again, and used for connections from then on. Those that are there go on.
 */
import type { TLSSocketOptions } from 'node:tls'
import { createSecureContext } from 'node:tls'

/** Certificate and key, PEM. */
export interface Tls {
  readonly cert: string
  readonly key: string
}

/** What is served with. */
export interface SecureServer {
  setSecureContext: (options: Tls & TlsBounds) => void
}

interface TlsBounds {
  readonly minVersion: NonNullable<TLSSocketOptions['minVersion']>
}

/** Of each certificate. */
export const tlsBounds: TlsBounds = { minVersion: 'TLSv1.2' }

export interface RenewedTlsOptions {
  /** What there is now; may throw. */
  readonly read: () => Tls
  /** What is served with by now. */
  readonly first: Tls
  readonly server: SecureServer
  readonly log: (line: string) => void
  readonly lookMs: number
}

/**
 * Looks after them.
 *
 * @returns ends that
 */
export const renewTls = ({ read, first, server, log, lookMs }: RenewedTlsOptions): (() => void) => {
  let now = first
  let said = ''
  const look = (): void => {
    try {
      const next = read()
      if (next.cert === now.cert && next.key === now.key) return
      // Two files are read one after the other: of a pair that does not fit, the rest comes.
      createSecureContext({ ...next, ...tlsBounds })
      server.setSecureContext({ ...next, ...tlsBounds })
      now = next
      said = ''
      log('certificate and key were renewed')
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (message === said) return
      said = message
      log(`warning: certificate and key cannot be renewed, and stay what they were: ${message}`)
    }
  }
  const timer = setInterval(look, lookMs).unref()
  return () => clearInterval(timer)
}
