/**
 * The arguments of events as rules name them (`evt.arg.flags`), in their order (`evt.arg[1]`) and
 * in the text form that rules compare: names for flags, paths for descriptors.
 */
import {
  EventNumber,
  FILE_LOWER_LAYER,
  FILE_MEMFD,
  FILE_UPPER_LAYER,
  connectOf,
  dupOf,
  listenOf,
  moduleOf,
  openOf,
  ptraceOf,
  receiveOf,
  sendOf,
  socketOf,
  symlinkOf,
  unlinkOf,
} from '@bulwark/schema'
import { limits } from './limits.ts'
import type { LiveEvent } from './live-event.ts'
import { errnoName, familyName, openFlagNames, ptraceName } from './names.ts'
import { argsText } from './process.ts'

type Read = (event: LiveEvent) => string | undefined
export type Argument = readonly [name: string, read: Read]

const result: Argument = [
  'res',
  ({ result: value }) => (value >= 0 ? String(value) : `${value}(${errnoName(-value)})`),
]

const executableFlags: Read = ({ process }) => {
  const flags = process.exeFlags ?? 0
  const names = [
    [FILE_UPPER_LAYER, 'EXE_UPPER_LAYER'],
    [FILE_MEMFD, 'EXE_FROM_MEMFD'],
    [FILE_LOWER_LAYER, 'EXE_LOWER_LAYER'],
  ] as const
  return names
    .filter(([bit]) => (flags & bit) !== 0)
    .map(([, name]) => name)
    .join('|')
}

const descriptorText: Read = (event) => {
  const fd = event.descriptor
  if (fd === undefined) return undefined
  const name = event.socket?.name ?? event.fileName
  return name === undefined ? String(fd) : `${fd}(${name})`
}

const socketName: Read = (event) => event.socket?.name

const payload: Argument = ['data', (event) => event.payload?.slice(0, limits.bufferBytes)]
const messageBytes: Argument = [
  'size',
  ({ result: value }) => (value < 0 ? undefined : String(value)),
]

const exec: readonly Argument[] = [
  ['res', () => '0'],
  ['exe', ({ process }) => process.exe],
  ['args', ({ process }) => argsText(process)],
  ['pid', ({ process }) => `${process.pid}(${process.comm})`],
  ['ptid', ({ process }) => String(process.parent?.pid ?? 0)],
  ['cwd', ({ process }) => process.cwd],
  ['comm', ({ process }) => process.comm],
  ['tty', ({ process }) => String(process.tty)],
  ['flags', executableFlags],
  ['filename', ({ process }) => process.exePath],
]

const open: readonly Argument[] = [
  ['fd', descriptorText],
  ['name', (event) => event.fileName],
  ['flags', ({ record }) => openFlagNames(openOf.openFlags(record))],
  ['mode', ({ record }) => `0${openOf.openMode(record).toString(8)}`],
]

const twoPaths: readonly Argument[] = [
  result,
  ['oldpath', (event) => event.oldPath],
  ['newpath', (event) => event.newPath],
]

const byKind: Readonly<Record<number, readonly Argument[] | undefined>> = {
  [EventNumber.exec]: exec,
  [EventNumber.open]: open,
  [EventNumber.unlink]: [
    result,
    ['path', (event) => event.newPath],
    ['name', (event) => event.newPath],
    ['flags', ({ record }) => (unlinkOf.callFlags(record) === 0 ? '0' : 'AT_REMOVEDIR')],
  ],
  [EventNumber.rename]: twoPaths,
  [EventNumber.link]: twoPaths,
  [EventNumber.symlink]: [
    result,
    ['target', ({ record }) => symlinkOf.oldPath(record)],
    ['linkpath', (event) => event.newPath],
  ],
  [EventNumber.socket]: [
    ['fd', ({ result: value }) => String(value)],
    [
      'domain',
      ({ record }) => `${socketOf.family(record)}(${familyName(socketOf.family(record))})`,
    ],
    ['type', ({ record }) => String(socketOf.type(record))],
    ['proto', ({ record }) => String(socketOf.protocol(record))],
  ],
  [EventNumber.connect]: [
    result,
    ['fd', ({ record }) => String(connectOf.fd(record))],
    ['tuple', socketName],
    ['addr', socketName],
  ],
  [EventNumber.accept]: [
    ['fd', descriptorText],
    ['tuple', socketName],
  ],
  [EventNumber.listen]: [
    result,
    ['fd', descriptorText],
    ['backlog', ({ record }) => String(listenOf.backlog(record))],
  ],
  [EventNumber.send]: [
    result,
    payload,
    ['fd', descriptorText],
    messageBytes,
    ['tuple', socketName],
    ['flags', ({ record }) => String(sendOf.messageFlags(record))],
  ],
  [EventNumber.receive]: [
    result,
    payload,
    ['tuple', socketName],
    ['fd', descriptorText],
    messageBytes,
    ['flags', ({ record }) => String(receiveOf.messageFlags(record))],
  ],
  [EventNumber.bind]: [result, ['addr', socketName], ['fd', descriptorText]],
  [EventNumber.dup]: [
    result,
    ['oldfd', ({ record }) => String(dupOf.oldFd(record))],
    ['newfd', (event) => descriptorText(event)],
    ['fd', descriptorText],
  ],
  [EventNumber.ptrace]: [
    result,
    ['addr', ({ record }) => ptraceOf.address(record).toString(16)],
    ['data', ({ record }) => ptraceOf.data(record).toString(16)],
    ['request', ({ record }) => ptraceName(ptraceOf.request(record))],
    ['pid', ({ record }) => String(ptraceOf.targetVpid(record))],
  ],
  [EventNumber.module]: [
    result,
    ['fd', ({ record }) => `${moduleOf.fd(record)}(${moduleOf.path(record)})`],
    ['uargs', ({ record }) => moduleOf.parameters(record)],
    ['length', ({ record }) => String(moduleOf.imageBytes(record))],
  ],
}

/** The arguments of an event, in order. */
export const argumentsOf = (event: LiveEvent): readonly Argument[] => byKind[event.kind] ?? []
