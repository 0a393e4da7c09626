/** Where the members of records lie, by kind and name: from the schema's own descriptions. */
import { recordLayouts } from '@bulwark/schema'
import type { NumberAt, TextAt } from './plan.ts'

interface Place {
  readonly offset: number
  readonly storage: string
}

/** Places of the members of each kind; those of a group as `file.inode`. */
const places: ReadonlyMap<number, ReadonlyMap<string, Place>> = new Map(
  recordLayouts.map(({ kind, members }) => {
    let offset = 0
    const byName = members.map(({ name, storage, bytes }) => {
      const place = { offset, storage }
      offset += bytes
      return [name, place] as const
    })
    return [kind, new Map(byName)]
  }),
)

/** The members of one kind of record. */
export class Places {
  readonly #byName: ReadonlyMap<string, Place>

  constructor(kind: number) {
    this.#byName = places.get(kind) ?? new Map()
  }

  #place(name: string): Place {
    const place = this.#byName.get(name)
    if (!place) throw new Error(`no member ${name} in such a record`)
    return place
  }

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  /** A member of a fixed size, by its offset. */
  offset(name: string): number {
    return this.#place(name).offset
  }

  /** @throws Error  the kind has no such number */
  number(name: string): NumberAt {
    const { offset, storage } = this.#place(name)
    const [, sign = '', bits = ''] = /^([ui])(8|16|32|64)$/.exec(storage) ?? []
    const bytes = Number(bits) / 8
    if (bytes !== 1 && bytes !== 2 && bytes !== 4 && bytes !== 8) {
      throw new Error(`${name} is no number`)
    }
    return { offset, bytes, signed: sign === 'i' }
  }

  /** How long a text was before it was cut; or TEXT_LENGTH_UNKNOWN. */
  trueBytes(name: string): NumberAt {
    return { offset: this.#place(name).offset + 4, bytes: 4, signed: false }
  }

  /** @throws Error  the kind has no such text */
  text(name: string): TextAt {
    const { offset, storage } = this.#place(name)
    if (storage === 'chars16') return { is: 'chars', offset, bytes: 16 }
    if (storage !== 'text') throw new Error(`${name} is no text`)
    return { is: 'slot', offset }
  }
}
