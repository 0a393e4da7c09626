/**
 * Golden cases of contexts, one text file a topic in `cases/`. A case is a title, a cluster as a list
 * of objects in YAML (`apiVersion` may be left out), and for each `==> pod NAMESPACE/NAME` the
 * factors of the pod. Reports of Trivy Operator in the list are read as reports.
 * See `testdata/golden.ts`.
 */
import { join } from 'node:path'
import { parse } from 'yaml'
import { readCveJson } from '../cves/document.ts'
import { CveStore } from '../cves/store.ts'
import { UsedFiles } from '../cves/usage.ts'
import { factorsOf, unknownsOf } from '../judgement/judge.ts'
import { defaultSettings } from '../judgement/settings.ts'
import { factorLines, pathText, unknownLines } from '../judgement/words.ts'
import { clusterOf } from '../testdata/clusters.ts'
import { filesIn, questionsOf, testCases } from '../testdata/golden.ts'
import { podContextOf } from './contexts.ts'

const answer = (input: string, heads: readonly string[]): string => {
  const cluster = clusterOf(input)
  const reports = ((parse(input) ?? []) as Record<string, unknown>[]).filter(
    ({ kind }) => kind === 'VulnerabilityReport',
  )
  const cves = new CveStore()
  const apiVersion = 'aquasecurity.github.io/v1alpha1'
  for (const [at, report] of reports.entries()) {
    cves.put(`${at}`, readCveJson('reports', { apiVersion, ...report }))
  }
  const hasReports = reports.length > 0
  const sources = { cluster, cves, used: new UsedFiles(), hasReports }
  const told = questionsOf(heads, 'pod ').flatMap((pod) => {
    const [namespace = '', name = ''] = pod.split('/')
    const asked = { namespace, name, container: undefined, executables: [] }
    const context = podContextOf(sources, asked)
    const factors = factorsOf({ alert: undefined, context, settings: defaultSettings })
    const path = context.path ? [`  path: ${pathText(context.path)}`] : []
    const unknowns = unknownLines(unknownsOf(context))
    return [`==> pod ${pod}`].concat(factorLines(factors), path, unknowns)
  })
  return [...told, '', ''].join('\n')
}

testCases({ files: filesIn(join(import.meta.dirname, 'cases')), answer })
