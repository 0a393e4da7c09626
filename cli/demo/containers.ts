/**
 * The containers of the demo: real ones, by runc, of what the host has. Nothing is fetched.
 * Whatever ends the demo ends them: its end, a signal, a fault; when it is killed, the next demo
 * does, and they end alone after a few minutes.
 */
import { randomBytes } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { spawn } from 'node:child_process'
import type { DemoPod, HostFolder } from './bundle.ts'
import { cgroupOf, hostFolders, ociConfig, serverArchive, serverProgram } from './bundle.ts'
import type { Ended } from './machine.ts'
import {
  deadFolders,
  demoFolderPrefix,
  findProgram,
  removeCgroup,
  removeFolder,
  runProgram,
} from './machine.ts'

/** It cannot be done here: what is missing, and how to get it. */
export class DemoError extends Error {}

const commandMsMax = 20_000
const secondsMax = 600

/** What it needs of the machine. */
export interface Tools {
  readonly runc: string
  /** Gives a program a terminal. */
  readonly script: string
  /** A shell that runs under any name. */
  readonly shell: string
}

const wanted = [
  ['runc', 'runc starts the containers: `apt-get install runc`, or that of containerd or Docker'],
  ['script', 'script gives them a terminal: `apt-get install bsdutils`, `dnf install util-linux`'],
] as const

/** @throws DemoError  naming all that is missing */
export const findTools = (): Tools => {
  const found = wanted.map(([name, why]) => ({ path: findProgram(name), why }))
  const missing: string[] = found.filter(({ path }) => path === undefined).map(({ why }) => why)
  // busybox decides by its name what it is.
  const shells = ['bash', 'dash'].map(findProgram)
  const shell = shells.find((path) => path !== undefined)
  if (shell === undefined) missing.push('bash or dash: `apt-get install bash`')
  if (process.getuid?.() !== 0) missing.unshift('the right to start containers: run as root')
  const [runc, script] = found.map(({ path }) => path)
  if (missing.length > 0 || runc === undefined || script === undefined || shell === undefined) {
    throw new DemoError(missing.join('\n'))
  }
  return { runc, script, shell: realpathSync(shell) }
}

const folderOf = (path: string): HostFolder | undefined => {
  if (!existsSync(path)) return undefined
  const link = lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined
  return { path, link }
}

/** The file in a container's folder from which another demo can end it. */
const placeFile = 'cgroup'

const removeContainer = async (runc: string, folder: string): Promise<void> => {
  const id = basename(folder)
  await runProgram([runc, 'delete', '--force', id], commandMsMax)
  const place = join(folder, placeFile)
  if (existsSync(place)) removeCgroup(readFileSync(place, 'utf8'))
}

/** Ends all containers of a demo, and removes its folder. */
const removeDemo = async (runc: string, folder: string): Promise<void> => {
  const containers = readdirSync(folder).filter((name) => /^[0-9a-f]{64}$/.test(name))
  await Promise.all(containers.map((id) => removeContainer(runc, join(folder, id))))
  removeFolder(folder)
}

export interface DemoContainer {
  readonly id: string
  readonly pod: DemoPod
}

export class DemoContainers {
  readonly #tools: Tools
  readonly #folder: string
  readonly #ids: string[] = []
  /** The process ends without an end of the demo: runc goes on alone. */
  readonly #onExit = (): void => {
    for (const id of this.#ids) {
      const options = { detached: true, stdio: 'ignore' } as const
      spawn(this.#tools.runc, ['delete', '--force', id], options).unref()
    }
  }

  private constructor(tools: Tools) {
    this.#tools = tools
    this.#folder = mkdtempSync(demoFolderPrefix())
    process.once('exit', this.#onExit)
  }

  /** Ends what demos left behind that were killed. */
  static async open(tools: Tools): Promise<DemoContainers> {
    for (const folder of deadFolders()) await removeDemo(tools.runc, folder)
    return new DemoContainers(tools)
  }

  /**
   * Starts one for a pod.
   *
   * @throws DemoError  with runc's words
   */
  async start(pod: DemoPod): Promise<DemoContainer> {
    const id = randomBytes(32).toString('hex')
    const folder = join(this.#folder, id)
    const root = join(folder, 'root')
    mkdirSync(root, { recursive: true })
    writeFileSync(join(folder, placeFile), cgroupOf(id, pod))
    const folders = hostFolders.flatMap((path) => folderOf(path) ?? [])
    for (const { path, link } of folders) {
      if (link === undefined) mkdirSync(join(root, path))
      else symlinkSync(link, join(root, path))
    }
    for (const name of ['proc', 'dev']) mkdirSync(join(root, name))
    // A file of its own: the sensor tells programs by their files.
    const program = join(folder, 'program')
    copyFileSync(this.#tools.shell, program)
    for (const path of [serverProgram, serverArchive]) {
      mkdirSync(join(root, path, '..'), { recursive: true })
      writeFileSync(join(root, path), '')
    }
    const config = ociConfig({ id, pod, folders, program, secondsMax })
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
    this.#ids.push(id)
    // It must not hold runc's pipes, which the container inherits.
    const log = join(folder, 'log')
    const argv = [this.#tools.runc, '--log', log, 'run', '--detach', '--bundle', folder, id]
    const { code, output } = await this.#detached(argv)
    if (code !== 0) {
      const said = existsSync(log) ? readFileSync(log, 'utf8').trim() : output
      throw new DemoError(`runc could not start a container: ${said || `exit code ${code}`}`)
    }
    return { id, pod }
  }

  #detached(argv: readonly string[]): Promise<Ended> {
    const [program = '', ...rest] = argv
    return new Promise((resolve) => {
      const child = spawn(program, rest, { stdio: 'ignore', timeout: commandMsMax })
      child.once('error', (error) => resolve({ code: 1, output: error.message }))
      child.once('exit', (code) => resolve({ code: code ?? 1, output: '' }))
    })
  }

  /** Runs something in a container, with a terminal, as `kubectl exec -it` does. */
  async exec({ id }: DemoContainer, argv: readonly string[]): Promise<Ended> {
    const { runc, script } = this.#tools
    const words = [runc, 'exec', '--tty', id, ...argv]
    const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
    return await runProgram([script, '-q', '-e', '-c', quoted, '/dev/null'], commandMsMax)
  }

  /** Ends them, and removes every trace. */
  async close(): Promise<void> {
    await removeDemo(this.#tools.runc, this.#folder)
    process.off('exit', this.#onExit)
  }
}
