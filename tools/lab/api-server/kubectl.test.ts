/** kubectl, as a client of the lab's API server: what it takes for an API server is one. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { findProgram } from '../needs.ts'
import { ApiServer, makeCertificates } from './index.ts'
import { kubeconfigText } from './kubeconfig.ts'

const skip =
  findProgram('kubectl') === undefined && 'kubectl is missing: apt-get install kubernetes-client'
const timeout = 60_000
const run = promisify(execFile)

let folder: string
let server: ApiServer

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-kubectl-'))
  const certificates = makeCertificates(folder, 'admin')
  server = await ApiServer.start({ certificates, tokens: new Map([['secret', 'agent']]) })
  const write = (name: string, user: Parameters<typeof kubeconfigText>[1]): void =>
    writeFileSync(join(folder, name), kubeconfigText(server.url, user, certificates.authority))
  write('by-token', { token: 'secret' })
  write('by-certificate', certificates.client)
  write('nobody', { token: 'wrong' })
  for (let i = 0; i < 25; i++) {
    server.putPod({
      metadata: {
        name: `web-${i}`,
        namespace: i % 2 === 0 ? 'default' : 'kube-system',
        labels: { app: 'web', shard: String(i % 5) },
      },
      spec: { nodeName: `node-${i % 3}`, containers: [{ name: 'app', image: 'app:1' }] },
      status: { phase: 'Running' },
    })
  }
})

after(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

const kubectl = async (words: string, config = 'by-token', input = ''): Promise<string> => {
  const args = [`--kubeconfig=${join(folder, config)}`, `--cache-dir=${folder}/cache`]
  // A selector has blanks of its own.
  const promise = run('kubectl', [
    ...args,
    ...words.split(' ').map((word) => word.replaceAll('~', ' ')),
  ])
  promise.child.stdin?.end(input)
  return (await promise).stdout
}

const names = async (words: string): Promise<readonly string[]> =>
  (await kubectl(`get pods ${words} -o name`)).trim().split('\n').filter(Boolean)

test('version, resources, and objects for people', { skip, timeout }, async () => {
  assert.match(await kubectl('version'), /Server Version.*v?1\.32/)
  assert.match(await kubectl('api-resources'), /pods +po +v1 +true +Pod/)
  assert.match(await kubectl('get ns'), /kube-system/)
})

test('lists: pages, namespaces, selectors', { skip, timeout }, async () => {
  server.asked.length = 0
  assert.equal((await names('-A --chunk-size=4')).length, 25)
  assert.equal(server.asked.filter((line) => line.includes('continue=')).length, 6)
  assert.equal((await names('-n kube-system')).length, 12)
  const check = async (words: string, expected: number): Promise<void> =>
    assert.equal((await names(`-A ${words}`)).length, expected, words)
  await check('-l app=web,shard!=1', 20)
  await check('-l !shard', 0)
  await check('-l shard', 25)
  await check('-l shard~in~(1,2)', 10)
  await check('-l shard~notin~(1,2),app~in~(web)', 15)
  await check('--field-selector spec.nodeName=node-0', 9)
  await check('--field-selector spec.nodeName!=node-0,metadata.namespace=default', 8)
  await assert.rejects(names('-A --field-selector spec.image=x'), /field label not supported/)
})

test('one object is got, labelled, made and deleted', { skip, timeout }, async () => {
  const one = JSON.parse(await kubectl('get pod web-0 -o json')) as { kind: string }
  assert.equal(one.kind, 'Pod')
  await kubectl('label pod web-0 tier=front')
  assert.deepEqual(await names('-l tier=front'), ['pod/web-0'])
  await kubectl('label pod web-0 tier-')
  assert.deepEqual(await names('-l tier=front'), [])
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'new' }, spec: { containers: [] } }
  await kubectl('create --validate=false -f -', 'by-token', JSON.stringify(pod))
  await assert.rejects(
    kubectl('create --validate=false -f -', 'by-token', JSON.stringify(pod)),
    /AlreadyExists/,
  )
  await kubectl('delete pod new --wait=false')
  await assert.rejects(kubectl('get pod new'), /NotFound/)
})

test('a watch tells what happens', { skip, timeout }, async () => {
  const args = [`--kubeconfig=${join(folder, 'by-token')}`, `--cache-dir=${folder}/cache`]
  const words = ['get', 'pods', '-A', '-w', '-l', 'watched', '--output-watch-events', '-o', 'json']
  const child = spawn('kubectl', [...args, ...words])
  let seen = ''
  child.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()))
  const untilSeen = async (text: string): Promise<void> => {
    for (const end = Date.now() + 20_000; !seen.includes(text); await nextTurn()) {
      assert.ok(Date.now() < end, `${text} is not in ${seen}`)
    }
  }
  const pod = (value: string): Parameters<ApiServer['putPod']>[0] => ({
    metadata: { name: 'seen', labels: { watched: value } },
    spec: { containers: [] },
  })
  for (const end = Date.now() + 20_000; server.watches.count === 0; await nextTurn()) {
    assert.ok(Date.now() < end, 'no watch')
  }
  server.putPod(pod('a'))
  await untilSeen('ADDED')
  server.putPod(pod('b'))
  await untilSeen('MODIFIED')
  server.putPod({ ...pod('c'), metadata: { name: 'seen' } })
  await untilSeen('DELETED')
  child.kill()
  await once(child, 'close')
})

test(
  'who asks: a token, a certificate, nobody; and whose a token is',
  { skip, timeout },
  async () => {
    assert.match(await kubectl('get ns', 'by-certificate'), /default/)
    await assert.rejects(kubectl('get ns', 'nobody'), /Unauthorized|logged in/)
    const review = async (token: string): Promise<unknown> => {
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } }
      const words = 'create --validate=false -o json -f -'
      const answer = JSON.parse(await kubectl(words, 'by-token', JSON.stringify(body))) as {
        status: { authenticated: boolean; user: { username?: string } }
      }
      return [answer.status.authenticated, answer.status.user.username]
    }
    assert.deepEqual(await review('secret'), [true, 'agent'])
    assert.deepEqual(await review('other'), [false, undefined])
  },
)
