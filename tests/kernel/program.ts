/**
 * The programs of these tests: built once into a cache, as static files, so that a run of one
 * makes no event that its test did not ask for; and a way to run them that tells their pid.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'

const sources = join(import.meta.dirname, 'programs')
const cache = join(import.meta.dirname, '../../.build/kernel')
const warnings = ['-O2', '-Wall', '-Wextra', '-Werror']
const flags = [...warnings, '-static', '-pthread']
const flags32 = [...warnings, '-m32', '-static', '-nostdlib', '-ffreestanding']
const buildMsMax = 60_000
const runMsMax = 30_000

/**
 * The path of a program of `programs/`, built from the files there that are named.
 *
 * @throws Error  the compiler's words
 */
function build(name: string, units: readonly string[], options: readonly string[]): string {
  const hash = createHash('sha256').update(options.join(' ') + process.arch)
  for (const file of readdirSync(sources).sort()) {
    hash.update(file).update(readFileSync(join(sources, file)))
  }
  const program = join(cache, `${name}-${hash.digest('hex').slice(0, 12)}`)
  if (existsSync(program)) return program
  mkdirSync(cache, { recursive: true })
  const draft = `${program}.${process.pid}`
  const files = units.map((unit) => join(sources, unit))
  const { status, stderr, error } = spawnSync('gcc', [...options, '-o', draft, ...files], {
    encoding: 'utf8',
    timeout: buildMsMax,
  })
  if (status !== 0) throw new Error(`cannot build ${name}: ${error?.message ?? stderr}`)
  renameSync(draft, program)
  return program
}

/** Does system calls by name: see programs/calls.c. */
export const callsProgram = (): string =>
  build('calls', ['calls.c', 'crowd.c', 'mix.c', 'names.c', 'steps.c'], flags)

/** Connects where another thread keeps changing the address: see programs/connect-race.c. */
export const connectRaceProgram = (): string => build('connect-race', ['connect-race.c'], flags)

/** Does operations through io_uring: see programs/uring.c. */
export const uringProgram = (): string => build('uring', ['uring.c'], flags)

/** Removes a file whose name another thread keeps changing: see programs/race.c. */
export const raceProgram = (): string => build('race', ['race.c'], flags)

/** Makes many short containers; see burst.c. */
export const burstProgram = (): string => build('burst', ['burst.c'], flags)

/** Prints what of BPF the kernel has: see programs/bpf-ids.c. */
export const bpfIdsProgram = (): string => build('bpf-ids', ['bpf-ids.c'], flags)

/** Ends at once, whatever its arguments. */
export const nothingProgram = (): string => build('nothing', ['nothing.c'], flags)

/** A 32-bit program that ends with code 7. Of x86 alone. */
export const small32Program = (): string => build('small32', ['small32.c'], flags32)

/** Why this machine has no 32-bit calls; `undefined` when it has. */
export function missing32(): string | undefined {
  if (process.arch !== 'x64') return 'only x86 has the call gate that these tests go through'
  if (spawnSync(small32Program()).status === 7) return undefined
  return 'this kernel runs no 32-bit programs (CONFIG_IA32_EMULATION)'
}

/** A program that was started. */
export interface Started {
  readonly pid: number
  readonly ended: Promise<Ended>
}

/** How a program ended. */
export interface Ended {
  /** 128 when a signal ended it. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Starts `argv`; it is killed when it does not end in time, and its end then rejects. */
export function start(argv: readonly string[], cwd?: string): Started {
  const [program = '', ...operands] = argv
  const child = spawn(program, operands, { stdio: ['ignore', 'pipe', 'pipe'], cwd })
  const ended = new Promise<Ended>((resolve, reject) => {
    const texts = { stdout: '', stderr: '' }
    child.stdout.setEncoding('latin1').on('data', (text: string) => (texts.stdout += text))
    child.stderr.setEncoding('latin1').on('data', (text: string) => (texts.stderr += text))
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`${program} did not end within ${runMsMax} ms: ${texts.stderr}`))
    }, runMsMax)
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ code: code ?? 128, ...texts })
    })
  })
  return { pid: child.pid ?? 0, ended }
}
