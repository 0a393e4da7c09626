/**
 * The kinds that are read: from which API groups and versions, and by what. A kind is added with a
 * line in `KindMap` and one in `kinds`.
 */
import type { NetworkKindMap } from '../network/kinds.ts'
import { networkKinds } from '../network/kinds.ts'
import type { Guard } from './admission.ts'
import {
  readConstraint,
  readKyvernoPolicy,
  readPolicy,
  readPolicyBinding,
  readWebhooks,
} from './admission.ts'
import type { ClusterNode, Namespace, RuntimeClass, ServiceAccount } from './basics.ts'
import { readClusterNode, readNamespace, readRuntimeClass, readServiceAccount } from './basics.ts'
import type { Named, Reading } from './metadata.ts'
import type { Pod } from './pod.ts'
import { readPod } from './pod.ts'
import type { Binding, Role } from './rbac.ts'
import { readBinding, readClusterRole, readRole } from './rbac.ts'
import type { Json } from './reader.ts'
import type { Claim, Secret, Volume } from './storage.ts'
import { readClaim, readConfigMap, readSecret, readVolume } from './storage.ts'
import type { Workload } from './workload.ts'
import { readCronJob, readWorkload } from './workload.ts'

/** Objects as they are kept, by kind. */
export interface KindMap extends NetworkKindMap {
  readonly ClusterRole: Role
  readonly ClusterRoleBinding: Binding
  readonly ConfigMap: Named
  readonly CronJob: Workload
  readonly DaemonSet: Workload
  readonly Deployment: Workload
  readonly Job: Workload
  readonly K8sPSPCapabilities: Guard
  readonly K8sPSPHostFilesystem: Guard
  readonly K8sPSPHostNamespace: Guard
  readonly K8sPSPPrivilegedContainer: Guard
  readonly KyvernoClusterPolicy: Guard
  readonly KyvernoPolicy: Guard
  readonly Namespace: Namespace
  readonly Node: ClusterNode
  readonly PersistentVolume: Volume
  readonly PersistentVolumeClaim: Claim
  readonly Pod: Pod
  readonly ReplicaSet: Workload
  readonly ReplicationController: Workload
  readonly Role: Role
  readonly RoleBinding: Binding
  readonly RuntimeClass: RuntimeClass
  readonly Secret: Secret
  readonly ServiceAccount: ServiceAccount
  readonly StatefulSet: Workload
  readonly ValidatingAdmissionPolicy: Guard
  readonly ValidatingAdmissionPolicyBinding: Guard
  readonly ValidatingWebhookConfiguration: Guard
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

const rbac = { group: 'rbac.authorization.k8s.io', versions: ['v1', 'v1beta1'] }

const apps = { group: 'apps', versions: ['v1'], isNamespaced: true, read: readWorkload }
const admission = {
  group: 'admissionregistration.k8s.io',
  versions: ['v1', 'v1beta1'],
  isNamespaced: false,
}
const constraint = {
  group: 'constraints.gatekeeper.sh',
  versions: ['v1beta1', 'v1'],
  isNamespaced: false,
  read: readConstraint,
}
const kyverno = { group: 'kyverno.io', versions: ['v1', 'v2beta1'], read: readKyvernoPolicy }
const core = { group: '', versions: ['v1'] }

export const kinds: { readonly [K in Kind]: KindSpec<KindMap[K]> } = {
  ClusterRole: { ...rbac, isNamespaced: false, read: readClusterRole },
  ClusterRoleBinding: { ...rbac, isNamespaced: false, read: readBinding },
  ConfigMap: { ...core, isNamespaced: true, read: readConfigMap },
  CronJob: { group: 'batch', versions: ['v1', 'v1beta1'], isNamespaced: true, read: readCronJob },
  DaemonSet: apps,
  Deployment: apps,
  Job: { group: 'batch', versions: ['v1'], isNamespaced: true, read: readWorkload },
  K8sPSPCapabilities: constraint,
  K8sPSPHostFilesystem: constraint,
  K8sPSPHostNamespace: constraint,
  K8sPSPPrivilegedContainer: constraint,
  KyvernoClusterPolicy: { ...kyverno, apiKind: 'ClusterPolicy', isNamespaced: false },
  KyvernoPolicy: { ...kyverno, apiKind: 'Policy', isNamespaced: true },
  Namespace: { ...core, isNamespaced: false, read: readNamespace },
  Node: { ...core, isNamespaced: false, read: readClusterNode },
  PersistentVolume: { ...core, isNamespaced: false, read: readVolume },
  PersistentVolumeClaim: { ...core, isNamespaced: true, read: readClaim },
  Pod: { ...core, isNamespaced: true, read: readPod },
  ReplicaSet: apps,
  ReplicationController: { ...core, isNamespaced: true, read: readWorkload },
  Role: { ...rbac, isNamespaced: true, read: readRole },
  RoleBinding: { ...rbac, isNamespaced: true, read: readBinding },
  RuntimeClass: {
    group: 'node.k8s.io',
    versions: ['v1', 'v1beta1'],
    isNamespaced: false,
    read: readRuntimeClass,
  },
  Secret: { ...core, isNamespaced: true, read: readSecret },
  ServiceAccount: { ...core, isNamespaced: true, read: readServiceAccount },
  StatefulSet: apps,
  ValidatingAdmissionPolicy: { ...admission, read: readPolicy },
  ValidatingAdmissionPolicyBinding: { ...admission, read: readPolicyBinding },
  ValidatingWebhookConfiguration: { ...admission, read: readWebhooks },
  ...networkKinds,
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

/** Every kind that is read, as the API calls it, with its versions from the newest on. */
export const readTypes: readonly {
  readonly group: string
  readonly versions: readonly string[]
  readonly kind: string
  readonly isNamespaced: boolean
}[] = (Object.keys(kinds) as Kind[]).map((kind) => {
  const { group, versions, apiKind, isNamespaced } = kinds[kind]
  return { group, versions, kind: apiKind ?? kind, isNamespaced }
})
