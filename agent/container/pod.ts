/** What the agent knows of a pod and of its namespace. Read by `kubernetes/`, plain data. */
import type { Labels, Workload } from '@bulwark/schema'

/** What a container is in its pod; a sidecar is an init container that is kept running. */
export type ContainerRole = 'app' | 'init' | 'sidecar' | 'ephemeral'

/** A container as its pod has it. */
export interface PodContainer {
  readonly name: string
  readonly role: ContainerRole
  /** As the pod names it. */
  readonly image: string | undefined
  /** `sha256:` and 64 digits: of the image's configuration, and of its manifest. */
  readonly imageId: string | undefined
  readonly imageDigest: string | undefined
  /** Ids that the runtime gave it: now, and before it was last started again. */
  readonly ids: readonly string[]
}

/** A pod, as far as rules can ask for it. */
export interface PodFacts {
  readonly uid: string
  /**
   * Of a static pod: the uid that the kubelet gave it, and named its cgroups after. The pod of
   * the API server is its mirror, with a uid of its own.
   */
  readonly staticUid: string | undefined
  readonly name: string
  readonly namespace: string
  readonly labels: Labels
  /** It has labels beside these: see `limits`. */
  readonly labelsCut?: boolean
  /** `undefined`: its owner has a name that is none. */
  readonly workload: Workload | undefined
  readonly serviceAccount: string | undefined
  /** First address; `undefined` in the network of the host. */
  readonly ip: string | undefined
  readonly hostNetwork: boolean
  readonly hostPid: boolean
  readonly hostIpc: boolean
  readonly containers: readonly PodContainer[]
}

/** A namespace. */
export interface NamespaceFacts {
  readonly name: string
  readonly uid: string
  readonly labels: Labels
  readonly labelsCut?: boolean
}

/** What changed of pods and namespaces, together. */
export interface PodChanges {
  /** New, or different from before. */
  readonly pods: readonly PodFacts[]
  /** Uids of those that are gone. */
  readonly podsGone: readonly string[]
  readonly namespaces: readonly NamespaceFacts[]
  /** Names of those that are gone. */
  readonly namespacesGone: readonly string[]
}

/** Nothing changed. */
export const noChanges: PodChanges = {
  pods: [],
  podsGone: [],
  namespaces: [],
  namespacesGone: [],
}
