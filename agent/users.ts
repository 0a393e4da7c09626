/**
 * Names of users and groups: from the container's own passwd and group files when the process is
 * in one, else from the host's. Read when first asked for, and kept until they are to be forgotten.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs'
import { BoundedMap } from './bounded.ts'
import { limits } from './limits.ts'
import type { Outside, Question } from './outside.ts'
import { machine } from './outside.ts'

type Names = ReadonlyMap<number, string>

/** Numbers and names of the lines of passwd(5) or group(5). */
export const parseNames = (text: string): Names => {
  const names = new Map<number, string>()
  for (const line of text.split('\n')) {
    const [name, , id] = line.split(':')
    if (name === undefined || id === undefined || !/^\d+$/.test(id)) continue
    // The first line of a number names it, as getpwuid(3) has it.
    if (!names.has(Number(id))) names.set(Number(id), name)
  }
  return names
}

/** O_PATH, which Node.js does not name: a handle on a file that is not opened. */
const openHandle = 0o10000000

/**
 * The text of a file that a container may have made: a pipe in its place must not stop the agent,
 * nor a link lead it out, nor a device (a terminal, a watchdog) notice that it was opened.
 */
const readUntrusted = (path: string): string | undefined => {
  let fd: number | undefined
  try {
    fd = openSync(path, openHandle | constants.O_NOFOLLOW)
    const facts = fstatSync(fd)
    if (!facts.isFile() || facts.size > limits.metadataBytesMax) return undefined
    return readFileSync(`/proc/self/fd/${fd}`, 'latin1')
  } catch {
    return undefined
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** The names in the first of these root directories that has the file. */
const readNames = (roots: readonly string[], file: string): Names => {
  for (const root of roots) {
    const text = readUntrusted(`${root}${file}`)
    if (text !== undefined) return parseNames(text)
  }
  return new Map()
}

/** Where names are looked up: root directories to try, and what to remember them by. */
export interface NameScope {
  /** Container id, or '' for the host. */
  readonly key: string
  /** Directories that hold etc/; '' for the host's own. */
  readonly roots: readonly string[]
}

/** The names of one scope. */
interface ScopeNames {
  readonly users: Names
  readonly groups: Names
}

const namesQuestion: Question<ScopeNames> = { name: 'names' }
const noNames: ScopeNames = { users: new Map(), groups: new Map() }

export class Users {
  readonly #outside: Outside
  readonly #scopes = new BoundedMap<string, ScopeNames>(limits.containersMax, () => {})

  constructor(outside: Outside = machine) {
    this.#outside = outside
  }

  #names(scope: NameScope): ScopeNames {
    const known = this.#scopes.get(scope.key)
    if (known) return known
    const read =
      this.#outside.ask(namesQuestion, scope.key, () => ({
        users: readNames(scope.roots, '/etc/passwd'),
        groups: readNames(scope.roots, '/etc/group'),
      })) ?? noNames
    // Nothing read: the process is gone. The next one of the container is asked again.
    if (read.users.size > 0) this.#scopes.set(scope.key, read)
    return read
  }

  /** The names of a scope have changed: they are read again when next asked for. */
  forget(key: string): void {
    this.#scopes.delete(key)
  }

  /** The name of a user; '' when there is none. */
  user(scope: NameScope, uid: number): string {
    return this.#names(scope).users.get(uid) ?? ''
  }

  /** The name of a group; '' when there is none. */
  group(scope: NameScope, gid: number): string {
    return this.#names(scope).groups.get(gid) ?? ''
  }
}

const changeTime = (path: string): number => {
  try {
    return statSync(path).mtimeMs
  } catch {
    return 0
  }
}

/** Another value when the host's names may have changed. */
export const hostNamesStamp = (): string =>
  `${changeTime('/etc/passwd')} ${changeTime('/etc/group')}`
