/**
 * Where a policy holds. A scope asks for several things, all of which must hold; what it does not
 * ask for does not matter. Pure: the same container gives the same answer, and where something that
 * matters is not known of it, the answer is that.
 */
import type { Answer, PodSubject, Selector } from '@bulwark/schema'
import { allAnswers, anyAnswer, byteString, selects } from '@bulwark/schema'
import { globMatcher } from '../glob.ts'
import { imageMatcher, readImage } from './image.ts'

/** Pods of a kind of workload, and of a name. At least one of the two. */
export interface WorkloadPattern {
  readonly kind: string | undefined
  readonly name: string | undefined
}

/** Images of a name, and of a digest. At least one of the two. */
export interface ImagePattern {
  readonly name: string | undefined
  readonly digest: string | undefined
}

/** What is asked for, as it was written; `undefined`: it does not matter. Lists: any of them. */
export interface ScopeParts {
  readonly namespaceSelector: Selector | undefined
  readonly podSelector: Selector | undefined
  readonly workloads: readonly WorkloadPattern[] | undefined
  readonly serviceAccounts: readonly string[] | undefined
  readonly images: readonly ImagePattern[] | undefined
  readonly containers: readonly string[] | undefined
}

/** A scope that asks for something. */
export interface Scope extends ScopeParts {
  /** The same for scopes that ask for the same. */
  readonly key: string
}

/** What a process runs in. */
export type Surroundings =
  | { readonly is: 'host' }
  | {
      readonly is: 'container'
      readonly subject: PodSubject
      /** `false`: it is known to be in no pod. */
      readonly isInPod: boolean
    }

const sorted = (texts: readonly string[]): readonly string[] => [...new Set(texts)].toSorted()

/** A scope in its shortest form; `undefined` when it asks for nothing. */
export const makeScope = (parts: ScopeParts): Scope | undefined => {
  const unordered = (some: readonly object[] | undefined): readonly string[] | undefined =>
    some && sorted(some.map((each) => JSON.stringify(each)))
  if (Object.values(parts).every((part) => part === undefined)) return undefined
  const key = JSON.stringify([
    unordered(parts.namespaceSelector),
    unordered(parts.podSelector),
    unordered(parts.workloads),
    parts.serviceAccounts && sorted(parts.serviceAccounts),
    unordered(parts.images),
    parts.containers && sorted(parts.containers),
  ])
  return { ...parts, key }
}

type Asks = (subject: PodSubject) => Answer

const globAsks = (
  globs: readonly string[],
  read: (subject: PodSubject) => string | undefined,
): Asks => {
  const matchers = globs.map((glob) => globMatcher(byteString(glob)))
  return (subject) => {
    const value = read(subject)
    if (value === undefined) return undefined
    const bytes = byteString(value)
    return matchers.some((matches) => matches(bytes))
  }
}

const workloadAsks = ({ kind, name }: WorkloadPattern): Asks => {
  const parts = [
    kind === undefined ? [] : [globAsks([kind], ({ workload }) => workload?.kind)],
    name === undefined ? [] : [globAsks([name], ({ workload }) => workload?.name)],
  ].flat()
  return (subject) => allAnswers(parts.map((asks) => asks(subject)))
}

const imageAsks = ({ name, digest }: ImagePattern): Asks => {
  const matches = name === undefined ? undefined : imageMatcher(name)
  return ({ image, imageDigest }) => {
    const reference = image === undefined ? undefined : readImage(image)
    const nameAnswer = matches ? reference && matches(reference) : true
    const known = imageDigest ?? reference?.digest
    const digestAnswer =
      digest === undefined || (known === undefined ? undefined : known === digest)
    return allAnswers([nameAnswer, digestAnswer])
  }
}

/** The label that an API server gives each namespace: its name. */
const nameLabel = 'kubernetes.io/metadata.name'

const namespaceAsks =
  (selector: Selector): Asks =>
  ({ namespace, namespaceLabels, namespaceLabelsCut = false }) => {
    if (namespaceLabels) {
      return selects(selector, { labels: namespaceLabels, isWhole: !namespaceLabelsCut })
    }
    const labels = namespace === undefined ? [] : ([[nameLabel, namespace]] as const)
    return selects(selector, { labels, isWhole: false })
  }

const podAsks =
  (selector: Selector): Asks =>
  ({ podLabels, podLabelsCut = false }) =>
    selects(selector, {
      labels: podLabels ?? [],
      isWhole: podLabels !== undefined && !podLabelsCut,
    })

const someAsk = (all: readonly Asks[]): Asks => {
  return (subject) => anyAnswer(all.map((asks) => asks(subject)))
}

/**
 * Whether what runs there is in a scope. Of a scope that asks for something of a pod, neither the
 * host nor a container without a pod is; of one that asks for something of a container, the host is
 * not. `undefined`: something that matters is not known.
 */
export const scopeOf = (scope: Scope): ((surroundings: Surroundings) => Answer) => {
  const { namespaceSelector, podSelector, workloads, serviceAccounts } = scope
  const ofPod: Asks[] = []
  const ofContainer: Asks[] = []
  if (namespaceSelector) ofPod.push(namespaceAsks(namespaceSelector))
  if (podSelector) ofPod.push(podAsks(podSelector))
  if (workloads) ofPod.push(someAsk(workloads.map(workloadAsks)))
  if (serviceAccounts) ofPod.push(globAsks(serviceAccounts, (each) => each.serviceAccount))
  if (scope.images) ofContainer.push(someAsk(scope.images.map(imageAsks)))
  if (scope.containers) ofContainer.push(globAsks(scope.containers, (each) => each.container))
  return (surroundings) => {
    if (surroundings.is === 'host') return false
    const { subject, isInPod } = surroundings
    if (ofPod.length > 0 && !isInPod) return false
    return allAnswers([...ofContainer, ...ofPod].map((asks) => asks(subject)))
  }
}
