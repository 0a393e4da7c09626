/** `bulwark run` on this machine: from its start over an alert to its end, however that comes. */
import assert from 'node:assert/strict'
import type { ChildProcessByStdio } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { TestContext } from 'node:test'
import { after, before, test } from 'node:test'
import { bulwark, mainFile } from './testdata/bulwark.ts'

const skip =
  (process.getuid?.() !== 0 && 'not root') ||
  (!existsSync('/sys/kernel/btf/vmlinux') && 'this kernel has no BTF')
const timeout = 60_000

let folder = ''
let rules = ''
/** A program that nobody else runs. */
let program = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-run-'))
  rules = join(folder, 'rules.yaml')
  program = join(folder, 'rare-program')
  copyFileSync('/bin/true', program)
  writeFileSync(
    rules,
    `- rule: Rare program\n  desc: d\n  condition: evt.type = execve and proc.exepath = ${program}\n` +
      '  output: ran %proc.cmdline as %user.name\n  priority: CRITICAL\n  tags: [t]\n' +
      '- rule: Other\n  desc: d\n  condition: evt.type = ptrace\n  output: o\n  priority: INFO\n',
  )
})
after(() => rmSync(folder, { recursive: true }))

type Child = ChildProcessByStdio<null, Readable, Readable>

/** A sensor that watches; its log so far, and its alerts one by one. */
const start = async (
  t: TestContext,
  args: readonly string[] = [],
  by: readonly string[] = [],
): Promise<{ child: Child; log: readonly string[]; alert: () => Promise<string> }> => {
  const [command, ...rest] = [...by, process.execPath, mainFile]
  const child: Child = spawn(command, [...rest, 'run', '--rules', rules, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
    killSignal: 'SIGKILL',
  })
  t.after(() => child.kill('SIGKILL'))
  const log: string[] = []
  const alerts = createInterface(child.stdout)[Symbol.asyncIterator]()
  for await (const line of createInterface(child.stderr)) {
    log.push(line)
    if (line.includes('watching')) break
  }
  assert.match(log.at(-1) ?? '', /watching \d+ processes and \d+ containers$/, log.join('\n'))
  const alert = async (): Promise<string> => {
    const next = await alerts.next()
    return next.done === true ? 'no alert' : next.value
  }
  return { child, log, alert }
}

const end = async (child: Child, signal: NodeJS.Signals): Promise<unknown> => {
  child.kill(signal)
  const [code] = (await once(child, 'exit')) as [number | null]
  return code
}

test('an alert is a line, and a signal ends it well', { skip, timeout }, async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { child, log, alert } = await start(t)
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

test('for people: a line of text', { skip, timeout }, async (t) => {
  const { child, alert } = await start(t, ['-o', 'text'])
  spawnSync(program, ['\x1b[2J\n'])
  const line = await alert()
  assert.match(line, /^\d\d:\d\d:\d\d\.\d{9}: Critical ran rare-program \\x1b\[2J\\x0a as root /)
  assert.equal(await end(child, 'SIGTERM'), 0)
})

test('rules below a priority do not run', { skip, timeout }, async (t) => {
  const { child, log } = await start(t, ['--priority', 'critical'])
  assert.match(log.join('\n'), /1 of 2 rules run/)
  assert.equal(await end(child, 'SIGTERM'), 0)
})

test('it ends when nobody reads its alerts any more', { skip, timeout }, async (t) => {
  const { child } = await start(t)
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
  const { child, alert } = await start(t, [], by)
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
})
