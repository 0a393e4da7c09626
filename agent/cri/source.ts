/**
 * Asks the container runtime, over its CRI socket, for what its files do not say: labels of pods
 * and containers, addresses, image ids. All pods and containers once when it connects, then each
 * container that is seen later. Answers come when they come: nobody waits for them. One call at a
 * time; a runtime that is silent, refuses or lies is counted, said once, and left alone for a
 * while.
 */
import { statSync } from 'node:fs'
import { BoundedMap } from '../bounded.ts'
import type { ContainerMetadata } from '../container/container.ts'
import { limits } from '../limits.ts'
import { metadataFromInfo } from '../container/runtime-files.ts'
import type { Answer } from './client.ts'
import { CriClient, notFound } from './client.ts'
import type { CriContainer, CriSandbox, Read } from './messages.ts'
import {
  readContainerStatus,
  readContainers,
  readSandboxStatus,
  readSandboxes,
  readVersion,
  requests,
} from './messages.ts'

/** Where the runtimes of Kubernetes listen. The first that is there is asked. */
export const criSockets: readonly string[] = [
  '/run/containerd/containerd.sock',
  '/run/crio/crio.sock',
  '/run/k3s/containerd/containerd.sock',
  '/var/run/cri-dockerd.sock',
]

type Facts = Partial<ContainerMetadata>

/** How long a call may take, and the pauses after a fault, without a socket, without an entry. */
interface Times {
  readonly call: number
  readonly pause: number
  readonly absent: number
  readonly retry: number
}

export interface CriOptions {
  readonly sockets: readonly string[]
  /** Counts one of what may happen. */
  readonly count: (place: 'criFaults' | 'criUnknown' | 'criOverflows' | 'criFlaws') => void
  readonly log: (line: string) => void
  /** Milliseconds; those of `limits` when not said. */
  readonly times?: Times
  /** What the runtime says of a container, known to the agent or not. */
  readonly tell: (id: string, facts: Facts) => void
}

/** A container that is asked for, and when. */
interface Wanted {
  tries: number
  /** Not before then; milliseconds as `performance.now()` gives them. */
  dueMs: number
  /** With mounts and rights, because its files were not found. */
  readonly whole: boolean
}

const ownTimes: Times = {
  call: limits.criCallMsMax,
  pause: limits.criPauseMsMin,
  absent: limits.criAbsentMs,
  retry: limits.criRetryMsMin,
}

/** The conversation cannot go on. Never leaves this file. */
class CriFault extends Error {}

/** Whether there is a socket; not when nobody here may look. */
export const isSocket = (path: string): boolean => {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? false
  } catch {
    return false
  }
}

export class CriSource {
  readonly #options: CriOptions
  readonly #wanted = new Map<string, Wanted>()
  readonly #sandboxes: BoundedMap<string, Facts>
  /** Digests of images, by their ids. */
  readonly #digests = new BoundedMap<string, string>(limits.criDigestsMax, () => {})
  /** More were wanted than there was room for: all are asked for instead. */
  #overflowed = false
  #isDown = false
  #saidCut = false
  readonly #times: Times
  #pauseMs: number
  #stopped = false
  #client: CriClient | undefined
  #wake: () => void = () => {}

  constructor(options: CriOptions) {
    this.#options = options
    this.#times = options.times ?? ownTimes
    this.#pauseMs = this.#times.pause
    this.#sandboxes = new BoundedMap(limits.containersMax, () => {})
    if (options.sockets.length > 0) setImmediate(() => void this.#run())
  }

  /**
   * A container was seen of which the runtime has not told yet. Returns at once.
   *
   * @param whole  its files were not found: what they would say is asked for, too
   */
  want(id: string, whole: boolean): void {
    if (this.#stopped || this.#options.sockets.length === 0 || this.#wanted.has(id)) return
    if (this.#wanted.size >= limits.criWantedMax) {
      this.#options.count('criOverflows')
      this.#overflowed = true
      return
    }
    this.#wanted.set(id, { tries: 0, dueMs: 0, whole })
    this.#wake()
  }

  stop(): void {
    this.#stopped = true
    this.#client?.close()
    this.#wake()
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const socket = this.#options.sockets.find(isSocket)
      if (socket === undefined) {
        await this.#sleep(this.#times.absent, false)
        continue
      }
      try {
        await this.#serve(socket)
      } catch (error) {
        this.#client?.close()
        if (!this.#isStopped()) await this.#leaveAlone(socket, error)
      }
    }
  }

  /** Also changes while something is awaited, which the compiler does not expect. */
  #isStopped(): boolean {
    return this.#stopped
  }

  async #leaveAlone(socket: string, error: unknown): Promise<void> {
    this.#options.count('criFaults')
    const text = error instanceof Error ? error.message : String(error)
    if (!this.#isDown) {
      this.#options.log(`CRI socket ${socket}: ${text}; pod labels are missing until it answers`)
    }
    this.#isDown = true
    await this.#sleep(this.#pauseMs, false)
    this.#pauseMs = Math.min(this.#pauseMs * 2, limits.criPauseMsMax)
  }

  /** Talks to one runtime until it faults, which throws, or the source is stopped. */
  async #serve(socket: string): Promise<void> {
    this.#client = await CriClient.open(socket)
    const { runtime, version } = await this.#ask('Version', requests.version, readVersion)
    const { pods, containers } = await this.#askAll()
    this.#isDown = false
    this.#pauseMs = this.#times.pause
    this.#options.log(
      `CRI socket ${socket}: ${runtime} ${version}, ${containers} containers in ${pods} pods`,
    )
    while (!this.#isStopped()) await this.#serveOnce()
  }

  async #serveOnce(): Promise<void> {
    const now = performance.now()
    const due = [...this.#wanted].filter(([, { dueMs }]) => dueMs <= now)
    if (this.#overflowed || due.length >= limits.criBatchMin) {
      this.#overflowed = false
      await this.#askAll()
    } else {
      for (const [id] of due) if (await this.#askOne(id)) this.#wanted.delete(id)
    }
    for (const [id, wanted] of due) this.#again(id, wanted)
    const next = Math.min(...[...this.#wanted.values()].map(({ dueMs }) => dueMs))
    const pauseMs = Math.max(next - performance.now(), 0)
    if (pauseMs > 0) await this.#sleep(Math.min(pauseMs, limits.criPauseMsMax), true)
  }

  /** One that was not found is asked for again: a runtime lists a sandbox after it has started. */
  #again(id: string, wanted: Wanted): void {
    if (!this.#wanted.has(id)) return
    wanted.tries++
    wanted.dueMs = performance.now() + this.#times.retry * 4 ** wanted.tries
    if (wanted.tries < limits.criTriesMax) return
    this.#wanted.delete(id)
    this.#options.count('criUnknown')
  }

  /** Everything that the runtime has. */
  async #askAll(): Promise<{ readonly pods: number; readonly containers: number }> {
    const { everything } = requests
    const sandboxes = await this.#ask('ListPodSandbox', everything, readSandboxes)
    for (const sandbox of sandboxes) await this.#tellSandbox(sandbox)
    const containers = await this.#ask('ListContainers', everything, readContainers)
    for (const container of containers) await this.#tellContainer(container)
    return { pods: sandboxes.length, containers: containers.length }
  }

  /** Whether the runtime knows it. */
  async #askOne(id: string): Promise<boolean> {
    const only = requests.only(id)
    const containers = await this.#ask('ListContainers', only, readContainers)
    const container = containers.find((each) => each.id === id)
    if (container) {
      await this.#tellContainer(container)
      return true
    }
    const sandbox = await this.#sandbox(id)
    if (sandbox) this.#tell(id, sandbox)
    return sandbox !== undefined
  }

  async #tellSandbox({ id, facts }: CriSandbox): Promise<void> {
    if (this.#sandboxes.get(id) === undefined) await this.#keepSandbox(id, facts)
    this.#tell(id, this.#sandboxes.get(id) ?? facts)
  }

  async #keepSandbox(id: string, listed: Facts): Promise<void> {
    const status = await this.#askIfKnown(
      'PodSandboxStatus',
      requests.sandboxStatus(id),
      readSandboxStatus,
    )
    const facts = { ...listed, ...status?.facts }
    if (facts.podLabelsCut === true) this.#flaw(facts)
    this.#sandboxes.set(id, facts)
  }

  /** Said once: all are counted. */
  #flaw({ namespace, podName }: Facts): void {
    this.#options.count('criFlaws')
    if (this.#saidCut) return
    this.#saidCut = true
    const pod = JSON.stringify([namespace, podName]).slice(0, limits.criMessageCharsMax)
    this.#options.log(
      `CRI: more labels of a pod than the ${limits.labelsMax} that are kept, or longer ones: ` +
        `policies that select by others are judged on it (first ${pod})`,
    )
  }

  /** What is known of a sandbox, or what the runtime says of it now. */
  async #sandbox(id: string): Promise<Facts | undefined> {
    if (this.#sandboxes.get(id) === undefined) {
      const listed = await this.#ask('ListPodSandbox', requests.only(id), readSandboxes)
      const found = listed.find((each) => each.id === id)
      if (found) await this.#keepSandbox(id, found.facts)
    }
    return this.#sandboxes.get(id)
  }

  async #tellContainer({ id, sandboxId, facts }: CriContainer): Promise<void> {
    const status = await this.#statusOf(id, facts)
    const info = status?.info === undefined ? {} : metadataFromInfo(status.info)
    const digest = facts.imageDigest ?? status?.facts.imageDigest ?? this.#digestOf(facts)
    if (digest !== undefined && facts.imageId !== undefined)
      this.#digests.set(facts.imageId, digest)
    const pod = await this.#sandbox(sandboxId)
    this.#tell(id, { ...info, ...status?.facts, ...pod, ...facts, imageDigest: digest })
  }

  #digestOf({ imageId }: Facts): string | undefined {
    return imageId === undefined ? undefined : this.#digests.get(imageId)
  }

  /** Asked for where its files were not found; and for a digest that is not known. */
  async #statusOf(id: string, facts: Facts): Promise<ReturnType<typeof readContainerStatus>> {
    const isWhole = this.#wanted.get(id)?.whole ?? false
    if (!isWhole && (facts.imageDigest ?? this.#digestOf(facts)) !== undefined) return undefined
    const request = isWhole ? requests.verboseStatus(id) : requests.containerStatus(id)
    return await this.#askIfKnown('ContainerStatus', request, readContainerStatus)
  }

  #tell(id: string, facts: Facts): void {
    this.#wanted.delete(id)
    this.#options.tell(id, facts)
  }

  /** One call; throws CriFault when there is no answer that can be read. */
  async #ask<Value>(method: string, request: Uint8Array, read: Read<Value>): Promise<Value> {
    const value = await this.#askIfKnown(method, request, read)
    if (value === undefined) throw new CriFault(`${method}: not found`)
    return value
  }

  async #askIfKnown<Value>(
    method: string,
    request: Uint8Array,
    read: Read<Value>,
  ): Promise<Value | undefined> {
    const answer: Answer | undefined = await this.#client?.call(
      `RuntimeService/${method}`,
      request,
      this.#times.call,
    )
    if (answer === undefined || this.#isStopped()) throw new CriFault('stopped')
    if ('fault' in answer) {
      if (answer.code === notFound) return undefined
      throw new CriFault(`${method}: ${answer.fault}`)
    }
    const value = read(answer.body)
    if (value === undefined) throw new CriFault(`${method}: the answer is no protocol buffer`)
    return value
  }

  /** Ends early when the source is stopped; and, if `wakeable`, when a container is wanted. */
  #sleep(ms: number, wakeable: boolean): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#wake = () => {}
        resolve()
      }
      const timer = setTimeout(done, ms)
      timer.unref()
      this.#wake = () => {
        if (wakeable || this.#stopped) done()
      }
    })
  }
}
