/**
 * What an argument of an event is to rules: a name, the value, and the value in words. The forms
 * are Falco's: what its event table calls each type is told in the same digits and words.
 */
import { EventNumber, headerOf } from '@bulwark/schema'
import type { Machine, Names } from '@bulwark/schema'
import { keeping } from './bounded.ts'
import { fileLetter } from './file-type.ts'
import type { LiveEvent } from './live-event.ts'
import { errnoName } from './names.ts'
import type { NameScope, Users } from './users.ts'

/** @param users  where names are looked up; without it there are none */
export type Read = (event: LiveEvent, users: Users | undefined) => string | undefined

/** Reads a number of the current record; a bigint when it is no safe integer. */
export type ReadNumber = (event: LiveEvent) => number | bigint | undefined

/** `evt.arg.NAME` is the text where there is one, else what is raw; `evt.args` shows both. */
export interface Argument {
  readonly name: string
  readonly raw: Read
  /** Names for flags, the user of a number, what is behind a descriptor. */
  readonly text?: Read
  /** `evt.rawarg.NAME`, where that is a number. */
  readonly value?: ReadNumber
}

/** An argument without another text. */
export const plainArgument = (name: string, raw: Read): Argument => ({ name, raw })

/** Falco has a parameter there which no event carries; those after it keep their numbers. */
export const absent = (name: string): Argument => ({ name, raw: () => undefined })

export const signed = (value: number | bigint): number => Number(BigInt.asIntN(32, BigInt(value)))
export const unsigned = (value: number | bigint): number =>
  Number(BigInt.asUintN(32, BigInt(value)))

const digits = (value: number | bigint | undefined, radix = 10): string | undefined =>
  value?.toString(radix).toUpperCase()

export const decimal = (name: string, read: ReadNumber): Argument => ({
  name,
  raw: (event) => digits(read(event)),
  value: read,
})

export const hex = (name: string, read: ReadNumber): Argument => ({
  name,
  raw: (event) => digits(read(event), 16),
  value: read,
})

/** With a 0 before it, as C writes it. */
export const octal = (name: string, read: ReadNumber): Argument => ({
  name,
  raw: (event) => digits(read(event), 8)?.replace(/^(?=[1-7])/, '0'),
  value: read,
})

const texts = new WeakMap<Names, (value: number) => string>()

/** The names of a number; the same few numbers come again and again. */
export const textOf = (names: Names, value: number): string | undefined => {
  let kept = texts.get(names)
  if (!kept) {
    kept = keeping((each) => names.text(each) ?? '')
    texts.set(names, kept)
  }
  return kept(value) || undefined
}

/** Flags, commands and permissions: the number as Falco counts it, and its names. */
export const named = (
  name: string,
  read: ReadNumber,
  names: Names | Readonly<Record<Machine, Names>>,
): Argument => {
  const namesFor = ({ machine }: LiveEvent): Names => ('text' in names ? names : names[machine])
  const value: ReadNumber = (event) => {
    const number = read(event)
    return number === undefined ? undefined : namesFor(event).number(unsigned(number))
  }
  return {
    name,
    raw: (event) => digits(value(event)),
    text: (event) => {
      const number = read(event)
      return number === undefined ? undefined : textOf(namesFor(event), unsigned(number))
    },
    value,
  }
}

/** Results below 0 have the name of their errno. */
export const errno = (name: string, read: ReadNumber): Argument => ({
  ...decimal(name, read),
  text: (event) => {
    const value = Number(read(event) ?? 0)
    return value < 0 ? errnoName(-value) : undefined
  },
})

/** The result of a system call. */
export const result: Argument = errno('res', (event) => event.result)

const protocolLetters: Readonly<Record<string, string | undefined>> = {
  tcp: 't',
  udp: 'u',
  icmp: 'i',
  raw: 'r',
}

/** What is behind the descriptor that the event is about: `<f>/path`, `<4t>10.0.0.1:9->...`. */
export const behind: Read = (event) => {
  const { socket } = event
  const name = socket?.name ?? event.fileName
  const letter = fileLetter(event)
  if (name === undefined || letter === undefined) return undefined
  return `<${letter}${protocolLetters[socket?.protocol ?? ''] ?? ''}>${name}`
}

const workingDirectory = -100

/** A descriptor: its number; where it is the event's own, what is behind it. */
export const descriptor = (name: string, read: ReadNumber, isOwn = true): Argument => ({
  ...decimal(name, read),
  text: (event, users) => {
    const value = Number(read(event) ?? 0)
    if (value >= 0) return isOwn ? behind(event, users) : undefined
    return value === workingDirectory ? 'AT_FDCWD' : errnoName(-value)
  },
})

const makesDescriptor: ReadonlySet<number> = new Set([
  EventNumber.open,
  EventNumber.dup,
  EventNumber.accept,
  EventNumber.socket,
])

/** The descriptor that the event is about; of a call that should make one, or its errno. */
export const ownDescriptor = (name: string): Argument =>
  descriptor(name, (event) => (makesDescriptor.has(event.kind) ? event.result : event.descriptor))

/** A path as it was given; and whole, where that is another. */
export const path = (name: string, given: Read, whole: Read): Argument => {
  const raw: Read = (event, users) => given(event, users) || whole(event, users)
  return {
    name,
    raw,
    text: (event, users) => {
      const text = whole(event, users)
      return text === raw(event, users) ? undefined : text
    },
  }
}

/** Bytes as they are shown: what cannot be printed is a dot. */
export const dotted = (data: string): string => data.replace(/[^ -~]/g, '.')

/** Bytes. */
export const bytes = (name: string, read: Read): Argument =>
  plainArgument(name, (event, users) => {
    const text = read(event, users)
    return text === '' ? 'NULL' : text && dotted(text)
  })

/** The users of the machine itself. */
export const hostScope: NameScope = { key: '', roots: [''] }

/** Where the names of an event's users are looked up: the process may be gone already. */
export const nameScopeOf = ({ container, process }: LiveEvent): NameScope => {
  if (!container) return hostScope
  const root = container.metadata?.rootPath
  const live = `/proc/${process.pid}/root`
  return { key: container.id, roots: root === undefined ? [live] : [root, live] }
}

const unchanged = 0xffff_ffff

type LookUp = (users: Users, scope: NameScope, id: number) => string

const identity =
  (lookUp: LookUp) =>
  (name: string, read: ReadNumber): Argument => ({
    name,
    raw: (event) => digits(signed(read(event) ?? 0)),
    text: (event, users) => {
      const id = unsigned(read(event) ?? 0)
      if (id === unchanged) return '<NONE>'
      return (users && lookUp(users, nameScopeOf(event), id)) || '<NA>'
    },
    value: read,
  })

/** A user and its name; -1 leaves it as it is. */
export const user = identity((users, scope, id) => users.user(scope, id))
/** A group and its name. */
export const group = identity((users, scope, id) => users.group(scope, id))

/** The user and the group that the process acts as. */
export const actingUser = user('uid', ({ record }) => headerOf.euid(record))
export const actingGroup = group('gid', ({ record }) => headerOf.egid(record))
