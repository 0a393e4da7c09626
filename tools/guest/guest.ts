/**
 * A guest: another kernel in QEMU, in which one command runs on a copy of this work tree. Emulated,
 * never accelerated: what the machine offers does not run every kernel. Nothing stays behind.
 */
import { spawn } from 'node:child_process'
import { copyFileSync, createReadStream, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { findProgram } from '../lab/needs.ts'
import { librariesOf, makeInitramfs, makeRootImage } from './image.ts'
import { bundleFolder } from '../test/bundle-names.ts'
import { execute } from './execute.ts'
import type { GuestKernel, KernelFiles } from './kernels.ts'
import { fetchKernel, guestKernels } from './kernels.ts'

const root = join(import.meta.dirname, '../..')
const cache = join(root, '.build/guests')
const bundleMsMax = 60_000
/** Where a guest has its copy of the work tree: `init.sh`. */
export const guestRoot = '/bulwark'
/** No guest is up for longer, whatever it is asked for. */
const guestMsMax = 1_800_000
/** From one line to the next until it is up: half a minute on a busy machine. Now and then a kernel
 * hangs before its first line. */
const bootMsMax = 150_000
const memoryMegabytes = 2048

/** What init.sh prints before the command's first line. */
const readyMark = 'guest: ready'

/** Programs that guests need of the host. */
const guestNeeds = ['qemu-system-x86_64', 'cpio', 'mke2fs', 'xz', 'busybox']

/** What to run in a guest. */
export interface GuestOptions {
  /** Name of a line of `guestKernels`. */
  readonly kernel: string
  /** For `sh`, in the copy of the work tree. */
  readonly command: string
  readonly msMax?: number
  /** A guest that writes nothing for so long hangs, and is ended. */
  readonly quietMsMax?: number
  /** The guest's clock goes by the instructions that it runs, on one processor: slow, and figures
   * of time are the same however busy this machine is. */
  readonly countsInstructions?: boolean
  /** Two when not said. One is emulated with a quarter less work: it waits for no other. */
  readonly processors?: 1 | 2
  /** Gets what the command writes, to stdout and stderr, line by line. */
  readonly onLine: (line: string) => void
  /** Gets what is done meanwhile, for people. */
  readonly onProgress?: (text: string) => void
}

/** What a command in a guest came to. */
export interface GuestResult {
  readonly code: number
  /** Lines that the command wrote to `/dev/ttyS1`: results, apart from the console. */
  readonly results: readonly string[]
}

/** A guest was over before its command was, or did not come up. */
export class GuestStopped extends Error {
  /** What the command wrote to `/dev/ttyS1` until then. */
  readonly results: readonly string[]
  /** The guest's own kernel said that it is broken: no fault of the machine that emulates it. */
  readonly isOfKernel: boolean

  /**
   * @param last   what it wrote last to the console
   * @param wasUp  before that no program of ours has run, and a kernel that is broken then is so by
   *               the machine that emulates it, as when processors see each other's new code late
   */
  constructor(
    text: string,
    results: readonly string[],
    last: readonly string[],
    wasUp: boolean = true,
  ) {
    const fault = last.find((line) => kernelFault.test(line))
    super([text, ...(fault === undefined ? last.slice(-5) : [fault])].join('\n  '))
    this.results = results
    this.isOfKernel = wasUp && fault !== undefined
  }
}

/** A processor that is emulated on a busy machine may stand still for long: that is no fault. */
const kernelFault = /Kernel panic|Oops|BUG: (?!soft lockup)|general protection fault/
const lastLinesKept = 50

/** Why no guest can run here; `undefined` when they can. */
export function missingForGuests(): string | undefined {
  if (process.arch !== 'x64') return 'the guests are x86-64, and this machine is not'
  if (process.getuid?.() !== 0) return 'not root: the root image of a guest needs it'
  const missing = guestNeeds.filter((program) => findProgram(program) === undefined)
  return missing.length === 0 ? undefined : `missing here: ${missing.join(', ')}`
}

/** Packages of package-lock.json that running needs, beside our own. */
const runtimePackages = (): readonly string[] => {
  const lock: unknown = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const { packages } = lock as { packages: Record<string, { dev?: boolean; link?: boolean }> }
  return Object.entries(packages)
    .filter(([path, { dev, link }]) => path.startsWith('node_modules/') && !dev && !link)
    .map(([path]) => path)
}

/** What property tests need. */
const lawPackages = ['node_modules/fast-check', 'node_modules/pure-rand']

/** Files of the work tree that a guest gets: what git knows or would add, and what was built. */
async function listBundle(): Promise<readonly string[]> {
  const list = ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const known = (await execute(list, { cwd: root, msMax: bundleMsMax })).split('\0')
  const built = ['dist', '.build/kernel', '.build/bench', '.build/lab', bundleFolder]
  const all = [...known, ...built, 'node_modules/@bulwark', ...runtimePackages(), ...lawPackages]
  return all.filter((path) => path !== '' && existsSync(join(root, path)))
}

/** The bundle as a disk: a tar file. */
async function makeBundle(folder: string, command: string): Promise<string> {
  const extra = join(folder, 'extra')
  mkdirSync(join(extra, '.guest'), { recursive: true })
  writeFileSync(join(extra, '.guest/command'), command)
  mkdirSync(join(extra, '.guest/libraries'))
  for (const addon of globSync('dist/*.node', { cwd: root })) {
    for (const library of await librariesOf(join(root, addon))) {
      copyFileSync(library, join(extra, '.guest/libraries', basename(library)))
    }
  }
  const names = join(folder, 'names')
  writeFileSync(names, (await listBundle()).join('\0'))
  const bundle = join(folder, 'bundle.tar')
  const from = ['-C', root, '--null', '-T', names, '-C', extra, '.guest']
  await execute(['tar', '-cf', bundle, ...from], { msMax: bundleMsMax })
  return bundle
}

/** What guests with a kernel start from. */
interface Images {
  readonly files: KernelFiles
  readonly initramfs: string
  readonly image: string
}

interface Machine extends Images {
  readonly bundle: string
  /** Where the second serial port goes. */
  readonly told: string
  readonly countsInstructions: boolean
  readonly processors: 1 | 2
}

/** Time of an instruction where they are counted: 2 to this power, nanoseconds. */
const instructionShift = 2

const qemuOperands = (machine: Machine): readonly string[] => {
  const { files, initramfs, image, bundle, told, countsInstructions, processors } = machine
  const { parameters } = files.kernel
  const emulation = countsInstructions
    ? { accel: 'tcg,thread=single', smp: '1', icount: `shift=${instructionShift},sleep=off` }
    : { accel: 'tcg,thread=multi', smp: String(processors) }
  const options: Readonly<Record<string, string>> = {
    M: 'q35',
    // Without protection keys: Node.js changes them all the time, and at times QEMU loses them.
    cpu: 'max,-pku',
    ...emulation,
    m: String(memoryMegabytes),
    kernel: files.image,
    initrd: initramfs,
    append: `console=ttyS0 loglevel=2 panic=-1 mitigations=off ${parameters}`,
  }
  return [
    ...Object.entries(options).flatMap(([name, value]) => [`-${name}`, value]),
    '-nographic',
    '-nodefaults',
    '-no-reboot',
    ...['stdio', `file:${told}`].flatMap((port) => ['-serial', port]),
    ...disk(image, 'snapshot=on'),
    ...disk(bundle, 'readonly=on'),
  ]
}

const disk = (file: string, more: string): readonly string[] => [
  '-drive',
  `file=${file},format=raw,if=virtio,${more}`,
]

interface Bound {
  readonly msMax: number
  /** How long it may write nothing, asked for with each line. */
  readonly quietMsMax: () => number
}

/** Runs QEMU to its end; kills it when it takes too long. Returns how it ended, for people. */
async function runQemu(
  operands: readonly string[],
  { msMax, quietMsMax }: Bound,
  onLine: (line: string) => void,
): Promise<string> {
  const qemu = findProgram('qemu-system-x86_64') ?? 'qemu-system-x86_64'
  const child = spawn(qemu, operands, { stdio: ['ignore', 'pipe', 'pipe'] })
  let ending: string | undefined
  const kill = (why?: string): void => {
    ending = why
    child.kill('SIGKILL')
  }
  const killAtExit = (): void => kill()
  process.once('exit', killAtExit)
  const timer = setTimeout(() => kill(`did not end within ${msMax / 1000} s`), msMax)
  const killQuiet = (): void => kill(`wrote nothing for ${quietMsMax() / 1000} s`)
  let quiet = setTimeout(killQuiet, quietMsMax())
  const streams = [child.stdout, child.stderr].map((stream) =>
    createInterface({ input: stream }).on('line', (line) => {
      onLine(line)
      clearTimeout(quiet)
      quiet = setTimeout(killQuiet, quietMsMax())
    }),
  )
  try {
    return await new Promise<string>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => {
        resolve(ending ?? `stopped before the command did (QEMU: ${signal ?? `code ${code}`})`)
      })
    })
  } finally {
    clearTimeout(timer)
    clearTimeout(quiet)
    process.off('exit', killAtExit)
    for (const each of streams) each.close()
  }
}

async function readLines(file: string): Promise<readonly string[]> {
  const lines: string[] = []
  for await (const line of createInterface({ input: createReadStream(file) })) lines.push(line)
  return lines
}

let lastTurn: Promise<unknown> = Promise.resolve()

/** One after another: guests that start at once share the cache. */
async function inTurn<T>(make: () => Promise<T>): Promise<T> {
  const turn = lastTurn.then(make)
  lastTurn = turn.catch(() => {})
  return await turn
}

/** Fetches the kernel and makes the images, where the cache has none. */
const makeImages = async (kernel: GuestKernel): Promise<Images> =>
  await inTurn(async () => {
    const files = await fetchKernel(kernel, cache)
    const initramfs = await makeInitramfs(files, cache)
    return { files, initramfs, image: await makeRootImage(cache) }
  })

function kernelNamed(name: string): GuestKernel {
  const kernel = guestKernels.find((each) => each.name === name)
  if (kernel !== undefined) return kernel
  const names = guestKernels.map((each) => each.name).join(', ')
  throw new Error(`no kernel "${name}"; there are ${names}`)
}

/**
 * Does ahead what a guest with a kernel takes before it starts.
 *
 * @throws Error  it could not be made
 */
export async function prepareGuest(kernel: string): Promise<void> {
  await makeImages(kernelNamed(kernel))
}

/**
 * Runs a command in a guest. Fetches the kernel and makes the images first, where the cache has
 * none.
 *
 * @throws GuestStopped  it was over before the command was, or did not come up: it hung, or died
 * @throws Error         the guest could not be made
 */
export async function runGuest(options: GuestOptions): Promise<GuestResult> {
  const { kernel: name, command, msMax = guestMsMax, onLine, onProgress } = options
  const { countsInstructions = false, processors = 2, quietMsMax = guestMsMax } = options
  const kernel = kernelNamed(name)
  const missing = missingForGuests()
  if (missing !== undefined) throw new Error(missing)
  onProgress?.(`guest ${name}: kernel and images`)
  const images = await makeImages(kernel)
  const folder = mkdtempSync(join(cache, 'run-'))
  try {
    const bundle = await makeBundle(folder, command)
    const told = join(folder, 'told')
    writeFileSync(told, '')
    onProgress?.(`guest ${name}: ${images.files.release} starts`)
    const last: string[] = []
    let isReady = false
    const ending = await runQemu(
      qemuOperands({ ...images, bundle, told, countsInstructions, processors }),
      {
        msMax: Math.min(msMax, guestMsMax),
        quietMsMax: () =>
          isReady || countsInstructions ? quietMsMax : Math.min(bootMsMax, quietMsMax),
      },
      (line) => {
        const text = line.replaceAll('\r', '')
        if (isReady) {
          if (last.push(text) > lastLinesKept) last.shift()
          onLine(text)
        } else if (text.endsWith(readyMark)) {
          isReady = true
          last.length = 0
        } else last.push(text)
      },
    )
    if (!isReady)
      throw new GuestStopped(`guest ${name} did not come up, ${ending}`, [], last, false)
    const lines = await readLines(told)
    const code = lines.map((line) => /^exit (\d+)\r?$/.exec(line)?.[1]).find(Boolean)
    const results = lines.filter((line) => !line.startsWith('exit ')).map((line) => line.trim())
    if (code === undefined) throw new GuestStopped(`guest ${name} ${ending}`, results, last)
    return { code: Number(code), results }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
