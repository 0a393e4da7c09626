/** How many containers policies select, of pods that are known: for commands, not for an agent. */
import type { Scope } from '@bulwark/policy'
import { scopeOf } from '@bulwark/policy'
import type { PodSubject } from '@bulwark/schema'
import type { NamespaceFacts, PodChanges, PodFacts } from '../container/pod.ts'

/** What a scope selects of some containers. */
export interface Selection {
  readonly selected: number
  /** Of so many it is not known: something that the scope asks for is not. */
  readonly unknown: number
}

const subjectsOf = (
  pod: PodFacts,
  namespaces: ReadonlyMap<string, NamespaceFacts>,
): readonly PodSubject[] => {
  const namespace = namespaces.get(pod.namespace)
  const ofPod = {
    namespace: pod.namespace,
    namespaceLabels: namespace?.labels,
    namespaceLabelsCut: namespace?.labelsCut,
    podName: pod.name,
    podUid: pod.uid,
    podLabels: pod.labels,
    podLabelsCut: pod.labelsCut,
    workload: pod.workload,
    serviceAccount: pod.serviceAccount,
  }
  return pod.containers.map(({ name, image, imageDigest }) =>
    Object.assign({ container: name, image, imageDigest }, ofPod),
  )
}

/** The containers of some pods, as scopes ask for them. */
export class PodContainers {
  readonly #subjects: readonly PodSubject[]

  constructor({ pods, namespaces }: Pick<PodChanges, 'pods' | 'namespaces'>) {
    const byName = new Map(namespaces.map((each) => [each.name, each]))
    this.#subjects = pods.flatMap((pod) => subjectsOf(pod, byName))
  }

  get count(): number {
    return this.#subjects.length
  }

  /** @param scope  `undefined`: everywhere */
  selectedBy(scope: Scope | undefined): Selection {
    if (!scope) return { selected: this.count, unknown: 0 }
    const ask = scopeOf(scope)
    const answers = this.#subjects.map((subject) =>
      ask({ is: 'container', subject, isInPod: true }),
    )
    return {
      selected: answers.filter((answer) => answer === true).length,
      unknown: answers.filter((answer) => answer === undefined).length,
    }
  }
}
