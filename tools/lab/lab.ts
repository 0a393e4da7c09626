/**
 * The container lab: real runc containers for tests, benchmarks and the tour, on a machine that has
 * neither a cluster nor a container engine.
 *
 * A lab owns one folder and everything in it. It is cleaned up by close(), which then verifies that
 * nothing is left; by an interrupt or the end of the process; and, when the process was killed, by
 * the next lab that is opened.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { machineCapabilities } from './capabilities.ts'
import { makePodSlice, podSlice, removeCgroups } from './cgroups.ts'
import { LabError } from './command.ts'
import { type Base, type Container, makeBundle, runBundles, startContainer } from './container.ts'
import { makeImage, makeToken } from './image.ts'
import { findProgram, missingForLab } from './needs.ts'
import { buildAct } from './programs.ts'
import { findRemains, labFolderPrefix, removeDeadLabs, removeLab } from './remains.ts'
import { type ContainerOptions, type Placement, containerCgroup, namesOf } from './spec.ts'

/** Containers that have run to their end. */
export type ManyRun = { readonly ids: readonly string[]; readonly podUid: string }

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Opens a lab: compiles the helper program if need be and makes the image.
 *
 * @throws LabError naming everything this machine lacks and the Debian package that brings it
 */
export async function openLab(): Promise<Lab> {
  const missing = missingForLab()
  if (missing.length > 0) throw new LabError(`no container lab here:\n  ${missing.join('\n  ')}`)
  removeDeadLabs()
  const act = await buildAct()
  const lab = new Lab(mkdtempSync(labFolderPrefix()), act)
  try {
    await makeImage(lab.base.image, act)
  } catch (error) {
    await lab.close()
    throw error
  }
  return lab
}

/** An open lab. One process may have several; each has containers of its own. */
export class Lab {
  readonly directory: string
  readonly base: Base
  readonly #containers = new Set<Container>()
  /** Cgroup path by id of every container there ever was, for the check at the end. */
  readonly #everMade = new Map<string, string>()
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.#abandon()
    process.kill(process.pid, signal)
  }
  readonly #onExit = (): void => removeLab(this.directory)

  /** Use openLab(). */
  constructor(directory: string, act: string) {
    this.directory = directory
    this.base = { image: join(directory, 'image'), act }
    mkdirSync(this.base.image)
    for (const signal of signals) process.once(signal, this.#onSignal)
    process.once('exit', this.#onExit)
  }

  /** Starts a container; resolves when its entrypoint runs. Throws LabError with runc's words. */
  async createContainer(options: ContainerOptions = {}): Promise<Container> {
    const id = randomBytes(32).toString('hex')
    const { cgroupParent } = options
    const own = cgroupParent === undefined ? {} : { cgroupPath: join(cgroupParent, id) }
    const place = { ...this.#placement(id, randomUUID()), ...own }
    const directory = join(this.directory, 'containers', id)
    this.#everMade.set(id, place.cgroupPath)
    const container = await startContainer(directory, options, this.base, place)
    this.#containers.add(container)
    return container
  }

  /**
   * Runs many containers of one pod to their end, on the image as it is: nothing of them is kept.
   * Resolves with their ids when all have ended. Throws LabError when one fails.
   */
  async runMany(count: number, atOnce: number, options: ContainerOptions): Promise<ManyRun> {
    const podUid = randomUUID()
    const slice = podSlice(podUid)
    const ids = Array.from({ length: count }, () => randomBytes(32).toString('hex'))
    for (const id of ids) this.#everMade.set(id, containerCgroup(slice, id))
    const token = join(this.directory, 'token')
    if (!existsSync(token)) makeToken(token, namesOf(options).namespace)
    makePodSlice(slice)
    const bundles = join(this.directory, 'containers')
    for (const id of ids) {
      const place = { ...this.#placement(id, podUid), rootDirectory: this.base.image }
      makeBundle(join(bundles, id), options, { ...place, tokenDirectory: token })
    }
    await runBundles(bundles, ids, atOnce)
    for (const id of ids) rmSync(join(bundles, id), { recursive: true })
    removeCgroups(slice)
    return { ids, podUid }
  }

  #placement(id: string, podUid: string): Placement {
    const directory = join(this.directory, 'containers', id)
    return {
      id,
      podUid,
      sandboxId: randomBytes(32).toString('hex'),
      rootDirectory: join(directory, 'root'),
      tokenDirectory: join(directory, 'token'),
      cgroupPath: containerCgroup(podSlice(podUid), id),
      ipProgram: findProgram('ip') ?? 'ip',
      machineCapabilities: machineCapabilities(),
    }
  }

  /** Destroys what is still there. Throws LabError when anything is left on the machine after. */
  async close(): Promise<void> {
    const endings = await Promise.allSettled([...this.#containers].map((c) => c.destroy()))
    this.#abandon()
    const faults = endings.flatMap((e) => (e.status === 'rejected' ? [String(e.reason)] : []))
    const remains = [...faults, ...findRemains(this.directory, this.#everMade)]
    if (remains.length > 0) throw new LabError(`the lab left behind:\n  ${remains.join('\n  ')}`)
  }

  #abandon(): void {
    removeLab(this.directory)
    process.off('exit', this.#onExit)
    for (const signal of signals) process.off(signal, this.#onSignal)
  }
}
