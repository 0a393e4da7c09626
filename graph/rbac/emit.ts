/** From a right to the nodes that it is about: one by one where it names them, else by a hub. */
import type { Cluster } from '../cluster.ts'
import type { Certainty, EdgeKind, Emit, Fact } from '../edges.ts'
import type { GraphNode, NodeKind } from '../nodes.ts'
import { hubNode, podNode, secretNode, serviceAccountNode } from '../nodes.ts'
import {
  accountsByName,
  accountsByNamespace,
  podsByName,
  podsByNamespace,
  secretsByName,
  secretsByNamespace,
} from '../objects/indices.ts'
import type { Kind } from '../objects/kinds.ts'
import type { Index } from '../objects/table.ts'
import { everywhere } from './grants.ts'
import type { Holding, Power, RightName } from './rights.ts'
import { held, powerOf } from './rights.ts'

/** What holds rights. */
export const principals: readonly NodeKind[] = ['service-account', 'user', 'group', 'role']

/** What rights of one sort of object are about: a hub for all, a node for each. */
interface Targets {
  readonly hub: NodeKind
  readonly byName: Index<Kind>
  readonly byNamespace: Index<Kind>
  readonly node: (namespace: string, name: string) => GraphNode
}

const targetsOf = <K extends Kind>(
  hub: NodeKind,
  byName: Index<K>,
  byNamespace: Index<K>,
  node: (namespace: string, name: string) => GraphNode,
): Targets => ({
  hub,
  byName: byName as unknown as Index<Kind>,
  byNamespace: byNamespace as unknown as Index<Kind>,
  node,
})

export const podTargets = targetsOf('pods', podsByName, podsByNamespace, podNode)
export const secretTargets = targetsOf('secrets', secretsByName, secretsByNamespace, secretNode)
export const accountTargets = targetsOf(
  'service-accounts',
  accountsByName,
  accountsByNamespace,
  serviceAccountNode,
)

/** Emits what a holding is about. */
export const emitHolding = (
  { objects }: Cluster,
  targets: Targets,
  { scope, names, facts }: Holding,
  emit: Emit,
  certainty: Certainty = 'certain',
  more: readonly Fact[] = [],
): void => {
  const reason = (): readonly Fact[] => [...facts(), ...more]
  if (names === undefined) {
    emit(hubNode(targets.hub, scope), certainty, reason)
    return
  }
  for (const name of names) {
    for (const object of objects.find(targets.byName, name)) {
      if (scope !== everywhere && object.namespace !== scope) continue
      emit(targets.node(object.namespace, object.name), certainty, reason)
    }
  }
}

/** What a kind of edge by rights alone says. */
export interface RightEdge extends Pick<
  EdgeKind,
  'id' | 'title' | 'preconditions' | 'observable' | 'attack'
> {
  readonly to: readonly NodeKind[]
}

/**
 * A kind of edge that leaves principals. Most principals hold nothing, and are done with at
 * once.
 */
export const rightEdge = (
  edge: RightEdge,
  derive: (power: Power, emit: Emit, cluster: Cluster, from: GraphNode) => void,
): EdgeKind => ({
  ...edge,
  from: principals,
  cost: 1,
  derive: (cluster, from, emit) => {
    const power = powerOf(cluster, from)
    if (power.holdings.size > 0 && !power.isAll) derive(power, emit, cluster, from)
  },
})

/** A kind of edge by one right, about one sort of object. */
export const simpleEdge = (edge: RightEdge, right: RightName, targets: Targets): EdgeKind =>
  rightEdge(edge, (power, emit, cluster) => {
    for (const holding of held(power, right)) emitHolding(cluster, targets, holding, emit)
  })

/** Whether two scopes have a namespace in common, and which: `*`, or one; empty: none. */
export const commonScope = (a: string, b: string): string => {
  if (a === everywhere) return b
  return b === everywhere || a === b ? a : ''
}

/** Pairs of holdings of two rights that hold in one place, with that place. */
export const together = (
  power: Power,
  first: RightName,
  second: RightName,
): readonly { readonly a: Holding; readonly b: Holding; readonly scope: string }[] =>
  held(power, first).flatMap((a) =>
    held(power, second).flatMap((b) => {
      const scope = commonScope(a.scope, b.scope)
      return scope === '' ? [] : [{ a, b, scope }]
    }),
  )

/** The facts of several holdings, each once. */
export const factsOf =
  (...holdings: readonly Holding[]): (() => readonly Fact[]) =>
  () => [
    ...new Map(
      holdings.flatMap(({ facts }) => facts()).map((fact) => [JSON.stringify(fact), fact]),
    ).values(),
  ]
