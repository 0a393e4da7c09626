/**
 * Golden cases of edges, one text file a topic in `cases/`. A case is a title, a cluster as a list of
 * objects in YAML (`apiVersion` may be left out), and for each `==> from NODE` the edges that leave
 * the node (see `testdata/golden.ts`).
 *
 * A title begins with the kind of edge that must be among them, or with `not` and the kind that
 * must not. Every kind of the catalogue has both: a cluster, and one that is nearly the same.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { catalogue } from './catalogue.ts'
import { clusterOf, edgeLines } from './testdata/clusters.ts'
import { filesIn, questionsOf, testCases } from './testdata/golden.ts'

const answer = (input: string, heads: readonly string[]): string => {
  const cluster = clusterOf(input)
  const faults = cluster.diagnostics
    .faults()
    .map(({ object, path, message }) => `${object.kind} ${object.name}: ${path} ${message}`)
  const told = faults.length > 0 ? ['==> faults', ...faults] : []
  const edges = questionsOf(heads, 'from ').flatMap((node) =>
    [`==> from ${node}`].concat(edgeLines(cluster, node)),
  )
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

const check = (title: string, got: string): void =>
  assert.ok(keeps(title, got), `not what the title says:\n${got}`)

testCases({ files: filesIn(join(import.meta.dirname, 'cases')), answer, check })

test('every kind of edge has a case where it is, and one where it is not', () => {
  const missing = catalogue.flatMap(({ id }) => [id, `not ${id}`]).filter((each) => !told.has(each))
  assert.deepEqual(missing, [])
})
