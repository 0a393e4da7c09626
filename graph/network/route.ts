/**
 * Routes from a proxy at the edge to services: Ingress, those of the Gateway API, and those that
 * proxies have of their own, in one shape.
 */
import type { Labels, Selector } from '@bulwark/schema'
import type { Named } from '../objects/metadata.ts'

/** Something in a route's object that says a thing of it. */
export interface Mark {
  readonly text: string
  readonly path: string
}

/** A service that a route leads to. */
export interface Backend {
  readonly namespace: string
  readonly service: string
  /** By number or name; `undefined`: any. */
  readonly port: number | string | undefined
  readonly path: string
}

/** What serves a route. */
export type Via =
  /** A class of ingress controllers; empty: the default one. */
  | { readonly is: 'class'; readonly name: string; readonly path: string }
  | { readonly is: 'gateways'; readonly gateways: readonly GatewayRef[] }
  /** Proxies of a product, which have no class. */
  | { readonly is: 'controller'; readonly controller: string }

export interface GatewayRef {
  readonly kind: 'Gateway' | 'IstioGateway'
  readonly namespace: string
  readonly name: string
  /** One of its listeners; empty: any. */
  readonly listener: string
  /** What the gateway's controller says; `undefined`: nothing. */
  readonly isAccepted: boolean | undefined
  readonly path: string
}

export interface Route extends Named {
  readonly via: Via
  readonly backends: readonly Backend[]
  /** Who asks for it must first prove something, or come from some addresses. */
  readonly guards: readonly Mark[]
  /** It may be guarded so; what says it is not read. */
  readonly maybeGuards: readonly Mark[]
  /** It is served inside, whatever serves it. */
  readonly inside: Mark | undefined
  /** Addresses and names at which it is served, as its status tells. */
  readonly addresses: readonly string[]
  /** It counts only where another route takes it in. */
  readonly isPart: boolean
}

export interface IngressClass extends Named {
  readonly controller: string
  readonly isDefault: boolean
}

export interface Listener {
  readonly name: string
  /** Of which namespaces it takes routes. */
  readonly from: 'All' | 'Same' | Selector
  /** Clients must show a certificate. */
  readonly guard: Mark | undefined
}

/** A Gateway of the Gateway API. */
export interface Gateway extends Named {
  readonly className: string
  readonly addresses: readonly string[]
  readonly listeners: readonly Listener[]
}

/** A Gateway of Istio: proxies by their labels. */
export interface IstioGateway extends Named {
  readonly selector: Labels
  readonly guard: Mark | undefined
}

/** Lets routes of some namespaces lead to services of its own. */
export interface ReferenceGrant extends Named {
  readonly from: readonly { readonly kind: string; readonly namespace: string }[]
  /** Names of services; empty: all. */
  readonly to: readonly string[]
}
