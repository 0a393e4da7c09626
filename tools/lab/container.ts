/**
 * One real container: started by runc in the foreground (its `runc run` stays as the parent, as a
 * shim would), on an overlay of its own, in its own name spaces and in a pod's cgroup.
 */
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { makePodSlice } from './cgroups.ts'
import { LabError, type Result, resultOf, run, runOrThrow, start, within } from './command.ts'
import { linkPrograms, makeToken, writeFiles } from './image.ts'
import { removeContainer } from './remains.ts'
import { type ContainerOptions, type Placement, namesOf, ociSpec, userNumbers } from './spec.ts'

export type ExecOptions = {
  /** A terminal for the program, as with `kubectl exec -it`. stdout and stderr are then one. */
  readonly tty?: boolean
  readonly user?: string
  readonly cwd?: string
  readonly stdin?: string
  readonly timeoutMs?: number
  /** A file of the host: strace writes there what the program and its children do. */
  readonly traceTo?: string
}

/** Somebody outside who waits for one connection from the container. */
export type Listener = {
  /** What came over the connection; resolves when the container has closed it. */
  received(): Promise<string>
}

/** What all containers of a lab share. */
export type Base = { readonly image: string; readonly act: string }

const startMsMax = 60_000
const stopMsMax = 60_000
/** One container of many, with its share of a busy machine. */
const runMsMax = 500
const pollMs = 2

/** A running container. Made by Lab.createContainer(); destroy() leaves nothing of it. */
export class Container {
  readonly id: string
  /** The host's pid of the entrypoint. */
  readonly pid: number
  readonly namespace: string
  readonly pod: string
  /** Settles when the entrypoint has ended, with all that it wrote. */
  readonly ended: Promise<Result>
  readonly #directory: string
  readonly #act: string
  readonly #listeners: ChildProcess[] = []

  /** Use Lab.createContainer(). */
  constructor(started: Started, options: ContainerOptions, act: string) {
    this.id = started.id
    this.pid = started.pid
    this.ended = started.ended
    this.#directory = started.directory
    this.#act = act
    const { pod, namespace } = namesOf(options)
    this.pod = pod
    this.namespace = namespace
  }

  /** Runs a program in the container from outside, as `kubectl exec` does, to its end. */
  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<Result> {
    const { tty = false, user, cwd, stdin, timeoutMs, traceTo } = options
    const command = traceTo === undefined ? ['runc', 'exec'] : [...traced(traceTo), 'runc', 'exec']
    if (tty) command.push('--tty')
    if (user !== undefined) command.push('--user', numbersOf(user))
    if (cwd !== undefined) command.push('--cwd', cwd)
    command.push(this.id, ...argv)
    const limits = timeoutMs === undefined ? {} : { timeoutMs }
    if (!tty) return await run(command, { stdin, ...limits })
    const result = await run(onTerminal(command), { stdin, ...limits })
    return { ...result, stdout: result.stdout.replaceAll('\r\n', '\n') }
  }

  /**
   * Lets somebody outside wait on an address in the container's network, so that its programs have
   * a remote to talk to. Resolves when the address answers; `answer` is sent to the first caller.
   */
  async listen(address: string, port: number, answer = ''): Promise<Listener> {
    const argv = this.#outside('listen', address, String(port), 'say', 'ready', 'accept')
    if (answer !== '') argv.push('send', answer)
    argv.push('drain')
    const child = start(argv)
    this.#listeners.push(child)
    const ended = resultOf(child, argv)
    const ready = new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve())
      ended.then(({ stderr }) => reject(new LabError(`cannot listen: ${stderr}`)), reject)
    })
    await within(startMsMax, ready, () => `waiting for ${address}:${port}`)
    return {
      received: async () => {
        const { stdout } = await within(stopMsMax, ended, () => `the caller of port ${port}`)
        return stdout.replace('ready\n', '')
      },
    }
  }

  /**
   * Somebody outside calls a program that listens in the container's network, as soon as it does,
   * and sends it a text. Returns what the program answered until it closed the connection.
   */
  async call(address: string, port: number, text: string): Promise<string> {
    const { code, stdout, stderr } = await run(
      this.#outside('reach', address, String(port), 'send', text, 'drain'),
    )
    if (code !== 0) throw new LabError(`cannot call ${address}:${port}: ${stderr}`)
    return stdout
  }

  /**
   * Runs `act` as a process of the host, under the name argv[0], to its end. Its path holds the
   * container's id, so that what is told of it can be found.
   */
  async onHost(argv: readonly string[]): Promise<Result> {
    const [name = 'act', ...rest] = argv
    const folder = join(this.#directory, 'host')
    linkPrograms(folder, this.#act, [name])
    return await run([join(folder, name), ...rest])
  }

  /** `act` as a process of the host, but in the container's network. */
  #outside(...verbs: readonly string[]): string[] {
    return ['nsenter', `--net=/proc/${this.pid}/ns/net`, this.#act, ...verbs]
  }

  /** Ends all its processes and removes every trace. Harmless when done already. */
  async destroy(): Promise<void> {
    for (const child of this.#listeners) child.kill('SIGKILL')
    if (existsSync(this.#directory)) {
      await run(['runc', 'kill', this.id, 'KILL'])
      await within(stopMsMax, this.ended, () => `container ${this.id}`)
      removeContainer(this.#directory)
    }
  }
}

type Started = {
  readonly id: string
  readonly pid: number
  readonly directory: string
  readonly ended: Promise<Result>
}

/**
 * Starts a container in `directory`, whose name is the id; resolves when the entrypoint has been
 * executed. Throws LabError with runc's own words when it cannot, and then leaves nothing.
 */
export async function startContainer(
  directory: string,
  options: ContainerOptions,
  base: Base,
  place: Placement,
): Promise<Container> {
  try {
    await layOut(directory, options, base, place)
    const started = await launch(directory, options, place.id)
    return new Container(started, options, base.act)
  } catch (error) {
    removeContainer(directory)
    throw error
  }
}

/** Writes what runc needs for a container on a root directory that it cannot write. */
export function makeBundle(directory: string, options: ContainerOptions, place: Placement): void {
  mkdirSync(directory, { recursive: true })
  const spec = { ...ociSpec(options, place), root: { path: place.rootDirectory, readonly: true } }
  writeFileSync(join(directory, 'config.json'), JSON.stringify(spec))
}

/**
 * Runs bundles to their ends, `atOnce` at a time, by one process that is not this one: whoever
 * watches from here is not kept busy. Throws LabError with runc's words when one fails.
 */
export async function runBundles(
  bundles: string,
  ids: readonly string[],
  atOnce: number,
): Promise<void> {
  const runc = ['runc', 'run', '--bundle', `${bundles}/{}`, '{}']
  const argv = ['xargs', '-P', String(atOnce), '-I', '{}', ...runc]
  const { code, stderr } = await run(argv, {
    stdin: ids.join('\n'),
    timeoutMs: startMsMax + ids.length * runMsMax,
  })
  if (code !== 0) throw new LabError(`\`${argv.join(' ')}\` ended with code ${code}: ${stderr}`)
}

/** Everything on disk that runc needs: the layers, mounted, and config.json. */
async function layOut(
  directory: string,
  options: ContainerOptions,
  base: Base,
  place: Placement,
): Promise<void> {
  const layer = (name: string): string => join(directory, name)
  for (const name of ['image', 'upper', 'work', 'root']) {
    mkdirSync(layer(name), { recursive: true })
  }
  writeFileSync(layer('config.json'), JSON.stringify(ociSpec(options, place)))
  writeFiles(layer('image'), options.files ?? {})
  linkPrograms(layer('image'), base.act, options.programs ?? [])
  makeToken(place.tokenDirectory, namesOf(options).namespace)
  const lower = `lowerdir=${layer('image')}:${options.root ?? base.image}`
  const overlay = `${lower},upperdir=${layer('upper')},workdir=${layer('work')}`
  await runOrThrow(['mount', '-t', 'overlay', 'overlay', '-o', overlay, place.rootDirectory])
  makePodSlice(join(place.cgroupPath, '..'))
}

async function launch(directory: string, options: ContainerOptions, id: string): Promise<Started> {
  const pidFile = join(directory, 'pid')
  const runc = ['runc', 'run', '--bundle', directory, '--pid-file', pidFile, id]
  const argv = options.tty === true ? onTerminal(runc) : runc
  const child = start(argv)
  // A terminal's stdin stays open, so that a shell on it waits instead of ending.
  if (options.tty !== true) child.stdin.end()
  const ended = resultOf(child, argv)
  let result: Result | undefined
  let fault: string | undefined
  ended.then(
    (value) => (result = value),
    (error: unknown) => (fault = String(error)),
  )
  for (const deadline = Date.now() + startMsMax; Date.now() < deadline; await pause(pollMs)) {
    if (fault !== undefined) throw new LabError(fault)
    const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : undefined
    if (pid !== undefined && isExecuted(pid)) return { id, pid, directory, ended }
    if (result === undefined) continue
    // The entrypoint may have come and gone between two looks.
    if (pid !== undefined && !isFailureOfRunc(result)) return { id, pid, directory, ended }
    throw new LabError(`runc could not start the container: ${result.stdout}${result.stderr}`)
  }
  child.kill('SIGKILL')
  throw new LabError(`the container did not start within ${startMsMax} ms`)
}

/** Until the entrypoint is executed, the process is runc's own and named so. */
function isExecuted(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('runc:')
  } catch {
    return false
  }
}

function isFailureOfRunc(result: Result): boolean {
  return (result.stdout + result.stderr).includes('runc run failed')
}

/** runc copies between its own terminal and the container's: `script` gives it one. */
function onTerminal(command: readonly string[]): string[] {
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
  return ['script', '--quiet', '--return', '--command', quoted.join(' '), '/dev/null']
}

/** Looks on from outside, so that what is traced needs no right for it and does not know it. */
function traced(file: string): string[] {
  return ['strace', '--follow-forks', '--string-limit=9000', '--quiet=all', '--output', file]
}

function numbersOf(user: string): string {
  const numbers = userNumbers(user)
  if (numbers === undefined) throw new LabError(`the lab's image has no user ${user}`)
  return `${numbers.uid}:${numbers.gid}`
}
