/** Filters in the kernel by test-run: on a record that lies in a map, and on nothing else. */
import { CgroupNumbers, loadParts, makeCgroupWords, makePartMaps } from '@bulwark/agent'
import type { BpfMap, RawProgram } from '@bulwark/native'
import { createMap } from '@bulwark/native'
import type { FilterProgram, FilterTarget } from '@bulwark/policy'
import { ancestorsLayout, cgroupNumbers } from '@bulwark/policy'
import { RECORD_BYTES_MAX } from '@bulwark/schema'
import { cgroupIds, classIds } from './inner.ts'

const types = { hash: 1, array: 2 } as const
const memoryMapped = 1 << 10
const rawTracepoint = 17
/** Without any, the kernel gives no context, which a tail call needs. */
const oneArgument = new Uint8Array(8)

/** As struct scratch: something before the record, and behind it the ancestors, and something. */
const recordAt = 32
const slotBytes = recordAt + RECORD_BYTES_MAX + ancestorsLayout.bytes + 512
const cgroupIdAt = 16

/** A filter in the kernel. Close it. */
export interface LoadedFilter {
  readonly program: RawProgram
  /** Whether it lets through what `Stage.put` has put there. */
  readonly accepts: () => boolean
  readonly close: () => void
}

/** The memory that a filter finds its record in. Close it. */
export class FilterStage {
  readonly #slots: BpfMap
  readonly #memory: Uint8Array
  readonly #cgroups: BpfMap
  readonly #words: BpfMap
  readonly #dropped: BpfMap
  /** What filters are told of cgroups; of those of `NearRecords` from the start. */
  readonly cgroups: CgroupNumbers
  readonly target: FilterTarget

  constructor() {
    this.#slots = createMap({
      type: types.array,
      name: 'slots',
      keyBytes: 4,
      valueBytes: slotBytes,
      maxEntries: 1,
      flags: memoryMapped,
    })
    this.#memory = new Uint8Array(this.#slots.memory())
    // One cgroup is not told.
    const map = { type: types.hash, keyBytes: 8, valueBytes: 4, maxEntries: 16 }
    this.#cgroups = createMap({ ...map, name: 'cgroups' })
    this.#words = makeCgroupWords()
    this.cgroups = new CgroupNumbers(this.#cgroups, this.#words)
    this.cgroups.tell(cgroupIds.host, cgroupNumbers.host)
    this.cgroups.tell(cgroupIds.container, cgroupNumbers.container)
    for (const [number, of] of classIds) this.cgroups.tell(of, number)
    this.#dropped = createMap({ ...map, type: types.array, keyBytes: 4, name: 'dropped' })
    this.target = {
      find: 'test',
      slotsMapFd: this.#slots.facts.fd,
      slots: 1,
      slotBytes,
      ownersAt: 0,
      contextAt: 8,
      recordAt,
      recordBytesMax: RECORD_BYTES_MAX,
      exitsMapFd: 0,
      exit: 0,
      droppedMapFd: this.#dropped.facts.fd,
      kind: 0,
      failedIndex: 1,
      cgroupsMapFd: this.#cgroups.facts.fd,
      cgroupWordsFd: this.#words.facts.fd,
      cgroupIdAt,
    }
  }

  /** Puts a record, and the ancestors of its process, where the filters look. What lay there before
   * stays behind it. */
  put(record: Uint8Array, ancestors: Uint8Array): void {
    this.#memory.set(record, recordAt)
    this.#memory.set(ancestors, recordAt + RECORD_BYTES_MAX)
  }

  /**
   * @param changes  of the target
   * @throws NativeError  the kernel refuses the program or a map
   */
  load(filter: FilterProgram, changes: Partial<FilterTarget> = {}): LoadedFilter {
    const maps = makePartMaps(filter)
    const closeMaps = (): void => maps.flat().forEach((map) => map.close())
    try {
      const spec = { type: rawTracepoint, name: 'filter', license: 'GPL' }
      const { program, others } = loadParts(filter, maps, { ...this.target, ...changes }, spec)
      return {
        program,
        accepts: () => program.testRun(oneArgument, 0).returnValue === 1,
        close: () => {
          program.close()
          others?.close()
          closeMaps()
        },
      }
    } catch (error) {
      closeMaps()
      throw error
    }
  }

  close(): void {
    for (const map of [this.#slots, this.#cgroups, this.#words, this.#dropped]) map.close()
  }
}
