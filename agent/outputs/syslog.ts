/**
 * Alerts to the machine's log daemon, as syslog(3) sends them: one datagram each, in the form of
 * RFC 3164 without the host's name, which the daemon puts in.
 */
import { DatagramSocket, isNativeError } from '@bulwark/native'
import { reasonOf } from '@bulwark/schema'
import { limits } from '../limits.ts'
import type { Entry } from './queue.ts'
import type { Sink } from './sink.ts'
import { SinkFault } from './sink.ts'

/** Facilities by name, their numbers as in syslog(3). */
export const facilities = {
  kern: 0,
  user: 1,
  mail: 2,
  daemon: 3,
  auth: 4,
  syslog: 5,
  lpr: 6,
  news: 7,
  uucp: 8,
  cron: 9,
  authpriv: 10,
  ftp: 11,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const

export interface SyslogSettings {
  /** The daemon's socket. */
  readonly socket: string
  readonly facility: keyof typeof facilities
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (value: number): string => String(value).padStart(2, '0')

/** `Nov 26 01:02:03`, local time. */
const stamp = (at: Date): string => {
  const day = String(at.getDate()).padStart(2)
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
  return `${months[at.getMonth()]} ${day} ${clock}`
}

/** The message of a line: `<12>Nov 26 01:02:03 bulwark[42]: line`. */
export const syslogMessage = (
  { line, priority }: Entry,
  facility: SyslogSettings['facility'],
  at: Date,
): string => `<${facilities[facility] * 8 + priority}>${stamp(at)} bulwark[${process.pid}]: ${line}`

/** The pause while the daemon's queue is full, milliseconds. */
const fullPauseMs = 10

export class SyslogSink implements Sink {
  readonly batchMax = limits.channelBatchMax
  readonly #settings: SyslogSettings
  #socket: DatagramSocket | undefined

  constructor(settings: SyslogSettings) {
    this.#settings = settings
  }

  async send(entries: readonly Entry[]): Promise<void> {
    const { facility, socket: path } = this.#settings
    let delivered = 0
    try {
      for (const entry of entries) {
        this.#socket ??= new DatagramSocket(path)
        const message = syslogMessage(entry, facility, new Date())
        if (!this.#socket.send(Buffer.from(message))) {
          throw new SinkFault(`the queue of ${path} is full`, { pauseMs: fullPauseMs, delivered })
        }
        delivered++
      }
    } catch (error) {
      if (error instanceof SinkFault) throw error
      const isTooLong = isNativeError(error) && error.code === 'EMSGSIZE'
      // The daemon may have been restarted: its new socket has the same name.
      if (!isTooLong) this.reopen()
      const next = isTooLong ? 'give-up' : 'again'
      throw new SinkFault(reasonOf(error), { next, delivered, cause: error })
    }
  }

  reopen(): void {
    this.#socket?.close()
    this.#socket = undefined
  }

  async close(): Promise<void> {
    this.reopen()
  }
}
