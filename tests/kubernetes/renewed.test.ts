/**
 * Certificates that are renewed while they are in use, as a Secret of Kubernetes is in a pod: a
 * link is turned to another folder. Connections that are there go on, new ones have what is new.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { makeCertificates } from '@bulwark/tools'
import { alertAt, channelTo, serveShop } from '../running.ts'

const folder = mkdtempSync(join(tmpdir(), 'bulwark-renewed-'))
after(() => rmSync(folder, { recursive: true }))

const authorities = new Map<string, string>()

/** A version of the Secret: what the kubelet writes before it turns the link. */
const makeVersion = (name: string, tls?: { readonly cert: string; readonly key: string }): void => {
  const made = join(folder, `made-${name}`)
  mkdirSync(made)
  const { authority, server } = makeCertificates(made, 'nobody')
  const version = join(folder, name)
  mkdirSync(version)
  writeFileSync(join(version, 'ca.crt'), authority)
  writeFileSync(join(version, 'tls.crt'), (tls ?? server).cert)
  writeFileSync(join(version, 'tls.key'), (tls ?? server).key)
  authorities.set(name, authority)
}

/** @param mount  what turns: those of the server and of its agents do by themselves */
const turnTo = (mount: string, version: string): void => {
  symlinkSync(version, join(folder, `${mount}.next`))
  renameSync(join(folder, `${mount}.next`), join(folder, mount))
}
const read = (name: string): string => readFileSync(join(folder, 'server', name), 'utf8')

test('certificates are renewed under the same names', { timeout: 60_000 }, async (t) => {
  makeVersion('first')
  makeVersion('second')
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8')
  makeVersion('torn', { cert: text('first/tls.crt'), key: text('second/tls.key') })
  turnTo('server', 'first')
  turnTo('agent', 'first')

  const log: string[] = []
  const said = Promise.withResolvers<void>()
  const refused = Promise.withResolvers<void>()
  const told: string[] = []
  let onTold = (): void => {}
  const server = await serveShop(t, {
    tls: () => ({ cert: read('tls.crt'), key: read('tls.key') }),
    tlsLookMs: 5,
    tell: ({ message }) => {
      told.push(message)
      onTold()
    },
    log: (line) => {
      log.push(line)
      if (line === 'certificate and key were renewed') said.resolve()
      if (line.includes('stay what they were')) refused.resolve()
    },
  })

  const agentOf = (version: string): Agent => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: authorities.get(version) ?? '' })
    t.after(() => agent.destroy())
    return agent
  }
  /** Whether it went over a connection that was there. */
  const isReused = async (agent: Agent): Promise<boolean> => {
    const request = get(`${server.url}/healthz`, { agent })
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    await once(answer.resume(), 'end')
    return request.reusedSocket
  }
  const caFile = join(folder, 'agent', 'ca.crt')
  const { outputs, log: ofAgent } = channelTo(t, server.url, { caFile })
  const untilTold = async (at: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    onTold = resolve
    outputs.send(alertAt(at))
    await promise
    assert.equal(told.at(-1), `shell ${at}`)
  }

  const held = agentOf('first')
  assert.equal(await isReused(held), false)
  await untilTold(1)
  turnTo('server', 'second')
  await said.promise
  assert.equal(await isReused(held), true, 'a connection that is there goes on')
  await untilTold(2)
  await assert.rejects(isReused(agentOf('first')), /certificate/)
  assert.equal(await isReused(agentOf('second')), false)
  turnTo('agent', 'second')
  await untilTold(3)
  assert.deepEqual(ofAgent, [], 'no alert had to wait')

  turnTo('server', 'torn')
  await refused.promise
  assert.equal(await isReused(agentOf('second')), false, 'what was before stays')
  assert.match(log.join('\n'), /^certificate .* renewed\nwarning: certificate and key cannot be /)
})
