/**
 * `bulwark run` killed at moments that a seed chooses: while it loads, while it attaches, while it
 * empties a ring that others fill. The kernel then has no program, map or link more than before,
 * nothing is pinned, no cgroup is left, and the next start watches. What other processes of the
 * machine hold meanwhile is theirs. `TEST_SEED` chooses again.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { integer, sample } from 'fast-check'
import { readCgroups } from '../kernel/inner.ts'
import { bpfIdsProgram } from '../kernel/program.ts'
import { end, mainFile, skip, startRun, timeout, useRareProgram } from '../running.ts'

const starting = 8
const draining = 3
const waitMsMax = 20_000
const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
/** Moments, in thousandths of the start; a tenth of it is alerts. */
const parts = sample(integer({ min: 0, max: 1000 }), { seed, numRuns: starting + draining })

const { folder, program, rules } = useRareProgram(
  (path) =>
    '- rule: Rare\n  desc: d\n  priority: INFO\n' +
    `  condition: evt.type in (execve, openat, connect) and proc.exepath = ${path}\n` +
    '  output: ran %proc.cmdline\n',
)

const ids = (): readonly string[] => {
  const { status, stdout, stderr } = spawnSync(bpfIdsProgram(), { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return stdout.trim().split('\n')
}

const namesIn = (path: string, recursive: boolean): readonly string[] => {
  try {
    return readdirSync(path, { recursive, encoding: 'utf8' })
  } catch {
    return [] // not mounted
  }
}

/** All that could stay behind. */
const things = (): ReadonlySet<string> => {
  const { unified, old } = readCgroups()
  const cgroups = [...unified.mounts, ...(old?.mounts ?? [])].map(({ point }) => point)
  return new Set([
    ...ids(),
    ...namesIn('/sys/fs/bpf', true),
    ...cgroups.flatMap((point) => namesIn(point, false).map((name) => `${point}/${name}`)),
  ])
}

/** What a file of a process says; of one that has just ended, nothing. */
const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const heldLines = { prog_id: 'program', map_id: 'map', link_id: 'link' } as const

/**
 * What other processes of this machine have, such as another sensor: programs, maps and links with
 * a descriptor, and cgroups with a member. What one that was killed leaves behind has neither.
 */
const heldByOthers = (): ReadonlySet<string> => {
  const held = new Set<string>()
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    for (const [, path = ''] of textOf(`/proc/${pid}/cgroup`).matchAll(
      /^\d+:[^:]*:\/([^/\n]+)/gm,
    )) {
      held.add(path)
    }
    for (const fd of namesIn(`/proc/${pid}/fdinfo`, false)) {
      const facts = textOf(`/proc/${pid}/fdinfo/${fd}`)
      for (const [, what, id] of facts.matchAll(/^(prog_id|map_id|link_id):\s*(\d+)$/gm)) {
        held.add(`${heldLines[what as keyof typeof heldLines]} ${id}`)
      }
    }
  }
  return held
}

/** The kernel frees them a moment after their process ended. */
const isLikeBefore = async (earlier: ReadonlySet<string>, when: string): Promise<void> => {
  for (const deadline = Date.now() + waitMsMax; ; await nextTurn()) {
    const found = [...things()].filter((each) => !earlier.has(each))
    const others = found.length === 0 ? new Set<string>() : heldByOthers()
    const more = found.filter((each) => !others.has(each.slice(each.lastIndexOf('/') + 1)))
    if (more.length === 0) return
    assert.ok(Date.now() < deadline, `left behind when killed ${when}: ${more.join(', ')}`)
  }
}

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
  await isLikeBefore(earlier, 'when it watched')
  for (const part of parts.slice(0, starting)) {
    const child = spawn(process.execPath, [mainFile, 'run', '--rules', rules], { stdio: 'ignore' })
    t.after(() => child.kill('SIGKILL'))
    // No condition to wait for: any moment is as good as another, and that is what is tried.
    await pause((startMs * part) / 1000)
    child.kill('SIGKILL')
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL'])
    await isLikeBefore(earlier, `${part} thousandths through its start (TEST_SEED=${seed})`)
  }
  const next = await startRun(t, rules)
  spawnSync(program, ['after all'])
  assert.match(await next.alert(), /ran rare-program after all/)
  assert.equal(await end(next.child, 'SIGTERM'), 0)
  await isLikeBefore(earlier, 'by SIGTERM')
})

test('killed while it empties the ring', { skip, timeout: 2 * timeout }, async (t) => {
  const earlier = things()
  for (const [i, part] of parts.slice(starting).entries()) {
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
    await isLikeBefore(earlier, `after ${part / 10} alerts (TEST_SEED=${seed})`)
  }
})
