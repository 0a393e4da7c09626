/** What `bulwark doctor` says of each rule's share in the kernel. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Rule } from '@bulwark/policy'
import { loadRules } from './load-rules.ts'
import { alsoDelivered, filterLines, kernelShares, kindShareText } from './rules-kernel.ts'

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-share-'))
})
after(() => rmSync(folder, { recursive: true }))

const cases: readonly (readonly [condition: string, expected: string])[] = [
  ['evt.type = ptrace and evt.arg.request = PTRACE_ATTACH', 'ptrace decided'],
  ['evt.type = execve and proc.name = sh', 'exec decided; exec_failed decided'],
  [
    'evt.type = dup and fd.sip = 10.0.0.1 and proc.pexe = sh',
    'dup decided but for 1 comparison (the ancestors of a process)',
  ],
  ['evt.type = ptrace and proc.exepath != ""', 'all of ptrace delivered'],
  ['evt.type = ptrace and fd.name = /a', ''],
]

/** One rule with this condition. */
const ruleOf = (condition: string): readonly Rule[] => {
  const path = join(folder, 'rule.yaml')
  const words = `  desc: d\n  condition: ${condition}\n  output: o\n  priority: NOTICE\n`
  writeFileSync(path, `- rule: R\n${words}`)
  const loaded = loadRules([path])
  assert.ok('rules' in loaded)
  return loaded.rules
}

for (const [condition, expected] of cases) {
  test(condition, () => {
    const [shares = []] = kernelShares(ruleOf(condition), 'x64').values()
    assert.equal(shares.map(kindShareText).join('; '), expected)
  })
}

test('a kind whose filter is refused is delivered', () => {
  const rules = ruleOf('evt.type in (ptrace, dup) and fd.num > 3')
  const [shares = []] = kernelShares(rules, 'x64', new Set(['dup'])).values()
  assert.equal(shares.map(kindShareText).join('; '), 'all of dup delivered')
})

test('filters that were tried, a line each', () => {
  const rules = ruleOf('evt.type = recvfrom and fd.l4proto = udp and fd.name_changed = true')
  const open = {
    kind: 6,
    name: 'open',
    instructions: 70,
    programs: 5,
    weakened: ['a text', 'and 3 more'],
    looksTwice: true,
  }
  const dup = {
    kind: 12,
    name: 'dup',
    instructions: 5,
    programs: 1,
    weakened: [],
    looksTwice: false,
    refused: 'E2BIG\nlast\nwords',
  }
  const refusals = { looksOnce: 'EPERM', execsWhole: 'ENOMEM' }
  const tried = { states: [open, dup], cgroupsUntold: 12, ...refusals }
  assert.deepEqual(filterLines(tried, alsoDelivered(rules, 'x64')), [
    '  open: 70 instructions for two looks, in 5 programs; lets more through: a text; and 3 more',
    '  dup: 5 instructions',
    '    refused, all of its events are delivered: E2BIG',
    '      last',
    '      words',
    '  receive: also those on which a rule asks whether a socket has other ends than before',
    '  ancestors are left to the agent: EPERM',
    '  execs that a rule may be about all come: ENOMEM',
    '  no room for 12 cgroups: they may be host or container',
  ])
})
