/**
 * Policies of a cluster over a restart: those that were sound, so that one which became faulty
 * meanwhile is what it was, and an API server that is away at the start takes none away.
 */
import { limits } from '@bulwark/agent'
import type { ApiAccess } from '@bulwark/kubernetes'
import { asObject, asText, parseJson } from '@bulwark/schema'
import type { KeptText, TextKeeper } from '@bulwark/server'
import type { RuleText } from './load-rules.ts'
import { StateFolder, UnusableFile } from './state-folder.ts'

/** Which policies a file is of. */
export interface KeptKind {
  /** Name of the file. */
  readonly file: string
  /** For people. */
  readonly what: string
  /** What to do where nothing can be kept. */
  readonly help: string
}

const helpOfAgent = 'give another folder with --state-dir, or none with --no-state-dir'

const policiesOfAgent: KeptKind = { file: 'policies.json', what: 'policies', help: helpOfAgent }

/** SeverityPolicies, of whoever judges. */
export const keptSeverity: KeptKind = {
  file: 'severity-policies.json',
  what: 'severity policies',
  help: helpOfAgent,
}

/** Of what is written in the file. */
const formVersion = 1
/** Quotes and line ends of a text have a character more in JSON, others up to five. */
const fileBytesMax = 2 * limits.policyCharsMax

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

const policyOf = (value: unknown): KeptText => {
  const policy = asObject(value)
  const [name, text] = [asText(policy?.['name']), asText(policy?.['text'])]
  const since = asText(policy?.['since'])
  if (name === undefined || text === undefined || since === undefined) {
    throw new UnusableFile('it has a policy without name, text or since')
  }
  if (Number.isNaN(Date.parse(since))) throw new UnusableFile('it has a policy of no time')
  return { name, text, since }
}

/** What a file of kept policies says. */
interface KeptFile {
  /** The API server that they are of, as a URL without a path. */
  readonly server: string
  readonly policies: readonly KeptText[]
}

/**
 * @returns `undefined`: there is none
 * @throws UnusableFile, and what the file system says
 */
const readKept = (folder: StateFolder, name: string): KeptFile | undefined => {
  const kept = folder.read(name, fileBytesMax)
  if (kept === undefined) return undefined
  const object = asObject(parseJson(kept))
  if (!object) throw new UnusableFile('it is no whole JSON object')
  const { version, server, policies } = object
  if (version !== formVersion) throw new UnusableFile('another version of Bulwark has written it')
  if (typeof server !== 'string') throw new UnusableFile('it does not say of which cluster it is')
  if (!Array.isArray(policies)) throw new UnusableFile('it has no list of policies')
  return { server, policies: policies.slice(0, limits.policiesMax).map(policyOf) }
}

export class KeptPolicies implements TextKeeper {
  readonly #folder: StateFolder
  readonly #kind: KeptKind
  readonly #server: string
  readonly #log: (line: string) => void
  /** By name, as they are in the file, or will be. */
  #kept: ReadonlyMap<string, KeptText> = new Map()
  #isFileOther = false
  #written: Promise<void> = Promise.resolve()
  #isWaiting = false
  /** What was said of a fault, which is said once. */
  #said = ''

  /**
   * Reads what an earlier run has kept. Never throws: what is wrong is told.
   *
   * @param folder  made when something is to be kept
   * @param access  the cluster: what is of another one is not read
   */
  constructor(
    folder: string,
    { server }: Pick<ApiAccess, 'server'>,
    log: (line: string) => void,
    kind: KeptKind = policiesOfAgent,
  ) {
    this.#folder = new StateFolder(folder)
    this.#kind = kind
    this.#server = server.origin
    this.#log = log
    try {
      this.#kept = new Map(this.#read().map((policy) => [policy.name, policy]))
    } catch (error) {
      this.#isFileOther = true
      const path = this.#folder.pathOf(kind.file)
      log(`warning: ${kind.what} kept in ${path} are not read: ${messageOf(error)}`)
    }
  }

  /** Those that are kept, by name. */
  get policies(): readonly KeptText[] {
    return [...this.#kept.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Keeps these, and no others. They are written later, and what goes wrong then is told once. */
  keep(texts: readonly RuleText[]): void {
    const now = new Date().toISOString()
    const kept = texts.map(({ name, text }) => {
      const before = this.#kept.get(name)
      return before?.text === text ? before : { name, text, since: now }
    })
    const isSame =
      kept.length === this.#kept.size && kept.every((each) => this.#kept.get(each.name) === each)
    if (isSame && !(this.#isFileOther && kept.length > 0)) return
    this.#kept = new Map(kept.map((policy) => [policy.name, policy]))
    this.#isFileOther = false
    if (this.#isWaiting) return
    this.#isWaiting = true
    this.#written = this.#written.then(() => this.#write())
  }

  /** Resolves when all that is to be kept is written, or cannot be. Never rejects. */
  async whenWritten(): Promise<void> {
    await this.#written
  }

  #read(): readonly KeptText[] {
    const { server, policies } = readKept(this.#folder, this.#kind.file) ?? {}
    if (server === undefined || server === this.#server) return policies ?? []
    const cluster = `the cluster is ${this.#server}`
    throw new UnusableFile(`it is of ${JSON.stringify(server)}, and ${cluster}`)
  }

  async #write(): Promise<void> {
    this.#isWaiting = false
    const text = JSON.stringify({
      version: formVersion,
      server: this.#server,
      policies: this.policies,
    })
    try {
      const file = await this.#folder.replace(this.#kind.file, text)
      await file.close()
      this.#said = ''
    } catch (error) {
      this.#sayOnce(messageOf(error))
    }
  }

  #sayOnce(message: string): void {
    if (message === this.#said) return
    this.#said = message
    const { what, help } = this.#kind
    this.#log(`warning: ${what} are not kept over a restart: ${message}; ${help}`)
  }
}

const namedMax = 10

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const

/** How long ago it was first kept as it is: `3 h`. */
const ageText = ({ since }: KeptText): string => {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(since)) / 1_000))
  const [unit, length] = units.find(([, each]) => seconds >= each) ?? ['s', 1]
  return `${Math.floor(seconds / length)} ${unit}`
}

/** Names, of when each is, and how old, in one line. */
export const keptText = (kept: readonly KeptText[]): string => {
  const named = kept
    .slice(0, namedMax)
    .map((each) => `${each.name} (of ${each.since}, ${ageText(each)} ago)`)
  const more = kept.length > namedMax ? ` and ${kept.length - namedMax} more` : ''
  return `${named.join(', ')}${more}`
}

/**
 * What the agent of this node would go on with after a restart, in lines for people.
 *
 * @param said  what the cluster says now; `undefined`: it does not answer
 */
export const keptLines = (
  folder: string,
  said: readonly RuleText[] | undefined,
): readonly string[] => {
  const state = new StateFolder(folder)
  const path = state.pathOf(policiesOfAgent.file)
  try {
    const kept = readKept(state, policiesOfAgent.file)
    if (!kept) return []
    const texts = said && new Map(said.map(({ name, text }) => [name, text]))
    return [
      `kept over a restart of this node's agent (${path}, of ${kept.server}):`,
      ...kept.policies.map((policy) => {
        const { name, text, since } = policy
        const how = stillText(text, texts && (texts.get(name) ?? null))
        const short = name.slice(name.lastIndexOf('/') + 1)
        return `  ${short}: ${how}, since ${since} (${ageText(policy)})`
      }),
    ]
  } catch (error) {
    return [`policies kept in ${path} are not read: ${messageOf(error)}`]
  }
}

/** @param said  of this policy; `null`: it is gone; `undefined`: nobody says */
const stillText = (kept: string, said: string | null | undefined): string => {
  if (said === undefined) return 'as it was kept, for all that is known'
  if (said === null) return 'gone from the cluster, of which the agent has not heard'
  return said === kept ? 'as it is' : 'as it was, not as it is'
}
