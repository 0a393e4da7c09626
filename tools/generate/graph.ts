/** Writes the reference page of the graph from its catalogue. */
import type { EdgeKind } from '@bulwark/graph'
import { catalogue, gaps, nodeKinds, shownBy } from '@bulwark/graph'

const notice = '<!-- Generated from graph/ by tools/generate.ts. Do not edit. -->'

const introduction = `# The graph

From the objects of a cluster Bulwark derives who could take what over: nodes of the graph are
things that an attacker may control, edges are ways from one to the next. Nothing is guessed in
silence: an edge states the facts that it rests on, each with its object and the path in it, and is

- **certain**: the objects say so;
- **possible**: it needs something more, which is said;
- **unknown**: something that decides it is not in objects.

Where many lead to many there is a *hub* between, such as all pods of a namespace. Edges from a hub
to its members, from a pod to its containers and from a principal to its groups are no steps of an
attacker; all others count as one.

RBAC is decided as the API server does: stars, subresources, names of resources, groups of service
accounts and nodes, RoleBindings to ClusterRoles and to service accounts of other namespaces.
Contents of secrets are never read. What is wrong with an object is told with its path, and kinds
and versions that nothing reads are counted. [How it is asked](questions.md).
`

const cell = (text: string): string => text.replaceAll('|', '\\|')

const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |\n`

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  row(heads) + row(heads.map(() => '---')) + rows.map(row).join('')

const codes = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ')

/** What is seen of it, and which alerts show it. */
const seenOf = ({ id, observable }: EdgeKind): string => {
  const alerts = shownBy(id)
  const seen = observable ?? '–'
  return alerts.length === 0 ? seen : `${seen}; shown by ${alerts.join('; ')}`
}

const edgeRow = (edge: EdgeKind): readonly string[] => [
  `\`${edge.id}\``,
  `${edge.from.join(', ')} → ${edge.to.join(', ')}`,
  `**${edge.title}**: ${edge.preconditions.join('; ')}`,
  seenOf(edge),
  edge.attack.join(', ') || '–',
]

/** The page. */
export function writeGraphPage(): string {
  const kinds = Object.entries(nodeKinds).map(([kind, what]) => [codes([kind]), what])
  const edges = [...catalogue].map(edgeRow)
  return [
    `${notice}\n\n${introduction}`,
    `\n## Nodes\n\n${table(['node', 'stands for'], kinds)}`,
    `\n## Edges\n\n`,
    table(['edge', 'from → to', 'when', 'seen when it is walked', 'ATT&CK'], edges),
    '\n## What is not covered\n\n',
    table(
      ['what', 'why, and what is done instead'],
      gaps.map(({ what, why }) => [what, why]),
    ),
  ].join('')
}
