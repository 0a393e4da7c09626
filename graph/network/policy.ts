/**
 * What is kept of network policies of every kind, and the ends that they are judged on. Selectors
 * are those of `@bulwark/schema`; the rules of evaluation are in `verdict.ts`.
 */
import type { IpAddress, KnownLabels, Labels, Network, Selector } from '@bulwark/schema'
import type { Named } from '../objects/metadata.ts'
import type { PortSet, Protocol } from './ports.ts'

export type Direction = 'ingress' | 'egress'

/** Addresses in `cidr` and in none of `except`. */
export interface IpBlock {
  readonly cidr: Network
  readonly except: readonly Network[]
  /** As it was written: equal for equal blocks. */
  readonly text: string
}

/** Whom a rule is about. */
export type Peer =
  /** `namespaces` undefined: the policy's own. Both must select. */
  | { readonly is: 'pods'; readonly namespaces: Selector | undefined; readonly pods: Selector }
  | { readonly is: 'block'; readonly block: IpBlock }
  /** Nodes, names of domains, what could not be read: whether it is a given end is not known. */
  | { readonly is: 'unknown' }

/** Ports by number, or by the name that a container of the destination gives one. */
export type PolicyPorts =
  | { readonly is: 'numbers'; readonly set: PortSet }
  /** `protocol` undefined: any. */
  | { readonly is: 'name'; readonly name: string; readonly protocol: Protocol | undefined }

export type Action = 'allow' | 'deny' | 'pass'

export interface PolicyRule {
  /** `undefined`: anybody. */
  readonly peers: readonly Peer[] | undefined
  /** `undefined`: every port. */
  readonly ports: readonly PolicyPorts[] | undefined
  readonly action: Action
  /** `spec.ingress[0]` */
  readonly path: string
}

/** Rules of a direction that a NetworkPolicy does not isolate are `undefined`. */
export interface NetworkPolicy extends Named {
  readonly pods: Selector
  readonly ingress: readonly PolicyRule[] | undefined
  readonly egress: readonly PolicyRule[] | undefined
}

/** An AdminNetworkPolicy, or the BaselineAdminNetworkPolicy, which has priority 0. */
export interface AdminPolicy extends Named {
  /** 0 to 1000; the lowest is asked first. */
  readonly priority: number
  readonly namespaces: Selector
  readonly pods: Selector
  readonly ingress: readonly PolicyRule[]
  readonly egress: readonly PolicyRule[]
}

/**
 * A policy of an engine whose rules are not judged. What it may hold for is told as not known: the
 * pods of its namespace, or of all when it has none.
 */
export type ForeignPolicy = Named

/** A port of a container that has a name. */
export interface NamedPort {
  readonly name: string
  readonly protocol: Protocol
  readonly port: number
}

/** A pod, or pods that no policy tells apart, as policies see them. */
export interface PodEnd {
  readonly is: 'pod'
  readonly namespace: string
  readonly namespaceLabels: KnownLabels
  readonly labels: Labels
  readonly isHostNetwork: boolean
  readonly namedPorts: readonly NamedPort[]
  /** Whether an address of it lies in a block. */
  readonly isIn: (block: IpBlock) => boolean
}

/** An address outside the cluster. */
export interface AddressEnd {
  readonly is: 'address'
  readonly address: IpAddress
}

export type End = PodEnd | AddressEnd
