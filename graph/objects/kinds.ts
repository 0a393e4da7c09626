/**
 * The kinds that are read: from which API groups and versions, and by what. A kind is added with a
 * line in `KindMap` and one in `kinds`.
 */
import type { AdminPolicy, ForeignPolicy, NetworkPolicy } from '../network/policy.ts'
import { readAdminPolicy, readForeignPolicy, readNetworkPolicy } from '../network/read-policies.ts'
import type { ClusterNode, Namespace, RuntimeClass, ServiceAccount } from './basics.ts'
import { readClusterNode, readNamespace, readRuntimeClass, readServiceAccount } from './basics.ts'
import type { Named, Reading } from './metadata.ts'
import type { Pod } from './pod.ts'
import { readPod } from './pod.ts'
import type { Json } from './reader.ts'

/** Objects as they are kept, by kind. */
export interface KindMap {
  readonly AdminNetworkPolicy: AdminPolicy
  readonly AuthorizationPolicy: ForeignPolicy
  readonly BaselineAdminNetworkPolicy: AdminPolicy
  readonly CalicoGlobalNetworkPolicy: ForeignPolicy
  readonly CalicoNetworkPolicy: ForeignPolicy
  readonly CiliumClusterwideNetworkPolicy: ForeignPolicy
  readonly CiliumNetworkPolicy: ForeignPolicy
  readonly ClusterNetworkPolicy: ForeignPolicy
  readonly Namespace: Namespace
  readonly NetworkPolicy: NetworkPolicy
  readonly Node: ClusterNode
  readonly Pod: Pod
  readonly RuntimeClass: RuntimeClass
  readonly ServiceAccount: ServiceAccount
}

export type Kind = keyof KindMap

export interface KindSpec<Value extends Named> {
  /** API group; empty for the core. */
  readonly group: string
  /** The kind's name in the API, where two groups have one name and it is another one here. */
  readonly apiKind?: string
  /** Versions of the group that have this form. */
  readonly versions: readonly string[]
  readonly isNamespaced: boolean
  /** Reads what lies beyond the names; `undefined`: nothing can be made of it, and that is told. */
  readonly read: (json: Json, reading: Reading) => Value | undefined
}

const adminPolicies = {
  group: 'policy.networking.k8s.io',
  versions: ['v1alpha1'],
  isNamespaced: false,
  read: readAdminPolicy,
}

/** A kind of policy that is known of, and not judged. */
const foreign = (
  group: string,
  versions: readonly string[],
  isNamespaced: boolean,
  apiKind: string,
): KindSpec<ForeignPolicy> => ({
  group,
  versions,
  isNamespaced,
  apiKind,
  read: readForeignPolicy,
})

export const kinds: { readonly [K in Kind]: KindSpec<KindMap[K]> } = {
  AdminNetworkPolicy: adminPolicies,
  AuthorizationPolicy: foreign('security.istio.io', ['v1', 'v1beta1'], true, 'AuthorizationPolicy'),
  BaselineAdminNetworkPolicy: adminPolicies,
  CalicoGlobalNetworkPolicy: foreign('crd.projectcalico.org', ['v1'], false, 'GlobalNetworkPolicy'),
  CalicoNetworkPolicy: foreign('crd.projectcalico.org', ['v1'], true, 'NetworkPolicy'),
  CiliumClusterwideNetworkPolicy: foreign(
    'cilium.io',
    ['v2'],
    false,
    'CiliumClusterwideNetworkPolicy',
  ),
  CiliumNetworkPolicy: foreign('cilium.io', ['v2'], true, 'CiliumNetworkPolicy'),
  ClusterNetworkPolicy: foreign(
    'policy.networking.k8s.io',
    ['v1alpha2'],
    false,
    'ClusterNetworkPolicy',
  ),
  Namespace: { group: '', versions: ['v1'], isNamespaced: false, read: readNamespace },
  NetworkPolicy: {
    group: 'networking.k8s.io',
    versions: ['v1'],
    isNamespaced: true,
    read: readNetworkPolicy,
  },
  Node: { group: '', versions: ['v1'], isNamespaced: false, read: readClusterNode },
  Pod: { group: '', versions: ['v1'], isNamespaced: true, read: readPod },
  RuntimeClass: {
    group: 'node.k8s.io',
    versions: ['v1', 'v1beta1'],
    isNamespaced: false,
    read: readRuntimeClass,
  },
  ServiceAccount: { group: '', versions: ['v1'], isNamespaced: true, read: readServiceAccount },
}

const byApiName = new Map(
  (Object.keys(kinds) as Kind[]).map((kind) => {
    const { group, apiKind } = kinds[kind]
    return [`${group}/${apiKind ?? kind}`, kind] as const
  }),
)

/** The kind of an API group's kind and version; `undefined`: nothing reads it. */
export const kindOf = (apiVersion: string, apiKind: string): Kind | undefined => {
  const slash = apiVersion.indexOf('/')
  const group = slash === -1 ? '' : apiVersion.slice(0, slash)
  const kind = byApiName.get(`${group}/${apiKind}`)
  return kind && kinds[kind].versions.includes(apiVersion.slice(slash + 1)) ? kind : undefined
}

/** How the API calls a kind, in its newest version that is read. */
export const apiNameOf = (kind: Kind): { readonly apiVersion: string; readonly kind: string } => {
  const { group, versions, apiKind } = kinds[kind]
  const version = versions[0] ?? ''
  return { apiVersion: group === '' ? version : `${group}/${version}`, kind: apiKind ?? kind }
}
