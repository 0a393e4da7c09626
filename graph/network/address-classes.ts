/**
 * Which blocks of policies an address lies in, for many addresses and blocks. The ends of all
 * blocks cut the addresses into stretches in which nothing differs; an address is found by halving.
 */
import type { IpAddress, Network } from '@bulwark/schema'
import { parseAddress } from '@bulwark/schema'
import type { IpBlock } from './policy.ts'
import { isInBlock } from './verdict.ts'

const bitsOf = { 4: 32, 6: 128 } as const

/** First address of a network, and the first one behind it. */
const endsOf = ({ version, base, prefix }: Network): readonly [bigint, bigint] => [
  base,
  base + (1n << BigInt(bitsOf[version] - prefix)),
]

/** Last of the ascending `cuts` that is at most `value`; -1: none. */
const stretchOf = <Value extends IpAddress>(cuts: readonly Value[], value: Value): number => {
  let [low, high] = [0, cuts.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((cuts[middle] ?? value) <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}

const none: ReadonlySet<string> = new Set()

export class AddressClasses {
  readonly #blocks: readonly IpBlock[]
  /** Blocks of all addresses of a protocol: most pods are in them. */
  readonly widest: readonly IpBlock[]
  /** Their texts. */
  readonly usual: ReadonlySet<string>
  readonly #cuts4: readonly number[]
  readonly #cuts6: readonly bigint[]
  readonly #found = new Map<string, ReadonlySet<string>>()

  constructor(blocks: readonly IpBlock[]) {
    this.#blocks = blocks
    this.widest = blocks.filter(({ cidr }) => cidr.prefix === 0)
    this.usual = new Set(this.widest.map(({ text }) => text))
    const networks = blocks.flatMap(({ cidr, except }) => [cidr, ...except])
    const cuts = (version: 4 | 6): readonly bigint[] =>
      [...new Set(networks.filter((each) => each.version === version).flatMap(endsOf))].sort(
        (a, b) => (a < b ? -1 : 1),
      )
    this.#cuts4 = cuts(4).map(Number)
    this.#cuts6 = cuts(6)
  }

  /** The first address of each stretch that begins with a block, or behind one. */
  get begins(): readonly IpAddress[] {
    return [...this.#cuts4.filter((cut) => cut < 2 ** 32), ...this.#cuts6]
  }

  /** Texts of the blocks that an address lies in, by order of the blocks. */
  blocksOf(text: string): ReadonlySet<string> {
    const address = this.#blocks.length === 0 ? undefined : parseAddress(text)
    if (address === undefined) return none
    const key =
      typeof address === 'number'
        ? `4/${stretchOf(this.#cuts4, address)}`
        : `6/${stretchOf(this.#cuts6, address)}`
    let found = this.#found.get(key)
    if (!found) {
      const blocks = this.#blocks.filter((block) => isInBlock(address, block))
      found = new Set(blocks.map((block) => block.text))
      this.#found.set(key, found)
    }
    return found
  }
}
