/** Kubeconfigs as kubectl writes them, and what in them is refused. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { AccessError, accessInCluster, readSecret } from './access.ts'
import { accessFromKubeconfig } from './kubeconfig.ts'

const config = (cluster: object, user: object): object => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'b',
  contexts: [
    { name: 'a', context: { cluster: 'none', user: 'none' } },
    { name: 'b', context: { cluster: 'c', user: 'u' } },
  ],
  clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1:6443', ...cluster } }],
  users: [{ name: 'u', user }],
})

const base64 = (text: string): string => Buffer.from(text).toString('base64')

test('tokens, certificates, files relative to the kubeconfig', () => {
  const check = (cluster: object, user: object, expected: object): void => {
    const { server, ...access } = accessFromKubeconfig(config(cluster, user), '/etc/k')
    assert.equal(server.href, 'https://10.0.0.1:6443/')
    const told = Object.fromEntries(Object.entries(access).filter(([, value]) => value))
    assert.deepEqual(told, expected)
  }
  check({}, {}, {})
  check({}, { token: 't' }, { token: { text: 't' } })
  check({}, { tokenFile: 'x/t' }, { token: { file: '/etc/k/x/t' } })
  check(
    { 'certificate-authority-data': base64('PEM'), 'tls-server-name': 'kubernetes' },
    { 'client-certificate': '/c.pem', 'client-key-data': base64('KEY') },
    {
      authorities: { text: 'PEM' },
      serverName: 'kubernetes',
      clientCert: { file: '/c.pem' },
      clientKey: { text: 'KEY' },
    },
  )
  check({ 'insecure-skip-tls-verify': true }, {}, { insecure: true })
})

test('what is refused, with its name', () => {
  const check = (value: unknown, expected: RegExp, context?: string): void => {
    assert.throws(
      () => accessFromKubeconfig(value, '/', context),
      (error) => {
        assert.ok(error instanceof AccessError)
        assert.match(error.message, expected)
        return true
      },
    )
  }
  check(undefined, /no kubeconfig/)
  check([], /no kubeconfig/)
  check({ kind: 'Pod' }, /no kubeconfig/)
  check({ kind: 'Config' }, /no `current-context`/)
  check(config({}, {}), /no cluster "none" \(there are: c\)/, 'a')
  check(config({}, {}), /no context "z" \(there are: a, b\)/, 'z')
  check(config({ server: 'ftp://x' }, {}), /no http: or https: address/)
  check(config({ server: 7 }, {}), /`server` is no text/)
  check(config({ 'proxy-url': 'http://p' }, {}), /`proxy-url` cannot be used/)
  check(
    config({}, { exec: { command: 'aws' } }),
    /user "u": `exec` cannot be used: it runs a program/,
  )
  check(config({}, { 'auth-provider': { name: 'oidc' } }), /`auth-provider` cannot be used/)
  check(config({}, { username: 'x' }), /takes no passwords/)
  check(config({}, { as: 'admin' }), /does not act as somebody else/)
  check(config({}, { 'client-key': 'x' }), /come together/)
})

test('in a cluster: the token of the service account, wherever the API server is', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-account-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const host = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' }
  assert.equal(accessInCluster(host, folder), undefined)
  writeFileSync(join(folder, 'token'), 'one')
  assert.equal(accessInCluster({}, folder), undefined)
  const access = accessInCluster(host, folder)
  assert.equal(access?.server.href, 'https://[fd00::1]:6443/')
  assert.ok(access.token)
  assert.equal(readSecret(access.token, 'the token'), 'one')
  writeFileSync(join(folder, 'token'), 'two')
  assert.equal(readSecret(access.token, 'the token'), 'two')
  assert.ok(access.authorities)
  const { authorities } = access
  assert.throws(() => readSecret(authorities, 'the authorities'), /cannot read the authorities/)
})
