/** `run` with pods from an API server or from files: what is wrong with them is said, exit code 2. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { bulwark } from './testdata/bulwark.ts'

const folder = mkdtempSync(join(tmpdir(), 'bulwark-kubeconfig-'))
after(() => rmSync(folder, { recursive: true }))

const fileOf = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** As `aws eks update-kubeconfig` writes it. */
const withProgram = `
apiVersion: v1
kind: Config
current-context: prod
clusters: [{ name: c, cluster: { server: 'https://10.0.0.1' } }]
contexts: [{ name: prod, context: { cluster: c, user: u } }]
users:
  - name: u
    user:
      exec: { apiVersion: client.authentication.k8s.io/v1, command: aws, args: [eks, get-token] }
`

test('kubeconfigs and dumps that cannot be used', async () => {
  const check = async (args: readonly string[], expected: RegExp): Promise<void> => {
    const { code, stdout, stderr } = await bulwark(['run', ...args])
    assert.deepEqual([code, stdout], [2, ''], stderr)
    assert.match(stderr, expected)
  }
  const kubeconfig = (text: string, name: string): string[] => ['--kubeconfig', fileOf(name, text)]
  await Promise.all([
    check(['--kubeconfig', '/nowhere/x'], /cannot know pods from \/nowhere\/x: ENOENT/),
    check(['--kubeconfig', 'in-cluster'], /this is no pod of a cluster/),
    check(kubeconfig(withProgram, 'exec'), /user "u": `exec` cannot be used: it runs a program/),
    check(kubeconfig('a: [', 'broken'), /it is no YAML/),
    check(kubeconfig('&a [*a, *a]', 'alias'), /it is no kubeconfig|no YAML|lias/),
    check(['--pods-from', folder], /has no \*\.json[^]*help: see docs\/kubernetes\.md/),
    check(['--node', 'a'], /`node` alone says nothing/),
    check(['--pods-from', 'a', '--kubeconfig', 'b'], /give one of the two/),
  ])
})
