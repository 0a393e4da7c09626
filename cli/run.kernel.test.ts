/** `bulwark run` on this machine: from its start over an alert to its end, however that comes. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { bulwark } from './testdata/bulwark.ts'
import { useRareProgram } from './testdata/rare.ts'
import { end, skip, startRun, timeout } from './testdata/running.ts'

const { folder, program, rules } = useRareProgram(
  (path) =>
    `- rule: Rare program\n  desc: d\n  condition: evt.type = execve and proc.exepath = ${path}\n` +
    '  output: ran %proc.cmdline as %user.name\n  priority: CRITICAL\n  tags: [t]\n' +
    '- rule: Other\n  desc: d\n  condition: evt.type = ptrace\n  output: o\n  priority: INFO\n',
)

test('an alert is a line, and a signal ends it well', { skip, timeout }, async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { child, log, alert } = await startRun(t, rules)
    const said = log.join('\n')
    assert.match(said, /2 of 2 rules run/)
    assert.match(said, /exec: sched_process_exec: serves "Rare program"/)
    assert.match(said, /ptrace: ptrace: serves "Other"/)
    assert.doesNotMatch(said, / open: /)
    spawnSync(program, ['a b'])
    const read = JSON.parse(await alert()) as Record<string, unknown>
    assert.match(String(read['output']), /: Critical ran rare-program a b as root /)
    assert.equal(read['rule'], 'Rare program')
    assert.equal(await end(child, signal), 0)
  }
})

test(
  'one that is stopped while it makes its filters complains of none',
  { skip, timeout },
  async (t) => {
    const { child, log } = await startRun(t, rules)
    assert.equal(await end(child, 'SIGTERM'), 0)
    assert.doesNotMatch(log.join('\n'), /filter(?:s|ed).*:/)
  },
)

test('for people: a line of text', { skip, timeout }, async (t) => {
  const { child, alert } = await startRun(t, rules, ['-o', 'text'])
  spawnSync(program, ['\x1b[2J\n'])
  const line = await alert()
  assert.match(line, /^\d\d:\d\d:\d\d\.\d{9}: Critical ran rare-program \\u001b\[2J\\n as root /)
  assert.equal(await end(child, 'SIGTERM'), 0)
})

test('equal alerts become one, which is told at the end', { skip, timeout }, async (t) => {
  const args = ['--fold-rules', 'all', '--fold-seconds', '3600']
  const { child, alert } = await startRun(t, rules, args)
  const countOf = async (): Promise<unknown> =>
    (JSON.parse(await alert()) as { output_fields: Readonly<Record<string, unknown>> })
      .output_fields['fold.count']
  for (let i = 0; i < 5; i++) spawnSync(program, ['same'])
  assert.equal(await countOf(), undefined, 'the first does not wait')
  spawnSync(program, ['another'])
  assert.equal(await countOf(), undefined)
  const last = countOf()
  assert.equal(await end(child, 'SIGTERM'), 0)
  assert.equal(await last, 4)
  assert.equal(await alert(), 'no alert')
})

test('rules below a priority do not run', { skip, timeout }, async (t) => {
  const { child, log } = await startRun(t, rules, ['--priority', 'critical'])
  assert.match(log.join('\n'), /1 of 2 rules run/)
  assert.equal(await end(child, 'SIGTERM'), 0)
})

test('it ends when nobody reads its alerts any more', { skip, timeout }, async (t) => {
  const { child } = await startRun(t, rules)
  child.stdout.destroy()
  const ended = once(child, 'exit')
  spawnSync(program)
  assert.deepEqual(await ended, [0, null])
})

test('it needs no more than CAP_BPF and CAP_PERFMON', { skip, timeout }, async (t) => {
  const both = '+bpf,+perfmon'
  const user = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  const by = [...user, `--inh-caps=${both}`, `--ambient-caps=${both}`]
  spawnSync('chmod', ['-R', 'a+rX', folder])
  const { code, stderr } = await bulwark(['rules', 'list', rules], by)
  if (code !== 0) {
    t.skip(`nobody cannot start it here: ${stderr}`)
    return
  }
  const { child, alert } = await startRun(t, rules, [], by)
  spawnSync(program)
  assert.equal((JSON.parse(await alert()) as { rule: string }).rule, 'Rare program')
  assert.equal(await end(child, 'SIGTERM'), 0)
})

test('the doctor finds all that is needed', { skip, timeout }, async () => {
  const { code, stdout, stderr } = await bulwark(['doctor', '--rules', rules])
  assert.deepEqual([code, stderr], [0, ''], stdout)
  for (const each of [/^ring buffer: yes$/m, /^tracepoint sys_exit: yes$/m]) {
    assert.match(stdout, each)
  }
  assert.match(stdout, /^rules: 2 of 2 can run$/m)
  const filters = 'filters in the kernel, loaded for a moment:'
  assert.match(stdout, new RegExp(`^${filters}\\n(?: {2}.+\\n)* {2}exec: \\d+ instructions$`, 'm'))
})
