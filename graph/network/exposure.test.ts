/**
 * How far pods are reached from, as golden cases: `cases/exposure.txt`, `cases/routes.txt`. A case is a
 * title, objects in YAML, and for each `==> NAMESPACE/POD` its levels and ways in. See
 * `testdata/golden.ts`.
 */
import { join } from 'node:path'
import type { Cluster } from '../cluster.ts'
import { refText } from '../diagnostics.ts'
import type { Fact } from '../edges.ts'
import { clusterOf } from '../testdata/clusters.ts'
import { testCases } from '../testdata/golden.ts'
import { exposureOf } from './exposure.ts'
import { exposureLevels } from './front.ts'
import { portsText } from './ports.ts'

const factLine = ({ text, object, path }: Fact): string =>
  `    ${text} (${refText(object)}${path === '' ? '' : ` ${path}`})`

const exposureLines = (cluster: Cluster, name: string): readonly string[] => {
  const [namespace = '', podName = ''] = name.split('/')
  const pod = cluster.objects.get('Pod', namespace, podName)
  if (!pod) return [`no pod ${name}`]
  const { level, possible, ways } = exposureOf(cluster, pod)
  const more = possible > level ? `; possible: ${possible}, ${exposureLevels[possible]}` : ''
  return [
    `${level}, ${exposureLevels[level]}${more}`,
    ...ways.map(({ level: at, certainty, ports, reason }) =>
      [`  ${at} ${certainty}: ${portsText(ports)}`].concat(reason.map(factLine)).join('\n'),
    ),
  ]
}

const answer = (input: string, heads: readonly string[]): string => {
  const cluster = clusterOf(input)
  const faults = cluster.diagnostics
    .faults()
    .map(({ object, path, message }) => `${refText(object)}: ${path} ${message}`)
  const told = faults.length > 0 ? ['==> faults', ...faults] : []
  const pods = heads.filter((head) => head !== 'faults')
  const lines = pods.flatMap((name) => [`==> ${name}`].concat(exposureLines(cluster, name)))
  return [...lines, ...told, ''].join('\n')
}

testCases({
  files: ['exposure.txt', 'routes.txt'].map((name) => join(import.meta.dirname, 'cases', name)),
  answer,
})
