/**
 * Pods in a containerd of the lab's, made over CRI as the kubelet makes them. The numbers are those
 * of runtime.v1 in k8s.io/cri-api.
 */
import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Containerd } from '@bulwark/tools'
import { criImages, labCgroup, sliceHandler } from '@bulwark/tools'
import { CriClient, Message, bytesField as bytes, joined, numberField } from './inner.ts'

/** How the kubelet lays out a pod's cgroups. */
export type Driver = 'cgroupfs' | 'systemd'

export interface Pod {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  /** Of the sandbox, and of its own container. */
  readonly sandboxId: string
  readonly labels: Readonly<Record<string, string>>
  readonly config: Uint8Array
  /** Its containers see the processes of the host. */
  readonly hostPid: boolean
}

/** A folder of the host in a container. */
export interface HostFolder {
  /** In the container. */
  readonly path: string
  readonly source: string
}

/** What a pod is beside its names. */
export interface PodOptions {
  /** Its containers see the processes of the host. */
  readonly hostPid?: boolean
  /** Containers of it may be privileged. */
  readonly isPrivileged?: boolean
}

/** What a container is beside its name and its command. */
export interface ContainerOptions {
  /** How often one of the name was started before. */
  readonly attempt?: number
  readonly image?: string
  /** The container whose processes it sees, as `kubectl debug --target` has it. */
  readonly target?: string
  readonly isPrivileged?: boolean
  readonly folders?: readonly HostFolder[]
}

const callMsMax = 60_000
const nodeNamespace = 2
const targetNamespace = 3
const containerRunning = 1

const mapField = (number: number, values: Readonly<Record<string, string>>): Uint8Array =>
  joined(
    Object.entries(values).map(([key, value]) =>
      bytes(number, joined([bytes(1, key), bytes(2, value)])),
    ),
  )

/** namespace_options: the network of the host, so that no network plugin is needed. */
const namespaces = (hostPid: boolean, target?: string): Uint8Array => {
  const parts = [numberField(1, nodeNamespace)]
  if (hostPid) parts.push(numberField(2, nodeNamespace))
  if (target !== undefined) parts.push(numberField(2, targetNamespace), bytes(4, target))
  return joined(parts)
}

export class Pods {
  readonly #containerd: Containerd
  #client: CriClient | undefined
  readonly #made: string[] = []

  constructor(containerd: Containerd) {
    this.#containerd = containerd
  }

  async #call(method: string, request: Uint8Array): Promise<Message> {
    this.#client ??= await CriClient.open(this.#containerd.socket)
    const answer = await this.#client.call(`RuntimeService/${method}`, request, callMsMax)
    if ('fault' in answer) {
      this.#client = undefined // The next call opens another.
      throw new Error(`${method}: ${answer.fault}`)
    }
    return Message.read(answer.body)
  }

  /** Resolves when the CRI plugin answers: containerd itself does before. */
  async untilReady(): Promise<void> {
    for (const deadline = Date.now() + callMsMax; ; await nextTurn()) {
      try {
        await this.#call('Version', bytes(1, 'v1'))
        return
      } catch (error) {
        if (Date.now() > deadline) throw error
      }
    }
  }

  /** @param uid  as the API server gave it; of a static pod, as the kubelet did */
  async run(
    name: string,
    driver: Driver,
    labels: Readonly<Record<string, string>>,
    uid: string = randomUUID(),
    { hostPid = false, isPrivileged = false }: PodOptions = {},
  ): Promise<Pod> {
    const namespace = 'shop'
    const top = labCgroup(this.#containerd.folder)
    const parent =
      driver === 'systemd'
        ? `${top}-pod${uid.replaceAll('-', '_')}.slice`
        : `/${top}/kubepods/burstable/pod${uid}`
    const security = [bytes(1, namespaces(hostPid))]
    if (isPrivileged) security.push(numberField(6, 1))
    const config = joined([
      bytes(1, joined([bytes(1, name), bytes(2, uid), bytes(3, namespace)])),
      mapField(6, {
        ...labels,
        'io.kubernetes.pod.name': name,
        'io.kubernetes.pod.namespace': namespace,
        'io.kubernetes.pod.uid': uid,
      }),
      bytes(8, joined([bytes(1, parent), bytes(2, joined(security))])),
    ])
    const handler = driver === 'systemd' ? [bytes(2, sliceHandler)] : []
    const made = await this.#call('RunPodSandbox', joined([bytes(1, config), ...handler]))
    const sandboxId = made.text(1)
    this.#made.push(sandboxId)
    return { name, namespace, uid, sandboxId, labels, config, hostPid }
  }

  /** Starts a container of the pod; its id. */
  async start(
    pod: Pod,
    name: string,
    command: readonly string[],
    {
      attempt = 0,
      image = criImages.app,
      target,
      isPrivileged = false,
      folders = [],
    }: ContainerOptions = {},
  ): Promise<string> {
    const security = [bytes(3, namespaces(pod.hostPid, target))]
    if (isPrivileged) security.unshift(numberField(2, 1))
    const config = joined([
      bytes(1, joined([bytes(1, name), numberField(2, attempt)])),
      bytes(2, bytes(1, image)),
      ...command.map((word) => bytes(3, word)),
      bytes(7, joined([bytes(1, '/host/etc'), bytes(2, '/etc'), numberField(3, 1)])),
      ...folders.map(({ path, source }) => bytes(7, joined([bytes(1, path), bytes(2, source)]))),
      mapField(9, { 'io.kubernetes.container.name': name, tier: 'front' }),
      bytes(15, bytes(2, joined(security))),
    ])
    const request = joined([bytes(1, pod.sandboxId), bytes(2, config), bytes(3, pod.config)])
    const id = (await this.#call('CreateContainer', request)).text(1)
    await this.#call('StartContainer', bytes(1, id))
    return id
  }

  /** Runs a program in a container, as `kubectl exec` does; its exit code. */
  async exec(id: string, command: readonly string[]): Promise<number> {
    const words = command.map((word) => bytes(2, word))
    const done = await this.#call('ExecSync', joined([bytes(1, id), ...words, numberField(3, 30)]))
    return Number(done.number(3))
  }

  /** Ends a pod, as when it is deleted: its containers first. */
  async end(pod: Pod): Promise<void> {
    await this.#call('StopPodSandbox', bytes(1, pod.sandboxId))
  }

  /** Resolves when none of these containers runs any more; or none at all. */
  async untilIdle(ids?: ReadonlySet<string>): Promise<void> {
    const running = bytes(2, numberField(1, containerRunning))
    for (const deadline = Date.now() + callMsMax; Date.now() < deadline; await nextTurn()) {
      const answer = await this.#call('ListContainers', bytes(1, running))
      const left = answer.messages(1).filter((each) => ids?.has(each.text(1)) ?? true)
      if (left.length === 0) return
    }
    throw new Error(`containers still run after ${callMsMax} ms`)
  }

  /** Ends the connection; the next call opens another. */
  disconnect(): void {
    this.#client?.close()
    this.#client = undefined
  }

  /** Removes all pods, and ends the connection. */
  async close(): Promise<void> {
    for (const id of this.#made.reverse()) {
      await this.#call('StopPodSandbox', bytes(1, id))
      await this.#call('RemovePodSandbox', bytes(1, id))
    }
    this.disconnect()
  }
}
