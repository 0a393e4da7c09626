/**
 * `bulwark run` killed at moments that a seed chooses: while it loads, while it attaches, while it
 * puts filters in place and others in theirs, while it empties a ring that others fill. The kernel
 * then has no program, map or link more than before, nothing is pinned, no cgroup is left, and the
 * next start watches. `TEST_SEED` chooses again.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { integer, sample } from 'fast-check'
import { isLikeBefore, things } from './left.ts'
import { end, mainFile, skip, startRun, timeout, useRareProgram } from '../running.ts'

const starting = 6
const draining = 3
const changing = 5
const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
/** Moments, in thousandths of the start; a tenth of it is alerts. */
const parts = sample(integer({ min: 0, max: 1000 }), {
  seed,
  numRuns: starting + draining + changing,
})

const ruleOf = (path: string): string =>
  '- rule: Rare\n  desc: d\n  priority: INFO\n' +
  `  condition: evt.type in (execve, openat, connect) and proc.exepath = ${path}\n` +
  '  output: ran %proc.cmdline\n'

const { folder, program, rules } = useRareProgram(ruleOf)

test('killed while it starts', { skip, timeout: 2 * timeout }, async (t) => {
  t.diagnostic(`TEST_SEED=${seed}`)
  const earlier = things()
  const begun = performance.now()
  const whole = await startRun(t, rules)
  await whole.said('filters in place')
  const startMs = performance.now() - begun
  assert.ok(things().size > earlier.size + 10, 'its programs, maps and links can be seen')
  whole.child.kill('SIGKILL')
  await once(whole.child, 'exit')
  await isLikeBefore(earlier, 'when killed as it watched')
  for (const part of parts.slice(0, starting)) {
    const child = spawn(process.execPath, [mainFile, 'run', '--rules', rules], { stdio: 'ignore' })
    t.after(() => child.kill('SIGKILL'))
    // No condition to wait for: any moment is as good as another, and that is what is tried.
    await pause((startMs * part) / 1000)
    child.kill('SIGKILL')
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL'])
    await isLikeBefore(
      earlier,
      `when killed ${part} thousandths through its start (TEST_SEED=${seed})`,
    )
  }
  const next = await startRun(t, rules)
  spawnSync(program, ['after all'])
  assert.match(await next.alert(), /ran rare-program after all/)
  assert.equal(await end(next.child, 'SIGTERM'), 0)
  await isLikeBefore(earlier, 'by SIGTERM')
})

test('killed while it empties the ring', { skip, timeout: 2 * timeout }, async (t) => {
  const earlier = things()
  for (const [i, part] of parts.slice(starting, starting + draining).entries()) {
    const capture = ['--record', join(folder, 'killed.bulwark')]
    const { child, alert } = await startRun(t, rules, i % 2 === 0 ? [] : capture)
    const script = 'while :; do "$0"; done'
    const flood = spawn('/bin/sh', ['-c', script, program], { stdio: 'ignore' })
    t.after(() => flood.kill('SIGKILL'))
    for (let alerts = 0; alerts <= part / 10; alerts++) assert.match(await alert(), /rare-program/)
    child.kill('SIGKILL')
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL'])
    flood.kill('SIGKILL')
    await once(flood, 'exit')
    await isLikeBefore(earlier, `when killed after ${part / 10} alerts (TEST_SEED=${seed})`)
  }
})

/** Rules that want another hook, and another filter with names that it looks up. */
const otherRules = (type: string): string => {
  const names = Array.from({ length: 40 }, (_, i) => `/bulwark-${type}-${i}`).join(', ')
  return (
    `${ruleOf(program)}- rule: Other\n  desc: d\n  priority: INFO\n  output: o\n` +
    `  condition: evt.type = ${type} or (evt.type = creat and fd.name in (${names}))\n`
  )
}

const change = (type: string): void => {
  writeFileSync(`${rules}.new`, otherRules(type))
  renameSync(`${rules}.new`, rules)
}

test('ended while rules change', { skip, timeout: 3 * timeout }, async (t) => {
  const earlier = things()
  const whole = await startRun(t, rules)
  await whole.said('filters in place')
  const begun = performance.now()
  change('unlink')
  await whole.said('rules changed:')
  const changeMs = performance.now() - begun
  assert.equal(await end(whole.child, 'SIGTERM'), 0)
  await isLikeBefore(earlier, 'by SIGTERM after a change')
  for (const [i, part] of parts.slice(starting + draining).entries()) {
    change('ptrace')
    const { child, log, said } = await startRun(t, rules)
    await said('filters in place')
    change('unlink')
    await pause((changeMs * part) / 1000)
    const signal = i % 2 === 0 ? 'SIGKILL' : 'SIGTERM'
    const where = `by ${signal}, ${part} thousandths through a change (TEST_SEED=${seed})`
    const code = await end(child, signal)
    assert.equal(code, signal === 'SIGTERM' ? 0 : null, `${where}: ${log.join('\n')}`)
    await isLikeBefore(earlier, where)
  }
})
