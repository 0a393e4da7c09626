/**
 * Rules as people write them, as many as wanted: made from a seed, so that a figure can be measured
 * again. They are about files read and written, programs started, connections and other calls, with
 * lists of paths, names and ports, and with exceptions by negation. None is about what the loops of
 * programs/loops.c do.
 */

/** A number of 0 to below `below`, the same ones for the same seed (mulberry32). */
const numbersFrom = (seed: number): ((below: number) => number) => {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

const syllables = 'ba co di fa ge ho ki lu me no pa qui ro sy ta ux ve wo xi zu'.split(' ')
const tops = ['/etc', '/opt', '/srv', '/usr/lib', '/usr/share', '/var/lib', '/var/log', '/home']
const endings = ['.conf', '.key', '.pem', '.sock', '.db', '.so', '.yaml', '.log']
const tools = ['apt', 'dpkg', 'rsync', 'systemd', 'cron', 'puppet', 'chef', 'ansible', 'git']
const shells = ['sh', 'bash', 'dash', 'zsh', 'busybox']

const macros = `- macro: bench_read
  condition: >
    (evt.type in (open, openat, openat2) and evt.is_open_read = true and fd.typechar = 'f' and
     fd.num >= 0)
- macro: bench_written
  condition: >
    (evt.type in (open, openat, openat2, creat) and evt.is_open_write = true and
     fd.typechar = 'f' and fd.num >= 0)
- macro: bench_started
  condition: (evt.type in (execve, execveat) and evt.failed = false)
- macro: bench_connected
  condition: (evt.type = connect and fd.typechar in (4, 6))
- macro: bench_in_container
  condition: (container.id != host)
`

class Writer {
  readonly #below: (below: number) => number

  constructor(seed: number) {
    this.#below = numbersFrom(seed)
  }

  #one(of: readonly string[]): string {
    return of[this.#below(of.length)] ?? ''
  }

  /** So many of them, 1 to `countMax`, each once. */
  #some(make: () => string, countMax: number): string {
    const count = 1 + this.#below(countMax)
    return [...new Set(Array.from({ length: count }, make))].join(', ')
  }

  readonly #word = (): string =>
    Array.from({ length: 2 + this.#below(3) }, () => this.#one(syllables)).join('')

  readonly #directory = (): string => `${this.#one(tops)}/${this.#word()}`

  readonly #file = (): string => `${this.#directory()}/${this.#word()}${this.#one(endings)}`

  readonly #tool = (): string => (this.#below(2) === 0 ? this.#one(tools) : this.#word())

  readonly #port = (): string => String(1_024 + this.#below(30_000))

  readonly #network = (): string => `"10.${this.#below(256)}.${this.#below(256)}.0/24"`

  /** What a file is called: alone, in a list, by how its path begins or ends. */
  #path(field: string): string {
    switch (this.#below(5)) {
      case 0:
        return `${field} in (${this.#some(this.#file, 12)})`
      case 1:
        return `${field} startswith ${this.#directory()}/`
      case 2:
        return `(${field} startswith ${this.#directory()}/ or ${field} = ${this.#file()})`
      case 3:
        return `${field} endswith /${this.#word()}${this.#one(endings)}`
      default:
        return `${field} pmatch (${this.#some(this.#directory, 6)})`
    }
  }

  /** Who is meant, or excepted; or nothing. */
  #who(): string {
    switch (this.#below(5)) {
      case 0:
        return ` and not proc.name in (${this.#some(this.#tool, 10)})`
      case 1:
        return ` and proc.name in (${this.#some(this.#tool, 6)})`
      case 2:
        return ` and bench_in_container and not proc.pname in (${this.#some(this.#tool, 4)})`
      case 3:
        return ` and user.uid != 0 and not proc.exepath startswith ${this.#directory()}/`
      default:
        return ''
    }
  }

  #onProgram(): string {
    switch (this.#below(3)) {
      case 0:
        return `proc.name in (${this.#some(this.#word, 10)})`
      case 1:
        return `proc.exepath startswith ${this.#directory()}/`
      default: {
        const names = this.#some(() => this.#one(shells), 3)
        return `proc.name in (${names}) and proc.pname in (${this.#some(this.#word, 8)})`
      }
    }
  }

  #connection(): string {
    const ports = this.#some(this.#port, 8)
    return `fd.sport in (${ports}) and not fd.snet in (${this.#some(this.#network, 6)})`
  }

  condition(): string {
    const kind = this.#below(20)
    if (kind < 7) return `bench_read and ${this.#path('fd.name')}${this.#who()}`
    if (kind < 11) return `bench_written and ${this.#path('fd.name')}${this.#who()}`
    if (kind < 15) return `bench_started and ${this.#onProgram()}${this.#who()}`
    if (kind < 17) return `bench_connected and ${this.#connection()}${this.#who()}`
    const call = this.#one(['unlink, unlinkat', 'chmod, fchmodat', 'mkdir, mkdirat'])
    return `evt.type in (${call}) and ${this.#path('fs.path.name')}${this.#who()}`
  }
}

/**
 * A rule file of so many rules.
 *
 * @param count  rules
 * @param seed  the same seed gives the same rules, and the first of a longer file
 */
export const generatedRules = (count: number, seed: number): string => {
  const writer = new Writer(seed)
  const rules = Array.from(
    { length: count },
    (_, i) => `- rule: Generated ${i + 1}
  desc: made by a benchmark
  condition: ${writer.condition()}
  output: "%evt.type %proc.cmdline %fd.name"
  priority: NOTICE
`,
  )
  return macros + rules.join('')
}
