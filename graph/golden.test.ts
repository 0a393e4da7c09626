/**
 * Golden cases of edges, one text file a topic in `cases/`. A case is a title, a cluster as a list of
 * objects in YAML (`apiVersion` may be left out), and for each `==> from NODE` the edges that leave
 * the node. `UPDATE_CASES=1` writes what comes of them now.
 */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { clusterOf, edgeLines } from './testdata/clusters.ts'

const question = '==> from '
const folder = join(import.meta.dirname, 'cases')

const answer = (input: string, questions: readonly string[]): string => {
  const cluster = clusterOf(input)
  const faults = cluster.diagnostics
    .faults()
    .map(({ object, path, message }) => `${object.kind} ${object.name}: ${path} ${message}`)
  const told = faults.length > 0 ? ['==> faults', ...faults] : []
  const edges = questions.flatMap((node) => [question + node, ...edgeLines(cluster, node)])
  return [...edges, ...told, ''].join('\n')
}

for (const name of readdirSync(folder).toSorted()) {
  const path = join(folder, name)
  const cases = readFileSync(path, 'utf8').split(/^(?=# )/m)
  const got = cases.map((text) => {
    const [input = '', ...rest] = text.split(/^(?===> )/m)
    const questions = rest.flatMap((part) =>
      part.startsWith(question) ? part.slice(question.length).split('\n', 1) : [],
    )
    return { text, input, answer: answer(input, questions) }
  })
  if (process.env['UPDATE_CASES'] === '1') {
    writeFileSync(path, got.map((each) => each.input + each.answer).join(''))
  }
  for (const each of got) {
    test(`${name}: ${each.text.slice(2, each.text.indexOf('\n'))}`, () => {
      if (process.env['UPDATE_CASES'] !== '1') assert.equal(each.input + each.answer, each.text)
    })
  }
}
