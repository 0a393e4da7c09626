/**
 * How far pods are reached from, as golden cases: `cases/exposure.txt`, `cases/routes.txt`. A case is a
 * title, objects in YAML, and for each `==> NAMESPACE/POD` its levels and ways in. `UPDATE_CASES=1`
 * writes what comes of them now.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Cluster } from '../cluster.ts'
import { refText } from '../diagnostics.ts'
import type { Fact } from '../edges.ts'
import { clusterOf } from '../testdata/clusters.ts'
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

const answer = (input: string, questions: readonly string[]): string => {
  const cluster = clusterOf(input)
  const faults = cluster.diagnostics
    .faults()
    .map(({ object, path, message }) => `${refText(object)}: ${path} ${message}`)
  const told = faults.length > 0 ? ['==> faults', ...faults] : []
  const lines = questions.flatMap((name) => [`==> ${name}`, ...exposureLines(cluster, name)])
  return [...lines, ...told, ''].join('\n')
}

for (const file of ['exposure.txt', 'routes.txt']) {
  const path = join(import.meta.dirname, 'cases', file)
  const cases = readFileSync(path, 'utf8').split(/^(?=# )/m)
  const got = cases.map((text) => {
    const [input = '', ...rest] = text.split(/^(?===> )/m)
    const questions = rest.map((part) => part.slice(4, part.indexOf('\n')))
    return {
      text,
      input,
      answer: answer(
        input,
        questions.filter((name) => name !== 'faults'),
      ),
    }
  })
  const isUpdate = process.env['UPDATE_CASES'] === '1'
  if (isUpdate) writeFileSync(path, got.map((each) => each.input + each.answer).join(''))
  for (const each of got) {
    test(`${file}: ${each.text.slice(2, each.text.indexOf('\n'))}`, () => {
      if (!isUpdate) assert.equal(each.input + each.answer, each.text)
    })
  }
}
