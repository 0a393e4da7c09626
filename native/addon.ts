/**
 * The addon's functions as C++ exports them, and where its file is found. Handles are numbers that
 * mean something to the addon alone; each function checks its arguments, whatever is promised here.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { NativeError } from './native-error.ts'

declare const kind: unique symbol
/** A thing that is open in the addon. */
export type Handle<Kind extends string> = number & { readonly [kind]: Kind }

/** One program of an object. */
export interface ProgramFacts {
  readonly name: string
  readonly section: string
  /** BPF_PROG_TYPE_*. */
  readonly type: number
  /** BPF_TRACE_*, BPF_LSM_MAC and so on; 0 for types that have none. */
  readonly expectedAttachType: number
  readonly instructions: number
  readonly autoload: boolean
}

/** One map of an object. */
export interface MapFacts {
  readonly name: string
  /** BPF_MAP_TYPE_*. */
  readonly type: number
  readonly keyBytes: number
  /** Of one CPU where there is one for each. */
  readonly valueBytes: number
  /** Bytes for a ring buffer. */
  readonly maxEntries: number
}

/** A map that is in the kernel. */
export interface OpenMap extends MapFacts {
  /** What `lookup` and `update` move: of a per-CPU map, each possible CPU's value, 8-aligned. */
  readonly transferBytes: number
  /** Open as long as the map is. For instructions that name a map (BPF_PSEUDO_MAP_FD). */
  readonly fd: number
  readonly handle: Handle<'map'>
}

/** A struct or union as the compiler laid it out. Members of its anonymous parts are its own. */
export interface StructLayout {
  readonly name: string
  readonly bytes: number
  readonly members: readonly StructMember[]
}

/** One member of a struct or union. */
export interface StructMember {
  readonly name: string
  readonly offsetBytes: number
  /** Of its type; a bit field takes fewer. */
  readonly bytes: number
  /** Of a bit field: its first bit after `offsetBytes`, 0 to 7, and its width; 0 else. */
  readonly bitOffset: number
  readonly bits: number
}

/** What a test run gave. */
export interface RunResult {
  /** Unsigned, 32 bits. */
  readonly returnValue: number
  /** Mean of one run, nanoseconds; 0 where the kernel does not measure (programs of `syscall`). */
  readonly durationNs: number
}

/** What the kernel says of a loaded program. */
export interface ProgramInfo {
  readonly id: number
  /** BPF_PROG_TYPE_*. */
  readonly type: number
  /** Hash of the instructions, 16 hexadecimal digits. */
  readonly tag: string
  /** 0 unless `kernel.bpf_stats_enabled` is set; so is `runTimeNs`. */
  readonly runCount: number
  readonly runTimeNs: number
  /** Runs left out because the program was running on that CPU already. */
  readonly recursionMisses: number
  /** Instructions that the verifier walked; 0 before Linux 5.16. */
  readonly verifiedInstructions: number
  /** The kernel type that it attaches to; 0 when there is none, and before Linux 6.0. */
  readonly attachBtfId: number
}

/** A function of the kernel that programs can attach to, by the ids of its types. */
export interface KernelFunction {
  readonly id: number
  /** Functions with the same one have the same arguments, by name too. */
  readonly prototype: number
  /** How many parameters it has. */
  readonly parameters: number
}

/** Handles that are open; all zero when everything was closed. */
export interface OpenHandles {
  readonly objects: number
  readonly programs: number
  readonly maps: number
  readonly links: number
  readonly rings: number
  readonly sockets: number
  readonly keepers: number
}

/** Where a global variable lies in its section. */
export interface Variable {
  readonly offsetBytes: number
  readonly bytes: number
}

/** Two clocks at one instant, nanoseconds: since boot (CLOCK_BOOTTIME), and since 1970. */
export interface Clocks {
  readonly bootNs: bigint
  readonly realNs: bigint
}

type ObjectHandle = Handle<'object'>
type MapHandle = Handle<'map'>
type ProgramHandle = Handle<'program'>
type LinkHandle = Handle<'link'>
type RingHandle = Handle<'ring'>
type SocketHandle = Handle<'socket'>
type KeeperHandle = Handle<'keeper'>

/** What C++ exports; the classes of this folder are the documented face of it. */
export interface Addon {
  setErrorFactory(make: (...parts: ConstructorParameters<typeof NativeError>) => Error): void
  close(handle: Handle<string>): void
  openHandles(): OpenHandles

  openObject(bytes: Uint8Array, name: string): ObjectHandle
  describePrograms(object: ObjectHandle): ProgramFacts[]
  describeMaps(object: ObjectHandle): MapFacts[]
  setAutoload(object: ObjectHandle, program: string, autoload: boolean): void
  setMaxEntries(object: ObjectHandle, map: string, entries: number): void
  reuseMap(object: ObjectHandle, map: string, fd: number): void
  makeMaps(object: ObjectHandle): void
  setInitialValue(object: ObjectHandle, map: string, offset: number, bytes: Uint8Array): void
  setAttachTarget(object: ObjectHandle, program: string, target: string): void
  loadObject(object: ObjectHandle): void
  loadObjectAside(object: ObjectHandle): Promise<void>
  beginLoad(object: ObjectHandle): void
  endLoad(object: ObjectHandle): void
  programFd(object: ObjectHandle, program: string): number
  /** Those of a name, or all when it is ''. */
  structLayouts(object: ObjectHandle, name: string): StructLayout[]
  findVariable(object: ObjectHandle, section: string, variable: string): Variable

  attach(object: ObjectHandle, program: string): LinkHandle
  attachProgram(programFd: number, target: string): LinkHandle
  readKernelFile(fileSystem: string, path: string): string
  readIterator(link: LinkHandle, bytesMax: number): Uint8Array<ArrayBuffer>

  openMap(object: ObjectHandle, map: string): OpenMap
  createMap(
    type: number,
    name: string,
    keyBytes: number,
    valueBytes: number,
    maxEntries: number,
    flags: number,
  ): OpenMap
  mapLookup(map: MapHandle, key: Uint8Array, value: Uint8Array): boolean
  mapUpdate(map: MapHandle, key: Uint8Array, value: Uint8Array, flags: number): void
  mapDelete(map: MapHandle, key: Uint8Array): boolean
  mapNextKey(map: MapHandle, key: Uint8Array, next: Uint8Array): boolean
  mapMemory(map: MapHandle): ArrayBuffer
  setTailCall(map: MapHandle, slot: number, programFd: number): void

  openRing(
    map: MapHandle,
    recordBytesMax: number,
    windowBytes: number,
  ): {
    readonly handle: RingHandle
    readonly consumer: ArrayBuffer
    readonly producer: ArrayBuffer
    readonly pageBytes: number
    readonly dataBytes: number
    readonly windowBytes: number
  }
  showRing(ring: RingHandle, from: number): void
  watchRing(ring: RingHandle, onReadable: () => void): void
  setRingWatch(ring: RingHandle, watch: boolean): void
  setRingRef(ring: RingHandle, ref: boolean): void

  openKeeper(table: Uint8Array): KeeperHandle
  keepLine(keeper: KeeperHandle, bytes: Uint8Array, from: number, to: number): number
  dropLine(keeper: KeeperHandle, key: number): void
  dropLines(keeper: KeeperHandle): void
  lineKey(...of: Parameters<Addon['keepLine']>): number
  passesLine(...of: Parameters<Addon['keepLine']>): boolean
  chunkGate(keeper: KeeperHandle, bytes: Uint8Array): (length: number) => number
  passedAgo(keeper: KeeperHandle): number
  takeRest(...of: Parameters<Addon['keepLine']>): string
  restTaken(keeper: KeeperHandle): number
  seeVersion(keeper: KeeperHandle, version: string): boolean
  newestVersion(keeper: KeeperHandle): string

  openDatagram(path: string): SocketHandle
  sendDatagram(socket: SocketHandle, bytes: Uint8Array): boolean

  loadProgram(
    type: number,
    name: string,
    license: string,
    instructions: Uint8Array,
    expectedAttachType: number,
    attachBtfId: number,
  ): { readonly handle: ProgramHandle; readonly fd: number }
  loadProgramAside(
    ...of: Parameters<Addon['loadProgram']>
  ): Promise<ReturnType<Addon['loadProgram']>>
  copyProgram(
    object: ObjectHandle,
    program: string,
    license: string,
    attachBtfId: number,
  ): { readonly handle: ProgramHandle; readonly fd: number }
  testRun(fd: number, context: Uint8Array, data: Uint8Array, repeat: number): RunResult
  programInfo(fd: number): ProgramInfo
  skippedRuns(fds: Uint8Array): number

  probeProgramType(type: number): number
  probeMapType(type: number): number
  probeHelper(programType: number, helper: number): number
  hasKernelTypes(): boolean
  findKernelType(name: string, kind: number): number
  findKernelFunction(name: string): KernelFunction
  kernelMember(struct: string, member: string): number
  readKernelTypesAside(): Promise<void>
  forgetKernelTypes(): void
  possibleCpus(): number
  releaseMemory(): void
  clocks(): Clocks
}

/** Beside the bundle in a build; in `dist/` when the sources run as they are. */
const places = ['bulwark.node', '../dist/bulwark.node']

let loaded: Addon | undefined

/**
 * Loads the addon from another place than the usual ones. Only needed for that, and only before
 * anything else of this folder is used; once it is loaded, this does nothing.
 *
 * @throws Error  the file is missing, or made for another machine
 */
export const loadNative = (path?: string): void => {
  if (loaded !== undefined) return
  const candidates = path === undefined ? places.map((p) => join(import.meta.dirname, p)) : [path]
  const found = candidates.find((candidate) => existsSync(candidate))
  if (found === undefined) {
    throw new Error(`no addon at ${candidates.join(' or ')}; "make build" makes it`)
  }
  loaded = createRequire(import.meta.url)(found) as Addon
  loaded.setErrorFactory((...parts) => new NativeError(...parts))
}

/** The addon's functions; loads it on first use. */
export const addon = (): Addon => {
  if (loaded === undefined) loadNative()
  return loaded as Addon
}
