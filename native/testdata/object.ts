/** Loads what the tests need into this machine's kernel, and checks that nothing stays behind. */
import { deepEqual } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BpfObject, OpenHandles } from '../index.ts'
import { loadNative, openHandles, openObject } from '../index.ts'

// Another build of the addon, such as the one with SANITIZE=1.
loadNative(process.env['BULWARK_ADDON'])

/** For `node:test`: why tests that load programs cannot run, or false. */
export const skip =
  process.getuid?.() === 0 ? false : 'needs root: it loads programs into the kernel'

export const noHandles: OpenHandles = {
  objects: 0,
  programs: 0,
  maps: 0,
  links: 0,
  rings: 0,
  sockets: 0,
  keepers: 0,
}
export const noBytes = new Uint8Array(0)

const multiarch: Readonly<Record<string, string | undefined>> = { x64: 'x86_64', arm64: 'aarch64' }

/** Compiles `testdata/<name>.bpf.c`. */
export const compile = (name: string): Uint8Array => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-native-'))
  const target = join(folder, 'object.o')
  const headers = `/usr/include/${multiarch[process.arch] ?? process.arch}-linux-gnu`
  const source = join(import.meta.dirname, `${name}.bpf.c`)
  try {
    const flags = ['-O2', '-g', '-Wall', '-Werror', '-target', 'bpf', `-I${headers}`]
    execFileSync('clang', [...flags, '-c', source, '-o', target])
    return readFileSync(target)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

let compiled: Uint8Array | undefined

/** Opens native.bpf.c; nothing is loaded yet. */
export const openTestObject = (): BpfObject => openObject((compiled ??= compile('native')), 'test')

/** Runs `use` on a loaded native.bpf.c, closes it, and checks that nothing is open then. */
export const withObject = <Result>(
  use: (object: BpfObject) => Result,
  prepare: (object: BpfObject) => void = () => {},
): Result => {
  const object = openTestObject()
  try {
    prepare(object)
    object.load()
    return use(object)
  } finally {
    object.close()
    deepEqual(openHandles(), noHandles)
  }
}

/** BPF_RB_NO_WAKEUP, BPF_RB_FORCE_WAKEUP. */
export const noWakeup = 1
export const forceWakeup = 2

/** What the program `produce` is asked for. */
export interface Production {
  readonly count: number
  /** Of each record, 8 to 4095. */
  readonly bytes?: number
  /** BPF_RB_*. */
  readonly flags?: number
  /** A discarded record before the first one of so many. */
  readonly discardEvery?: number
  /** The number that the first record starts with; the others follow. */
  readonly first?: number
}

/** Lets the kernel put records into the ring `ring`. */
export const produce = (object: BpfObject, wanted: Production): void => {
  const { count, bytes = 56, flags = noWakeup, discardEvery = 0, first = 0 } = wanted
  const context = new Uint32Array([count, 0, bytes, flags, discardEvery, first])
  object.testRun('produce', new Uint8Array(context.buffer), 0)
}

/** Native byte order, 4 bytes. */
export const u32 = (value: number): Uint8Array => new Uint8Array(new Uint32Array([value]).buffer)
