/**
 * Policies of a cluster over a restart: those that were sound, so that one which became faulty
 * meanwhile is what it was, and an API server that is away at the start takes none away. Whoever
 * may write the file decides what an agent sees, as whoever may write policies does: one that
 * others than its owner may write is not read.
 */
import type { Stats } from 'node:fs'
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
} from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { limits } from '@bulwark/agent'
import type { ApiAccess } from '@bulwark/kubernetes'
import type { Json } from '@bulwark/schema'
import { asObject, asText, parseJson } from '@bulwark/schema'
import type { RuleText } from './load-rules.ts'

/** A policy as it was when it was sound. */
export interface KeptPolicy extends RuleText {
  /** When this text was first kept, in ISO form. */
  readonly since: string
}

/** Of what is written in the file. */
const formVersion = 1
/** Quotes and line ends of a text have a character more in JSON, others up to five. */
const fileBytesMax = 2 * limits.policyCharsMax
const writableByOthers = 0o022
const permissionBits = 0o777
const rootUid = 0

/** Why what is kept cannot be used. Never leaves this file. */
class Unusable extends Error {}

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** @throws Unusable  others than this user and root may write to it */
const checkOwner = (path: string, { uid, mode }: Stats): void => {
  const own = process.geteuid?.() ?? rootUid
  if (uid !== own && uid !== rootUid) {
    throw new Unusable(`${path} belongs to user ${uid}, who is not the agent's: chown it`)
  }
  if ((mode & writableByOthers) === 0) return
  const shown = (mode & permissionBits).toString(8)
  throw new Unusable(`others may write to ${path} (mode ${shown}): chmod go-w it`)
}

const policyOf = (value: unknown): KeptPolicy => {
  const policy = asObject(value)
  const [name, text] = [asText(policy?.['name']), asText(policy?.['text'])]
  const since = asText(policy?.['since'])
  if (name === undefined || text === undefined || since === undefined) {
    throw new Unusable('it has a policy without name, text or since')
  }
  if (Number.isNaN(Date.parse(since))) throw new Unusable('it has a policy of no time')
  return { name, text, since }
}

/** The object in a file that nobody else can have written. */
const readOwn = (path: string): Json => {
  // Neither a link to elsewhere nor a pipe that waits for a writer.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(fd)
    if (!stats.isFile()) throw new Unusable('it is no file')
    checkOwner(path, stats)
    if (stats.size > fileBytesMax) throw new Unusable(`it has more than ${fileBytesMax} bytes`)
    const object = asObject(parseJson(readFileSync(fd, 'utf8')))
    if (!object) throw new Unusable('it is no whole JSON object')
    return object
  } finally {
    closeSync(fd)
  }
}

export class KeptPolicies {
  readonly #folder: string
  readonly #path: string
  readonly #server: string
  readonly #log: (line: string) => void
  /** By name, as they are in the file, or will be. */
  #kept: ReadonlyMap<string, KeptPolicy> = new Map()
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
  constructor(folder: string, { server }: Pick<ApiAccess, 'server'>, log: (line: string) => void) {
    this.#folder = folder
    this.#path = join(folder, 'policies.json')
    this.#server = server.origin
    this.#log = log
    try {
      this.#kept = new Map(this.#read().map((policy) => [policy.name, policy]))
    } catch (error) {
      if (isAbsent(error)) return
      this.#isFileOther = true
      log(`warning: policies kept in ${this.#path} are not read: ${messageOf(error)}`)
    }
  }

  /** Those that are kept, by name. */
  get policies(): readonly KeptPolicy[] {
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

  #read(): readonly KeptPolicy[] {
    checkOwner(this.#folder, statSync(this.#folder))
    const { version, server, policies } = readOwn(this.#path)
    if (version !== formVersion) throw new Unusable('another version of Bulwark has written it')
    if (server !== this.#server) {
      throw new Unusable(`it is of ${JSON.stringify(server)}, and the cluster is ${this.#server}`)
    }
    if (!Array.isArray(policies)) throw new Unusable('it has no list of policies')
    return policies.slice(0, limits.policiesMax).map(policyOf)
  }

  async #write(): Promise<void> {
    this.#isWaiting = false
    const text = JSON.stringify({
      version: formVersion,
      server: this.#server,
      policies: this.policies,
    })
    const fresh = `${this.#path}.${process.pid}`
    try {
      if (!existsSync(this.#folder)) mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
      checkOwner(this.#folder, statSync(this.#folder))
      // A file that is half written never has the name of a whole one.
      await rm(fresh, { force: true })
      const file = await open(fresh, 'wx', 0o600)
      try {
        await file.writeFile(text)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(fresh, this.#path)
      this.#said = ''
    } catch (error) {
      await rm(fresh, { force: true }).catch(() => {})
      this.#sayOnce(messageOf(error))
    }
  }

  #sayOnce(message: string): void {
    if (message === this.#said) return
    this.#said = message
    this.#log(
      `warning: policies are not kept over a restart: ${message}; give another folder with ` +
        '--state-dir, or none with --no-state-dir',
    )
  }
}
