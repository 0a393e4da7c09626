/**
 * What a pod is one of. The pod names the controller that made it; whose that one is in turn
 * stands in an object that the agent does not watch, and is derived where Kubernetes has a rule:
 *
 * - a Deployment names a ReplicaSet `NAME-HASH`, and writes HASH into its pods' label
 *   `pod-template-hash`;
 * - a CronJob names a Job `NAME-MINUTE`, after the minute since 1970 when it was due.
 *
 * Whoever makes a ReplicaSet or a Job by hand can imitate that, in its own namespace. Pure.
 */
import type { Json, Workload } from '@bulwark/schema'
import { asObject } from '@bulwark/schema'
import { limits } from '../limits.ts'
import type { PodFacts } from '../container/pod.ts'

const hashLabel = 'pod-template-hash'
const minuteName = /^(.+)-(\d{8})$/
const minuteMs = 60_000
/** A pod may be made so long after its CronJob was due, or started again. */
const lateMinutesMax = 7 * 24 * 60

const controllerOf = (metadata: Json): Json | undefined => {
  const owners: unknown = metadata['ownerReferences']
  return Array.isArray(owners)
    ? owners.map(asObject).find((owner) => owner?.['controller'] === true)
    : undefined
}

const name = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= limits.podNameCharsMax
    ? value
    : undefined

/** The CronJob after which a Job was named. */
const cronJobOf = (job: string, made: unknown): string | undefined => {
  const [, cronJob, minute] = minuteName.exec(job) ?? []
  const late = Date.parse(String(made)) / minuteMs - Number(minute)
  return late >= 0 && late <= lateMinutesMax ? cronJob : undefined
}

/**
 * The workload of a pod.
 *
 * @param metadata  of the pod
 * @returns `undefined` where a controller made it whose kind and name are none; and where the label
 *   was cut that tells of a Deployment
 */
export const workloadOf = (
  metadata: Json,
  podName: string,
  { labels, labelsCut = false }: Pick<PodFacts, 'labels' | 'labelsCut'>,
): Workload | undefined => {
  const controller = controllerOf(metadata)
  // A static pod is owned by its node: nothing made it but a file there.
  if (!controller || controller['kind'] === 'Node') return { kind: 'Pod', name: podName }
  const kind = name(controller['kind'])
  const owner = name(controller['name'])
  if (kind === undefined || owner === undefined) return undefined
  if (kind === 'ReplicaSet') {
    const hash = labels.find(([key]) => key === hashLabel)?.[1]
    if (hash === undefined && labelsCut) return undefined
    if (hash !== undefined && hash !== '' && owner.endsWith(`-${hash}`)) {
      const deployment = owner.slice(0, -hash.length - 1)
      if (deployment !== '') return { kind: 'Deployment', name: deployment }
    }
  }
  const cronJob = kind === 'Job' && cronJobOf(owner, metadata['creationTimestamp'])
  return cronJob ? { kind: 'CronJob', name: cronJob } : { kind, name: owner }
}
