/** What `bulwark doctor` says of each rule's share in the kernel. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { loadRules } from './load-rules.ts'
import { kernelShares, kindShareText } from './rules-kernel.ts'

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-share-'))
})
after(() => rmSync(folder, { recursive: true }))

const cases: readonly (readonly [condition: string, expected: string])[] = [
  ['evt.type = ptrace and evt.arg.request = PTRACE_ATTACH', 'ptrace decided'],
  ['evt.type = execve and proc.name = sh', 'all of exec delivered; exec_failed decided'],
  [
    'evt.type = dup and fd.sip = 10.0.0.1 and proc.pname = sh',
    'dup decided but for 1 comparison (the ancestors of a process)',
  ],
  ['evt.type = ptrace and proc.exepath != ""', 'all of ptrace delivered'],
  ['evt.type = ptrace and fd.name = /a', ''],
]

for (const [i, [condition, expected]] of cases.entries()) {
  test(condition, () => {
    const path = join(folder, `${i}.yaml`)
    const words = `  desc: d\n  condition: ${condition}\n  output: o\n  priority: NOTICE\n`
    writeFileSync(path, `- rule: R\n${words}`)
    const loaded = loadRules([path])
    assert.ok('rules' in loaded)
    const [shares = []] = kernelShares(loaded.rules, 'x64').values()
    assert.equal(shares.map(kindShareText).join('; '), expected)
  })
}
