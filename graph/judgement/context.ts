/**
 * What a judgement asks of a pod and of an alert. The graph fills it from its objects; what is
 * `undefined` is not known, which is told and counts for nothing.
 */
import type { AlertAct, ContextPartId, KnownLabels } from '@bulwark/schema'
import type { Finding } from '../cves/store.ts'
import type { PackageUse } from '../cves/usage.ts'
import type { CveWeight } from '../cves/weight.ts'
import type { ObjectRef } from '../diagnostics.ts'
import type { Certainty, Fact } from '../edges.ts'
import type { Priority } from './severity.ts'

/**
 * How far away somebody may be who reaches the pod: 0 nobody, 1 the pod network, 2 a Service inside
 * the cluster, 3 the nodes' network, 4 a private load balancer, 5 the internet behind a login,
 * 6 the internet.
 */
export type ExposureLevel = 0 | 1 | 2 | 3 | 4 | 5 | 6

export interface Exposure {
  readonly level: ExposureLevel
  /** `observed`: a connection from there was seen. */
  readonly certainty: Certainty | 'observed'
  readonly facts: readonly Fact[]
}

/** What the pod's identity leads to, the worst that there is. */
export interface IdentityPower {
  readonly serviceAccount: ObjectRef | undefined
  /** A token of it that the API server takes is in the pod. */
  readonly hasToken: boolean
  /** `secrets`: it reads those of some namespace. */
  readonly reaches: 'cluster-admin' | 'secrets' | 'other' | 'nothing'
  /** Steps of an attacker to it, from 1. */
  readonly steps: number
  readonly certainty: Certainty
  readonly facts: readonly Fact[]
}

/** A way from a container to its node. */
export interface EscapeWay {
  /** The kind of its edge: `ESC_PRIV`. */
  readonly edge: string
  readonly title: string
  readonly container: string
  readonly certainty: Certainty
  readonly facts: readonly Fact[]
}

/** A vulnerability of a container's image, and how its package is in use. */
export interface WeighedFinding {
  readonly finding: Finding
  readonly use: PackageUse
  readonly weight: CveWeight
}

/** What reports say of a container's image. */
export interface ContainerCves {
  readonly container: string
  /** `undefined`: no report is about the image. */
  readonly scannedMs: number | undefined
  readonly isReported: boolean
  readonly endOfLife: boolean
  readonly findings: readonly WeighedFinding[]
  /** Those that a statement takes away. */
  readonly removed: readonly WeighedFinding[]
}

/** What holds a pod in. */
export interface Posture {
  /** What the pod itself keeps to, of the Pod Security Standards. */
  readonly level: 'privileged' | 'baseline' | 'restricted'
  /** Every container has a profile of seccomp. */
  readonly hasSeccomp: boolean
  /** Such as gvisor or kata; `undefined`: the node's own kernel. */
  readonly sandbox: string | undefined
  readonly facts: readonly Fact[]
}

/** One step of an attack path. */
export interface PathStep {
  readonly edge: string
  readonly from: string
  readonly to: string
  readonly title: string
  /** An alert shows that it was walked. */
  readonly isWalked?: boolean
}

/** An attack path that goes through the pod. */
export interface PathThrough {
  readonly from: string
  readonly to: string
  readonly certainty: Certainty
  readonly steps: readonly PathStep[]
}

export interface PodContext {
  readonly pod: ObjectRef
  /** Of its namespace. */
  readonly namespaceLabels: KnownLabels | undefined
  readonly podLabels: KnownLabels | undefined
  readonly exposure: Exposure | undefined
  readonly identity: IdentityPower | undefined
  readonly escapes: readonly EscapeWay[] | undefined
  readonly cves: readonly ContainerCves[] | undefined
  readonly posture: Posture | undefined
  /** Secrets that are mounted or in the environment. */
  readonly secrets: readonly Fact[] | undefined
  /** Pods on the same node that matter more than others. */
  readonly neighbours: readonly Fact[] | undefined
  /** The worst path through the pod. */
  readonly path: PathThrough | undefined
  /** What was not looked at, because there was too much of it; in words. */
  readonly notLookedAt: readonly string[]
}

/** Parts of a context that may not be known. */
export const contextParts: Readonly<Record<ContextPart, string>> = {
  exposure: 'how far away somebody may be who reaches the pod',
  identity: "what the pod's service account may do",
  escapes: 'whether there is a way from the pod to its node',
  cves: 'which vulnerabilities its images have',
  posture: 'what holds the pod in',
  secrets: 'which secrets the pod has',
  neighbours: 'which pods run on the same node',
  namespaceLabels: 'the labels of its namespace',
}
export type ContextPart = ContextPartId

/** A context of which nothing is known: of a process on the host, or before the cluster is read. */
export const unknownContext = (pod: ObjectRef): PodContext => ({
  pod,
  namespaceLabels: undefined,
  podLabels: undefined,
  exposure: undefined,
  identity: undefined,
  escapes: undefined,
  cves: undefined,
  posture: undefined,
  secrets: undefined,
  neighbours: undefined,
  path: undefined,
  notLookedAt: [],
})

/** What is lost with a node: what its root controls, asks for and reads. */
export interface NodeLoss {
  readonly node: string
  /** `shop/web-1`, in the order of their names, as far as the bound goes; all are counted. */
  readonly pods: readonly string[]
  readonly serviceAccounts: readonly string[]
  readonly secrets: readonly string[]
  readonly counts: {
    readonly pods: number
    readonly serviceAccounts: number
    readonly secrets: number
  }
}

/** An edge that an alert shows to have been walked. */
export interface WalkedEdge {
  readonly edge: string
  readonly title: string
  readonly from: string
  readonly to: string
  /** By the objects; `unknown`: they know no such edge, and the kernel has let it be done. */
  readonly certainty: Certainty
  /** `false`: the same is done without the edge, too. */
  readonly isSure: boolean
  readonly facts: readonly Fact[]
  /** The worst way on from its end. */
  readonly beyond: readonly PathStep[]
  /** Of a sure one that leads to a node. */
  readonly lost: NodeLoss | undefined
}

/** How far pods are open by which a pod was reached. */
export interface InheritedExposure {
  readonly level: ExposureLevel
  readonly certainty: Exposure['certainty']
  /** The pod that is so open. */
  readonly from: ObjectRef
  /** Connections, from the pod on; at least one. */
  readonly steps: number
  readonly facts: readonly Fact[]
}

/** What a judgement asks of an alert. */
export interface AlertFacts {
  readonly rule: string
  /** The RuntimePolicy that the rule runs under; `undefined`: none. */
  readonly policy: string | undefined
  readonly priority: Priority
  readonly tags: readonly string[]
  /** Name of the container in its pod; `undefined`: any of them. */
  readonly container: string | undefined
  /** Milliseconds since 1970. */
  readonly timeMs: number
  /**
   * `failed`: the kernel has refused it. `tried`: something was done that leads to what the rule
   * is about; whether that was done, another event tells.
   */
  readonly outcome: 'done' | 'failed' | 'tried' | 'unknown'
  /** What was done, where that is known. */
  readonly act: AlertAct | undefined
  /** Edges of the graph that it shows to have been walked. */
  readonly walked: readonly WalkedEdge[]
  /** The rule tells what is unusual, and not what is bad. */
  readonly isAnomaly: boolean
  /** It is still being learned what is usual here. */
  readonly isLearning: boolean
  /** Other alerts on the same path, of the same pod or of one that leads to it. */
  readonly related: readonly Fact[]
  /** What pods have by which its pod was reached. */
  readonly inherited: InheritedExposure | undefined
  /** What says that the node is taken over. */
  readonly nodeTaken: readonly Fact[]
  /** The entry of the audit log by which somebody was allowed to do it. */
  readonly authorised: readonly Fact[]
}

/** What is known of every alert, and of some. */
export type KnownOfAlert = Pick<AlertFacts, 'rule' | 'priority' | 'tags' | 'container' | 'timeMs'> &
  Partial<AlertFacts>

/** An alert with nothing beside what is known of it. */
export const plainAlert = (alert: KnownOfAlert): AlertFacts => ({
  policy: undefined,
  outcome: 'unknown',
  act: undefined,
  walked: [],
  isAnomaly: false,
  isLearning: false,
  related: [],
  inherited: undefined,
  nodeTaken: [],
  authorised: [],
  ...alert,
})
