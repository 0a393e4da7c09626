/** What is known of the vulnerabilities of images, for edges that rest on it. */
import type { Cluster, StateSpec } from '../cluster.ts'
import { digestsIn } from '../cves/identifiers.ts'
import type { CveStore, Finding, ImageCves } from '../cves/store.ts'
import { isOpen } from '../cves/weight.ts'
import type { Pod } from '../objects/pod.ts'
import type { Container, PodSpec } from '../objects/podspec.ts'

const known: StateSpec<{ store: CveStore | undefined }> = {
  create: () => ({ store: undefined }),
}

/** Grows when what is known of some image changes. */
export const imagesVersion = (cluster: Cluster): number => cluster.state(known).store?.version ?? 0

/** Has edges rest on a store of reports, which may change from then on. */
export const useImageCves = (cluster: Cluster, store: CveStore): void => {
  cluster.state(known).store = store
}

/** Digests of what a status tells of a container, which pods of a workload share. */
const digests = new WeakMap<Container, { told: object | undefined; of: readonly string[] }>()

/** By what a container's image is known: what it runs, and what its spec asks for. */
export const digestsOf = (pod: Pod, container: Container): readonly string[] => {
  const told = pod.images.find((each) => each.container === container.name)
  let kept = digests.get(container)
  if (!kept || kept.told !== told) {
    kept = { told, of: digestsIn([told?.id, container.image]) }
    digests.set(container, kept)
  }
  return kept.of
}

const imageOf = (cluster: Cluster, pod: Pod, container: Container): ImageCves | undefined =>
  cluster.state(known).store?.image(digestsOf(pod, container))

/** Whether any report is about a container's image. Without one nothing is known of it. */
export const hasReport = (cluster: Cluster, pod: Pod, container: Container): boolean =>
  imageOf(cluster, pod, container) !== undefined

/** Of an image that is as it is, in the order of `openCves`. */
const openOf = new WeakMap<ImageCves, readonly Finding[]>()

/** Of a container's image, what somebody who only reaches it can use, the worst first. */
export const openCves = (cluster: Cluster, pod: Pod, container: Container): readonly Finding[] => {
  const image = imageOf(cluster, pod, container)
  if (!image) return []
  let open = openOf.get(image)
  if (!open) {
    const worst = (finding: Finding): number =>
      (finding.kev ? 100 : 0) + (finding.epss ?? 0) + (finding.score ?? 0)
    open = image.findings
      .filter((finding) => isOpen(finding) && takesOver(finding))
      .toSorted((a, b) => worst(b) - worst(a) || (a.id < b.id ? -1 : 1))
    openOf.set(image, open)
  }
  return open
}

/** Joins reports with images, which the first question would have to do. */
export const prepareImages = (cluster: Cluster): void => {
  const done = new Set<PodSpec>()
  for (const pod of cluster.objects.all('Pod')) {
    if (done.has(pod.spec)) continue
    done.add(pod.spec)
    for (const container of pod.spec.containers) openCves(cluster, pod, container)
  }
}

/** Whether it may be a take-over: what only reads, or stops a program, is none. */
const takesOver = ({ severity, vector }: Finding): boolean =>
  vector?.mayChange === true && (severity === 'critical' || severity === 'high')
