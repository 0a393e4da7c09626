/**
 * Golden cases of alerts that belong together, one text file a topic in `cases/`: a title, a
 * cluster and its alerts in the order in which they come; then what is told of each.
 */
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { clusterOf } from '../testdata/clusters.ts'
import { filesIn, testCases } from '../testdata/golden.ts'
import type { ShortAlert } from './testdata/alerts.ts'
import { tell } from './testdata/alerts.ts'

interface Case {
  readonly cluster: unknown
  readonly alerts: readonly ShortAlert[]
}

testCases({
  files: filesIn(join(import.meta.dirname, 'cases')),
  answer: (input) => {
    const { cluster, alerts } = parse(input) as Case
    const { lines } = tell(clusterOf(stringify(cluster)), alerts)
    return ['==> told', ...lines, '', ''].join('\n')
  },
})
