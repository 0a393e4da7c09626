/** Policies of a cluster that became faulty while no agent ran: what holds of them at its start. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RuleText } from './load-rules.ts'
import type { RuleChoice } from './report.ts'
import { settleAtStart } from './settle-policies.ts'

const choice: RuleChoice = {
  rules: [],
  policies: [],
  priority: 'Debug',
  appendOutput: undefined,
  staticFields: new Map(),
}

const policy = (name: string, condition: string): string =>
  JSON.stringify({
    apiVersion: 'bulwark.dev/v1alpha1',
    kind: 'RuntimePolicy',
    metadata: { name },
    spec: { rules: [{ name: `${name}: ${condition}`, condition, output: 'x' }] },
  })

const macro = '- macro: started\n  condition: (evt.type = execve)\n'
const [plain, broken, byMacro] = ['evt.type = open', 'evt.type =', 'started']

interface Start {
  readonly what: string
  /** Conditions as the cluster has them, by policies. */
  readonly said: Readonly<Record<string, string>>
  /** As they were kept. */
  readonly kept: Readonly<Record<string, string>>
  readonly rules?: string
  readonly files?: Readonly<Record<string, string>>
  /** Rules of policies that run. */
  readonly runs: readonly string[]
  readonly faulty: readonly string[]
}

const starts: readonly Start[] = [
  { what: 'sound', said: { a: plain }, kept: { a: byMacro }, runs: [`a: ${plain}`], faulty: [] },
  { what: 'new', said: { a: broken }, kept: {}, runs: [], faulty: ['a'] },
  {
    what: 'faulty, and sound before, beside a new one',
    said: { a: broken, b: plain },
    kept: { a: byMacro, gone: plain },
    rules: macro,
    runs: [`a: ${byMacro}`, `b: ${plain}`],
    faulty: ['a'],
  },
  {
    what: 'what was kept is faulty by now, too; another is not',
    said: { a: broken, b: broken },
    kept: { a: byMacro, b: plain },
    runs: [`b: ${plain}`],
    faulty: ['a', 'b'],
  },
  {
    what: 'a policy of a file has its name by now',
    said: { a: broken },
    kept: { a: plain },
    files: { a: 'evt.type = close' },
    runs: ['a: evt.type = close'],
    faulty: ['a'],
  },
]

const textsOf = (conditions: Readonly<Record<string, string>>): readonly RuleText[] =>
  Object.entries(conditions).map(([name, condition]) => ({
    name: `cluster/${name}`,
    text: policy(name, condition),
  }))

for (const { what, said, kept, rules = '', files = {}, runs, faulty } of starts) {
  test(`at the start: ${what}`, () => {
    const policies = textsOf(files).map(({ name, text }) => ({ name: `file/${name}`, text }))
    const texts = {
      rules: [{ name: 'rules.yaml', text: rules }],
      policies,
      cluster: textsOf(said),
    }
    const sound = new Map(textsOf(kept).map(({ name, text }) => [name, text]))
    const settled = settleAtStart(texts, choice, sound)
    assert.deepEqual(settled.chosen.rules.map(({ name }) => name).toSorted(), runs)
    assert.deepEqual(
      settled.faulty.map(({ place }) => place.file),
      faulty.map((name) => `cluster/${name}`),
    )
    assert.deepEqual(settled.said, texts.cluster)
  })
}
