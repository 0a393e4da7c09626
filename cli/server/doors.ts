/** What of a server's options says where it listens and who may come: checked, with what to do. */
import { readFileSync } from 'node:fs'
import type { Listen, Role, RoleAccess, Tls } from '@bulwark/server'
import type { SourceOptions } from '../graph/source.ts'
import { listenOf } from './listen.ts'

export interface ServeOptions extends SourceOptions {
  readonly listen: string
  readonly severity: readonly string[]
  readonly policy: readonly string[]
  readonly rules: readonly string[]
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly agentTokenFile?: string
  readonly agentAccount: readonly string[]
  readonly readerTokenFile?: string
  readonly readerAccount: readonly string[]
  readonly audience: string
  readonly stateDir?: string
}

/** It cannot be started as it was asked for. */
export class UsageError extends Error {
  readonly help: string

  constructor(message: string, help: string) {
    super(message)
    this.help = help
  }
}

const readText = (path: string, what: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new UsageError(`cannot read ${what}: ${why}`, 'give a file that this user may read')
  }
}

/** @returns reads them, since they are renewed under the same names */
const tlsOf = ({ tlsCert, tlsKey }: ServeOptions): (() => Tls) | undefined => {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    const [given, other] = tlsCert === undefined ? ['key', 'cert'] : ['cert', 'key']
    throw new UsageError(`--tls-${given} stands alone`, `give --tls-${other}, too`)
  }
  if (tlsCert === undefined || tlsKey === undefined) return undefined
  return () => ({ cert: readText(tlsCert, 'the certificate'), key: readText(tlsKey, 'its key') })
}

const accountForm = /^[a-z0-9][a-z0-9-]*\/[a-z0-9][a-z0-9.-]*$/

const roleOf = (
  role: string,
  tokenFile: string | undefined,
  accounts: readonly string[],
): RoleAccess => {
  const bad = accounts.find((account) => !accountForm.test(account))
  if (bad !== undefined) {
    throw new UsageError(`--${role}-account: ${bad} is no service account`, 'write NAMESPACE/NAME')
  }
  if (tokenFile !== undefined && readText(tokenFile, `--${role}-token-file`).trim() === '') {
    throw new UsageError(`--${role}-token-file: ${tokenFile} is empty`, 'write a long random word')
  }
  return { tokenFile, accounts }
}

/** What an address that others reach asks for. */
const checkOpen = (listen: Listen, tls: Doors['tls'], agent: RoleAccess): void => {
  if (listen.isLoopback) return
  const at = `${listen.host} is reached from other machines`
  if (!tls)
    throw new UsageError(`${at}: alerts would go in the clear`, 'give --tls-cert, --tls-key')
  if (agent.tokenFile === undefined && agent.accounts.length === 0) {
    const help = 'give --agent-account NAMESPACE/NAME, or --agent-token-file'
    throw new UsageError(`${at}: anybody could hand alerts over`, help)
  }
}

/** Where a server listens, and who may come. */
export interface Doors {
  readonly listen: Listen
  /** Reads certificate and key; throws UsageError. */
  readonly tls: (() => Tls) | undefined
  readonly roles: Readonly<Record<Role, RoleAccess>>
  /** Tokens are asked of an API server. */
  readonly reviews: boolean
}

/** @throws UsageError  something is missing, or wrong */
export const doorsOf = (options: ServeOptions): Doors => {
  const listen = listenOf(options.listen)
  if (!listen) {
    throw new UsageError(`--listen: ${options.listen} is no address`, 'write 127.0.0.1:7676')
  }
  const tls = tlsOf(options)
  tls?.()
  const agent = roleOf('agent', options.agentTokenFile, options.agentAccount)
  const reader = roleOf('reader', options.readerTokenFile, options.readerAccount)
  checkOpen(listen, tls, agent)
  const reviews = agent.accounts.length + reader.accounts.length > 0
  return { listen, tls, roles: { agent, reader }, reviews }
}
