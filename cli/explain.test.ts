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
