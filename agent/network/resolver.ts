/**
 * Addresses of the host names that rules compare with. Looked up at start and again and again,
 * more seldom each time; a name that does not resolve has no addresses, matches nothing, and is
 * asked again.
 */
import { lookup as ask } from 'node:dns/promises'
import type { IpAddress } from '@bulwark/schema'
import { addressFrom } from './addresses.ts'
import { limits } from '../limits.ts'

type LookUp = (
  name: string,
) => Promise<readonly { readonly address: string; readonly family: number }[]>

/** A name and its addresses. */
interface Known {
  readonly addresses: ReadonlySet<IpAddress>
  /** How often they were others than before. */
  readonly changes: number
  readonly isLookedUp: boolean
}

const unknown: Known = { addresses: new Set(), changes: 0, isLookedUp: false }

const familyInet = 2
const familyInet6 = 10

/** The last 32 bits may be written as in IPv4. */
const withoutQuad = (address: string): string =>
  address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...quad: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = quad.map(Number)
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })

const fromText = (address: string, family: number): IpAddress => {
  const bytes = new Uint8Array(16)
  if (family === 4) {
    bytes.set(address.split('.').map(Number))
    return addressFrom(familyInet, bytes)
  }
  const [head = '', tail] = withoutQuad(address.split('%')[0] ?? '').split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [
    ...left,
    ...Array.from({ length: 8 - left.length - right.length }, () => '0'),
    ...right,
  ]
  groups.forEach((group, i) => {
    const value = Number.parseInt(group, 16)
    bytes.set([value >> 8, value & 0xff], 2 * i)
  })
  return addressFrom(familyInet6, bytes)
}

export class Resolver {
  readonly #known = new Map<string, Known>()
  readonly #log: (line: string) => void
  readonly #lookup: LookUp
  #pauseMs: number = limits.resolveMsMin
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  /** Called when the addresses of a name were looked up. */
  onResolved: (name: string, addresses: ReadonlySet<IpAddress>) => void = () => {}

  /** @param lookup  gives the addresses of a name as text, or rejects; the machine's by default */
  constructor(log: (line: string) => void, lookup: LookUp = (name) => ask(name, { all: true })) {
    this.#log = log
    this.#lookup = lookup
  }

  /** The addresses of a name now; asks for them from here on. */
  resolve(hostname: string): () => ReadonlySet<IpAddress> {
    if (this.#known.size >= limits.hostnamesMax && !this.#known.has(hostname)) {
      this.#log(`rules name over ${limits.hostnamesMax} hosts; ${hostname} is not looked up`)
      return () => new Set()
    }
    this.#known.set(hostname, this.#known.get(hostname) ?? unknown)
    return () => this.#known.get(hostname)?.addresses ?? unknown.addresses
  }

  /** The names that were looked up, and whose addresses seldom change; of one that does not resolve
   * there are none. */
  get steady(): ReadonlyMap<string, ReadonlySet<IpAddress>> {
    const names = [...this.#known].filter(
      ([, { changes, isLookedUp }]) => isLookedUp && changes <= limits.hostNameChangesMax,
    )
    return new Map(names.map(([name, { addresses }]) => [name, addresses]))
  }

  /** Another number when one that was in `steady` is not as it was there. */
  get changes(): number {
    const max = limits.hostNameChangesMax + 1
    return [...this.#known.values()].reduce((sum, { changes }) => sum + Math.min(changes, max), 0)
  }

  /** Looks names up that have come since the others were. */
  async lookUp(): Promise<void> {
    const names = [...this.#known.keys()].filter(
      (name) => this.#known.get(name)?.isLookedUp !== true,
    )
    await Promise.all(names.map((name) => this.#look(name)))
    if (names.length > 0 && this.#timer === undefined) await this.start()
  }

  /** Looks all names up once, and then now and again until `stop`. */
  async start(): Promise<void> {
    await Promise.all([...this.#known.keys()].map((name) => this.#look(name)))
    if (this.#known.size === 0 || this.#stopped) return
    this.#timer = setTimeout(() => {
      this.#pauseMs = Math.min(this.#pauseMs * 2, limits.resolveMsMax)
      void this.start()
    }, this.#pauseMs)
    this.#timer.unref()
  }

  async #look(name: string): Promise<void> {
    const found = await this.#lookup(name).catch(() => undefined)
    const { addresses: old, changes } = this.#known.get(name) ?? unknown
    // Not resolvable here, or not now: what was found before stays.
    const addresses = found
      ? new Set(found.map(({ address, family }) => fromText(address, family)))
      : old
    const isSame = old.size === addresses.size && [...old].every((each) => addresses.has(each))
    this.#known.set(name, { addresses, changes: changes + (isSame ? 0 : 1), isLookedUp: true })
    if (found) this.onResolved(name, addresses)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }
}
