/**
 * Golden cases of contexts, one text file a topic in `cases/`. A case is a title, a cluster as a list
 * of objects in YAML (`apiVersion` may be left out), and for each `==> pod NAMESPACE/NAME` the
 * factors of the pod. Reports of Trivy Operator in the list are read as reports.
 * `UPDATE_CASES=1` writes what comes of them now.
 */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { readCveJson } from '../cves/document.ts'
import { CveStore } from '../cves/store.ts'
import { UsedFiles } from '../cves/usage.ts'
import { factorsOf, unknownsOf } from '../judgement/judge.ts'
import { defaultSettings } from '../judgement/settings.ts'
import { factorLines, pathText, unknownLines } from '../judgement/words.ts'
import { clusterOf } from '../testdata/clusters.ts'
import { podContextOf } from './contexts.ts'

const question = '==> pod '
const folder = join(import.meta.dirname, 'cases')

const answer = (input: string, pods: readonly string[]): string => {
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
  const told = pods.flatMap((pod) => {
    const [namespace = '', name = ''] = pod.split('/')
    const asked = { namespace, name, container: undefined, executables: [] }
    const context = podContextOf(sources, asked)
    const factors = factorsOf({ alert: undefined, context, settings: defaultSettings })
    return [
      question + pod,
      ...factorLines(factors),
      ...(context.path ? [`  path: ${pathText(context.path)}`] : []),
      ...unknownLines(unknownsOf(context)),
    ]
  })
  return [...told, '', ''].join('\n')
}

for (const name of readdirSync(folder).toSorted()) {
  const path = join(folder, name)
  const cases = readFileSync(path, 'utf8').split(/^(?=# )/m)
  const got = cases.map((text) => {
    const [input = '', ...rest] = text.split(/^(?===> )/m)
    const pods = rest.flatMap((part) =>
      part.startsWith(question) ? part.slice(question.length).split('\n', 1) : [],
    )
    return { text, now: input + answer(input, pods) }
  })
  if (process.env['UPDATE_CASES'] === '1') {
    writeFileSync(
      path,
      `${got
        .map(({ now }) => now)
        .join('')
        .trimEnd()}\n`,
    )
  }
  for (const { text, now } of got) {
    test(`${name}: ${text.slice(2, text.indexOf('\n'))}`, () => {
      if (process.env['UPDATE_CASES'] !== '1') assert.equal(now.trimEnd(), text.trimEnd())
    })
  }
}
