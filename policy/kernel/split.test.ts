/**
 * What filters decide, as text: conditions one by one (`cases/split.txt`), and the plans of whole
 * rule files. `UPDATE_CASES=1` writes what there is now.
 */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventKinds, otherEventNames, syscallNames } from '@bulwark/schema'
import { schemaCatalog } from '../falco/fields.ts'
import { loadRuleFiles } from '../falco/load.ts'
import type { Rule } from '../rule.ts'
import { explainSplit } from './explain.ts'
import { Optimiser } from './optimise.ts'
import { printPlan } from './print.ts'
import { plansByKind, splitRules } from './split.ts'

const facts = { machine: 'x64', tellsCgroups: true } as const
/** Values of a set that the texts list. */
const valuesMax = 8

const rulesOf = (texts: readonly { name: string; text: string }[]): readonly Rule[] => {
  const { files, rules } = loadRuleFiles(texts, {
    catalog: schemaCatalog,
    eventNames: [...syscallNames, ...otherEventNames],
    sources: new Set(['syscall']),
    suggestedOutput: [],
  })
  const faults = files.flatMap(({ errors }) => errors)
  assert.deepEqual(faults, [])
  return rules.filter(({ enabled, disabledBy }) => enabled && disabledBy.length === 0)
}

const compareWith = (path: string, text: string): void => {
  if (process.env['UPDATE_CASES'] === '1') writeFileSync(path, text)
  else assert.equal(text, readFileSync(path, 'utf8'))
}

const indented = (text: string): string => text.replace(/^/gm, '  ')

/** What becomes of one condition. */
const split = (condition: string): string => {
  const text = `- rule: r\n  desc: d\n  condition: >\n    ${condition}\n  output: o\n  priority: INFO\n`
  const [rule] = rulesOf([{ name: 'a.yaml', text }])
  assert.ok(rule, condition)
  const hooks = splitRules([rule], facts).rules.get(rule)
  assert.ok(hooks)
  return explainSplit(hooks, { valuesMax })
    .map(({ kind, types, plan, residual }) => {
      const left = residual.map((part) => `  left: ${part.condition} (${part.why})\n`)
      return `${kind}: ${types.join(', ')}\n${indented(plan)}\n${left.join('')}`
    })
    .join('')
}

test('conditions', () => {
  const path = join(import.meta.dirname, 'cases/split.txt')
  const conditions = readFileSync(path, 'utf8').match(/^==> .*$/gm) ?? []
  const texts = conditions.map((line) => `${line}\n${split(line.slice('==> '.length))}`)
  compareWith(path, texts.join('\n'))
})

/** The plans of all rules of some files, kinds without any left out. */
const plansOf = (paths: readonly string[]): string => {
  const texts = paths.map((name) => ({ name, text: readFileSync(name, 'utf8') }))
  const rules = rulesOf(texts)
  const { byKind } = splitRules(rules, facts)
  const found = [...plansByKind(rules, facts)].filter((each) => each !== undefined)
  assert.deepEqual(new Map(found), byKind)
  return eventKinds
    .flatMap(({ kind, name }) => {
      const plan = byKind.get(kind)
      if (!plan || (plan.is === 'constant' && !plan.value)) return []
      return [`==> ${name}\n${printPlan(new Optimiser().optimise(plan), kind, { valuesMax })}\n`]
    })
    .join('\n')
}

const root = join(import.meta.dirname, '../..')

test("Bulwark's own rules", () => {
  const files = globSync('*.yaml', { cwd: join(root, 'rules') }).toSorted()
  const paths = files.map((file) => join(root, 'rules', file))
  compareWith(join(import.meta.dirname, 'cases/own-rules.txt'), plansOf(paths))
})

const stable = join(root, '../shared/conformance/falco/falco_rules.yaml')
const isMissing = !existsSync(stable) && 'the official rule files are not there'

test("Falco's stable rules", { skip: isMissing }, () => {
  compareWith(join(import.meta.dirname, 'cases/stable-rules.txt'), plansOf([stable]))
})
