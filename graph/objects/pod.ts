/** Pods: the spec that a workload's pods share, and what each has of its own. */
import type { Named, Reading } from './metadata.ts'
import type { PodSpec } from './podspec.ts'
import { readPodSpec } from './podspec.ts'
import type { Json } from './reader.ts'

export interface Pod extends Named {
  readonly spec: PodSpec
  /** Empty: it is not scheduled yet. */
  readonly nodeName: string
  /** It has ended, or never ran and never will: nothing runs in it. */
  readonly isOver: boolean
  /** A static pod's mirror: the kubelet runs it from a file. */
  readonly isMirror: boolean
  /** When it was made, milliseconds since 1970. */
  readonly createdMs: number | undefined
  readonly addresses: readonly string[]
  /** Of each container that has started, what it runs: `repository@sha256:…`. */
  readonly images: readonly { readonly container: string; readonly id: string }[]
}

const mirrorAnnotation = 'kubernetes.io/config.mirror'
const profilePrefix = 'container.apparmor.security.beta.kubernetes.io/'

/** A profile's name in an annotation, as the type in the field that came after it. */
const profileType = (value: string): string => {
  if (value === 'unconfined') return 'Unconfined'
  return value === 'runtime/default' ? 'RuntimeDefault' : 'Localhost'
}

/** The AppArmor profile that annotations give to a container. */
export const annotatedProfiles = (
  annotations: Json | undefined,
): ((container: string) => string | undefined) => {
  return (container) => {
    const value = annotations?.[`${profilePrefix}${container}`]
    return typeof value === 'string' ? profileType(value) : undefined
  }
}

const statusLists = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses']

const readImages = (status: Json | undefined, { reader, sharing }: Reading): Pod['images'] =>
  statusLists.flatMap((key) =>
    reader.maps(status, key, 'status', (item, at) => {
      const container = reader.name(item, 'name', at)
      const id = reader.text(item, 'imageID', at)
      if (container === undefined || id === undefined || id === '') return undefined
      return sharing.part({ container, id })
    }),
  )

const createdOf = (text: string | undefined): number | undefined => {
  const ms = Date.parse(text ?? '')
  return Number.isNaN(ms) ? undefined : ms
}

export const readPod = (json: Json, reading: Reading): Pod | undefined => {
  const { reader, sharing, names } = reading
  const spec = reader.map(json, 'spec', '')
  if (!spec) {
    reader.fault('spec', 'is missing: the pod is left out')
    return undefined
  }
  const metadata = reader.map(json, 'metadata', '')
  const annotations = reader.map(metadata, 'annotations', 'metadata')
  const status = reader.map(json, 'status', '')
  const phase = reader.text(status, 'phase', 'status')
  const addresses = reader.maps(status, 'podIPs', 'status', (item, at) =>
    reader.name(item, 'ip', at),
  )
  return {
    ...names,
    spec: readPodSpec(spec, 'spec', reading, annotatedProfiles(annotations)),
    nodeName: sharing.text(reader.name(spec, 'nodeName', 'spec') ?? ''),
    isOver: phase === 'Succeeded' || phase === 'Failed',
    isMirror: annotations?.[mirrorAnnotation] !== undefined,
    createdMs: createdOf(reader.text(metadata, 'creationTimestamp', 'metadata')),
    addresses,
    images: readImages(status, reading),
  }
}
