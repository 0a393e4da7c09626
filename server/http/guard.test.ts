/** Who may do what, and what others are told. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { limits } from '../limits.ts'
import type { Denial, GuardOptions, Reviewed, Role } from './guard.ts'
import { Guard, isDenied } from './guard.ts'

const folder = mkdtempSync(join(tmpdir(), 'bulwark-guard-'))
after(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'token')
writeFileSync(file, 'secret\n')

const nobody = { tokenFile: undefined, accounts: [] }
const accounts = { tokenFile: undefined, accounts: ['bulwark/agent'] }

const users: Readonly<Record<string, Reviewed>> = {
  good: { user: 'system:serviceaccount:bulwark:agent' },
  other: { user: 'system:serviceaccount:shop:agent' },
  person: { user: 'bulwark/agent' },
}

const guardOf = (
  more: Partial<GuardOptions> = {},
): { readonly guard: Guard; readonly asked: readonly string[]; readonly clock: { ms: number } } => {
  const asked: string[] = []
  const clock = { ms: 0 }
  const guard = new Guard({
    isLoopback: false,
    roles: { agent: accounts, reader: nobody },
    review: async (token) => {
      asked.push(token)
      if (token === 'stuck') throw new Error('HTTP 500: stuck')
      return users[token] ?? { refused: 'nobody has it' }
    },
    now: () => clock.ms,
    ...more,
  })
  return { guard, asked, clock }
}

const denialOf = async (
  guard: Guard,
  role: Role,
  authorization?: string,
): Promise<Denial | undefined> => {
  const checked = await guard.check(role, authorization)
  return isDenied(checked) ? checked : undefined
}

test('whose requests go on', async () => {
  const { guard } = guardOf()
  const check = async (header: string | undefined, expected: string): Promise<void> => {
    const denial = await denialOf(guard, 'agent', header)
    assert.equal(denial ? `${denial.status} ${denial.message}` : 'yes', expected, header)
  }
  await check('Bearer good', 'yes')
  await check('bearer good', 'yes')
  await check(undefined, '401 the request has no token')
  await check('', '401 the request has no token')
  await check('Basic good', '401 the request has no token')
  await check('Bearer good more', '401 the request has no token')
  await check(`Bearer ${'x'.repeat(limits.tokenCharsMax + 1)}`, '401 the request has no token')
  await check('Bearer bad', '401 the token is not good: nobody has it')
  await check('Bearer other', '403 system:serviceaccount:shop:agent may not hand alerts over')
  await check('Bearer person', '403 bulwark/agent may not hand alerts over')
  await check('Bearer stuck', '503 the API server cannot be asked about the token: HTTP 500: stuck')
})

test('agents are no readers', async () => {
  const { guard } = guardOf()
  const denial = await denialOf(guard, 'reader', 'Bearer good')
  assert.equal(denial?.message, 'nobody may ask about the cluster')
})

test('a loopback address is open until something else is said', async () => {
  const { guard } = guardOf({ isLoopback: true })
  assert.equal(await denialOf(guard, 'reader'), undefined)
  assert.equal((await denialOf(guard, 'agent'))?.status, 401)
})

test('the token of a file, which may be renewed', async () => {
  const roles = { agent: { tokenFile: file, accounts: [] }, reader: nobody }
  const { guard, asked } = guardOf({ roles })
  const status = async (token: string): Promise<number | undefined> =>
    (await denialOf(guard, 'agent', `Bearer ${token}`))?.status
  assert.deepEqual([await status('secret'), await status('secre')], [undefined, 401])
  writeFileSync(file, 'renewed')
  assert.deepEqual([await status('secret'), await status('renewed')], [401, undefined])
  writeFileSync(file, '')
  assert.equal(await status('renewed'), 401)
  assert.deepEqual(asked, [])
})

test('answers about tokens are kept for a while; failures are not', async () => {
  const { guard, asked, clock } = guardOf()
  const ask = async (token: string): Promise<number> => {
    await guard.check('agent', `Bearer ${token}`)
    return asked.length
  }
  assert.deepEqual([await ask('good'), await ask('good')], [1, 1])
  assert.deepEqual([await ask('bad'), await ask('bad')], [2, 2])
  assert.deepEqual([await ask('stuck'), await ask('stuck')], [3, 4])
  clock.ms = limits.refusedTokenMsMax
  assert.deepEqual([await ask('good'), await ask('bad')], [4, 5])
  clock.ms = limits.tokenMsMax
  assert.equal(await ask('good'), 6)
})
