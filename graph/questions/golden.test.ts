/**
 * Golden cases of questions, one text file a topic in `cases/`. A case is a title, a cluster, and
 * for each `==> QUESTION` its answer. See `testdata/golden.ts`.
 */
import { join } from 'node:path'
import type { Cluster } from '../cluster.ts'
import { refText } from '../diagnostics.ts'
import type { Fact } from '../edges.ts'
import { clusterOf } from '../testdata/clusters.ts'
import { filesIn, testCases } from '../testdata/golden.ts'
import { blastRadius } from './blast-radius.ts'
import { findFixes } from './fixes.ts'
import type { AttackPath, PathOptions, Paths } from './paths.ts'
import { findPaths } from './paths.ts'
import { isTarget, readStart, readTarget } from './targets.ts'
import { whoCan } from './who-can.ts'

const pathText = ({ hops, steps, certainty }: AttackPath): string => {
  const start = hops[0]?.from.id ?? ''
  const way = hops
    .map(
      ({ ways, to, replicas }) =>
        ` -${ways.map(({ kind }) => kind.id).join('|')}→ ${to.id}` +
        replicas.map((each) => ` & ${each.to.id}`).join(''),
    )
    .join('')
  return `${steps} steps, ${certainty}: ${start}${way}`
}

/** The paths, or what is wrong with the question. */
const pathsOf = (
  cluster: Cluster,
  [from = '', to = '']: readonly string[],
  options: PathOptions,
): Paths | string => {
  const start = readStart(cluster, from)
  const target = readTarget(to)
  if ('message' in start) return `${start.message}: ${start.help}`
  if ('message' in target) return `${target.message}: ${target.help}`
  return findPaths(cluster, [start], isTarget(cluster, target), options)
}

const pathLines = (paths: Paths | string): readonly string[] => {
  if (typeof paths === 'string') return [paths]
  return [...paths.paths.map(pathText), ...(paths.hasMore ? ['and more'] : [])]
}

const fixLines = (cluster: Cluster, paths: Paths | string): readonly string[] => {
  if (typeof paths === 'string') return [paths]
  const { fixes, isSmallest, atLeast, uncut } = findFixes(cluster, paths.paths)
  return [
    ...fixes.map(
      (fix) => `${fix.text}: ${refText(fix.object)} ${fix.path} (cuts ${fix.paths.join(', ')})`,
    ),
    `${isSmallest ? 'smallest' : 'good'}, at least ${atLeast}, uncut ${uncut.join(', ') || 'none'}`,
  ]
}

const blastLines = (cluster: Cluster, from: string): readonly string[] => {
  const start = readStart(cluster, from)
  if ('message' in start) return [`${start.message}: ${start.help}`]
  const { reached, counts } = blastRadius(cluster, start)
  return [
    counts.map(([kind, count]) => `${kind} ${count}`).join(', '),
    ...reached.map(({ node, cost }) => `${cost} ${node.id}`),
  ]
}

const factText = ({ text, object, path }: Fact): string => `  ${text} (${refText(object)} ${path})`

const whoLines = (cluster: Cluster, words: readonly string[]): readonly string[] => {
  const [verb = '', what = '', name = '', namespace = ''] = words
  const [resource = '', subresource = ''] = what.split('/')
  const request = { verb, group: '', resource, subresource, name, namespace }
  return whoCan(cluster, request).flatMap((each) =>
    [refText(each)].concat(each.facts.map(factText)),
  )
}

const answer = (cluster: Cluster, question: string): readonly string[] => {
  const [what = '', ...rest] = question.split(' ')
  switch (what) {
    case 'shortest':
      return pathLines(pathsOf(cluster, rest, { onlyShortest: true }))
    case 'best':
      return pathLines(pathsOf(cluster, rest.slice(1), { pathsMax: Number(rest[0]) }))
    case 'fixes':
      return fixLines(cluster, pathsOf(cluster, rest, { pathsMax: 20 }))
    case 'blast':
      return blastLines(cluster, rest[0] ?? '')
    default:
      return whoLines(cluster, rest)
  }
}

testCases({
  files: filesIn(join(import.meta.dirname, 'cases')),
  answer: (input, questions) => {
    const cluster = clusterOf(input)
    return questions
      .map((question) => [`==> ${question}`, ...answer(cluster, question), ''].join('\n'))
      .join('')
  },
})
