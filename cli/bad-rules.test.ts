/** Rule files that are made to hurt: each ends soon, in little memory, with a diagnostic. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bulwark } from './testdata/bulwark.ts'

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-bad-'))
})
after(() => rmSync(folder, { recursive: true }))

const rule = (name: string, condition: string): string =>
  `- rule: ${name}\n  desc: d\n  condition: ${condition}\n  output: o\n  priority: NOTICE\n`

const execs = (more: string): string => rule('A', `evt.type = execve and ${more}`)

/** With a heap that a careless reader would overrun. */
const bounded = ['env', 'NODE_OPTIONS=--max-old-space-size=768']

const check = async (name: string, text: string, code: number, expected: RegExp): Promise<void> => {
  const path = join(folder, name)
  writeFileSync(path, text)
  const ended = await bulwark(['rules', 'check', path], bounded)
  assert.equal(ended.code, code, `${name}: ${ended.stderr.slice(0, 500)}`)
  assert.match(ended.stdout.slice(0, 2000), expected, name)
}

test('regular expressions that blow up', async () => {
  const nested = 'proc.cmdline regex "((a{0,1000}){0,1000}){0,1000}"'
  await check('repeats.yaml', execs(nested), 1, /invalid regex pattern: invalid repetition size/)
  const runs = join(folder, 'slow.yaml')
  writeFileSync(runs, execs('proc.cmdline regex "(.*)*(.*)*(e|x|ex)*Z{5}$"'))
  // Linear in the text, so a run over real events ends.
  const { code, stderr } = await bulwark(['replay', '--demo', '--rules', runs], bounded)
  assert.equal(code, 0, stderr)
  assert.match(stderr, /replayed \d+ events/)
})

test('macros and lists that refer to themselves, or grow', async () => {
  const cycle = '- macro: a\n  condition: b\n- macro: b\n  condition: a\n'
  await check('cycle.yaml', cycle + execs('a'), 1, /cycle\.yaml:2:14: error: .*macro 'b'/)
  const self = '- macro: a\n  condition: evt.type = open or a\n'
  await check('self.yaml', self + execs('a'), 1, /self\.yaml:2:14: error: .*macro 'a'/)
  const doubled = (item: (i: number) => string): string =>
    Array.from({ length: 39 }, (_, i) => item(i + 1)).join('')
  const macros = doubled((i) => `- macro: m${i}\n  condition: (m${i - 1}) or (m${i - 1})\n`)
  const first = '- macro: m0\n  condition: proc.name = a or proc.name = b\n'
  await check('grow.yaml', first + macros + execs('m39'), 1, /over \d+ nodes/)
})

test('YAML that is deep, or multiplies itself', async () => {
  const names = Array.from('abcdefghij')
  const laughs = names.map((name, i) => {
    const items = i === 0 ? 'x' : `*${names[i - 1]}`
    return `- &${name} [${Array<string>(9).fill(items).join(',')}]\n`
  })
  await check(
    'laughs.yaml',
    laughs.join(''),
    1,
    /laughs\.yaml:\d+:\d+: error: .*more than \d+ YAML nodes/,
  )
  const deep = `${'('.repeat(200_000)}proc.name = a${')'.repeat(200_000)}`
  await check('deep.yaml', execs(deep), 1, /exceeded max depth/)
})

test('100,000 rules, deep YAML, lists in lists: each is refused by its bound', async () => {
  const tiny = Array.from({ length: 100_000 }, (_, i) => rule(`R${i}`, 'evt.type = open'))
  await check('100k.yaml', tiny.join(''), 1, /more than 1000000 YAML nodes/)
  const items = Array.from({ length: 60_000 }, (_, i) => `- list: l${i}\n  items: [a]\n`)
  await check('items.yaml', items.join(''), 1, /60000 items, over 50000/)
  const deep = `- ${'['.repeat(100_000)}`
  await check('brackets.yaml', deep, 1, /nested deeper than 500/)
  const first = '- list: l0\n  items: [a, b]\n'
  const lists = Array.from({ length: 40 }, (_, i) => {
    const names = Array<string>(8).fill(`l${i}`).join(', ')
    return `- list: l${i + 1}\n  items: [${names}]\n`
  })
  const used = execs('proc.name in (l40)')
  await check('lists.yaml', lists.toReversed().join('') + first + used, 1, /grows over \d+ char/)
})

test('files of 10 MB: many rules, and one', async () => {
  const words = 'x'.repeat(300)
  const many = Array.from({ length: 19_500 }, (_, i) =>
    rule(
      `R${i}`,
      `evt.type = execve and proc.name in (a${i}, b${i}) and proc.cwd = "${i}${words}"`,
    ),
  )
  await check('many.yaml', many.join(''), 0, /many\.yaml: Ok\n19500 of 19500 rules/)
  const names = Array.from({ length: 380_000 }, (_, i) => `proc.name = program${i}`)
  await check('one.yaml', execs(`(${names.join(' or ')})`), 1, /one\.yaml:\d+:\d+: error: .*nodes/)
})
