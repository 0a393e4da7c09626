/** Filters in the kernel, each on one record: loaded as programs that the kernel repeats. */
import { CgroupNumbers, loadParts, makeCgroupWords, makePartMaps } from '@bulwark/agent'
import type { BpfMap, RawProgram } from '@bulwark/native'
import { createMap } from '@bulwark/native'
import type { FilterProgram, FilterTarget } from '@bulwark/policy'
import { RECORD_BYTES_MAX } from '@bulwark/schema'

const mapTypes = { hash: 1, array: 2 } as const
const memoryMapped = 1 << 10
/** BPF_PROG_TYPE_SCHED_CLS: raw tracepoints are not repeated. */
const classifier = 3
const packet = new Uint8Array(64)
const noBytes = new Uint8Array(0)

const recordAt = 32
const slotBytes = recordAt + RECORD_BYTES_MAX + 512

/** A filter that was loaded. Close it. */
export interface MeasuredFilter {
  /** Whether it lets the record through. */
  readonly accepts: (record: Uint8Array) => boolean
  /** Mean over so many runs. */
  readonly nsPerRecord: (record: Uint8Array, runs: number) => number
  readonly verifiedInstructions: number
  /** What the kernel was told of a cgroup: see `cgroupNumbers`. */
  readonly tellCgroup: (id: number, number: number) => void
  readonly close: () => void
}

/** Loads a filter with its maps. */
export const loadFilter = (filter: FilterProgram): MeasuredFilter => {
  const opened: (BpfMap | RawProgram)[] = []
  const open = <T extends BpfMap | RawProgram>(each: T): T => {
    opened.push(each)
    return each
  }
  const close = (): void => opened.forEach((each) => each.close())
  try {
    const slots = open(
      createMap({
        type: mapTypes.array,
        name: 'slots',
        keyBytes: 4,
        valueBytes: slotBytes,
        maxEntries: 1,
        flags: memoryMapped,
      }),
    )
    const few = { type: mapTypes.hash, keyBytes: 8, valueBytes: 4, maxEntries: 1 }
    const cgroups = open(createMap({ ...few, name: 'cgroups' }))
    const words = open(makeCgroupWords())
    const numbers = new CgroupNumbers(cgroups, words)
    const maps = makePartMaps(filter)
    maps.flat().forEach(open)
    const target: FilterTarget = {
      find: 'test',
      slotsMapFd: slots.facts.fd,
      slots: 1,
      slotBytes,
      ownersAt: 0,
      contextAt: 8,
      recordAt,
      recordBytesMax: RECORD_BYTES_MAX,
      exitsMapFd: 0,
      exit: 0,
      droppedMapFd: 0,
      kind: 0,
      failedIndex: 0,
      cgroupsMapFd: cgroups.facts.fd,
      cgroupWordsFd: words.facts.fd,
      cgroupIdAt: 16,
    }
    const spec = { type: classifier, name: 'bench_filter', license: 'GPL' }
    const { program, others } = loadParts(filter, maps, target, spec)
    open(program)
    if (others) open(others)
    const memory = new Uint8Array(slots.memory())
    const put = (record: Uint8Array): void => memory.set(record, recordAt)
    return {
      accepts: (record) => {
        put(record)
        return program.testRun(noBytes, 1, packet).returnValue === 1
      },
      nsPerRecord: (record, runs) => {
        put(record)
        return program.testRun(noBytes, runs, packet).durationNs
      },
      tellCgroup: (id, number) => {
        if (!numbers.tell(BigInt(id), number)) throw new Error('the map of cgroups is full')
      },
      verifiedInstructions: program.info().verifiedInstructions,
      close,
    }
  } catch (error) {
    close()
    throw error
  }
}
