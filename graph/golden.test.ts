/**
 * Golden cases of edges, one text file a topic in `cases/`. A case is a title, a cluster as a list of
 * objects in YAML (`apiVersion` may be left out), and for each `==> from NODE` the edges that leave
 * the node. `UPDATE_CASES=1` writes what comes of them now.
 *
 * A title begins with the kind of edge that must be among them, or with `not` and the kind that
 * must not. Every kind of the catalogue has both: a cluster, and one that is nearly the same.
 */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { catalogue } from './catalogue.ts'
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

const told = new Set<string>()

/** What a title promises of the answer. */
const keeps = (title: string, got: string): boolean => {
  const [, not, id] = /^(not )?([A-Z][A-Z_]+):/.exec(title) ?? []
  if (id === undefined) return true
  told.add(`${not ?? ''}${id}`)
  return got.includes(`\n${id} → `) === (not === undefined)
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
    const title = each.text.slice(2, each.text.indexOf('\n'))
    const isKept = keeps(title, each.answer)
    test(`${name}: ${title}`, () => {
      assert.ok(isKept, `not what the title says:\n${each.answer}`)
      if (process.env['UPDATE_CASES'] !== '1') assert.equal(each.input + each.answer, each.text)
    })
  }
}

test('every kind of edge has a case where it is, and one where it is not', () => {
  const missing = catalogue.flatMap(({ id }) => [id, `not ${id}`]).filter((each) => !told.has(each))
  assert.deepEqual(missing, [])
})
