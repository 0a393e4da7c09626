/** What an operator can say about where alerts go, and in which form. */
import type { FileSettings } from './file.ts'
import type { HttpSettings } from './http.ts'
import type { ProgramSettings } from './program.ts'
import type { QueueBounds } from './queue.ts'
import type { ServerSettings } from './server-link.ts'
import type { SyslogSettings } from './syslog.ts'
import type { AlertForm } from '../alert.ts'

/** The channels that are wanted, and what all of them share. */
export interface OutputSettings {
  /** `undefined`: text on a terminal, else JSON. */
  readonly form: 'json' | 'text' | undefined
  readonly alert: AlertForm
  /** Of each channel. */
  readonly queue: QueueBounds
  /** How long channels may go on delivering when the agent stops, milliseconds. */
  readonly flushMs: number
  readonly stdout: boolean
  readonly file: FileSettings | undefined
  readonly syslog: SyslogSettings | undefined
  readonly program: ProgramSettings | undefined
  readonly http: HttpSettings | undefined
  readonly server: ServerSettings | undefined
}
