/** What is behind the descriptor that an event is about, as rules name it. */
import { EventNumber, openOf } from '@bulwark/schema'
import type { LiveEvent } from './live-event.ts'
import { opensDirectory } from './names.ts'

const formatBits = 0o170000
const fifo = 0o010000
const directory = 0o040000

/** Names that the kernel gives files which are in no directory. */
const anonymous: Readonly<Record<string, readonly [type: string, letter: string] | undefined>> = {
  '[eventpoll]': ['eventpoll', 'l'],
  '[eventfd]': ['event', 'e'],
  '[signalfd]': ['signalfd', 's'],
  '[timerfd]': ['timerfd', 't'],
  inotify: ['inotify', 'i'],
  '[io_uring]': ['io_uring', 'r'],
}

const socketLetters = { ipv4: '4', ipv6: '6', unix: 'u', other: 'o' } as const

/** What failed to open has a name, and nothing behind it. */
export const hasFailed = ({ kind, result }: LiveEvent): boolean =>
  (kind === EventNumber.open || kind === EventNumber.dup) && result < 0

const typeOf = (event: LiveEvent): readonly [type: string, letter: string] | undefined => {
  const { socket } = event
  if (socket) return [socket.family, socketLetters[socket.family]]
  const name = event.fileName
  if (name === undefined || hasFailed(event)) return undefined
  const format = event.fileMode & formatBits
  if (format === fifo) return ['pipe', 'p']
  const asked = event.kind === EventNumber.open ? openOf.openFlags(event.record) : 0
  if (format === directory || opensDirectory(asked, event.machine)) return ['directory', 'd']
  return anonymous[name] ?? ['file', 'f']
}

/** file, directory, ipv4, pipe and so on. */
export const fileType = (event: LiveEvent): string | undefined => typeOf(event)?.[0]

/** One letter for it. */
export const fileLetter = (event: LiveEvent): string | undefined => typeOf(event)?.[1]
