/**
 * Who may hand alerts over, and who may ask. On a loopback address everybody of the machine, as
 * long as nothing else was said; else whoever has the token of a file, or a token that the API
 * server says is that of an allowed service account. Answers about tokens are kept for a short
 * while, by their hash.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { limits } from '../limits.ts'

/** Agents hand alerts over; readers ask about the cluster, which tells how to attack it. */
export type Role = 'agent' | 'reader'

/** Who has a role. */
export interface RoleAccess {
  /** Read anew for each request, as it may be renewed. */
  readonly tokenFile: string | undefined
  /** `namespace/name` of service accounts. */
  readonly accounts: readonly string[]
}

/** Who asks, as far as it is certain. */
export interface Caller {
  /** The node of the pod that the token is bound to: nobody can make that up. */
  readonly node?: string
}

/** What the API server says of a token. */
export type Reviewed = (Caller & { readonly user: string }) | { readonly refused: string }

export interface GuardOptions {
  /** The address is one of this machine alone. */
  readonly isLoopback: boolean
  readonly roles: Readonly<Record<Role, RoleAccess>>
  /** Asks the API server; rejects when that cannot be asked. `undefined`: there is none. */
  readonly review: ((token: string) => Promise<Reviewed>) | undefined
  /** Milliseconds that only go up. */
  readonly now: () => number
}

/** Why a request is not served. */
export interface Denial {
  readonly status: 401 | 403 | 503
  readonly message: string
  readonly help: string
}

interface Kept {
  readonly reviewed: Reviewed
  readonly untilMs: number
}

const nobodyKnown: Caller = {}

/** Whether a request is not served. */
export const isDenied = (checked: Denial | Caller): checked is Denial => 'status' in checked

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

const accountForm = /^system:serviceaccount:([^:]+):([^:]+)$/

const doing: Readonly<Record<Role, string>> = {
  agent: 'hand alerts over',
  reader: 'ask about the cluster',
}

export class Guard {
  readonly #options: GuardOptions
  readonly #kept = new Map<string, Kept>()

  constructor(options: GuardOptions) {
    this.#options = options
  }

  /** Everybody of this machine has the role. */
  isOpen(role: Role): boolean {
    const { tokenFile, accounts } = this.#options.roles[role]
    return this.#options.isLoopback && tokenFile === undefined && accounts.length === 0
  }

  /**
   * @param authorization  the header, as it came
   * @returns whose request goes on, or why it does not
   */
  async check(role: Role, authorization: string | undefined): Promise<Denial | Caller> {
    if (this.isOpen(role)) return nobodyKnown
    const { tokenFile, accounts } = this.#options.roles[role]
    if (tokenFile === undefined && accounts.length === 0) {
      const help = `start the server with --${role}-token-file or --${role}-account`
      return { status: 403, message: `nobody may ${doing[role]}`, help }
    }
    const [, token = ''] = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization ?? '') ?? []
    if (token === '' || token.length > limits.tokenCharsMax) {
      const help = 'send `Authorization: Bearer TOKEN`'
      return { status: 401, message: 'the request has no token', help }
    }
    if (tokenFile !== undefined && isTokenOf(tokenFile, token)) return nobodyKnown
    if (accounts.length > 0) return await this.#checkAccount(role, accounts, token)
    return { status: 401, message: 'the token is not the one of the server', help: 'renew it' }
  }

  async #checkAccount(
    role: Role,
    accounts: readonly string[],
    token: string,
  ): Promise<Denial | Caller> {
    let reviewed: Reviewed
    try {
      reviewed = await this.#review(token)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      const message = `the API server cannot be asked about the token: ${why}`
      return { status: 503, message, help: 'try again' }
    }
    if ('refused' in reviewed) {
      const help = 'send the token of a service account, made for the audience of this server'
      return { status: 401, message: `the token is not good: ${reviewed.refused}`, help }
    }
    const [, namespace = '', name = ''] = accountForm.exec(reviewed.user) ?? []
    if (accounts.includes(`${namespace}/${name}`)) return reviewed
    const help = `start the server with --${role}-account NAMESPACE/NAME`
    return { status: 403, message: `${reviewed.user} may not ${doing[role]}`, help }
  }

  async #review(token: string): Promise<Reviewed> {
    const { review, now } = this.#options
    if (!review) throw new Error('there is none')
    const key = hashOf(token).toString('base64')
    const kept = this.#kept.get(key)
    if (kept && kept.untilMs > now()) return kept.reviewed
    const reviewed = await review(token)
    const ms = 'user' in reviewed ? limits.tokenMsMax : limits.refusedTokenMsMax
    this.#kept.delete(key)
    if (this.#kept.size >= limits.tokensMax) {
      const [oldest = ''] = this.#kept.keys()
      this.#kept.delete(oldest)
    }
    this.#kept.set(key, { reviewed, untilMs: now() + ms })
    return reviewed
  }
}

/** Compared by hash, so that it takes as long whatever is wrong with it. */
const isTokenOf = (file: string, token: string): boolean => {
  let wanted: string
  try {
    wanted = readFileSync(file, 'utf8').trim()
  } catch {
    return false
  }
  return wanted !== '' && timingSafeEqual(hashOf(wanted), hashOf(token))
}
