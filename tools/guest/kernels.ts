/**
 * The kernels that guests run: Debian's own, fetched with apt from the machine's package source
 * under another suite's name, and unpacked into a cache. Nothing is installed.
 */
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { execute } from './execute.ts'

/** A kernel line that tests run on. */
export interface GuestKernel {
  /** As `KERNEL=` names it. */
  readonly name: string
  /** Suites of Debian that carry it, the first to be asked first. */
  readonly suites: readonly string[]
  /** What its command line needs beside the usual. */
  readonly parameters: string
}

/** From the floor to the newest. */
export const guestKernels: readonly GuestKernel[] = [
  // Its configuration has BPF LSM, but not in the list of what is active.
  { name: '5.10', suites: ['bullseye'], parameters: 'lsm=lockdown,yama,apparmor,bpf' },
  { name: '6.1', suites: ['bookworm'], parameters: '' },
  { name: '6.12', suites: ['trixie'], parameters: '' },
  { name: '7.2', suites: ['forky', 'sid'], parameters: '' },
]

/** An unpacked kernel. */
export interface KernelFiles {
  readonly kernel: GuestKernel
  readonly image: string
  /** Folder with all of its modules, `<release>` its name. */
  readonly modules: string
  readonly release: string
}

/** Nothing to run: no network, or not where it used to be. */
export class FetchError extends Error {
  override readonly name = 'FetchError'
}

const updateMsMax = 120_000
const downloadMsMax = 240_000
const aptSources = '/etc/apt'
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** The URI of Debian's main archive, from the machine's own sources; they may be in two forms. */
export function archiveUri(texts: readonly string[]): string | undefined {
  for (const text of texts) {
    const lines = text.split('\n').filter((line) => !line.startsWith('#'))
    const uris = lines.flatMap((line) =>
      /^(?:deb\s|URIs:)/.test(line) ? (line.match(/\bhttps?:\/\/\S+/g) ?? []) : [],
    )
    const found = uris.find((uri) => /\/debian\/?$/.test(uri))
    if (found !== undefined) return found
  }
  return undefined
}

const readSources = (): readonly string[] =>
  globSync(['sources.list', 'sources.list.d/*.list', 'sources.list.d/*.sources'], {
    cwd: aptSources,
  }).map((file) => readFileSync(join(aptSources, file), 'utf8'))

/** The options that keep apt to a folder of ours and to one suite. */
async function openSuite(suite: string, cache: string): Promise<readonly string[]> {
  const uri = archiveUri(readSources())
  if (uri === undefined) {
    throw new FetchError(`${aptSources} names no Debian archive to fetch a kernel from`)
  }
  const folder = join(cache, 'apt', suite)
  for (const each of ['lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(folder, each), { recursive: true })
  }
  const list = join(folder, 'sources.list')
  writeFileSync(list, `deb [signed-by=${keyring}] ${uri} ${suite} main\n`)
  const options = [
    `Dir::Etc::SourceList=${list}`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${join(folder, 'lists')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    'Acquire::Languages=none',
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option])
  await execute(['apt-get', ...options, '-qq', 'update'], { msMax: updateMsMax })
  return options
}

const byVersion = new Intl.Collator('en', { numeric: true })

/** The newest kernel package of a line, of those that apt knows. */
export const newestOf = (line: string, names: readonly string[]): string | undefined =>
  names
    .filter((name) => name.startsWith(`linux-image-${line}.`) && /[\d+a-z]-cloud-amd64$/.test(name))
    .sort(byVersion.compare)
    .at(-1)

/** A package and what it needs of its kernel: newer ones are split into several. */
async function withParts(options: readonly string[], name: string): Promise<readonly string[]> {
  const found = [name]
  for (const each of found) {
    const text = await execute(['apt-cache', ...options, 'depends', each], { msMax: updateMsMax })
    for (const [, part] of text.matchAll(/Depends: (linux-(?:binary|modules|image)-\d\S*)/g)) {
      if (part !== undefined && !found.includes(part)) found.push(part)
    }
  }
  return found
}

async function fetchFrom(suite: string, { name }: GuestKernel, cache: string): Promise<boolean> {
  const options = await openSuite(suite, cache)
  const names = await execute(['apt-cache', ...options, 'pkgnames', `linux-image-${name}.`], {
    msMax: updateMsMax,
  })
  const newest = newestOf(name, names.split('\n'))
  if (newest === undefined) return false
  const draft = join(cache, `kernel-${name}.${process.pid}`)
  mkdirSync(draft, { recursive: true })
  try {
    const parts = await withParts(options, newest)
    await execute(['apt-get', ...options, '-qq', 'download', ...parts], {
      cwd: draft,
      msMax: downloadMsMax,
    })
    for (const file of globSync('*.deb', { cwd: draft })) {
      await execute(['dpkg', '-x', join(draft, file), join(draft, 'files')], {
        msMax: downloadMsMax,
      })
    }
    renameSync(join(draft, 'files'), join(cache, `kernel-${name}`))
  } finally {
    rmSync(draft, { recursive: true, force: true })
    rmSync(join(cache, 'apt', suite), { recursive: true, force: true })
  }
  return true
}

/** apt and dpkg say what is wrong at the end. */
const lastLine = (error: unknown): string => String(error).trim().split('\n').at(-1) ?? ''

const unpacked = (kernel: GuestKernel, cache: string): KernelFiles | undefined => {
  const folder = join(cache, `kernel-${kernel.name}`)
  if (!existsSync(folder)) return undefined
  const at = (pattern: string): string | undefined => globSync(pattern, { cwd: folder })[0]
  const modules = at('{,usr/}lib/modules/*')
  const image = at('boot/vmlinuz-*') ?? at('usr/lib/modules/*/vmlinuz')
  if (modules === undefined || image === undefined) return undefined
  return {
    kernel,
    image: join(folder, image),
    modules: join(folder, modules),
    release: basename(modules),
  }
}

/**
 * The files of a kernel: from the cache, or else from the network.
 *
 * @throws Error  what could not be fetched, and why
 */
export async function fetchKernel(kernel: GuestKernel, cache: string): Promise<KernelFiles> {
  const there = unpacked(kernel, cache)
  if (there !== undefined) return there
  mkdirSync(cache, { recursive: true })
  const { name, suites } = kernel
  try {
    for (const suite of suites) if (await fetchFrom(suite, kernel, cache)) break
  } catch (error) {
    if (error instanceof FetchError) throw error
    throw new FetchError(`cannot fetch kernel ${name}: ${lastLine(error)}`)
  }
  const files = unpacked(kernel, cache)
  if (files === undefined) {
    throw new FetchError(`Debian ${suites.join(' and ')} has no kernel ${name}`)
  }
  return files
}
