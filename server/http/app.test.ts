/** Whose alerts they are, by what the API server says of a token, or else by the address. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultSettings } from '@bulwark/graph'
import { alertsPath } from '@bulwark/schema'
import { pino } from 'pino'
import { AlertIntake } from '../link/index.ts'
import { ClusterInput } from '../input/index.ts'
import { alertAt, linesOf } from '../testdata/alerts.ts'
import { makeApp } from './app.ts'
import type { Reviewed } from './guard.ts'
import { Guard } from './guard.ts'

const user = 'system:serviceaccount:bulwark:agent'
const reviewed: Readonly<Record<string, Reviewed>> = {
  first: { user, node: 'worker-1' },
  second: { user, node: 'worker-2' },
  unbound: { user },
}

class Recording extends AlertIntake {
  readonly agents: string[] = []

  override take(
    ...[alerts, from]: Parameters<AlertIntake['take']>
  ): ReturnType<AlertIntake['take']> {
    this.agents.push(from)
    return super.take(alerts, from)
  }
}

test('agents are told apart by the node of their token, and else by their address', async (t) => {
  const intake = new Recording({
    judge: () => ({ context: undefined, raised: [] }),
    tell: () => {},
    waitingMax: 10,
  })
  const { sources } = new ClusterInput()
  const accounts = ['bulwark/agent']
  const app = makeApp({
    intake,
    takeUsage: () => 'taken',
    feed: {
      sources,
      input: () => assert.fail(),
      ages: () => new Map(),
      counts: new Map(),
      files: new Map(),
    },
    guard: new Guard({
      isLoopback: false,
      roles: {
        agent: { tokenFile: undefined, accounts },
        reader: { tokenFile: undefined, accounts },
      },
      review: async (token) => reviewed[token] ?? { refused: 'nobody has it' },
      now: () => 0,
    }),
    settings: { now: defaultSettings },
    tls: undefined,
    log: pino({ level: 'silent' }),
    now: () => 0,
    lost: () => [],
    judgeFaults: () => 0,
    unjoined: () => 0,
    unkept: () => 0,
  })
  t.after(() => app.close())
  const send = async (token: string, remoteAddress: string, at: number): Promise<number> => {
    const { statusCode } = await app.inject({
      method: 'POST',
      url: alertsPath,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
      payload: linesOf([alertAt(at)]),
      remoteAddress,
    })
    return statusCode
  }
  // As behind a proxy: all come from one address.
  assert.equal(await send('first', '192.0.2.1', 1), 200)
  assert.equal(await send('second', '192.0.2.1', 2), 200)
  assert.equal(await send('unbound', '::ffff:192.0.2.7', 3), 200)
  assert.equal(await send('bad', '192.0.2.1', 4), 401)
  assert.deepEqual(intake.agents, ['node/worker-1', 'node/worker-2', '192.0.2.7'])
})
