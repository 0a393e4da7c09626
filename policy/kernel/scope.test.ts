/**
 * Rules under scopes in filters: what the kernel was told of the container decides with the
 * condition, and what it was told nothing of is let through.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventNumber, encodeRecord, syscallNames } from '@bulwark/schema'
import { schemaCatalog } from '../falco/fields.ts'
import type { Rule } from '../rule.ts'
import { loadPolicies } from '../runtime/load.ts'
import { generateFilter } from './generate.ts'
import { accepts } from './model.ts'
import type { CgroupTold, Plan } from './plan.ts'
import { nothing, scopeClassMin } from './plan.ts'
import type { KernelFacts, ToldClass } from './split.ts'
import { splitRules } from './split.ts'

const options = {
  catalog: schemaCatalog,
  eventNames: syscallNames,
  sources: new Set(['syscall']),
  suggestedOutput: [],
}

const policyOf = (i: number, scope = `{podSelector: {matchLabels: {app: a${i}}}}`): string =>
  `---\napiVersion: bulwark.dev/v1alpha1\nkind: RuntimePolicy\nmetadata: {name: p${i}}\n` +
  `spec:\n  scope: ${scope}\n  rules:\n    - name: r${i}\n` +
  `      condition: evt.type = openat and fd.name = /file${i}\n      output: x\n`

const rulesOf = (texts: readonly string[]): readonly Rule[] => {
  const { rules, policies } = loadPolicies([], [{ name: 'p', text: texts.join('') }], options)
  assert.deepEqual(
    policies.flatMap(({ found }) => found),
    [],
  )
  return rules
}

/** A class in which the rules of these policies are judged. */
const classOf = (number: number, rules: readonly Rule[], judged: readonly number[]): ToldClass => {
  const keys = new Set(
    judged.map((i) => rules.find(({ name }) => name === `r${i}`)?.policy?.scope?.key),
  )
  return { number, isJudged: (key) => keys.has(key) }
}

const planOf = (rules: readonly Rule[], facts: Partial<KernelFacts>): Plan =>
  splitRules(rules, { machine: 'x64', tellsCgroups: true, ...facts }).byKind.get(
    EventNumber.open,
  ) ?? nothing

const openOf = (i: number): Uint8Array =>
  encodeRecord('open', {
    syscall: 257,
    result: 3,
    comm: 'cat',
    path: `/file${i}`,
    raw_path: `/file${i}`,
  })

/** The policies whose files a plan lets through of such a container. */
const letThrough = (plan: Plan, count: number, told: CgroupTold): readonly number[] =>
  Array.from({ length: count }, (_, i) => i).filter((i) => accepts(plan, openOf(i), told))

test('a rule is asked of the classes that it is judged on, and of what is not told', () => {
  const rules = rulesOf([policyOf(0), policyOf(1), policyOf(2), policyOf(3, '{}')])
  const scopeClasses = [
    classOf(scopeClassMin, rules, [0]),
    classOf(scopeClassMin + 1, rules, [0, 2]),
    classOf(scopeClassMin + 2, rules, []),
  ]
  const plan = planOf(rules, { scopeClasses })
  assert.deepEqual(letThrough(plan, 4, scopeClassMin), [0, 3])
  assert.deepEqual(letThrough(plan, 4, scopeClassMin + 1), [0, 2, 3])
  assert.deepEqual(letThrough(plan, 4, scopeClassMin + 2), [3])
  assert.deepEqual(letThrough(plan, 4, 'container'), [0, 1, 2, 3])
  assert.deepEqual(letThrough(plan, 4, 'unknown'), [0, 1, 2, 3])
  assert.deepEqual(letThrough(plan, 4, 'host'), [3])
})

test('without classes, a rule with a scope is asked of every container, and not of the host', () => {
  const rules = rulesOf([policyOf(0), policyOf(1, '{}')])
  assert.deepEqual(letThrough(planOf(rules, {}), 2, 'container'), [0, 1])
  assert.deepEqual(letThrough(planOf(rules, {}), 2, 'host'), [1])
  assert.deepEqual(letThrough(planOf(rules, { tellsCgroups: false }), 2, 'unknown'), [0, 1])
})

test('where the kernel was told, a scope leaves nothing more to user space', () => {
  const [scoped, plain] = rulesOf([policyOf(0), policyOf(1, '{}')])
  assert.ok(scoped && plain)
  const scopeClasses = [classOf(scopeClassMin, [scoped], [0])]
  const facts = { machine: 'x64', tellsCgroups: true, scopeClasses } as const
  const reasonsOf = (rule: Rule): readonly string[] | undefined =>
    splitRules([rule], facts)
      .rules.get(rule)
      ?.hooks.flatMap(({ residual }) => residual.map(({ why }) => why))
  assert.deepEqual(reasonsOf(scoped), reasonsOf(plain))
})

test('law: a class gets what its rules ask for, and no other rule', () => {
  const count = 60
  const rules = rulesOf(Array.from({ length: count }, (_, i) => policyOf(i)))
  const scopeClasses = Array.from({ length: 20 }, (_, k) =>
    classOf(
      scopeClassMin + k,
      rules,
      Array.from({ length: count }, (__, i) => i).filter((i) => (i * 7 + k * 3) % 20 < 3),
    ),
  )
  const plan = planOf(rules, { scopeClasses })
  for (const { number, isJudged } of scopeClasses) {
    const expected = rules.flatMap(({ policy }, i) =>
      policy?.scope && isJudged(policy.scope.key) ? [i] : [],
    )
    assert.ok(expected.length > 0)
    assert.deepEqual(letThrough(plan, count, number), expected)
  }
})

test('the program of many policies is tables, not a test for each of them', () => {
  const sizeOf = (count: number): number => {
    const rules = rulesOf(Array.from({ length: count }, (_, i) => policyOf(i)))
    const scopeClasses = Array.from({ length: 50 }, (_, k) =>
      classOf(scopeClassMin + k, rules, [k % count, (k + 1) % count]),
    )
    return generateFilter(planOf(rules, { scopeClasses })).instructionCount
  }
  const [few, many] = [sizeOf(100), sizeOf(1000)]
  assert.ok(many < 1.2 * few, `${few} instructions of 100 policies, ${many} of 1,000`)
})
