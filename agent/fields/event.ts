/** Accessors of `evt.*`. */
import {
  EventNumber,
  FILE_CREATED,
  RECORD_OPENING,
  fileFacts,
  headerOf,
  openOf,
  rawParameterType,
} from '@bulwark/schema'
import type { Argument } from '../argument.ts'
import { argumentsOf } from '../arguments.ts'
import { limits } from '../limits.ts'
import type { LiveEvent } from '../live-event.ts'
import {
  opensForRead,
  opensForWrite,
  opensToCreate,
  opensWithoutName,
  resultName,
} from '../names.ts'
import { dateParts, isoTime } from '../time.ts'
import type { Users } from '../users.ts'
import type { Accessor, AccessorTable } from './reader.ts'
import { plain } from './reader.ts'

const asScalar = (value: bigint): number | bigint =>
  value <= Number.MAX_SAFE_INTEGER ? Number(value) : value

const onOpen =
  (test: (flags: number) => boolean): Accessor =>
  (event) =>
    event.kind === EventNumber.open && test(openOf.openFlags(event.record))

/** A file without a name is always a new one. */
const makesFile: Accessor = (event) =>
  event.kind === EventNumber.open &&
  event.result >= 0 &&
  ((fileFacts.fileFlags(event.record, openOf.fileAt) & FILE_CREATED) !== 0 ||
    opensWithoutName(openOf.openFlags(event.record)))

/** The permissions count only where the call may make a file. */
const opensExecutable: Accessor = (event) =>
  onOpen(opensToCreate)(event) === true && (openOf.openMode(event.record) & 0o111) !== 0

const ofSyscall =
  (read: Accessor): Accessor =>
  (event) =>
    event.isSyscall ? read(event) : undefined

/** `name=raw(text)` of each that the event has. */
const allArguments = (event: LiveEvent, users: Users): string =>
  argumentsOf(event)
    .flatMap(({ name, raw, text }) => {
      const value = raw(event, users)
      if (value === undefined) return []
      const words = text?.(event, users) ?? ''
      return [words === '' ? `${name}=${value}` : `${name}=${value}(${words})`]
    })
    .join(' ')

/** Finds an argument by number or name. */
const finder = (
  wanted: number | string | undefined,
): ((event: LiveEvent) => Argument | undefined) => {
  // What was found last: the same list comes again with the next event of the type.
  let searched: readonly Argument[] = []
  let found: Argument | undefined
  return (event) => {
    const all = argumentsOf(event)
    if (all !== searched) {
      searched = all
      found = typeof wanted === 'number' ? all[wanted] : all.find(({ name }) => name === wanted)
    }
    return found
  }
}

const oneArgument = (wanted: number | string | undefined, users: Users): Accessor => {
  const find = finder(wanted)
  return (event) => {
    const found = find(event)
    const text = found?.text?.(event, users) ?? ''
    return text === '' ? found?.raw(event, users) : text
  }
}

/** The value of an argument: the number that it is, where rules take it for one. */
const rawArgument = (wanted: number | string | undefined, users: Users): Accessor => {
  const find = finder(wanted)
  return rawParameterType(wanted) === 'string'
    ? (event) => find(event)?.raw(event, users)
    : (event) => find(event)?.value?.(event)
}

export const eventAccessors: AccessorTable = {
  'evt.num': plain((event) => event.sequence),
  'evt.time': plain((event) => dateParts(event.timeNs).time),
  'evt.time.s': plain((event) => dateParts(event.timeNs).time.slice(0, 8)),
  'evt.time.iso8601': plain((event) => isoTime(event.timeNs)),
  'evt.datetime': plain((event) => {
    const { date, time } = dateParts(event.timeNs)
    return `${date} ${time}`
  }),
  'evt.datetime.s': plain((event) => {
    const { date, time } = dateParts(event.timeNs)
    return `${date} ${time.slice(0, 8)}`
  }),
  'evt.rawtime': plain((event) => asScalar(event.timeNs)),
  'evt.rawtime.s': plain((event) => Number(event.timeNs / 1_000_000_000n)),
  'evt.rawtime.ns': plain((event) => Number(event.timeNs % 1_000_000_000n)),
  'evt.outputtime': plain((event) => dateParts(event.timeNs).time),
  'evt.reltime': plain((event) => asScalar(event.sinceFirstNs)),
  'evt.reltime.s': plain((event) => Number(event.sinceFirstNs / 1_000_000_000n)),
  'evt.reltime.ns': plain((event) => Number(event.sinceFirstNs % 1_000_000_000n)),
  'evt.source': plain(() => 'syscall'),
  'evt.hostname': (_, { hostname }) => {
    return () => hostname
  },
  'evt.cpu': plain((event) => {
    const cpu = headerOf.cpu(event.record)
    return cpu === 0 ? undefined : cpu - 1
  }),
  'evt.dir': plain(() => '<'),
  'evt.type': plain((event) => event.type),
  'syscall.type': plain(ofSyscall((event) => event.type)),
  'evt.args': (_, { users }) => {
    return (event) => allArguments(event, users)
  },
  'evt.info': (_, { users }) => {
    return (event) => allArguments(event, users)
  },
  'evt.arg': (argument, { users }) => oneArgument(argument, users),
  'evt.rawarg': (argument, { users }) => rawArgument(argument, users),
  'evt.res': plain(ofSyscall((event) => resultName(event.result))),
  'evt.rawres': plain(ofSyscall((event) => event.result)),
  'evt.failed': plain(ofSyscall((event) => event.result < 0)),
  'evt.buffer': plain((event) => event.payload?.slice(0, limits.bufferBytes)),
  'evt.is_opening': plain((event) =>
    event.isSend ? (headerOf.flags(event.record) & RECORD_OPENING) !== 0 : undefined,
  ),
  'evt.is_open_read': plain(onOpen(opensForRead)),
  'evt.is_open_write': plain(onOpen(opensForWrite)),
  'evt.is_open_exec': plain(opensExecutable),
  'evt.is_open_create': plain(makesFile),
}
