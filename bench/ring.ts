/**
 * How fast records come out of a ring: of the kernel's own, filled by a program of type `syscall`,
 * and of memory in its form, where no kernel is at work. Each with nothing done to a record, and
 * with the record checked and read as the agent does it.
 */
import { RingReader, openObject } from '@bulwark/native'
import type { BpfObject, OnRecord } from '@bulwark/native'
import {
  RECORD_BYTES_MAX,
  RecordView,
  checkRecord,
  encodeRecord,
  headerOf,
  openOf,
} from '@bulwark/schema'
import { compiledBpf } from './measure/compiled.ts'
import { percentile, printFigure } from './measure/figures.ts'

const ringBytes = 8 * 1024 * 1024
const roundsMsMax = 2_000
/** What `RingReader.drain` may hand over before it returns, as in the agent. */
const batchMax = 4096

const record = encodeRecord('open', {
  time_ns: 1e12,
  pid: 10,
  tid: 10,
  comm: 'ls',
  syscall: 257,
  path: '/usr/lib/x86_64-linux-gnu/libc.so.6',
  raw_path: '/lib/x86_64-linux-gnu/libc.so.6',
})

interface Filled {
  readonly data: DataView<ArrayBuffer>
  /** Fills the ring; returns how many records are in it. */
  readonly fill: () => number
  readonly drain: (onRecord: OnRecord) => number
}

/** Checks a record and reads what every rule asks for first. */
const decoder = (data: DataView<ArrayBuffer>): OnRecord => {
  const memory = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const view = new RecordView(data, (start, end) => memory.toString('latin1', start, end))
  let sum = 0
  return (offset, lengthBytes) => {
    view.at = offset
    checkRecord(view, lengthBytes)
    sum += headerOf.pid(view) + Number(headerOf.timeNs(view)) + openOf.path(view).length
    if (sum < 0) throw new Error('read wrongly')
  }
}

const measure = (what: string, ring: Filled): void => {
  let seen = 0
  const uses: readonly (readonly [string, OnRecord])[] = [
    ['drained', () => seen++],
    ['drained, checked and read', decoder(ring.data)],
  ]
  for (const [use, onRecord] of uses) {
    const rounds: number[] = []
    const deadline = performance.now() + roundsMsMax
    while (performance.now() < deadline) {
      const count = ring.fill()
      const start = process.hrtime.bigint()
      let drained = 0
      while (drained < count) drained += ring.drain(onRecord)
      rounds.push(Number(process.hrtime.bigint() - start) / count)
    }
    const ns = percentile(rounds, 0.5)
    const note = `${(1e3 / ns).toFixed(1)} million a second; ${record.length} bytes each`
    printFigure(`${what}, ${use}`, ns, 'ns a record', note)
  }
}

/** Memory in the form of a ring, with as many copies of the record as it holds. */
const memoryRing = (): Filled => {
  const pageBytes = 4096
  const consumer = new ArrayBuffer(pageBytes)
  const producer = new ArrayBuffer(pageBytes + 2 * ringBytes)
  const step = (record.length + 8 + 7) & ~7
  const data = new Uint8Array(producer, pageBytes)
  const headers = new DataView(producer, pageBytes)
  const count = Math.floor(ringBytes / step)
  for (let i = 0; i < count; i++) {
    headers.setUint32(i * step, record.length, true)
    data.set(record, i * step + 8)
  }
  // Always the same records: they lie where the ring begins, and the reader begins again.
  const sizes = { pageBytes, dataBytes: ringBytes, windowBytes: ringBytes, show: (): void => {} }
  let reader = new RingReader({ consumer, producer, ...sizes })
  const view = reader.data
  return {
    data: view,
    fill: () => {
      new BigUint64Array(consumer)[0] = 0n
      new BigUint64Array(producer, 0, 1)[0] = BigInt(count * step)
      reader = new RingReader({ consumer, producer, ...sizes })
      return count
    },
    drain: (onRecord) => reader.drain(onRecord, batchMax).records,
  }
}

const kernelRing = (object: BpfObject): Filled => {
  const ring = object.openRing('ring', RECORD_BYTES_MAX)
  const step = (record.length + 8 + 7) & ~7
  // The kernel leaves the last bytes free.
  const count = Math.floor((ringBytes - step) / step)
  const context = new BigUint64Array([BigInt(count), BigInt(record.length)])
  const bss = new Uint8Array(object.memory('.bss'))
  bss.set(record, object.offsetOf('.bss', 'payload'))
  const lost = new BigUint64Array(object.memory('.bss'), object.offsetOf('.bss', 'lost'), 1)
  return {
    data: ring.data,
    fill: () => {
      object.testRun('produce', new Uint8Array(context.buffer), 0)
      if (lost[0] !== 0n) throw new Error(`${lost[0]} records found no room in the ring`)
      return count
    },
    drain: (onRecord) => ring.drain(onRecord, batchMax).records,
  }
}

const measureKernel = (): void => {
  if (process.getuid?.() !== 0) {
    console.log("the kernel's ring: not measured, this is not root")
    return
  }
  const object = openObject(compiledBpf('produce'), 'bench')
  try {
    object.setMaxEntries('ring', ringBytes)
    object.load()
    measure("the kernel's ring", kernelRing(object))
  } finally {
    object.close()
  }
}

measure('memory in the form of a ring', memoryRing())
measureKernel()
