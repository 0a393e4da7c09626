/**
 * Golden cases of `context`, from the text of a policy to the judgement of an alert in the sample
 * cluster: an alert in short, then policies; then what they make of it. `UPDATE_CASES=1` writes what
 * they make of it now.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { OperatorSettings } from '@bulwark/graph'
import { AlertJudge, readClusterFiles } from '@bulwark/server'
import { loadPolicyTexts } from '../load-rules.ts'

const shop = join(import.meta.dirname, '../../tests/clusters/shop')
const file = join(import.meta.dirname, 'cases/context.txt')

interface ShortAlert {
  /** `namespace/name/container`. */
  readonly pod: string
  readonly rule: string
  readonly policy?: string
  readonly priority?: 'Notice' | 'Warning' | 'Critical'
  readonly tags?: readonly string[]
}

const rules = `
- rule: Shell
  desc: d
  condition: evt.type = execve
  output: x
  priority: NOTICE
- macro: leads_somewhere
  condition: (graph.path_to_cluster_admin = true or graph.path_to_node = true)
`

/** Lines that are of what policies ask for: the table has cases of its own. */
const isAsked = (line: string): boolean => line.includes('override.') || line.includes('context[')

const answer = async (input: string): Promise<string> => {
  const [first = '', ...policies] = input.split(/^---$/m)
  const { pod, rule, policy, priority = 'Notice', tags = [] } = parse(first) as ShortAlert
  const text = policies.join('---')
  const loaded = loadPolicyTexts([{ name: 'rules.yaml', text: rules }], [{ name: 'p', text }])
  const effects = loaded.policies.flatMap(({ context }) => context)
  for (const { found } of loaded.policies) assert.deepEqual(found, [])
  const { sources } = await readClusterFiles(shop)
  const settings = new OperatorSettings()
  settings.setContext(effects)
  const log = (line: string): void => assert.fail(line)
  const judge = new AlertJudge({ sourcesNow: () => sources, settings, log })
  const [namespace = '', podName = '', container = ''] = pod.split('/')
  const subject = { namespace, podName, container, programs: [], outcome: 'done' } as const
  const { context } = judge.judge({
    uuid: 'u',
    rule,
    priority,
    tags: [...tags],
    timeNs: 0n,
    subject,
    bulwark: policy === undefined ? {} : { policy },
  })
  assert.ok(context)
  const whole = context as unknown as {
    readonly summary: string
    readonly suppressed_by?: unknown
    readonly factors: readonly {
      readonly id: string
      readonly text: string
      readonly facts: unknown
    }[]
    readonly notes?: readonly string[]
    readonly unknown?: readonly string[]
  }
  return [
    whole.summary,
    ...(whole.suppressed_by === undefined ? [] : [JSON.stringify(whole.suppressed_by)]),
    ...whole.factors.map((factor) => JSON.stringify(factor)).filter(isAsked),
    ...(whole.notes ?? []),
    ...(whole.unknown ?? []).filter(isAsked),
  ]
    .map((line) => `${line}\n`)
    .join('')
}

const written = readFileSync(file, 'utf8')
const cases = written.split(/^(?=# )/m)
let said = ''
for (const each of cases) {
  const title = each.slice(2, each.indexOf('\n'))
  test(title, async () => {
    const [input = '', expected = ''] = each.split('==> judgement\n')
    const got = await answer(input.slice(input.indexOf('\n')))
    said += `${input}==> judgement\n${got}\n`
    if (process.env['UPDATE_CASES'] === undefined) assert.equal(`${got}\n`, expected)
  })
}

test('all cases', () => {
  if (process.env['UPDATE_CASES'] === '1') writeFileSync(file, said)
})
