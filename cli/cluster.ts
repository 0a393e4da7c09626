/** What a command asks of a cluster once: its policies, the containers of a node, and rights. */
import {
  PodContainers,
  policiesPath,
  readDump,
  readNamespace,
  readPod,
  readPolicyText,
} from '@bulwark/agent'
import { AccessError, ApiAsker, ApiFault } from '@bulwark/kubernetes'
import { policyApiVersion, policyGroup, policyPlural } from '@bulwark/schema'
import { accessOf } from './kubernetes.ts'
import type { RuleText } from './load-rules.ts'

/** Where a command looks. */
export interface ClusterChoice {
  readonly kubeconfig?: string
  readonly node?: string
  readonly podsFrom?: string
}

/** What there is. */
export interface ClusterView {
  readonly policies: readonly RuleText[]
  readonly containers: PodContainers
  /** Whose containers they are, in words. */
  readonly of: string
}

const ignore = (): void => {}
const absent = 404

/** Policies of a cluster; none where it does not know them. */
const policiesIn = async (asker: ApiAsker): Promise<readonly RuleText[]> => {
  try {
    const objects = await asker.list(policiesPath)
    return objects.flatMap((object) => readPolicyText(object, ignore) ?? [])
  } catch (error) {
    if (error instanceof ApiFault && error.status === absent) return []
    throw error
  }
}

const podsPathOf = (node: string | undefined): string =>
  node === undefined
    ? '/api/v1/pods'
    : `/api/v1/pods?${new URLSearchParams({ fieldSelector: `spec.nodeName=${node}` }).toString()}`

const viewOfServer = async (asker: ApiAsker, node: string | undefined): Promise<ClusterView> => {
  const [policies, pods, namespaces] = await Promise.all([
    policiesIn(asker),
    asker.list(podsPathOf(node)),
    asker.list('/api/v1/namespaces'),
  ])
  const containers = new PodContainers({
    pods: pods.flatMap((object) => readPod(object, ignore) ?? []),
    namespaces: namespaces.flatMap((object) => readNamespace(object, ignore) ?? []),
  })
  return { policies, containers, of: node ?? 'the cluster' }
}

/**
 * Looks once. Returns `undefined` where nothing says where.
 *
 * @throws AccessError  there is no way to ask, or no file to read
 * @throws ApiFault     the API server does not say
 */
export const clusterView = async (choice: ClusterChoice): Promise<ClusterView | undefined> => {
  const { kubeconfig, node, podsFrom } = choice
  if (podsFrom !== undefined) {
    if (kubeconfig !== undefined) throw new AccessError('give --kubeconfig or --pods-from')
    const { changes } = await readDump(podsFrom, { node, passOthers: true })
    const containers = new PodContainers(changes)
    return { policies: [], containers, of: node ?? podsFrom }
  }
  if (kubeconfig === undefined) return undefined
  const asker = new ApiAsker(accessOf(kubeconfig))
  try {
    return await viewOfServer(asker, node)
  } finally {
    asker.close()
  }
}

// --- Rights -------------------------------------------------------------------------------------

/** A right that an agent needs, and what is lost without it. */
export interface Right {
  readonly verb: string
  /** As a role names it. */
  readonly resource: string
  /** `undefined`: the server does not say. */
  readonly isGiven: boolean | undefined
  readonly without: string
}

/** What an API server is to an agent. */
export interface ServerFacts {
  readonly place: string
  readonly version: string
  readonly knowsPolicies: boolean
  readonly rights: readonly Right[]
}

const needed = [
  ['', 'pods', 'pods are known from the runtime alone: late, and without workload and account'],
  [
    '',
    'namespaces',
    'labels of namespaces are not known: scopes that ask for them hold everywhere',
  ],
  [policyGroup, policyPlural, 'policies of the cluster are not in force'],
] as const

const rightOf = async (
  asker: ApiAsker,
  verb: string,
  [group, resource, without]: (typeof needed)[number],
): Promise<Right> => {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { verb, group, resource } },
  }
  const body = { method: 'POST', type: 'application/json', text: JSON.stringify(review) } as const
  const named = group === '' ? resource : `${resource}.${group}`
  try {
    const answer = await asker.ask('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body)
    const status = answer['status'] as { readonly allowed?: unknown } | undefined
    return { verb, resource: named, isGiven: status?.allowed === true, without }
  } catch (error) {
    if (!(error instanceof ApiFault)) throw error
    return { verb, resource: named, isGiven: undefined, without }
  }
}

/**
 * Asks an API server what it is, and what whoever asks may do.
 *
 * @throws AccessError  there is no way to ask
 * @throws ApiFault     it does not answer
 */
export const serverFacts = async (kubeconfig: string): Promise<ServerFacts> => {
  const asker = new ApiAsker(accessOf(kubeconfig))
  try {
    const { gitVersion } = await asker.ask('/version')
    const version = typeof gitVersion === 'string' ? gitVersion : 'of no version'
    const pairs = needed.flatMap((each) => ['list', 'watch'].map((verb) => [verb, each] as const))
    const rights = await Promise.all(pairs.map(([verb, each]) => rightOf(asker, verb, each)))
    const group = await asker.ask(`/apis/${policyApiVersion}`).catch(ignore)
    return { place: asker.place, version, knowsPolicies: group !== undefined, rights }
  } finally {
    asker.close()
  }
}
