/** Programs that are attached. */
import type { Handle } from './addon.ts'
import { addon } from './addon.ts'

/** An attached program. Closing its object detaches it too. */
export class Link {
  readonly #handle: Handle<'link'>

  readonly #onDetached: (link: Link) => void

  constructor(handle: Handle<'link'>, onDetached: (link: Link) => void) {
    this.#handle = handle
    this.#onDetached = onDetached
  }

  /**
   * For a program of a section `iter/…`: walks the kernel's list once, from start to end.
   *
   * @param bytesMax  EOVERFLOW when the program writes more
   * @returns what the program wrote with `bpf_seq_write`; a copy
   */
  readIterator(bytesMax: number): Uint8Array<ArrayBuffer> {
    return addon().readIterator(this.#handle, bytesMax)
  }

  /** Detaches; harmless when it was done before. */
  detach(): void {
    addon().close(this.#handle)
    this.#onDetached(this)
  }
}
