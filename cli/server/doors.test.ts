/** Where a server listens and who may come, and what those are told who ask for what cannot be. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { ServeOptions } from './doors.ts'
import { UsageError, doorsOf } from './doors.ts'
import { listenOf } from './listen.ts'

const folder = mkdtempSync(join(tmpdir(), 'bulwark-doors-'))
after(() => rmSync(folder, { recursive: true }))
const fileOf = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const options = (more: Partial<ServeOptions>): ServeOptions => ({
  listen: '127.0.0.1:7676',
  severity: [],
  policy: [],
  rules: [],
  vulnerabilities: [],
  agentAccount: [],
  readerAccount: [],
  audience: 'bulwark-server',
  ...more,
})

test('addresses', () => {
  const check = (text: string, expected: string, isV6 = true): void => {
    const listen = listenOf(text, () => isV6)
    const told = listen && `${listen.host} ${listen.port} ${listen.isLoopback ? 'own' : 'others'}`
    assert.equal(told ?? 'none', expected, text)
  }
  check('127.0.0.1:7676', '127.0.0.1 7676 own')
  check('127.9.9.9:0', '127.9.9.9 0 own')
  check('[::1]:7676', '::1 7676 own')
  check('localhost:1', '127.0.0.1 1 own')
  check('LocalHost:1', '127.0.0.1 1 own')
  check(':7676', ':: 7676 others')
  check(':7676', '0.0.0.0 7676 others', false)
  check('0.0.0.0:7676', '0.0.0.0 7676 others')
  check('[::]:7676', ':: 7676 others')
  check('127.example:80', '127.example 80 others')
  check('::1:7676', 'none')
  check('[here]:7676', 'none')
  check('127.0.0.1', 'none')
  check('127.0.0.1:', 'none')
  check('127.0.0.1:65536', 'none')
  check('http://127.0.0.1:1', 'none')
})

test('what a server is not started with', () => {
  const check = (more: Partial<ServeOptions>, message: RegExp, help: RegExp): void => {
    assert.throws(
      () => doorsOf(options(more)),
      (error) => {
        assert.ok(error instanceof UsageError)
        assert.match(error.message, message)
        assert.match(error.help, help)
        return true
      },
    )
  }
  const [empty, file] = [fileOf('empty', '\n'), fileOf('file', 'x')]
  const tls = { tlsCert: file, tlsKey: file }
  check({ listen: 'here' }, /^--listen: here is no address$/, /127\.0\.0\.1:7676/)
  check({ listen: ':1' }, /:: is reached .* in the clear$/, /--tls-cert/)
  check({ listen: ':1', ...tls }, /anybody could hand alerts over$/, /--agent-account/)
  check({ tlsCert: file }, /^--tls-cert stands alone$/, /--tls-key/)
  check({ tlsKey: file }, /^--tls-key stands alone$/, /--tls-cert/)
  check({ ...tls, tlsKey: '/no' }, /^cannot read its key: ENOENT/, /may read/)
  check({ agentTokenFile: '/no' }, /^cannot read --agent-token-file: ENOENT/, /may read/)
  check({ readerTokenFile: empty }, /^--reader-token-file: .* is empty$/, /random/)
  for (const bad of ['x', 'a/b/c', 'A/b', '/b', 'a/']) {
    check({ agentAccount: ['a/b', bad] }, /is no service account$/, /NAMESPACE\/NAME/)
  }
})

test('what it is started with', () => {
  const [cert, token] = [fileOf('cert', 'pem'), fileOf('token', 't')]
  const { listen, tls, roles, reviews } = doorsOf(
    options({
      listen: ':7676',
      tlsCert: cert,
      tlsKey: cert,
      agentAccount: ['bulwark/agent'],
      readerTokenFile: token,
    }),
  )
  assert.deepEqual(
    [listen.isLoopback, tls?.(), reviews],
    [false, { cert: 'pem', key: 'pem' }, true],
  )
  assert.deepEqual(roles, {
    agent: { tokenFile: undefined, accounts: ['bulwark/agent'] },
    reader: { tokenFile: token, accounts: [] },
  })
  assert.equal(doorsOf(options({})).reviews, false)
})
