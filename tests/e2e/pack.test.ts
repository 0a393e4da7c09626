/** What can be said of the rule pack without running it. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readScenarios } from '@bulwark/tools'
import { packFiles, packScenarioFiles } from './pack.ts'
import { officialRules } from './suite.ts'

/** One rule, macro or list of a rule file: its name and its text. */
type Item = { readonly kind: string; readonly name: string; readonly text: string }

const pack = packFiles.flatMap(readItems)
const rules = pack.filter(({ kind }) => kind === 'rule')
const scenarios = packScenarioFiles.flatMap(
  (file) => readScenarios(readFileSync(file, 'utf8')).scenarios,
)

/** Every item of a rule file starts a line of its own. */
function readItems(file: string): Item[] {
  return readFileSync(file, 'utf8')
    .split(/^- (?=(?:rule|macro|list): )/m)
    .slice(1)
    .map((text) => {
      const [, kind = '', name = ''] = /^(\w+): (.+)$/m.exec(text) ?? []
      return { kind, name, text }
    })
}

for (const file of ['falco_rules.yaml', 'falco-incubating_rules.yaml'].map(officialRules)) {
  const skip = existsSync(file) ? false : `no ${file}`
  test(`no name is taken by ${file}`, { skip }, () => {
    const taken = new Set(readItems(file).map(({ name }) => name))
    assert.ok(taken.size > 100)
    assert.deepEqual(
      pack.filter(({ name }) => taken.has(name)),
      [],
    )
  })
}

test('each rule has a scenario, and each scenario a rule', () => {
  assert.deepEqual(
    rules.map(({ name }) => name),
    [...new Set(scenarios.map(({ rule }) => rule))],
  )
})

test('each rule says who and where, has a way out and a technique', () => {
  const where = ['container.id', 'container.image.repository', 'k8s.pod.name', 'k8s.ns.name']
  const who = ['proc.cmdline', 'proc.exepath', 'proc.pname', 'user.name']
  for (const { name, text } of rules) {
    for (const field of [...where, ...who]) {
      assert.ok(text.includes(`=%${field}`), `${name}: its output lacks %${field}`)
    }
    assert.match(text, /^  exceptions:\n    - name: /m, name)
    assert.match(text, /^  tags:\s+\[\s*bulwark,[^\]]*mitre_\w+,[^\]]*T\d{4}/m, name)
  }
})
