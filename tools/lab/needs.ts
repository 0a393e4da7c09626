/**
 * What the lab needs of the machine, and the Debian packages that bring it. `make setup` installs
 * them; needs.test.ts sees to it that it knows them all.
 */
import { accessSync, closeSync, constants, existsSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'

type Need = { readonly program: string; readonly packages: string; readonly why: string }

/** Set in guests (tools/guest/), which have no compiler: the programs come there built. */
const isGuest = process.env['BULWARK_GUEST'] !== undefined

/** Every program the lab starts on the host. */
export const labNeeds: readonly Need[] = [
  { program: 'runc', packages: 'runc', why: 'runs the containers' },
  { program: 'busybox', packages: 'busybox-static', why: 'is their file system' },
  { program: 'gcc', packages: 'gcc libc6-dev', why: 'builds tools/lab/programs' },
  { program: 'mount', packages: 'mount', why: 'mounts their overlay file systems' },
  { program: 'ip', packages: 'iproute2', why: 'gives them addresses' },
  { program: 'nsenter', packages: 'util-linux', why: 'puts an attacker in their network' },
  { program: 'script', packages: 'bsdutils', why: 'gives a program in them a terminal' },
]

const searchPath = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin']

/** For programs that the lab starts: Debian keeps runc and ip where a user's PATH does not look. */
export const hostEnvironment = { ...process.env, PATH: searchPath.join(':') }

/** The full path of a program of the host, or undefined. */
export function findProgram(program: string): string | undefined {
  return searchPath.map((folder) => join(folder, program)).find(isExecutable)
}

/** What this machine lacks, in words that say what to do; empty when the lab can run. */
export function missingForLab(): string[] {
  const missing: string[] = []
  if (process.getuid?.() !== 0) missing.push('not root: containers need root, run it with sudo')
  for (const { program, packages, why } of labNeeds) {
    if (findProgram(program) === undefined && !(isGuest && program === 'gcc')) {
      missing.push(`${program} (it ${why}) is missing: apt-get install ${packages}`)
    }
  }
  const busybox = findProgram('busybox')
  if (busybox !== undefined && isDynamic(busybox)) {
    missing.push(`${busybox} is not static: apt-get install busybox-static`)
  }
  return missing
}

/**
 * Why tests that need containers and a sensor cannot run here, or undefined when they can.
 *
 * @throws Error where they should run, because this is root on a kernel with BTF, but a program is
 *   missing: such a machine must not stay green by skipping
 */
export function reasonToSkip(): string | undefined {
  if (process.getuid?.() !== 0) return 'not root'
  if (!existsSync('/sys/kernel/btf/vmlinux')) return 'this kernel has no BTF'
  const missing = missingForLab()
  if (missing.length > 0) throw new Error(`these tests should run here:\n  ${missing.join('\n  ')}`)
  return undefined
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Whether an ELF file names a dynamic loader; the name stands in its first page. */
function isDynamic(path: string): boolean {
  const page = Buffer.alloc(4096)
  const file = openSync(path, 'r')
  try {
    readSync(file, page, 0, page.length, 0)
  } finally {
    closeSync(file)
  }
  return page.includes('/ld-')
}
