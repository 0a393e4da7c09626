/**
 * Keeps what a pipeline gets while it runs: the records, the answers to its questions, and what it
 * is told, in an order in which `Replay` can give them again. A sink that fails ends the recording
 * and nothing else.
 */
import { release } from 'node:os'
import { layoutVersion, recordLayouts } from '@bulwark/schema'
import type { Cgroups } from '../container/cgroups.ts'
import type { Outside, Question, Told } from '../outside.ts'
import type { CaptureHead } from './head.ts'
import type { Sink } from './writer.ts'
import { CaptureWriter } from './writer.ts'

type Facts = Omit<CaptureHead, 'layoutVersion' | 'layouts' | 'kernel' | 'types'> & {
  readonly types: ReadonlySet<string> | 'all'
}

/** The head of a capture of this machine, by this build. */
export const headOf = (facts: Facts): CaptureHead => ({
  ...facts,
  types: facts.types === 'all' ? 'all' : [...facts.types],
  layoutVersion,
  layouts: recordLayouts,
  kernel: release(),
})

/** See `CaptureHead.hierarchies`. */
export const hierarchyNumbers = ({ unified, old }: Cgroups): readonly number[] =>
  old ? [unified.number, old.number] : [unified.number]

/** The hierarchies of those numbers. Where they were mounted nobody asks any more. */
export const hierarchiesOf = ([unified = 0, old]: readonly number[]): Cgroups => ({
  unified: { number: unified, mounts: [] },
  old: old === undefined ? undefined : { number: old, mounts: [], controller: '', knob: 0 },
})

export class Recording implements Outside {
  readonly #data: Uint8Array
  readonly #onFault: (error: unknown) => void
  readonly #writer: CaptureWriter
  #ended = false

  /**
   * Writes the head; throws what the sink throws.
   *
   * @param data  the memory that the offsets of `record` mean
   */
  constructor(
    options: { readonly sink: Sink; readonly onFault: (error: unknown) => void },
    data: DataView,
    head: CaptureHead,
  ) {
    this.#data = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    this.#onFault = options.onFault
    this.#writer = new CaptureWriter(options.sink, head)
  }

  get written(): { readonly records: number; readonly bytes: number } {
    return { records: this.#writer.records, bytes: this.#writer.bytes }
  }

  ask<Answer>(
    question: Question<Answer>,
    about: string | number,
    read: () => Answer | undefined,
  ): Answer | undefined {
    const answer = read()
    this.#try((writer) => writer.note({ is: 'answer', question: question.name, about, answer }))
    return answer
  }

  tell(told: Told): void {
    this.#try((writer) => writer.note({ is: 'told', told }))
  }

  /** Adds a record that the pipeline has handled: after the answers that it needed. */
  record(offset: number, lengthBytes: number): void {
    this.#try((writer) => writer.record(this.#data.subarray(offset, offset + lengthBytes)))
  }

  flush(): void {
    this.#try((writer) => writer.flush())
  }

  end(): void {
    this.#try((writer) => writer.end())
    this.#ended = true
  }

  #try(write: (writer: CaptureWriter) => void): void {
    if (this.#ended) return
    try {
      write(this.#writer)
    } catch (error) {
      this.#ended = true
      this.#onFault(error)
    }
  }
}
