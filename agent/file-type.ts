/** What is behind the descriptor that an event is about, as rules name it. */
import { EventNumber, openOf } from '@bulwark/schema'
import type { LiveEvent } from './live-event.ts'
import { opensDirectory } from './names.ts'
import type { SocketFamily } from './network/socket-view.ts'

const formatBits = 0o170000
const fifo = 0o010000
const directory = 0o040000

/** `fd.type` and `fd.typechar`. */
export type FileKind = readonly [type: string, letter: string]

/** Names that the kernel gives files which are in no directory. */
const anonymous: ReadonlyMap<string, FileKind> = new Map([
  ['[eventpoll]', ['eventpoll', 'l']],
  ['[eventfd]', ['event', 'e']],
  ['[signalfd]', ['signalfd', 's']],
  ['[timerfd]', ['timerfd', 't']],
  ['inotify', ['inotify', 'i']],
  ['[io_uring]', ['io_uring', 'r']],
])

const socketKinds: Readonly<Record<SocketFamily, FileKind>> = {
  ipv4: ['ipv4', '4'],
  ipv6: ['ipv6', '6'],
  unix: ['unix', 'u'],
  other: ['other', 'o'],
}
const pipeKind: FileKind = ['pipe', 'p']
const directoryKind: FileKind = ['directory', 'd']
const fileKind: FileKind = ['file', 'f']

/** What failed to open has a name, and nothing behind it. */
export const hasFailed = ({ kind, result }: LiveEvent): boolean =>
  (kind === EventNumber.open || kind === EventNumber.dup) && result < 0

/** What is behind the descriptor; the same object for the same kind. */
export const kindOfFile = (event: LiveEvent): FileKind | undefined => {
  const { socket } = event
  if (socket) return socketKinds[socket.family]
  const name = event.fileName
  if (name === undefined || hasFailed(event)) return undefined
  const format = event.fileMode & formatBits
  if (format === fifo) return pipeKind
  const asked = event.kind === EventNumber.open ? openOf.openFlags(event.record) : 0
  if (format === directory || opensDirectory(asked, event.machine)) return directoryKind
  return name.startsWith('/') ? fileKind : (anonymous.get(name) ?? fileKind)
}

/** file, directory, ipv4, pipe and so on. */
export const fileType = (event: LiveEvent): string | undefined => kindOfFile(event)?.[0]

/** One letter for it. */
export const fileLetter = (event: LiveEvent): string | undefined => kindOfFile(event)?.[1]
