/** Where a question begins and ends, as people write it; and what they may have meant. */
import type { Cluster, GraphNode } from '@bulwark/graph'
import { isTarget, readStart, readTarget } from '@bulwark/graph'
import type { Labels, Selector } from '@bulwark/schema'
import { closest, selects } from '@bulwark/schema'
import { readSelector } from './selector.ts'

/** What is wrong with it, and what to write in its place. */
export interface BadEnd {
  readonly message: string
  readonly help: string
}

export const isBadEnd = (end: object): end is BadEnd => 'help' in end

/** Other words for the same; kubectl's among them. */
const words: Readonly<Record<string, string>> = {
  po: 'pod',
  pods: 'pod',
  sa: 'service-account',
  serviceaccount: 'service-account',
  serviceaccounts: 'service-account',
  users: 'user',
  groups: 'group',
  no: 'node',
  nodes: 'node',
  secret: 'secrets',
}

const startWords = [
  'internet',
  'pod',
  'service-account',
  'user',
  'group',
  'rolebinding',
  'clusterrolebinding',
]
const targetWords = ['cluster-admin', 'node', 'secrets', 'crown-jewels']

/** `pod/shop/web`, `po:shop/web` → `pod:shop/web`. */
const normal = (text: string): string => {
  const [, first = '', sign, rest = ''] = /^([a-z-]+)(?:([:/])(.*))?$/s.exec(text) ?? []
  if (first === '') return text
  const word = words[first] ?? first
  return sign === undefined ? word : `${word}:${rest}`
}

/** Names of a kind, as they are written behind its word. */
const namesOf = ({ objects }: Cluster, word: string): readonly string[] => {
  const names = (all: Iterable<{ readonly namespace: string; readonly name: string }>): string[] =>
    [...all].map(({ namespace, name }) => (namespace === '' ? name : `${namespace}/${name}`))
  switch (word) {
    case 'pod':
      return names(objects.all('Pod'))
    case 'service-account':
      return names(objects.all('ServiceAccount'))
    case 'rolebinding':
      return names(objects.all('RoleBinding'))
    case 'clusterrolebinding':
      return names(objects.all('ClusterRoleBinding'))
    case 'node':
      return names(objects.all('Node'))
    case 'secrets':
      return names(objects.all('Namespace'))
    default:
      return []
  }
}

/** A pod is known by its workload's name, too, and a name by a part of it. */
const meant = (names: readonly string[], rest: string): string | undefined =>
  names.toSorted().find((name) => name.startsWith(`${rest}-`)) ??
  closest(rest, names) ??
  names.toSorted().find((name) => name.split('/')[1] === rest.split('/').at(-1))

const suggest = (cluster: Cluster, text: string, all: readonly string[], end: BadEnd): BadEnd => {
  const [word = '', rest = ''] = text.split(/:(.*)/s)
  const other = all.includes(word) ? word : closest(word, all)
  if (other === undefined) return end
  if (rest === '') return other === word ? end : { ...end, help: `did you mean \`${other}\`?` }
  const name = meant(namesOf(cluster, other), rest) ?? (other === word ? undefined : rest)
  return name === undefined ? end : { ...end, help: `did you mean \`${other}:${name}\`?` }
}

/** The node that a question begins with. */
export const startOf = (cluster: Cluster, text: string): GraphNode | BadEnd => {
  const wanted = normal(text)
  const start = readStart(cluster, wanted)
  return 'message' in start ? suggest(cluster, wanted, startWords, start) : start
}

/** What is to be said of a start that is taken as it is. */
export const remarkOn = ({ objects }: Cluster, { kind, name }: GraphNode): string | undefined => {
  if (kind !== 'user' && kind !== 'group') return undefined
  const isMeant = (subject: { readonly kind: string; readonly name: string }): boolean =>
    subject.name === name && subject.kind.toLowerCase() === kind
  const bindings = [...objects.all('ClusterRoleBinding'), ...objects.all('RoleBinding')]
  if (bindings.some(({ subjects }) => subjects.some(isMeant))) return undefined
  return `no binding names ${kind} ${name}: it has what the groups have that follow from its name`
}

export interface TargetChoice {
  /** As it was asked for. */
  readonly text: string
  readonly is: (node: GraphNode) => boolean
}

/** Pods and secrets that a selector selects by their labels, or by those of their namespace. */
const jewels =
  ({ objects }: Cluster, selector: Selector) =>
  ({ kind, namespace, name }: GraphNode): boolean => {
    if (kind !== 'pod' && kind !== 'secret') return false
    const isSelected = (of: { readonly labels: Labels } | undefined): boolean =>
      of !== undefined && selects(selector, { labels: of.labels, isWhole: true }) === true
    const own = kind === 'pod' ? 'Pod' : 'Secret'
    return (
      isSelected(objects.get(own, namespace, name)) ||
      isSelected(objects.get('Namespace', '', namespace))
    )
  }

/** @param labels  a selector for crown jewels in place of their label */
export const targetOf = (
  cluster: Cluster,
  text: string,
  labels: string | undefined,
): TargetChoice | BadEnd => {
  const wanted = normal(text)
  const target = readTarget(wanted)
  if ('message' in target) return suggest(cluster, wanted, targetWords, target)
  if (target.is === 'node' && target.name !== undefined) {
    if (!cluster.objects.get('Node', '', target.name)) {
      const bad = { message: `no node \`${target.name}\``, help: 'write `node` for any' }
      return suggest(cluster, wanted, targetWords, bad)
    }
  }
  if (target.is === 'secrets' && !cluster.objects.get('Namespace', '', target.namespace)) {
    const bad = {
      message: `no namespace \`${target.namespace}\``,
      help: 'write its name as the cluster has it',
    }
    return suggest(cluster, wanted, targetWords, bad)
  }
  if (labels === undefined) return { text: wanted, is: isTarget(cluster, target) }
  if (target.is !== 'crown-jewels') {
    return { message: '`--crown-jewels` says nothing here', help: 'give `--to crown-jewels`' }
  }
  const selector = readSelector(labels)
  if (selector) return { text: `${wanted} (${labels})`, is: jewels(cluster, selector) }
  return {
    message: `\`${labels}\` is no selector`,
    help: 'write `tier=database`, as for kubectl -l',
  }
}
