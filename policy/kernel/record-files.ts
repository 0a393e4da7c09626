/** What is behind descriptors: `fd.name`, `fd.type`, and what the inode tells. */
import { EventNumber, FILE_CREATED, FILE_LOWER_LAYER, FILE_UPPER_LAYER } from '@bulwark/schema'
import { allOf, anyOf, bitsAre, inverse, numberIn, someBit, textIs } from './make-plan.ts'
import type { NumberAt, Plan } from './plan.ts'
import { everything, nothing } from './plan.ts'
import type { Known, Possible, Reading } from './reading.ts'
import { absent, always, changed, only, unknown } from './reading.ts'
import { descriptorReading } from './record-calls.ts'
import type { ReadField, Readings, RecordKind } from './record-kind.ts'
import { firstOf, hasFormat, resolvedOr, truth, where } from './record-kind.ts'
import {
  changedReading,
  connectedReading,
  isSocket,
  protocolReading,
  socketKinds,
  socketName,
} from './record-sockets.ts'

const hasFile: ReadonlySet<number> = new Set([
  EventNumber.open,
  EventNumber.fd_call,
  EventNumber.memory,
  EventNumber.dup,
])

/** What failed to open has a name, and nothing behind it. */
const hasFailed = ({ kind, failed }: RecordKind): Plan =>
  kind === EventNumber.open || kind === EventNumber.dup ? failed : nothing

/** `LiveEvent.fileName`: the path of the file behind the descriptor. */
export const fileName = (of: RecordKind): Reading => {
  const { kind, places, failed, done } = of
  if (!hasFile.has(kind)) return absent
  if (kind === EventNumber.open) {
    const [told, untold] = resolvedOr(of, 'path', 'raw_path', 'base')
    // A file that was opened has a path; the kernel could not tell it.
    const lack = unknown('a path that could not be told')
    return [
      told,
      ...where(failed, [untold]),
      ...where(done, [{ when: untold.when, value: lack, isLack: true }]),
    ]
  }
  const at = places.text('path')
  const value: Known = { is: 'text', at, isPath: true }
  if (kind === EventNumber.memory) return only(inverse(textIs(at, 'equals', [''])), value)
  const isFile = inverse(isSocket(of))
  if (kind === EventNumber.dup) return only(isFile, value)
  const isThere = inverse(numberIn(places.number('file.inode'), [0n]))
  return only(allOf([isFile, isThere]), value)
}

/** Where a field has some value. */
const isDefined = (reading: Reading): Plan => anyOf(reading.map(({ when }) => when))

const fifo = 0o010000
const directory = 0o040000
/** O_DIRECTORY. */
const directoryBit = { x64: 0o200000, arm64: 0o40000 } as const

/** Names that the kernel gives files which are in no directory. */
const anonymous: readonly (readonly [name: string, type: string, letter: string])[] = [
  ['[eventpoll]', 'eventpoll', 'l'],
  ['[eventfd]', 'event', 'e'],
  ['[signalfd]', 'signalfd', 's'],
  ['[timerfd]', 'timerfd', 't'],
  ['inotify', 'inotify', 'i'],
  ['[io_uring]', 'io_uring', 'r'],
]

/** The records on which there is something behind the descriptor that is no socket. */
const isFileThere = (of: RecordKind): Plan =>
  allOf([isDefined(fileName(of)), inverse(hasFailed(of))])

/** What is behind the descriptor, of those that are told apart: type and letter. */
const fileKinds = (of: RecordKind): readonly (readonly [Plan, string, string])[] => {
  const { kind, places, facts } = of
  if (!hasFile.has(kind)) return []
  const isThere = isFileThere(of)
  const mode = places.number('file.mode')
  const asked =
    kind === EventNumber.open
      ? someBit(places.number('open_flags'), directoryBit[facts.machine])
      : nothing
  const path = places.text('path')
  const isPipe = hasFormat(mode, fifo)
  const isDirectory = anyOf([hasFormat(mode, directory), asked])
  const isOther = allOf([isThere, inverse(isPipe), inverse(isDirectory)])
  const isNamed = (...names: readonly string[]): Plan => textIs(path, 'equals', names)
  const isAnonymous = isNamed(...anonymous.map(([name]) => name))
  return [
    [allOf([isThere, isPipe]), 'pipe', 'p'],
    [allOf([isThere, inverse(isPipe), isDirectory]), 'directory', 'd'],
    [allOf([isOther, inverse(isAnonymous)]), 'file', 'f'],
    ...anonymous.map(
      ([name, type, letter]) => [allOf([isOther, isNamed(name)]), type, letter] as const,
    ),
  ]
}

/** `fd.type` and `fd.typechar`. */
const kindsOf = (of: RecordKind, index: 1 | 2): Reading => [
  ...firstOf(socketKinds(of).map((each) => [each[0], constant(each[index])])),
  ...fileKinds(of).map((each) => ({ when: each[0], value: constant(each[index]) })),
]

const constant = (value: string): Possible => ({ is: 'constant', value })

/** `fd.type`. */
export const typeReading: ReadField = (of) => kindsOf(of, 1)

/** The records on which `fd.type` is one of some. */
export const hasType = (of: RecordKind, ...types: readonly string[]): Plan =>
  isDefined(
    typeReading(of).filter(
      ({ value }) => value.is === 'constant' && types.includes(String(value.value)),
    ),
  )

/** The records on which there is something behind the descriptor. */
export const hasSomeType = (of: RecordKind): Plan => anyOf([isSocket(of), isFileThere(of)])

/** Made of the path of a file, where there is one. */
const ofName = (of: RecordKind, when: Plan, make: (value: Possible) => Possible): Reading =>
  where(
    when,
    fileName(of).map((each) => changed(each, make(each.value))),
  )

const directoryReading: ReadField = (of) => {
  if (!hasFile.has(of.kind)) return absent
  const isItself = hasType(of, 'directory')
  const isOther = anyOf([hasType(of, 'file'), inverse(hasSomeType(of))])
  return [
    ...ofName(of, isItself, (value) => value),
    ...ofName(of, isOther, (value) =>
      value.is === 'text'
        ? { is: 'directory', at: value.at }
        : unknown('the directory of a path that could not be opened'),
    ),
  ]
}

const nameInDirectory: ReadField = (of) =>
  ofName(of, hasType(of, 'file'), (value) =>
    value.is === 'text' ? { is: 'name', at: value.at } : unknown('the name of an untold path'),
  )

const ofFile =
  (read: (of: RecordKind) => Reading): ReadField =>
  (of) =>
    hasFile.has(of.kind)
      ? where(allOf([inverse(isSocket(of)), inverse(hasFailed(of))]), read(of))
      : absent

const device = (how: { readonly shift?: bigint; readonly mask?: number } = {}): ReadField =>
  ofFile(({ places }) =>
    only(everything, { is: 'number', at: places.number('file.device'), ...how }),
  )

const layer = (bit: number): ReadField =>
  ofFile(({ places }) => {
    const at = places.number('file.file_flags')
    return where(someBit(at, FILE_UPPER_LAYER | FILE_LOWER_LAYER), truth(someBit(at, bit)))
  })

/** What only sockets have, and what stands for it where the descriptor is another. */
const orElse =
  (ofSocket: ReadField, other: string | boolean): ReadField =>
  (of) => [
    ...ofSocket(of),
    ...only(allOf([inverse(isSocket(of)), hasSomeType(of)]), { is: 'constant', value: other }),
  ]

const onOpen =
  (test: (of: RecordKind, flags: NumberAt) => Plan): ReadField =>
  (of) =>
    truth(of.kind === EventNumber.open ? test(of, of.places.number('open_flags')) : nothing)

const accessBits = 3
/** O_CREAT and O_TMPFILE. */
const createBit = 0o100
const unnamedBit = 0o20000000
const executeBits = 0o111

export const fileReadings: Readings = {
  'fd.num': descriptorReading,
  'fd.type': typeReading,
  'fd.typechar': (of) => [
    ...kindsOf(of, 2),
    ...only(allOf([isDefined(fileName(of)), inverse(hasSomeType(of))]), {
      is: 'constant',
      value: 'f',
    }),
  ],
  'fd.name': (of) => [...socketName(of), ...fileName(of)],
  'fd.directory': directoryReading,
  'fd.filename': nameInDirectory,
  'fd.nameraw': ({ kind, places }) =>
    kind === EventNumber.open ? always({ is: 'given', at: places.text('raw_path') }) : absent,
  'fd.l4proto': orElse(protocolReading, '<NA>'),
  'fd.connected': orElse(connectedReading, false),
  'fd.name_changed': orElse(changedReading, false),
  'fd.dev': device(),
  'fd.dev.major': device({ shift: 20n }),
  'fd.dev.minor': device({ mask: 0xf_ffff }),
  'fd.ino': ofFile(({ places }) =>
    only(everything, { is: 'number', at: places.number('file.inode') }),
  ),
  'fd.is_upper_layer': layer(FILE_UPPER_LAYER),
  'fd.is_lower_layer': layer(FILE_LOWER_LAYER),
  'evt.is_open_read': onOpen((_, flags) => inverse(bitsAre(flags, accessBits, 1))),
  'evt.is_open_write': onOpen((_, flags) =>
    anyOf([bitsAre(flags, accessBits, 1), bitsAre(flags, accessBits, 2)]),
  ),
  'evt.is_open_exec': onOpen(({ places }, flags) =>
    allOf([
      someBit(flags, createBit | unnamedBit),
      someBit(places.number('open_mode'), executeBits),
    ]),
  ),
  'evt.is_open_create': onOpen(({ places, done }, flags) => {
    const isMade = someBit(places.number('file.file_flags'), FILE_CREATED)
    return allOf([done, anyOf([isMade, someBit(flags, unnamedBit)])])
  }),
}
