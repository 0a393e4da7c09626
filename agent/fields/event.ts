/** Accessors of `evt.*`. */
import { EventNumber, openOf } from '@bulwark/schema'
import { argumentsOf } from '../arguments.ts'
import { limits } from '../limits.ts'
import type { LiveEvent } from '../live-event.ts'
import { openFlagNames, opensForRead, opensForWrite, opensToCreate, resultName } from '../names.ts'
import { dateParts, isoTime } from '../time.ts'
import type { Accessor, AccessorTable } from './reader.ts'
import { plain } from './reader.ts'

const asScalar = (value: bigint): number | bigint =>
  value <= Number.MAX_SAFE_INTEGER ? Number(value) : value

const onOpen =
  (test: (flags: number) => boolean): Accessor =>
  (event) =>
    event.kind === EventNumber.open && test(openOf.openFlags(event.record))

/** The permissions count only where the call may make a file. */
const opensExecutable: Accessor = (event) =>
  onOpen(opensToCreate)(event) === true && (openOf.openMode(event.record) & 0o111) !== 0

const ofSyscall =
  (read: Accessor): Accessor =>
  (event) =>
    event.isSyscall ? read(event) : undefined

const allArguments = (event: LiveEvent): string =>
  argumentsOf(event)
    .map(([name, read]) => [name, read(event)] as const)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value ?? ''}`)
    .join(' ')

const oneArgument =
  (wanted: number | string | undefined): Accessor =>
  (event) => {
    const all = argumentsOf(event)
    const found = typeof wanted === 'number' ? all[wanted] : all.find(([name]) => name === wanted)
    return found?.[1](event)
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
  'evt.source': plain(() => 'syscall'),
  'evt.hostname': (_, { hostname }) => {
    return () => hostname
  },
  'evt.dir': plain(() => '<'),
  'evt.type': plain((event) => event.type),
  'syscall.type': plain(ofSyscall((event) => event.type)),
  'evt.args': plain(allArguments),
  'evt.arg': (argument) => oneArgument(argument),
  'evt.res': plain(ofSyscall((event) => resultName(event.result))),
  'evt.rawres': plain(ofSyscall((event) => event.result)),
  'evt.failed': plain(ofSyscall((event) => event.result < 0)),
  'evt.buffer': plain((event) => event.payload?.slice(0, limits.bufferBytes)),
  'evt.buflen': plain((event) =>
    event.payload === undefined || event.result < 0 ? undefined : event.result,
  ),
  'evt.is_open_read': plain(onOpen(opensForRead)),
  'evt.is_open_write': plain(onOpen(opensForWrite)),
  'evt.is_open_exec': plain(opensExecutable),
  'evt.is_open_create': plain(onOpen(opensToCreate)),
}

/** Open flags as text, for the arguments. */
export const openFlagsText = (event: LiveEvent): string =>
  openFlagNames(openOf.openFlags(event.record))
