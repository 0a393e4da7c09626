/** What is known of the vulnerabilities of images, for edges that rest on it. */
import type { Cluster, StateSpec } from '../cluster.ts'
import { digestsIn } from '../cves/identifiers.ts'
import type { CveStore, Finding, ImageCves } from '../cves/store.ts'
import { isOpen } from '../cves/weight.ts'
import type { Pod } from '../objects/pod.ts'
import type { Container } from '../objects/podspec.ts'

const known: StateSpec<{ store: CveStore | undefined }> = {
  create: () => ({ store: undefined }),
}

/** Has edges rest on a store of reports, which may change from then on. */
export const useImageCves = (cluster: Cluster, store: CveStore): void => {
  cluster.state(known).store = store
}

const imageOf = (cluster: Cluster, pod: Pod, container: Container): ImageCves | undefined => {
  const told = pod.images.find((each) => each.container === container.name)
  return cluster.state(known).store?.image(digestsIn([told?.id, container.image]))
}

/** Whether any report is about a container's image. Without one nothing is known of it. */
export const hasReport = (cluster: Cluster, pod: Pod, container: Container): boolean =>
  imageOf(cluster, pod, container) !== undefined

/** Of a container's image, what somebody who only reaches it can use, the worst first. */
export const openCves = (cluster: Cluster, pod: Pod, container: Container): readonly Finding[] => {
  const image = imageOf(cluster, pod, container)
  const worst = (finding: Finding): number =>
    (finding.kev ? 100 : 0) + (finding.epss ?? 0) + (finding.score ?? 0)
  return (image?.findings ?? [])
    .filter((finding) => isOpen(finding) && takesOver(finding))
    .toSorted((a, b) => worst(b) - worst(a) || (a.id < b.id ? -1 : 1))
}

/** Whether it may be a take-over: what only reads, or stops a program, is none. */
const takesOver = ({ severity, vector }: Finding): boolean =>
  vector?.mayChange === true && (severity === 'critical' || severity === 'high')
