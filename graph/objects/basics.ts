/** Namespaces, nodes, service accounts and runtime classes, as far as the graph asks. */
import type { Labels } from '@bulwark/schema'
import type { Named, Reading } from './metadata.ts'
import { readAnnotations } from './metadata.ts'
import type { Json } from './reader.ts'

export type Namespace = Named

export const readNamespace = (_json: Json, { names }: Reading): Namespace => names

/** A machine of the cluster, as it tells of itself. Empty texts: it has not told. */
export interface ClusterNode extends Named {
  readonly kernel: string
  readonly osImage: string
  readonly kubelet: string
  /** `containerd://2.1.3` */
  readonly runtime: string
  /** `aws:///eu-west-1a/i-0abc`: which cloud, and which machine of it. */
  readonly provider: string
  readonly addresses: readonly { readonly type: string; readonly address: string }[]
}

export const readClusterNode = (json: Json, { reader, sharing, names }: Reading): ClusterNode => {
  const status = reader.map(json, 'status', '')
  const info = reader.map(status, 'nodeInfo', 'status')
  const told = (key: string): string =>
    sharing.text(reader.text(info, key, 'status.nodeInfo') ?? '')
  return {
    ...names,
    kernel: told('kernelVersion'),
    osImage: told('osImage'),
    kubelet: told('kubeletVersion'),
    runtime: told('containerRuntimeVersion'),
    provider: reader.text(reader.map(json, 'spec', ''), 'providerID', 'spec') ?? '',
    addresses: reader.maps(status, 'addresses', 'status', (item, at) => {
      const type = reader.name(item, 'type', at)
      const address = reader.name(item, 'address', at)
      return type === undefined || address === undefined ? undefined : { type, address }
    }),
  }
}

export interface ServiceAccount extends Named {
  /** Whether its pods get a token; `undefined`: they do. */
  readonly automount: boolean | undefined
  /** Names of secrets that its pods pull images with. */
  readonly imagePullSecrets: readonly string[]
  /** Those that give it a role of a cloud. */
  readonly annotations: Labels
}

/** Annotations of service accounts that stand for a role of a cloud. */
export const cloudAnnotations: ReadonlySet<string> = new Set([
  'eks.amazonaws.com/role-arn',
  'iam.gke.io/gcp-service-account',
  'azure.workload.identity/client-id',
])

export const readServiceAccount = (json: Json, reading: Reading): ServiceAccount => {
  const { reader, names } = reading
  return {
    ...names,
    automount: reader.flag(json, 'automountServiceAccountToken', ''),
    imagePullSecrets: reader.maps(json, 'imagePullSecrets', '', (item, at) =>
      reader.name(item, 'name', at),
    ),
    annotations: readAnnotations(json, reading, cloudAnnotations),
  }
}

export interface RuntimeClass extends Named {
  /** The runtime's own name for it: `runsc`, `kata-qemu`. */
  readonly handler: string
}

export const readRuntimeClass = (json: Json, { reader, names }: Reading): RuntimeClass => ({
  ...names,
  handler: reader.name(json, 'handler', '') ?? '',
})
