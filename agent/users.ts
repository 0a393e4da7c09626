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

/** Column of passwd(5) and group(5). */
const nameColumn = 0
const homeColumn = 5
const shellColumn = 6

/** Numbers of the lines of passwd(5) or group(5), and what another column says of each. */
export const parseNames = (text: string, column = nameColumn): Names => {
  const names = new Map<number, string>()
  for (const line of text.split('\n')) {
    const columns = line.split(':')
    const [, , id = ''] = columns
    const found = columns[column]
    if (found === undefined || !/^\d+$/.test(id)) continue
    // The first line of a number names it, as getpwuid(3) has it.
    if (!names.has(Number(id))) names.set(Number(id), found)
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

/** The text of a file in the first of these root directories that has it; '' when none has. */
const readFirst = (roots: readonly string[], file: string): string => {
  for (const root of roots) {
    const text = readUntrusted(`${root}${file}`)
    if (text !== undefined) return text
  }
  return ''
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
  /** Not in captures of before they were kept. */
  readonly homes?: Names
  readonly shells?: Names
  readonly groups: Names
}

/** A process that is about to enter its container is still in the host's root directory. */
const isContainerRoot = (root: string): boolean => {
  try {
    const [own, host] = [statSync(`${root}/`), statSync('/')]
    return own.dev !== host.dev || own.ino !== host.ino
  } catch {
    return false
  }
}

/** `undefined` when none of the root directories is there: not yet, or not any more. */
const readScope = ({ key, roots }: NameScope): ScopeNames | undefined => {
  const there = key === '' ? roots : roots.filter(isContainerRoot)
  if (there.length === 0) return undefined
  const passwd = readFirst(there, '/etc/passwd')
  return {
    users: parseNames(passwd),
    homes: parseNames(passwd, homeColumn),
    shells: parseNames(passwd, shellColumn),
    groups: parseNames(readFirst(there, '/etc/group')),
  }
}

const namesQuestion: Question<ScopeNames> = { name: 'names' }
const none: Names = new Map()
const noNames: ScopeNames = { users: none, homes: none, shells: none, groups: none }

export class Users {
  readonly #outside: Outside
  readonly #scopes = new BoundedMap<string, ScopeNames>(limits.containersMax, () => {})

  /** How often names were looked for in vain. */
  readonly #tries = new BoundedMap<string, number>(limits.containersMax, () => {})

  constructor(outside: Outside = machine) {
    this.#outside = outside
  }

  #names(scope: NameScope): ScopeNames {
    const known = this.#scopes.get(scope.key)
    if (known) return known
    const read = this.#outside.ask(namesQuestion, scope.key, () => readScope(scope))
    if (!read) return noNames
    // No users: the image may have none, or not all of it is there yet.
    const tries = (this.#tries.get(scope.key) ?? 0) + 1
    const isFound = read.users.size > 0 || tries >= limits.namesTriesMax
    if (isFound) this.#scopes.set(scope.key, read)
    else this.#tries.set(scope.key, tries)
    return read
  }

  /** The names of a scope have changed: they are read again when next asked for. */
  forget(key: string): void {
    this.#scopes.delete(key)
    this.#tries.delete(key)
  }

  /** The name of a user; '' when there is none. */
  user(scope: NameScope, uid: number): string {
    return this.#names(scope).users.get(uid) ?? ''
  }

  /** The home directory of a user; '' when there is none. */
  home(scope: NameScope, uid: number): string {
    return this.#names(scope).homes?.get(uid) ?? ''
  }

  /** The shell of a user; '' when there is none. */
  shell(scope: NameScope, uid: number): string {
    return this.#names(scope).shells?.get(uid) ?? ''
  }

  /** The name of a group; '' when there is none. */
  group(scope: NameScope, gid: number): string {
    return this.#names(scope).groups.get(gid) ?? ''
  }
}

/** The names of the host's users, by number; none when they cannot be read. */
export const hostUsers = (): Names => parseNames(readUntrusted('/etc/passwd') ?? '')

/** Not by the time of its content, which whoever writes it can set. */
const changeOf = (path: string): string => {
  try {
    const { ctimeMs, dev, ino } = statSync(path)
    return `${dev}:${ino} ${ctimeMs}`
  } catch {
    return ''
  }
}

/** Another value when the host's names may have changed. */
export const hostNamesStamp = (): string => `${changeOf('/etc/passwd')}, ${changeOf('/etc/group')}`
