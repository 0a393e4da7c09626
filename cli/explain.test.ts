/**
 * Golden cases of `rules explain`, one text file: rule files, then what is said of each rule; what
 * depends on the machine is left out. `UPDATE_CASES=1` writes what is said now.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { bulwark } from './testdata/bulwark.ts'

const path = join(import.meta.dirname, 'cases/explain.txt')

test('what is said of rules', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-explain-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const [input = '', ...rest] = readFileSync(path, 'utf8').split(/^(?===> )/m)
  const file = join(folder, 'a.yaml')
  writeFileSync(file, input)
  const names = [...input.matchAll(/^- rule: (.*)$/gm)].map(([, name = '']) => name)
  const said = await Promise.all(
    names.map(async (name) => {
      const { code, stdout, stderr } = await bulwark(['rules', 'explain', name, '--rules', file])
      assert.deepEqual([code, stderr], [0, ''])
      const [told = ''] = stdout.split(/^this machine$/m)
      return `==> ${told}`
    }),
  )
  if (process.env['UPDATE_CASES'] === '1') writeFileSync(path, input + said.join(''))
  else assert.equal(said.join(''), rest.join(''))
})

test('as JSON, and a name that is none', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-explain-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'a.yaml')
  writeFileSync(file, readFileSync(path, 'utf8').split(/^(?===> )/m)[0] ?? '')
  const broadFile = join(folder, 'b.yaml')
  writeFileSync(
    broadFile,
    '- rule: Broad\n  desc: d\n  condition: proc.name = odd\n  output: o\n  priority: INFO\n',
  )
  const answer = async (
    name: string,
  ): Promise<{ code: number | null; out: string; err: string }> => {
    const ended = await bulwark(['rules', 'explain', name, '--rules', file, '-o', 'json'])
    return { code: ended.code, out: ended.stdout, err: ended.stderr }
  }
  const { code, out } = await answer('Shell by a server')
  const told = JSON.parse(out) as Record<string, unknown>
  assert.equal(code, 0)
  assert.deepEqual([told['state'], told['events']], ['runs', ['execve', 'execveat']])
  const broad = await bulwark(['rules', 'explain', 'Broad', '--rules', broadFile, '-o', 'json'])
  const { never } = JSON.parse(broad.stdout) as { never: readonly { why: string }[] }
  assert.match(never.map(({ why }) => why).join(), /only events with a record of their own/)
  const none = await answer('Shell by a servr')
  assert.equal(none.code, 2)
  assert.match(none.err, /no rule "Shell by a servr"\n.*did you mean "Shell by a server"\?/)
})

test('what the kernel decides of a rule', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-explain-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'a.yaml')
  const rule = (name: string, condition: string): string =>
    `- rule: ${name}\n  desc: d\n  condition: ${condition}\n  output: o\n  priority: INFO\n`
  const opened = 'evt.type = openat and fd.num >= 0 and fd.name = /etc/shadow'
  const rules = [
    rule('All', opened),
    rule('Half', `${opened} and proc.pname = sshd and proc.pexe = sshd`),
    rule('None', 'evt.type = procexit and proc.name = a'),
  ]
  writeFileSync(file, rules.join(''))
  const told = async (name: string): Promise<string> => {
    const ended = await bulwark(['rules', 'explain', name, '--kernel', '--rules', file])
    assert.deepEqual([ended.code, ended.stderr], [0, ''])
    return (/^kernel filter\n((?: .*\n)*)/m.exec(ended.stdout) ?? [])[1] ?? ''
  }
  const all = await told('All')
  assert.match(all, /lets through\n +all of\n +result >= 0\n +path is "", \/etc\/shadow\n/)
  assert.match(all, /decides all of it\n +as a program: \d+ instructions\n[^]* exit\n/)
  const half = await told('Half')
  assert.match(half, /known >= 1\n +parent is sshd\n +asks for ancestors in a second look/)
  assert.match(half, /left to the agent\n +proc.pexe = sshd \(the ancestors of a/)
  assert.equal(await told('None'), '  exit: not filtered, the tables live on it\n')
  const asked = ['rules', 'explain', 'Half', '--kernel', '--rules', file, '-o', 'json']
  const json = await bulwark(asked)
  const { kernelFilter } = JSON.parse(json.stdout) as {
    kernelFilter: { hooks: readonly { kind: string; residual: readonly unknown[] }[] }
  }
  assert.deepEqual(
    kernelFilter.hooks.map(({ kind, residual }) => [kind, residual.length]),
    [['open', 1]],
  )
})
