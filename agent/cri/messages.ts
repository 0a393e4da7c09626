/**
 * The messages of CRI (runtime.v1, k8s.io/cri-api) that the agent sends and reads, with the numbers
 * of their fields. What a runtime answers becomes plain values here; what it leaves out is absent.
 * Pure; never throws.
 */
import type { Labels } from '@bulwark/schema'
import type { ContainerMetadata, ContainerMount } from '../container/container.ts'
import { limits } from '../limits.ts'
import { Message, bytesField, joined } from './protobuf.ts'

/** A pod's sandbox. Its id is also that of its own container (pause). */
export interface CriSandbox {
  readonly id: string
  readonly facts: Partial<ContainerMetadata>
}

/** A container, and the sandbox it is in. */
export interface CriContainer extends CriSandbox {
  readonly sandboxId: string
}

/** What a runtime answers, read; `undefined` when it was no answer. */
export type Read<Value> = (bytes: Uint8Array) => Value | undefined

/** Requests. */
export const requests = {
  version: bytesField(1, 'v1'),
  everything: new Uint8Array(),
  /** ListContainers and ListPodSandbox with a filter that names one. */
  only: (id: string): Uint8Array => bytesField(1, bytesField(1, id)),
  sandboxStatus: (id: string): Uint8Array => bytesField(1, id),
  containerStatus: (id: string): Uint8Array => bytesField(1, id),
  /** With the whole OCI configuration. */
  verboseStatus: (id: string): Uint8Array =>
    joined([bytesField(1, id), Uint8Array.from([2 << 3, 1])]),
} as const

const given = (text: string): string | undefined => (text === '' ? undefined : text)

/** Sorted by key, without those that are longer than any label is. */
const labelsOf = (message: Message, number: number): Labels =>
  message
    .pairs(number)
    .filter(([key, value]) => key.length + value.length <= limits.labelCharsMax)
    .slice(0, limits.labelsMax)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))

const podLabelsOf = (
  message: Message,
  number: number,
): Pick<ContainerMetadata, 'podLabels' | 'podLabelsCut'> => {
  const podLabels = labelsOf(message, number)
  return { podLabels, podLabelsCut: podLabels.length < message.pairs(number).length }
}

const timeOf = (message: Message, number: number): bigint | undefined => {
  const value = BigInt.asIntN(64, message.number(number))
  return value > 0n ? value : undefined
}

const whole =
  <Value>(read: (message: Message) => Value): Read<Value> =>
  (bytes) => {
    const message = Message.read(bytes)
    const value = read(message)
    return message.isBroken ? undefined : value
  }

/** Version: the runtime's name and its version. */
export const readVersion: Read<{ readonly runtime: string; readonly version: string }> = whole(
  (message) => ({ runtime: message.text(2), version: message.text(3) }),
)

/** PodSandboxMetadata, which PodSandbox and PodSandboxStatus both hold. */
const podOf = (message: Message): Partial<ContainerMetadata> => {
  const metadata = message.message(2)
  return {
    podName: given(metadata.text(1)),
    podUid: given(metadata.text(2)),
    namespace: given(metadata.text(3)),
  }
}

/** ListPodSandbox. */
export const readSandboxes: Read<readonly CriSandbox[]> = whole((message) =>
  message.messages(1).map((each) => ({
    id: each.text(1),
    facts: { ...podOf(each), ...podLabelsOf(each, 5), sandboxId: given(each.text(1)) },
  })),
)

const namespaceOfNode = 2n

/** PodSandboxStatus: what the list lacks. */
export const readSandboxStatus: Read<CriSandbox> = whole((message) => {
  const status = message.message(1)
  const shared = status.message(6).message(1).message(2)
  return {
    id: status.text(1),
    facts: {
      ...podOf(status),
      ...podLabelsOf(status, 7),
      sandboxId: given(status.text(1)),
      podIp: given(status.message(5).text(1)),
      hostNetwork: shared.number(1) === namespaceOfNode,
      hostPid: shared.number(2) === namespaceOfNode,
      hostIpc: shared.number(3) === namespaceOfNode,
    },
  }
})

/**
 * An image by what the runtimes write in image_ref: `repository@sha256:…` where the image came from
 * a registry, else the image's own id.
 */
const referred = (ref: string): Partial<ContainerMetadata> =>
  ref.includes('@')
    ? { imageDigest: given(ref.slice(ref.indexOf('@') + 1)) }
    : { imageId: given(ref) }

/** ListContainers. */
export const readContainers: Read<readonly CriContainer[]> = whole((message) =>
  message.messages(1).map((each) => {
    const image = each.message(4).text(1)
    return {
      id: each.text(1),
      sandboxId: each.text(2),
      facts: {
        name: given(each.message(3).text(1)),
        // Some runtimes know an image by its id alone, which is no name.
        image: /^(?:sha256:)?[0-9a-f]{64}$/.test(image) ? undefined : given(image),
        ...referred(each.text(5)),
        ...(each.text(10) === '' ? {} : { imageId: each.text(10) }),
        startedNs: timeOf(each, 7),
        labels: labelsOf(each, 8),
        sandboxId: given(each.text(2)),
      },
    }
  }),
)

const propagations = ['private', 'rslave', 'rshared']

const mountOf = (message: Message): ContainerMount => ({
  destination: message.text(1),
  source: message.text(2),
  mode: '',
  writable: message.number(3) === 0n,
  propagation: propagations[Number(message.number(5))] ?? '',
})

/**
 * ContainerStatus: what the list lacks, which of containerd's is the digest of the image; and, of a
 * verbose one, the runtime's own JSON.
 */
export const readContainerStatus: Read<{
  readonly facts: Partial<ContainerMetadata>
  readonly info: string | undefined
}> = whole((message) => {
  const status = message.message(1)
  const started = timeOf(status, 4)
  return {
    facts: {
      ...referred(status.text(9)),
      mounts: status.messages(14).map(mountOf),
      ...(started === undefined ? {} : { startedNs: started }),
    },
    info: message.pairs(2).find(([key]) => key === 'info')?.[1],
  }
})
