/**
 * The pods of one node and all namespaces, as the API server tells them. What changed is told on,
 * and what only seems to have changed is not: a pod is written each time that its status is.
 */
import type { ApiAccess, FollowOptions, Following, MakeLineKeeper } from '@bulwark/kubernetes'
import { ApiClient, follow } from '@bulwark/kubernetes'
import { LineKeeper } from '@bulwark/native'
import { limits } from '../limits.ts'
import type { NamespaceFacts, PodChanges, PodFacts } from '../container/pod.ts'
import { noChanges } from '../container/pod.ts'
import { containerStates, readNamespace, readPod, readPodAgain } from './objects.ts'

export interface PodSourceOptions extends FollowOptions {
  readonly access: ApiAccess
  /** Name of the Node whose pods are watched; of all nodes when not said. */
  readonly node: string | undefined
  readonly tell: (changes: PodChanges) => void
}

/** How old what the API server told is, milliseconds; `undefined`: nothing was told yet. */
export interface ApiAge {
  readonly podsMs: number | undefined
  readonly namespacesMs: number | undefined
}

const keeper: MakeLineKeeper = (table) => new LineKeeper(table)

export class PodSource {
  readonly #client: ApiClient
  readonly #pods: Following
  readonly #namespaces: Following

  constructor(options: PodSourceOptions) {
    const { access, node, tell } = options
    this.#client = new ApiClient(access)
    this.#pods = follow<PodFacts>(
      this.#client,
      {
        what: node === undefined ? 'pods' : `pods on ${node}`,
        kind: 'Pod',
        apiVersion: 'v1',
        resource: 'pods',
        path: '/api/v1/pods',
        query: node === undefined ? {} : { fieldSelector: `spec.nodeName=${node}` },
        valuesMax: limits.podsMax,
        read: readPod,
        repeats: containerStates,
        readAgain: readPodAgain,
        keeper,
        keyOf: ({ uid }) => uid,
        tell: (pods, podsGone) => tell({ ...noChanges, pods, podsGone }),
      },
      options,
    )
    this.#namespaces = follow<NamespaceFacts>(
      this.#client,
      {
        what: 'namespaces',
        kind: 'Namespace',
        apiVersion: 'v1',
        resource: 'namespaces',
        path: '/api/v1/namespaces',
        query: {},
        valuesMax: limits.namespacesMax,
        read: readNamespace,
        repeats: [],
        keeper,
        keyOf: ({ name }) => name,
        tell: (namespaces, namespacesGone) => tell({ ...noChanges, namespaces, namespacesGone }),
      },
      options,
    )
  }

  /** Resolves when pods and namespaces were listed for the first time. Never rejects. */
  async untilListed(): Promise<void> {
    await Promise.all([this.#pods.listed, this.#namespaces.listed])
  }

  get age(): ApiAge {
    return { podsMs: this.#pods.ageMs, namespacesMs: this.#namespaces.ageMs }
  }

  /** Ends all requests. What was told stays with whom it was told. */
  stop(): void {
    this.#pods.stop()
    this.#namespaces.stop()
    this.#client.close()
  }
}
