/** Rule files that change under `bulwark run`: what is taken, what is refused, and how it is told. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { useRareProgram } from './testdata/rare.ts'
import type { Running } from './testdata/running.ts'
import { end, skip, startBulwark, startRun, timeout } from './testdata/running.ts'

const { folder, program } = useRareProgram(() => '')

const rule = (name: string, more = ''): string =>
  `- rule: ${name}\n  desc: d\n  condition: evt.type = execve and proc.exepath = ${program}${more}\n` +
  '  output: "%proc.pname"\n  priority: INFO\n'

const ptrace =
  '- rule: Other\n  desc: d\n  condition: evt.type = ptrace\n  output: o\n  priority: INFO\n'

interface Told {
  readonly rule: string
  readonly source: string
  readonly priority: string
  readonly output: string
  readonly output_fields: Readonly<Record<string, unknown>>
}

const next = async ({ alert }: Running): Promise<Told> => JSON.parse(await alert()) as Told

/** Runs the program; the rule that is told of it. */
const judge = async (running: Running): Promise<string> => {
  spawnSync(program)
  return (await next(running)).rule
}

const replaceFile = (path: string, text: string): void => {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

test('a changed file is taken, a broken one told once', { skip, timeout }, async (t) => {
  const path = join(folder, 'changed.yaml')
  writeFileSync(path, rule('First'))
  const running = await startRun(t, path)
  assert.equal(await judge(running), 'First')
  writeFileSync(path, rule('Written') + ptrace)
  await running.said('hooks attached: ')
  assert.match(await running.said('hooks attached: '), /:ptrace$/)
  assert.equal(await judge(running), 'Written')
  replaceFile(path, rule('Broken', ' and ='))
  const told = await next(running)
  assert.deepEqual([told.rule, told.source], ['Bulwark internal: rules not changed', 'internal'])
  assert.match(told.output, /: Warning Rules not changed, .*changed\.yaml:3:.*ERR_COMPILE/)
  assert.equal(told.output_fields['rules.code'], 'LOAD_ERR_COMPILE_CONDITION')
  assert.equal(await judge(running), 'Written')
  // The same text once more is no new change.
  replaceFile(path, rule('Broken', ' and ='))
  replaceFile(path, rule('Renamed'))
  await running.said('hooks detached: ')
  assert.equal(await judge(running), 'Renamed')
  rmSync(path)
  assert.match((await next(running)).output, /cannot read/)
  assert.equal(await judge(running), 'Renamed')
  assert.equal(await end(running.child, 'SIGTERM'), 0)
})

test('links turned to other files, and files that come and go', { skip, timeout }, async (t) => {
  // As the kubelet does it with a ConfigMap.
  const mounted = join(folder, 'mounted')
  const put = (version: string, files: Readonly<Record<string, string>>): void => {
    mkdirSync(join(mounted, version), { recursive: true })
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(mounted, version, name), text)
    }
    symlinkSync(version, join(mounted, '..data_tmp'))
    renameSync(join(mounted, '..data_tmp'), join(mounted, '..data'))
  }
  put('..1', { 'a.yaml': rule('One') })
  symlinkSync('..data/a.yaml', join(mounted, 'a.yaml'))
  const running = await startRun(t, mounted)
  assert.equal(await judge(running), 'One')
  put('..2', { 'a.yaml': rule('Two'), 'b.yaml': ptrace })
  await running.said('rules changed')
  assert.equal(await judge(running), 'Two')
  symlinkSync('..data/b.yaml', join(mounted, 'b.yaml'))
  await running.said('rules changed', 2)
  assert.match(await running.said('hooks attached: '), /:ptrace$/)
  rmSync(join(mounted, 'b.yaml'))
  await running.said('rules changed', 3)
  await running.said('hooks detached: ')
  assert.equal(await judge(running), 'Two')
  assert.equal(await end(running.child, 'SIGTERM'), 0)
})

test('policies that change, and one that breaks', { skip, timeout }, async (t) => {
  const rules = join(folder, 'under-policies.yaml')
  const path = join(folder, 'policy-folder')
  mkdirSync(path)
  const policy = (applyTo: string, more = ''): string =>
    `apiVersion: bulwark.dev/v1alpha1\nkind: RuntimePolicy\nmetadata: {name: p}\n` +
    `spec:\n  applyTo: {rules: [${applyTo}]}\n${more}`
  writeFileSync(rules, rule('First') + rule('Second'))
  writeFileSync(join(path, 'a.yaml'), policy('Second'))
  const running = await startRun(t, rules, ['--policy', path])
  assert.equal(await judge(running), 'First')
  // Of pods alone: the host is in none.
  replaceFile(join(path, 'a.yaml'), policy('First', '  scope: {podSelector: {}}\n'))
  await running.said('rules changed')
  assert.equal(await judge(running), 'Second')
  replaceFile(join(path, 'a.yaml'), policy('First', '  scop: {}\n'))
  const told = await next(running)
  assert.equal(told.rule, 'Bulwark internal: rules not changed')
  assert.equal(told.output_fields['rules.code'], 'policy-unknown-key')
  assert.equal(await judge(running), 'Second')
  // What policies say of judgements comes with them: here nobody judges.
  const context = '  context: [{when: graph.secrets > 0, effect: suppress, reason: x}]\n'
  replaceFile(join(path, 'a.yaml'), policy('First', `  scope: {podSelector: {}}\n${context}`))
  await running.said('policies have `context`')
  await running.said('rules changed', 2)
  rmSync(join(path, 'a.yaml'))
  await running.said('rules changed', 3)
  assert.equal(await judge(running), 'First')
  assert.equal(await end(running.child, 'SIGTERM'), 0)
})

test('with --no-watch-rules a signal has them read', { skip, timeout }, async (t) => {
  const path = join(folder, 'signal.yaml')
  writeFileSync(path, rule('First'))
  const running = await startRun(t, path, ['--no-watch-rules'])
  assert.equal(await judge(running), 'First')
  replaceFile(path, rule('Second'))
  running.child.kill('SIGHUP')
  await running.said('rules changed')
  assert.equal(await judge(running), 'Second')
  assert.equal(await end(running.child, 'SIGTERM'), 0)
})

test('a signal that comes during the start is obeyed after it', { skip, timeout }, async (t) => {
  const path = join(folder, 'early.yaml')
  writeFileSync(path, rule('First'))
  const running = startBulwark(t, ['run', '--no-watch-rules', '--rules', path])
  // The rules were read before that is said.
  await running.said('kernel: Linux')
  replaceFile(path, rule('Second'))
  running.child.kill('SIGHUP')
  await running.said('rules changed')
  assert.equal(await judge(running), 'Second')
  assert.equal(await end(running.child, 'SIGTERM'), 0)
})
