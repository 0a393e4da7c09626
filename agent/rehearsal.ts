/**
 * Goes through what an alert takes of the agent, with an event that never was, and tells nobody. V8
 * compiles code when it first runs, and drops it again when it has not run for long: the first
 * alert of a quiet node would wait for all of that.
 */
import type { Machine } from '@bulwark/schema'
import { EventNumber, RecordView, checkRecord, encodeRecord } from '@bulwark/schema'
import type { Alert } from './alert.ts'
import { newCounters } from './counters.ts'
import type { Engine } from './engine.ts'
import { LiveEvent } from './live-event.ts'
import { unknownProcess } from './process.ts'
import type { ProcessTable } from './process-table.ts'
import { Sockets } from './network/sockets.ts'

/** No process has it, and no table keeps what has. */
const noPid = 0
const bootNs = 1n

const program = {
  time_ns: bootNs,
  pid: noPid,
  tid: noPid,
  comm: 'rehearsal',
  exe_path: '/usr/bin/rehearsal',
  cwd: '/',
  arguments: 'rehearsal\0of an alert\0',
}

export class Rehearsal {
  readonly #bytes: number
  readonly #record: RecordView
  readonly #event: LiveEvent

  constructor(machine: Machine) {
    const { buffer, byteOffset, byteLength } = encodeRecord('exec', program)
    const memory = Buffer.from(buffer, byteOffset, byteLength)
    this.#bytes = byteLength
    this.#record = new RecordView(new DataView(buffer, byteOffset, byteLength), (start, end) =>
      memory.toString('latin1', start, end),
    )
    this.#event = new LiveEvent(this.#record, new Sockets(newCounters()), machine)
    this.#event.kind = EventNumber.exec
    this.#event.type = 'execve'
  }

  /**
   * @param wallNs  what time it is, nanoseconds since 1970
   * @returns what nobody is to be told; none where no rule is about programs that start
   */
  run(engine: Engine, processes: ProcessTable, wallNs: bigint): Alert | undefined {
    const event = this.#event
    checkRecord(this.#record, this.#bytes)
    event.process = unknownProcess(noPid, bootNs)
    processes.exec(this.#record, event.process)
    event.lineage = processes.lineage
    event.wallOffsetNs = wallNs - bootNs
    event.moved()
    return engine.rehearse(event)
  }
}
