/** BPF objects: a blueprint from bytes, then programs and maps in the kernel. */
import type {
  Handle,
  MapFacts,
  ProgramFacts,
  ProgramInfo,
  RunResult,
  StructLayout,
  Variable,
} from './addon.ts'
import { addon } from './addon.ts'
import { Link } from './link.ts'
import { BpfMap } from './map.ts'
import { argumentError, closedError } from './native-error.ts'
import { RawProgram, testRunProgram } from './program.ts'
import { Ring, ringWindowBytes } from './ring.ts'

/** Sections of global variables. */
export type Section = '.rodata' | '.bss' | '.data'

/**
 * A BPF object: a blueprint until `load`, then programs and maps in the kernel. Programs and maps
 * go by name; a map of global variables also by its section's. Close it when done; that detaches
 * its links and closes its maps and rings. Methods throw `NativeError`, also after `close`.
 */
export class BpfObject {
  readonly #handle: Handle<'object'>
  readonly #maps = new Map<string, BpfMap>()
  readonly #links = new Set<Link>()
  readonly #rings = new Set<Ring>()
  #closed = false

  constructor(bytes: Uint8Array, name: string) {
    this.#handle = addon().openObject(bytes, name)
  }

  /** All of them, also those that are not loaded. */
  get programs(): readonly ProgramFacts[] {
    return addon().describePrograms(this.#handle)
  }

  /** Those of global variables too. */
  get maps(): readonly MapFacts[] {
    return addon().describeMaps(this.#handle)
  }

  /** Every struct and union with a name that the object's code uses. */
  get structLayouts(): readonly StructLayout[] {
    return addon().structLayouts(this.#handle, '')
  }

  /** The layout of one of them. */
  structLayout(name: string): StructLayout {
    const [found] = name === '' ? [] : addon().structLayouts(this.#handle, name)
    if (found === undefined) {
      throw argumentError(`struct ${name}`, 'the BPF object does not use it')
    }
    return found
  }

  /** Where a global variable lies in its section. */
  variable(section: Section, variable: string): Variable {
    return addon().findVariable(this.#handle, section, variable)
  }

  /** Byte offset of a global variable in its section. */
  offsetOf(section: Section, variable: string): number {
    return this.variable(section, variable).offsetBytes
  }

  /** Before `load`: whether a program is loaded at all. */
  setAutoload(program: string, autoload: boolean): void {
    addon().setAutoload(this.#handle, program, autoload)
  }

  /** Before `load`: the size of a map; of a ring, bytes: a power of two and of pages. */
  setMaxEntries(map: string, entries: number): void {
    addon().setMaxEntries(this.#handle, map, entries)
  }

  /** Before `load`: a map that is there already takes the place of one; both use it then. */
  reuseMap(map: string, from: BpfMap): void {
    addon().reuseMap(this.#handle, map, from.facts.fd)
  }

  /**
   * Before `load`: makes the maps at once, so that other objects can reuse them and be loaded at
   * the same time. Their sizes are set before; constants stay, and are made by `load`.
   */
  makeMaps(): void {
    addon().makeMaps(this.#handle)
  }

  /** Before `load`: first bytes of a map of global variables. */
  setInitialValue(map: string, offset: number, bytes: Uint8Array): void {
    addon().setInitialValue(this.#handle, map, offset, bytes)
  }

  /** Before `load`: the first value of a global variable of 1, 2, 4 or 8 bytes. */
  setVariable(section: Section, variable: string, value: number | bigint): void {
    const place = this.variable(section, variable)
    const bits = place.bytes * 8
    const wanted = BigInt(value)
    if (
      bits > 64 ||
      (BigInt.asUintN(bits, wanted) !== wanted && BigInt.asIntN(bits, wanted) !== wanted)
    ) {
      throw argumentError(`variable ${variable}`, `${value} does not fit into ${bits} bits`)
    }
    const bytes = new Uint8Array(new BigInt64Array([wanted]).buffer, 0, place.bytes)
    this.setInitialValue(section, place.offsetBytes, bytes)
  }

  /** Before `load`: the kernel function or hook to attach to, in place of the section's. */
  setAttachTarget(program: string, target: string): void {
    addon().setAttachTarget(this.#handle, program, target)
  }

  /**
   * Makes the maps and loads the programs. The machine's kernel decides here; after a refusal
   * there is nothing left but `close`.
   */
  load(): void {
    addon().loadObject(this.#handle)
  }

  /** As `load`, on another thread; until it has settled, nothing but `close` is allowed. */
  loadAside(): Promise<void> {
    return addon().loadObjectAside(this.#handle)
  }

  /**
   * As `load`, on another thread; `endLoad` waits for it, and throws what `load` throws. Until then
   * nothing but `close` is allowed, which waits, too.
   */
  beginLoad(): void {
    addon().beginLoad(this.#handle)
  }

  /** See `beginLoad`. */
  endLoad(): void {
    addon().endLoad(this.#handle)
  }

  /** Attaches a program to what its section says. */
  attach(program: string): Link {
    const handle = addon().attach(this.#handle, program)
    const link = new Link(handle, (detached) => this.#links.delete(detached))
    this.#links.add(link)
    return link
  }

  /**
   * After `load`: loads a program once more, for another kernel type than the one it attaches to.
   * It uses the maps of this object, and is closed on its own.
   *
   * @param license  `GPL` for helpers that the kernel gives to no other
   * @param attachBtfId  of that type: see `findKernelType`
   */
  copyProgram(program: string, license: string, attachBtfId: number): RawProgram {
    return new RawProgram(addon().copyProgram(this.#handle, program, license, attachBtfId))
  }

  /** After `load` or `makeMaps`: a map, the same object each time. It is closed with this one. */
  map(name: string): BpfMap {
    if (this.#closed) throw closedError('BPF object')
    let map = this.#maps.get(name)
    if (map === undefined) {
      map = new BpfMap(addon().openMap(this.#handle, name))
      this.#maps.set(name, map)
    }
    return map
  }

  /** See `BpfMap.lookup`. */
  lookup(map: string, key: Uint8Array, value: Uint8Array): boolean {
    return this.map(map).lookup(key, value)
  }

  /** See `BpfMap.update`. */
  update(map: string, key: Uint8Array, value: Uint8Array, flags = 0): void {
    this.map(map).update(key, value, flags)
  }

  /** See `BpfMap.delete`. */
  delete(map: string, key: Uint8Array): boolean {
    return this.map(map).delete(key)
  }

  /** The live memory of `.bss` or `.data`. */
  memory(map: string): ArrayBuffer {
    return this.map(map).memory()
  }

  /** Puts a program, one of this object by name or a raw one, into a slot of a prog array. */
  setTailCall(map: string, slot: number, program: string | { readonly fd: number }): void {
    const chosen = typeof program === 'string' ? { fd: this.programFd(program) } : program
    this.map(map).setTailCall(slot, chosen)
  }

  /**
   * Maps a part of a ring buffer into memory, and another one when its records are drained; one
   * reader a ring.
   *
   * @param recordBytesMax  no record is longer. The shorter, the less memory: as much is mapped
   *   behind the part, so that no record is split
   * @param windowBytes  the part: of whole pages, the size of the ring a multiple of it; at the
   *   most the whole ring
   */
  openRing(map: string, recordBytesMax = 2 ** 30, windowBytes = ringWindowBytes): Ring {
    const ring = new Ring(this.map(map), recordBytesMax, windowBytes, (closed) =>
      this.#rings.delete(closed),
    )
    this.#rings.add(ring)
    return ring
  }

  /** File descriptor of a loaded program; the object's own, open until `close`. */
  programFd(program: string): number {
    return addon().programFd(this.#handle, program)
  }

  /** See `testRunProgram`. */
  testRun(program: string, context: Uint8Array, repeat: number, data?: Uint8Array): RunResult {
    return testRunProgram(this.programFd(program), context, repeat, data)
  }

  /** What the kernel says of a loaded program. */
  info(program: string): ProgramInfo {
    return addon().programInfo(this.programFd(program))
  }

  /** Detaches, unmaps, closes. Harmless when it was done before. */
  close(): void {
    this.#closed = true
    for (const link of this.#links) link.detach()
    for (const ring of this.#rings) ring.close()
    for (const map of this.#maps.values()) map.close()
    addon().close(this.#handle)
  }
}

/** Reads a BPF object from the bytes of its ELF file. Deterministic; the kernel is not touched. */
export const openObject = (bytes: Uint8Array, name: string): BpfObject => new BpfObject(bytes, name)
