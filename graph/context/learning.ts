/**
 * Whether it is still learned what is usual in a container: all pods that run its image, known by
 * its digest, were made in the last hour. Pods that are gone are not remembered.
 */
import type { Cluster } from '../cluster.ts'
import { digestsIn } from '../cves/identifiers.ts'
import { limits } from '../limits.ts'
import type { Pod } from '../objects/pod.ts'
import type { Index } from '../objects/table.ts'

const podsByDigest: Index<'Pod'> = {
  kind: 'Pod',
  keys: ({ images }) => [...new Set(images.flatMap(({ id }) => digestsIn([id])))],
}

/** What is not known is not new. */
const isNew = ({ createdMs }: Pod, timeMs: number): boolean => {
  if (createdMs === undefined) return false
  const ageMs = timeMs - createdMs
  return ageMs >= 0 && ageMs <= limits.learningMs
}

/** @param timeMs  of the alert, milliseconds since 1970 */
export const isLearning = (
  { objects }: Cluster,
  pod: Pod,
  container: string | undefined,
  timeMs: number,
): boolean => {
  const run = pod.images.find((each) => each.container === container)?.id
  const digests = digestsIn([run])
  if (digests.length === 0 || !isNew(pod, timeMs)) return false
  return digests.every((digest) =>
    [...objects.find(podsByDigest, digest)].every((each) => isNew(each, timeMs)),
  )
}
