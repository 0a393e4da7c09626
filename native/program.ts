/** Programs made of raw instructions. */
import type { ProgramInfo, RunResult } from './addon.ts'
import { addon } from './addon.ts'
import { Link } from './link.ts'
import { closedError } from './native-error.ts'

/** What `loadProgram` needs. Numbers are the kernel's (linux/bpf.h). */
export interface RawProgramSpec {
  /** BPF_PROG_TYPE_*. */
  readonly type: number
  /** At most 15 bytes: letters, digits, `_` and `.`. */
  readonly name: string
  /** 8 bytes each, in the machine's order. Maps are named by `BpfMap.facts.fd`. */
  readonly instructions: Uint8Array
  /** `GPL` for helpers that the kernel gives to no other. */
  readonly license: string
  /** BPF_TRACE_RAW_TP, BPF_LSM_MAC and so on. */
  readonly expectedAttachType?: number
  /** Of the hook's type in the kernel: see `findKernelType`. */
  readonly attachBtfId?: number
}

const noBytes = new Uint8Array(0)

type Opened = ReturnType<ReturnType<typeof addon>['loadProgram']>

/** A loaded program. Nothing runs it before `attach` but `testRun` and tail calls. Close it when
 * done; that detaches it. */
export class RawProgram {
  readonly #opened: Opened
  readonly #links = new Set<Link>()
  #closed = false

  constructor(opened: Opened) {
    this.#opened = opened
  }

  /** Open until `close`. */
  get fd(): number {
    if (this.#closed) throw closedError('BPF program')
    return this.#opened.fd
  }

  /** See `testRunProgram`. */
  testRun(context: Uint8Array, repeat: number, data?: Uint8Array): RunResult {
    return testRunProgram(this.fd, context, repeat, data)
  }

  /**
   * Attaches it to the kernel type that it was loaded for.
   *
   * @param target  name of that type, for a refusal's words
   */
  attach(target: string): Link {
    const link = new Link(addon().attachProgram(this.fd, target), (detached) =>
      this.#links.delete(detached),
    )
    this.#links.add(link)
    return link
  }

  /** Detaches it from all that it was attached to. */
  detach(): void {
    for (const link of this.#links) link.detach()
  }

  info(): ProgramInfo {
    return addon().programInfo(this.fd)
  }

  /** The kernel unloads it with its last user, such as a prog array. Harmless when done before. */
  close(): void {
    this.#closed = true
    for (const link of this.#links) link.detach()
    addon().close(this.#opened.handle)
  }
}

/**
 * Runs a program in the kernel, synchronously.
 *
 * @param context  what the program gets: the arguments of a raw tracepoint, 8 bytes each, or the
 *   bytes of a `syscall` program, which it may change in place; empty for none
 * @param repeat   0 or 1 for once; types that refuse to be repeated (raw tracepoints, `syscall`)
 *   want 0
 * @param data     packet of a network program
 * @throws NativeError  the type cannot be test-run so (EINVAL, ENOTSUPP)
 */
export const testRunProgram = (
  fd: number,
  context: Uint8Array,
  repeat: number,
  data: Uint8Array = noBytes,
): RunResult => addon().testRun(fd, context, data, repeat)

/**
 * Runs that the kernel left out of these programs because they were running on that CPU already,
 * all together: what `ProgramInfo.recursionMisses` says of one.
 *
 * @throws NativeError  one is no program
 */
export const skippedRuns = (fds: Int32Array<ArrayBuffer>): number =>
  addon().skippedRuns(new Uint8Array(fds.buffer, fds.byteOffset, fds.byteLength))

const argumentsOf = (spec: RawProgramSpec) =>
  [
    spec.type,
    spec.name,
    spec.license,
    spec.instructions,
    spec.expectedAttachType ?? 0,
    spec.attachBtfId ?? 0,
  ] as const

/**
 * Loads a program from raw instructions.
 *
 * @throws NativeError  the kernel refuses; `log` ends with what the verifier says
 */
export const loadProgram = (spec: RawProgramSpec): RawProgram =>
  new RawProgram(addon().loadProgram(...argumentsOf(spec)))

/** As `loadProgram`, on another thread: the verifier may take a second. */
export const loadProgramAside = async (spec: RawProgramSpec): Promise<RawProgram> =>
  new RawProgram(await addon().loadProgramAside(...argumentsOf(spec)))
