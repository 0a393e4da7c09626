/**
 * Addresses of the host names that rules compare with. Looked up at start and again and again,
 * more seldom each time; a name that does not resolve has no addresses, and is asked again.
 */
import { lookup } from 'node:dns/promises'
import type { IpAddress } from '@bulwark/schema'
import { addressFrom } from './addresses.ts'
import { limits } from './limits.ts'

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
  readonly #known = new Map<string, ReadonlySet<IpAddress>>()
  readonly #looked = new Set<string>()
  readonly #log: (line: string) => void
  #pauseMs: number = limits.resolveMsMin
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  /** Called when the addresses of a name were looked up. */
  onResolved: (name: string, addresses: ReadonlySet<IpAddress>) => void = () => {}

  constructor(log: (line: string) => void) {
    this.#log = log
  }

  /** The addresses of a name now; asks for them from here on. */
  resolve(hostname: string): () => ReadonlySet<IpAddress> {
    if (this.#known.size >= limits.hostnamesMax && !this.#known.has(hostname)) {
      this.#log(`rules name over ${limits.hostnamesMax} hosts; ${hostname} is not looked up`)
      return () => new Set()
    }
    this.#known.set(hostname, this.#known.get(hostname) ?? new Set())
    return () => this.#known.get(hostname) ?? new Set()
  }

  /** Looks names up that have come since the others were. */
  async lookUp(): Promise<void> {
    const names = [...this.#known.keys()].filter((name) => !this.#looked.has(name))
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
    this.#looked.add(name)
    try {
      const found = await lookup(name, { all: true })
      const addresses = new Set(found.map(({ address, family }) => fromText(address, family)))
      this.#known.set(name, addresses)
      this.onResolved(name, addresses)
    } catch {
      // Not resolvable here, or not now: rules that compare with it do not match.
    }
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }
}
