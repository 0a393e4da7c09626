/** `bulwark graph pod` over the sample cluster, and what happens on wrong usage. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { bulwark } from '../testdata/bulwark.ts'

const shop = join(import.meta.dirname, '../../tests/clusters/shop')
const folder = mkdtempSync(join(tmpdir(), 'bulwark-graph-'))
after(() => rmSync(folder, { recursive: true }))
const fileOf = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const runner = 'platform/ci-runner-25ff08462-0eba9'

test('the factors of a pod, as a table and as JSON, with the same words', async () => {
  const args = ['graph', 'pod', runner, '--from-files', shop]
  const [table, json] = await Promise.all([bulwark(args), bulwark([...args, '-o', 'json'])])
  assert.deepEqual([table.code, json.code], [0, 0])
  assert.match(
    table.stdout,
    /^platform\/ci-runner-25ff08462-0eba9\n\+10 the token of ci-runner leads/,
  )
  assert.match(
    table.stderr,
    /cluster from .*: \d+ objects in \d+ files; \d+ documents about images with/,
  )
  const answer = JSON.parse(json.stdout) as {
    readonly factors: readonly {
      readonly id: string
      readonly text: string
      readonly facts: readonly { readonly text: string; readonly object: { kind: string } }[]
    }[]
    readonly path: { readonly to: string; readonly steps: readonly { readonly edge: string }[] }
  }
  const admin = answer.factors.find(({ id }) => id === 'identity.cluster-admin')
  assert.ok(admin)
  for (const { text } of [admin, ...admin.facts]) assert.ok(table.stdout.includes(text), text)
  assert.equal(answer.path.to, 'cluster-admin')
  assert.equal(answer.path.steps[0]?.edge, 'POD_SA')
})

test('a severity policy changes the weights; what is wrong in it is told', async () => {
  const text = (spec: string): string =>
    `apiVersion: bulwark.dev/v1alpha1\nkind: SeverityPolicy\nspec: {${spec}}\n`
  const policy = fileOf(
    'policy.yaml',
    `${text('weights: {identity.cluster-admin: 30}')}---\n${text('weights: {exposure.privat: 1}')}`,
  )
  const args = ['graph', 'pod', runner, '--from-files', shop, '--severity', policy]
  const { code, stdout, stderr } = await bulwark(args)
  assert.equal(code, 0)
  assert.match(stdout, /^\+30 the token of ci-runner/m)
  assert.match(
    stderr,
    /no factor has the id `exposure\.privat`: did you mean `exposure\.private`\?/,
  )
})

test('facts, and whether the example of `context` holds', async () => {
  const policy = join(import.meta.dirname, '../../docs/examples/shells-in-context.yaml')
  const ask = (pod: string, ...more: string[]): ReturnType<typeof bulwark> =>
    bulwark(['graph', 'pod', pod, '--from-files', shop, '--policy', policy, ...more])
  const [debug, json, bad] = await Promise.all([
    ask('shop-dev/debug', '--facts'),
    ask('shop-dev/debug', '-o', 'json'),
    ask(runner),
  ])
  assert.match(debug.stdout, /^ {2}graph\.has_token = false$/m)
  assert.match(debug.stdout, /^ {2}graph\.cve_kev = \(not known\)$/m)
  assert.match(
    debug.stdout,
    /^ {2}shells-in-context spec\.context\[0\]: does not hold\n {4}raise by 20/m,
  )
  assert.match(debug.stdout, /^ {2}shells-in-context spec\.context\[1\]: holds\n {4}suppress when/m)
  assert.match(bad.stdout, /spec\.context\[0\]: holds\n/)
  assert.ok(!bad.stdout.includes('graph.has_token = true'), 'facts are shown when asked for')
  const answer = JSON.parse(json.stdout) as {
    readonly facts: Readonly<Record<string, unknown>>
    readonly policies: readonly { readonly policy: string; readonly holds: boolean | null }[]
  }
  assert.deepEqual([answer.facts['graph.secrets'], answer.facts['graph.cve_kev']], [0, null])
  assert.deepEqual(
    answer.policies.map(({ holds }) => holds),
    [false, true],
  )
})

test('wrong usage, and a pod that is not there', async () => {
  const check = async (args: readonly string[], exit: number, said: RegExp): Promise<void> => {
    const { code, stdout, stderr } = await bulwark(['graph', 'pod', ...args])
    assert.deepEqual([code, stdout], [exit, ''], args.join(' '))
    assert.match(stderr, said)
  }
  const broken = fileOf('broken.yaml', 'a: [')
  const unsound = fileOf(
    'unsound.yaml',
    'apiVersion: bulwark.dev/v1alpha1\nkind: RuntimePolicy\nmetadata: {name: p}\nspec:\n' +
      '  rules: [{name: r, condition: evt.type = open, output: x}]\n' +
      '  context: [{when: proc.name = sh, effect: raise, reason: x}]\n',
  )
  const none = join(folder, 'none')
  mkdirSync(none)
  await Promise.all([
    check(['shop-dev/debug'], 2, /no cluster is given\n.*give `--from-files DIR`/),
    check(['debug', '--from-files', shop], 2, /debug is no pod\n.*write NAMESPACE\/NAME/),
    check(['shop-dev/nobody', '--from-files', shop], 2, /pods there: debug, web-preview-/),
    check(['a/b', '--from-files', shop], 2, /namespace a has none/),
    check(['a/b', '--from-files', '/nowhere'], 2, /cannot read a cluster from \/nowhere: ENOENT/),
    check(['a/b', '--from-files', none], 2, /has no \*\.json/),
    check(['a/b', '--from-files', shop, '--severity', broken], 2, /cannot read .*broken\.yaml/),
    check(['a/b', '--from-files', shop, '--severity', '/no'], 2, /cannot read \/no: ENOENT/),
    check(['a/b', '--from-files', shop, '--policy', '/no'], 2, /cannot read \/no: ENOENT/),
    check(['a/b', '--from-files', shop, '--policy', unsound], 1, /`proc\.name` is of the event/),
  ])
})
