/**
 * Tidy's checks, one line a case. A case of one line of code gives the file, the code of the fault
 * expected on that line (or `-`), and the line; ALLOW is a `tidy-allow` comment. Others give small
 * trees of files, and the faults expected as `file:line code`. The last test holds this repository
 * to the checks.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTree } from './tidy.ts'
import { findFaults } from './tidy/faults.ts'
import { readSource } from './tidy/source.ts'

type Files = Readonly<Record<string, string>>

const check = (files: Files, expected: readonly string[]): void => {
  const faults = findFaults(new Map(Object.entries(files)))
  const found = faults.map((fault) => `${fault.file}:${fault.line} ${fault.code}`)
  assert.deepEqual(found, expected, JSON.stringify(faults, null, 1))
}

const lines = String.raw`
policy/a.ts     -       import { x } from '@bulwark/schema'
policy/a.ts     import  import { x } from '@bulwark/agent'
agent/a.ts      import  import { x } from '@bulwark/agent'
extra/a.ts      import  import '@bulwark/schema'
tests/a.ts      -       import { x } from '@bulwark/agent'
schema/a.ts     import  import type { X } from '@bulwark/policy'
schema/a.ts     import  export { x } from '@bulwark/policy'
schema/a.ts     import  const x = await import('@bulwark/policy')
schema/a.ts     import  import { x, y } from "@bulwark/policy"
tests/a.ts      inner   import { x } from '../agent/inner.ts'
tests/a.ts      inner   import { x } from '@bulwark/agent/inner.ts'
tests/b/a.ts    -       import { x } from '../inner.ts'
policy/a.ts     -       const x = 'from @bulwark/agent'
policy/a.ts     -       const x = "from '@bulwark/agent'"
policy/a.ts     -       // import { x } from '@bulwark/agent'

policy/a.ts     pure    import { join } from 'node:path'
agent/a.ts      -       import { join } from 'node:path'
policy/a.test.ts -      import { join } from 'node:path'
policy/a.ts     banned  const x = Date.now()
policy/a.ts     banned  const x = a / b / Date.now()
policy/a.ts     -       const x = /Date.now()/
policy/a.ts     -       const x = new Date(ns)
graph/a.ts      banned  const x = Math.random()
schema/a.ts     banned  const x = process.env['A']
schema/a.ts     -       const x = event.process.pid + process.name
policy/a.ts     banned  const x = Buffer.from(text)

tools/a.ts      banned  execSync('ls')
agent/a.ts      banned  spawnSync('ls', [])
tools/a.ts      -       spawnSync('ls', [])
native/testdata/a.ts - spawnSync('ls', [])
agent/a.ts      banned  console.log(1)
cli/a.ts        -       console.log(1)
agent/a.ts      banned  process.exit(1)
policy/a.ts     banned  const x = new RegExp(y)
agent/a.ts      -       const x = new RegExp(y)
agent/a.test.ts banned  await new Promise((done) => setTimeout(done, 9))
agent/a.test.ts banned  test.only('a', f)
agent/a.test.ts banned  const x = Math.random()

agent/index.ts  index   export * from './index.ts'
agent/index.ts  index   export default 1
agent/index.ts  -       export * from './index.gen.ts'
agent/index.ts  -       export { x } from './index.ts'
tools/a.ts      -       execSync('ls') ALLOW banned: a shell is meant
tools/a.ts      allow   execSync('ls') ALLOW banned
tools/a.ts      allow   spawnSync('ls') ALLOW banned: a shell is meant
tools/a.ts      banned  execSync('ALLOW banned: text')
`
for (const line of lines.split('\n').filter((text) => text !== '')) {
  test(line, () => {
    const [, file = '', code = '', text = ''] = /^(\S+)\s+(\S+)\s+(.*)$/.exec(line) ?? []
    const allowed = text.replace('ALLOW', '// tidy-allow')
    const [folder = ''] = file.split('/', 1)
    const index = {
      [`${folder}/index.ts`]: `// Index.\nimport './${file.slice(folder.length + 1)}'\n`,
    }
    check({ ...index, [file]: `// A.\n${allowed}\n` }, code === '-' ? [] : [`${file}:2 ${code}`])
  })
}

const source = (...text: string[]): Files => ({ 'agent/index.ts': `// A.\n${text.join('\n')}\n` })
const page = (text: string): Files => ({
  'a.md': text,
  'web/b.md': '# B\n\n## Two words, `code`\n',
})
const mark = ['TO', 'DO'].join('')

const trees: readonly (readonly [name: string, files: Files, expected: readonly string[]])[] = [
  ['many lines', source('import {', "x } from '@bulwark/cli'"), ['agent/index.ts:3 import']],
  ['a template', source("const x = `import y from '@bulwark/cli'`"), []],
  ['its hole', source('`${`${console.log(`a`)}`}`'), ['agent/index.ts:2 banned']],
  ['excused above', source('// tidy-allow banned: a lie', 'process.exit(1)'), []],
  ['excused file', { 'tools/a.ts': '// tidy-allow dead: a person runs it\n' }, []],

  ['a dead file', { 'agent/a.ts': '// A.\n' }, ['agent/a.ts:1 dead']],
  ['a worker', { ...source("new URL('./b.ts', import.meta.url)"), 'agent/b.ts': '// B.\n' }, []],
  ['a script', { Makefile: '\tnode tools/a.ts\n', 'tools/a.ts': '// A.\n' }, []],
  ['no head', { 'agent/index.ts': 'export {}\n' }, ['agent/index.ts:1 head']],
  ['generated', { 'schema/index.ts': '// Generated by x.\n'.repeat(900) }, []],
  ['a long file', { 'agent/index.ts': '//\n'.repeat(601) }, ['agent/index.ts:1 length']],
  ['a long BPF file', { 'bpf/a.bpf.h': '//\n'.repeat(251) }, ['bpf/a.bpf.h:1 length']],
  ['a long line', { 'bpf/a.c': `//\n${'x'.repeat(101)}\n` }, ['bpf/a.c:2 columns']],
  ['a tab is 8', { 'bpf/a.c': `//\n${'\t'.repeat(13)}\n` }, ['bpf/a.c:2 columns']],
  ['a URL', { 'bpf/a.c': `// https://a/${'x'.repeat(101)}\n` }, []],
  ['70 lines', source('function f() {', ...Array<string>(68).fill(' x()'), '}'), []],
  [
    '71',
    source('const f = () => {', ...Array<string>(69).fill(''), '}'),
    ['agent/index.ts:2 function'],
  ],
  ['71 of C', { 'bpf/a.c': `//\nint f()\n{\n${'\tx();\n'.repeat(69)}}\n` }, ['bpf/a.c:3 function']],
  ['a mark', source(`// ${mark} later`), ['agent/index.ts:2 mark']],
  ['a machine', { 'a.yaml': ['a: /wo', 'rk/main/x\n'].join('') }, ['a.yaml:1 machine']],

  ['links', page('# A\n\n[b](web/b.md) [c](web/b.md#two-words-code) [d](#a) [e](web)\n'), []],
  ['a link out', page('# A\n\n[b](https://example.org/x)\n'), []],
  ['to nothing', page('# A\n\n[b](web/c.md)\n'), ['a.md:3 link']],
  ['to no heading', page('# A\n\n[b](web/b.md#three)\n'), ['a.md:3 link']],
  ['no title', page('## A\n'), ['a.md:1 title']],
  ['two titles', page('# A\n\n# B\n'), ['a.md:3 title']],
  ['a page', { 'a.md': '# A\n\n[b](docs/b.md#b)\n', 'docs/b.md': '# B\n' }, []],
  ['a lost page', { 'a.md': '# A\n', 'docs/b.md': '# B\n\n[b](b.md)\n' }, ['docs/b.md:1 lost']],
  ['code', page('# A\n\n```sh\n# B [x](gone.md)\n```\n\n`[x](gone.md)`\n'), []],

  [
    'unrecorded',
    { 'web/package.json': '{\n"dependencies":{\n"a":"1"}}' },
    ['web/package.json:3 package'],
  ],
  [
    'recorded',
    {
      'web/package.json': '{"dependencies":{"a":"1"}}',
      'a.md': '# A\n\n[1](docs/adr/1.md)\n',
      'docs/adr/1.md': '# `a`\n',
    },
    [],
  ],
  [
    'undeclared',
    { 'agent/package.json': '{}', ...source("import 'a'") },
    ['agent/index.ts:2 package'],
  ],
]
for (const [name, files, expected] of trees) test(name, () => check(files, expected))

test('code keeps its length, lines and braces when comments and text are blanked', () => {
  const text = "a // 'x'\n/* { */ b(`1${{ c: `}${'}'}` }.c}2`, /[/'\"]/.test(d))\n`\\``;e\n'"
  const { code } = readSource(text)
  assert.equal(code.length, text.length)
  assert.equal(code.split('\n').length, text.split('\n').length)
  assert.deepEqual(code.match(/[a-z]+/g), ['a', 'b', 'c', 'c', 'test', 'd', 'e'])
})

test('this repository has no faults', () => {
  const faults = findFaults(readTree())
  const list = faults.map((fault) => `\n${fault.file}:${fault.line}: ${fault.code}`)
  if (faults.length > 0) assert.fail(`${faults.length} faults, see \`make tidy\`:${list.join('')}`)
})
