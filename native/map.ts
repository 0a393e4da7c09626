/** A map in the kernel. */
import type { OpenMap } from './addon.ts'
import { addon } from './addon.ts'

/** What `createMap` needs. Numbers are the kernel's (linux/bpf.h). */
export interface MapSpec {
  /** BPF_MAP_TYPE_*. */
  readonly type: number
  /** At most 15 bytes: letters, digits, `_` and `.`. */
  readonly name: string
  readonly keyBytes: number
  readonly valueBytes: number
  readonly maxEntries: number
  /** BPF_F_*; none when left out. */
  readonly flags?: number
}

const noKey = new Uint8Array(0)

/**
 * Values by key. Keys and values are bytes in the machine's order, of exactly the map's sizes: a
 * value has `transferBytes`. Every method throws `NativeError`, also after `close`.
 */
export class BpfMap {
  /** See `OpenMap`; its sizes, and its file descriptor. */
  readonly facts: OpenMap

  constructor(facts: OpenMap) {
    this.facts = facts
  }

  /** Copies the value of `key` into `value`. False, and `value` as it was, when there is none. */
  lookup(key: Uint8Array, value: Uint8Array): boolean {
    return addon().mapLookup(this.facts.handle, key, value)
  }

  /** Sets a value. `flags`: 0 any, 1 only a new key (else EEXIST), 2 only a known one (ENOENT). */
  update(key: Uint8Array, value: Uint8Array, flags = 0): void {
    addon().mapUpdate(this.facts.handle, key, value, flags)
  }

  /** False when there was no such key. */
  delete(key: Uint8Array): boolean {
    return addon().mapDelete(this.facts.handle, key)
  }

  /**
   * Copies the key after `key`, or the first one without it, into `next`. False at the end. While
   * others change a hash map this may start over: bound your loop by `maxEntries`.
   */
  nextKey(key: Uint8Array | undefined, next: Uint8Array): boolean {
    return addon().mapNextKey(this.facts.handle, key ?? noKey, next)
  }

  /**
   * The live memory of an array map made with BPF_F_MMAPABLE, such as `.bss`: the same buffer each
   * time, each value 8-aligned. Detached by `close`: lengths are 0 from then on.
   */
  memory(): ArrayBuffer {
    return addon().mapMemory(this.facts.handle)
  }

  /** Puts a program into a slot of a prog array; the array keeps it loaded. */
  setTailCall(slot: number, program: { readonly fd: number }): void {
    addon().setTailCall(this.facts.handle, slot, program.fd)
  }

  /** Closes this side; the kernel drops the map with its last user. Harmless when done before. */
  close(): void {
    addon().close(this.facts.handle)
  }
}

/** Makes a map of its own, for programs made of instructions. Close it when done. */
export const createMap = ({ type, name, keyBytes, valueBytes, maxEntries, flags }: MapSpec) =>
  new BpfMap(addon().createMap(type, name, keyBytes, valueBytes, maxEntries, flags ?? 0))
