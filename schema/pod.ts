/**
 * Pods, as rules and scopes ask for them. Kubernetes' own objects are read into these shapes where
 * they enter, and go no further.
 */

/** Keys and values, sorted by key. Not an object: the names in it are a stranger's. */
export type Labels = readonly (readonly [string, string])[]

/** What a pod is one of: the Deployment, not its ReplicaSet; the CronJob, not its Job. */
export interface Workload {
  /** `Deployment`, `StatefulSet`, `DaemonSet`, `Job`, …; `Pod` for one that nothing made. */
  readonly kind: string
  readonly name: string
}

/** A container in its pod. What is `undefined` is not known, or not yet. */
export interface PodSubject {
  readonly namespace: string | undefined
  readonly namespaceLabels: Labels | undefined
  /** It has labels beside these, which nobody kept. */
  readonly namespaceLabelsCut?: boolean | undefined
  readonly podName: string | undefined
  readonly podUid: string | undefined
  readonly podLabels: Labels | undefined
  readonly podLabelsCut?: boolean | undefined
  readonly workload: Workload | undefined
  readonly serviceAccount: string | undefined
  /** Name of the container in its pod. */
  readonly container: string | undefined
  /** Image as the container runtime names it, or else the pod. */
  readonly image: string | undefined
  /** `sha256:` and 64 digits. */
  readonly imageDigest: string | undefined
}
