/** Events as rules see them, for tests: a written record with its process and container. */
import type { Machine, RecordValues } from '@bulwark/schema'
import { eventKinds } from '@bulwark/schema'
import type { Container } from '../container/container.ts'
import { newCounters } from '../counters.ts'
import { LiveEvent } from '../live-event.ts'
import type { Process } from '../process.ts'
import { unknownProcess } from '../process.ts'
import { Sockets } from '../network/sockets.ts'
import { recordOf } from './records.ts'

/** Time since boot at which events happen, and that of boot; together 2026-11-23 10:11:12 UTC. */
const timeNs = 12_000_000_345n
const bootNs = 1_795_428_660_000_000_000n

/** What of an event is not in its record. */
export interface Around {
  readonly type?: string
  readonly process?: Partial<Process>
  readonly container?: Container
  readonly sockets?: Sockets
  /** x64 when not said. */
  readonly machine?: Machine
}

/**
 * An event of a kind.
 *
 * @param values  see `encodeRecord`; a call of number 1000 by process 10 when not said
 */
export const eventOf = (
  kindName: string,
  values: RecordValues = {},
  { type, process = {}, container, sockets, machine = 'x64' }: Around = {},
): LiveEvent => {
  const kind = eventKinds.find(({ name }) => name === kindName)
  if (!kind) throw new Error(`no kind ${kindName}`)
  const header = { time_ns: timeNs, pid: 10, tid: 10, ppid: 1, syscall: 1000 }
  const record = recordOf(kindName, { ...header, ...values })
  const event = new LiveEvent(record, sockets ?? new Sockets(newCounters()), machine)
  event.kind = kind.kind
  event.type = type ?? kind.types[0] ?? ''
  event.sequence = 1
  event.process = { ...unknownProcess(10, 5), ...process }
  event.container = container
  event.wallOffsetNs = bootNs
  return event
}
