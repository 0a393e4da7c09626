/** Requests to the server of the cluster, with the agent's token. */
import { readFileSync } from 'node:fs'
import { http, https } from '@bulwark/kubernetes'
import { limits } from '../limits.ts'
import type { Answer, ConnectionPool } from './post.ts'
import { post } from './post.ts'
import { RenewedFiles } from './renewed.ts'

export interface ServerSettings {
  /** `http:` or `https:`; without a path, or with the one that a proxy puts before the server's. */
  readonly url: string
  /** Read anew for each request: tokens of service accounts are renewed under the same name. */
  readonly tokenFile: string | undefined
  /** Certificates of the authorities to trust, PEM; Node.js's own list where none is given. */
  readonly caFile: string | undefined
}

/** What a server may not make of a header: anything but visible ASCII. */
const headerText = /^[\x21-\x7e]+$/

export class ServerLink {
  readonly #settings: ServerSettings
  readonly #url: URL
  readonly #renewed: RenewedFiles
  #pool: ConnectionPool | undefined

  /** @param path  what is posted to, below what the address of the server has */
  constructor(settings: ServerSettings, path: string) {
    this.#settings = settings
    this.#renewed = new RenewedFiles([settings.caFile])
    const base = new URL(settings.url)
    base.pathname = `${base.pathname.replace(/\/$/, '')}${path}`
    this.#url = base
  }

  /** Its address, without what may be a secret in it. */
  get place(): string {
    return this.#url.origin
  }

  /** @throws Error  it cannot be reached, or the token cannot be read */
  async post(type: string, body: Buffer, signal: AbortSignal): Promise<Answer> {
    const { tokenFile } = this.#settings
    const token = tokenFile === undefined ? undefined : readFileSync(tokenFile, 'utf8').trim()
    if (token !== undefined && !headerText.test(token)) {
      throw new Error(`${tokenFile} is empty, or has characters that no token has`)
    }
    // One request is under way at a time: no other loses its connection.
    if (this.#renewed.areOthers()) this.reopen()
    this.#pool ??= this.#makePool()
    return await post({
      url: this.#url,
      pool: this.#pool,
      headers: {
        'Content-Type': type,
        'User-Agent': 'bulwark-agent',
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
      body,
      timeoutMs: limits.serverAnswerMsMax,
      signal,
    })
  }

  /** Made anew when the authorities are renewed under the same name. */
  #makePool(): ConnectionPool {
    const { caFile } = this.#settings
    const pool = { keepAlive: true, maxSockets: 1 }
    if (this.#url.protocol !== 'https:') return new (http().Agent)(pool)
    return new (https().Agent)({
      ...pool,
      ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    })
  }

  reopen(): void {
    this.#pool?.destroy()
    this.#pool = undefined
  }
}
