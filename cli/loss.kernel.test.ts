/** A sensor that is held up: what it lost is an alert, and what it knows is put right. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { end, skip, startRun, timeout } from './testdata/running.ts'

interface Alert {
  readonly rule: string
  readonly source: string
  readonly output: string
  readonly output_fields: Readonly<Record<string, unknown>>
}

/** Forks, execs and exits that a ring of 1 MiB does not hold. */
const flood = 'i=0; while [ $i -lt 2500 ]; do /bin/true; i=$((i+1)); done'

test('a loss is told, by hook, and the process table heals', { skip, timeout }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-loss-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const shell = join(folder, 'rare-shell')
  copyFileSync('/bin/sh', shell)
  const rules = join(folder, 'rules.yaml')
  writeFileSync(
    rules,
    `- rule: Child\n  desc: d\n  condition: evt.type = execve and proc.pexepath = ${shell}\n` +
      '  output: ran %proc.cmdline below %proc.pcmdline\n  priority: INFO\n',
  )
  const { child, alert, said } = await startRun(t, rules, [
    '--ring-mib',
    '1',
    '--flood-events-per-second',
    '0',
  ])
  const next = async (): Promise<Alert> => JSON.parse(await alert()) as Alert
  child.kill('SIGSTOP')
  spawnSync('/bin/sh', ['-c', flood])
  // Its exec is lost: the ring is full.
  const lost = spawn(shell, ['-c', 'read line; /bin/true $line; :'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  t.after(() => lost.kill('SIGKILL'))
  await once(lost, 'spawn')
  child.kill('SIGCONT')
  const hooks = new Map<string, number>()
  for (const hook of ['execve', 'clone', 'procexit']) {
    while (!hooks.has(hook)) {
      const { rule, source, output_fields: fields } = await next()
      assert.deepEqual([rule, source], ['Bulwark internal: events lost', 'internal'])
      const { 'lost.start': start, 'lost.end': until, 'lost.place': place } = fields
      assert.ok(Number(start) < Number(until), `${String(start)} to ${String(until)}`)
      assert.equal(place, 'ring_full')
      hooks.set(String(fields['lost.hook']), Number(fields['lost.count']))
    }
  }
  for (const [hook, count] of hooks) assert.ok(count > 0, hook)
  await said('the process table was behind')
  const exited = once(lost, 'exit')
  lost.stdin.end('healed\n')
  await exited
  let told = await next()
  while (told.source === 'internal') told = await next()
  assert.match(told.output, /ran true healed below rare-shell -c read line; /)
  assert.equal(await end(child, 'SIGTERM'), 0)
})
