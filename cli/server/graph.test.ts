/** Questions to a server: the same words and exit codes as from the files that it has read. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { graphPath } from '@bulwark/schema'
import { bulwark } from '../testdata/bulwark.ts'
import { nobody, serveShop, shopFolder as shop } from '../testdata/shop-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'bulwark-graph-'))
after(() => rmSync(folder, { recursive: true }))

/** What is said of files that are read is not said of a server. */
const ofReading = /^bulwark: (?:cluster from| {2}(?!help)).*\n/gm

test('a server says what its files say', async (t) => {
  const { url } = await serveShop(t)
  const check = async (line: string, code: number): Promise<void> => {
    const args = ['graph', ...line.split(' ')]
    const [files, server] = await Promise.all([
      bulwark([...args, '--from-files', shop]),
      bulwark([...args, '--server', url]),
    ])
    assert.deepEqual([server.code, server.stdout], [code, files.stdout], line)
    assert.equal(files.code, code)
    assert.equal(server.stderr, files.stderr.replace(ofReading, ''))
  }
  await check('paths --from internet --best 2 --check', 1)
  await check('who-can create pods/exec -n platform -o json', 0)
  await check('blast-radius user:nobody --certainty certain', 0)
  await check('pod platform/ci-runner-25ff08462-0eba9 --facts', 0)
  await check('fixes --from pod:shop-prod/web', 2)
  await check('pod shop-dev/nobody', 2)
})

test('a question that is wrong, or that nobody may ask', async (t) => {
  const token = join(folder, 'token')
  writeFileSync(token, 'secret')
  const reader = { tokenFile: token, accounts: [] }
  const { url } = await serveShop(t, { roles: { agent: nobody, reader } })
  const check = async (path: string, status: number, message: RegExp): Promise<void> => {
    const headers = { authorization: 'Bearer secret' }
    const answer = await fetch(`${url}${graphPath}/${path}`, { headers })
    assert.equal(answer.status, status)
    assert.match(((await answer.json()) as { readonly message: string }).message, message)
  }
  await check('ways', 400, /^no question ways$/)
  await check('__proto__', 400, /^no question __proto__$/)
  await check('paths', 400, /^from: /)
  await check('paths?from=internet&best=101', 400, /^best: /)
  await check('paths?from=internet&certainty=sure', 400, /^certainty: /)
  await check(`pod?pod=${'x'.repeat(1025)}`, 400, /^pod: /)
  const args = ['graph', 'who-can', 'get', 'secrets', '--server', url]
  const [without, withToken, alien] = await Promise.all([
    bulwark(args),
    bulwark([...args, '--server-token-file', token]),
    bulwark(['graph', 'pod', 'a/b', '--server', url, '--severity', 'x']),
  ])
  assert.deepEqual([without.code, without.stdout, withToken.code], [3, '', 0])
  assert.match(without.stderr, /cannot be asked: HTTP 401: the request has no token/)
  assert.equal(alien.code, 2)
  assert.match(alien.stderr, /--severity beside --server: it has its own/)
})
