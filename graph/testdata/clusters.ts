/** Clusters written as YAML, and edges written as lines, for tests. */
import { parse } from 'yaml'
import type { Edge, Fact } from '../edges.ts'
import { Cluster } from '../cluster.ts'
import { readCveJson } from '../cves/document.ts'
import { CveStore } from '../cves/store.ts'
import { refText } from '../diagnostics.ts'
import { edgesFrom } from '../graph.ts'
import { useImageCves } from '../network/image-cves.ts'
import type { GraphNode, NodeKind } from '../nodes.ts'
import { nodeKinds } from '../nodes.ts'
import type { Kind } from '../objects/kinds.ts'
import { apiNameOf, kinds } from '../objects/kinds.ts'

/** A cluster of a YAML list of objects. The API's group and version may be left out. */
export const clusterOf = (text: string): Cluster => {
  const objects = (parse(text) ?? []) as Record<string, unknown>[]
  const cluster = new Cluster()
  const cves = new CveStore()
  useImageCves(cluster, cves)
  for (const object of objects) {
    const kind = String(object['kind'])
    if (kind === 'VulnerabilityReport') {
      cves.put('report', readCveJson('report', object))
      continue
    }
    const type = Object.hasOwn(kinds, kind) ? apiNameOf(kind as Kind) : { apiVersion: 'v1', kind }
    cluster.put({ ...object, kind: type.kind }, type)
  }
  return cluster
}

const inNamespaces = /^(?:container|endpoint|pod|service-account|secret|configmap|claim)$/
const hubs = /^(?:endpoints|pods|secrets|service-accounts|pod-creation|namespace-admin)$/

const isNodeKind = (kind: string): kind is NodeKind => Object.hasOwn(nodeKinds, kind)

/** A node of its id, `container:shop/web/app`. */
export const nodeOf = (id: string): GraphNode => {
  const [kind = '', rest = ''] = id.split(/:(.*)/s)
  if (!isNodeKind(kind)) throw new Error(`no kind of node: ${kind} in ${id}`)
  const node = { id, kind, namespace: '', name: rest, part: '' }
  if (hubs.test(kind)) return { ...node, namespace: rest, name: '' }
  const [namespace = '', name = '', part = ''] = rest.split('/')
  if (kind === 'network' || kind === 'reachable') {
    return { ...node, namespace, name: rest.slice(namespace.length + 1) }
  }
  if (kind === 'role') return { ...node, namespace, name: `${name}/${part}` }
  if (kind === 'credentials') return { ...node, name: namespace, part: name }
  return inNamespaces.test(kind) ? { ...node, namespace, name, part } : node
}

const factText = ({ text, object, path }: Fact): string =>
  `${text} (${refText(object)}${path === '' ? '' : ` ${path}`})`

const edgeText = ({ kind, to, certainty, reasons }: Edge): string => {
  const doubt = certainty === 'certain' ? '' : ` (${certainty})`
  const facts = reasons().map((reason) => reason.map((fact) => `\n  ${factText(fact)}`).join(''))
  return `${kind.id} → ${to.id}${doubt}${facts.join('\n  or')}`
}

/** The edges that leave a node, as lines; not the one that each container has, to its network. */
export const edgeLines = (cluster: Cluster, from: string): readonly string[] =>
  edgesFrom(cluster, nodeOf(from))
    .filter(({ from: { kind }, kind: { id } }) => id !== 'REACH' || kind !== 'container')
    .map(edgeText)
