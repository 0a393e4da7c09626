/** Who did it: the members that every event begins with. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { clocks } from '@bulwark/native'
import { Calls } from './calls.ts'
import type { Recorded } from './decode.ts'
import { nothingProgram } from './program.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

const stage = useStage(new Set(['openat']))
const [chown, dacOverride, netRaw, setuid, sysAdmin] = [0, 1, 13, 7, 21]

/** The bits of capabilities. */
const bits = (...capabilities: readonly number[]): number =>
  capabilities.reduce((sum, capability) => sum + 2 ** capability, 0)

/** A call that every test can make, and that is told. */
const openRoot = (calls: Calls): void => {
  calls.call('openat', api.AT_FDCWD, '/', api.O_RDONLY)
}

/** capset(2): the process's own effective, permitted and inheritable capabilities. */
const setCapabilities = (
  calls: Calls,
  effective: number,
  permitted: number,
  inheritable: number,
): void => {
  const version3 = 0x20080522
  const words = [effective, permitted, inheritable]
  const low = words.map((word) => [4, word % 2 ** 32] as const)
  const high = words.map((word) => [4, Math.floor(word / 2 ** 32)] as const)
  calls.call('capset', api.pack([4, version3], [4, 0]), api.pack(...low, ...high))
}

const run = async (calls: Calls) => {
  const { events, results, pid } = await stage.recorder.run(calls)
  assert.ok(
    results.every((result) => result >= 0),
    `results: ${results.join(' ')}`,
  )
  return { events, pid }
}

test('capabilities are those of the moment', { skip }, async () => {
  const calls = new Calls()
  openRoot(calls)
  const permitted = bits(chown, dacOverride, netRaw, setuid)
  setCapabilities(calls, bits(chown, netRaw), permitted, bits(dacOverride))
  openRoot(calls)
  setCapabilities(calls, 0, 0, 0)
  openRoot(calls)
  const { events } = await run(calls)
  const status = readFileSync('/proc/self/status', 'utf8')
  const own = (name: string): bigint => {
    const hex = new RegExp(`^${name}:\\s*(\\w+)$`, 'm').exec(status)?.[1] ?? ''
    return BigInt(`0x${hex}`)
  }
  const [first] = events.of('open')
  assert.equal(BigInt(first?.capEffective ?? 0), own('CapEff'))
  assert.equal(BigInt(first?.capPermitted ?? 0), own('CapPrm'))
  expectEvents(events.of('open').slice(1), [
    {
      capEffective: bits(chown, netRaw),
      capPermitted: permitted,
      capInheritable: bits(dacOverride),
    },
    { capEffective: 0, capPermitted: 0, capInheritable: 0 },
  ])
})

test('user and group are the effective ones, and go with their power', { skip }, async () => {
  const calls = new Calls()
  calls.call('setresgid', 0, 1234, 0)
  calls.call('setresuid', 0, 5678, 0)
  openRoot(calls)
  calls.call('setresuid', 5678, 0, 5678)
  openRoot(calls)
  const { events } = await run(calls)
  const [dropped, again] = events.of('open')
  assert.partialDeepStrictEqual(dropped, { euid: 5678, egid: 1234, capEffective: 0 })
  assert.partialDeepStrictEqual(again, { euid: 0, egid: 1234 })
  const effective = BigInt(again?.capEffective ?? 0)
  assert.equal((effective >> BigInt(sysAdmin)) & 1n, 1n)
})

test('an exec is told with the rights that the new program has', { skip }, async () => {
  const calls = new Calls()
  calls.call('setresgid', 1234, 1234, 1234)
  calls.call('setresuid', 5678, 5678, 5678)
  calls.exec('/proc/self/exe', ['calls'])
  const { events, pid } = await run(calls)
  const rights = { euid: 5678, egid: 1234, capEffective: 0, capPermitted: 0 }
  expectEvents(events.of('exec'), [{ pid, ...rights }])
  expectEvents(events.of('exit'), [{ pid, ...rights }])
})

const namespacesMax = '/proc/sys/user/max_user_namespaces'
const mayNest = existsSync(namespacesMax) && Number(readFileSync(namespacesMax, 'utf8')) > 0
const skipNested = skip || (mayNest ? false : 'this kernel makes no user namespaces')

test('a user namespace does not hide who it is outside', { skip: skipNested }, async () => {
  const newUser = 0x1000_0000
  const nobody = 65534
  const calls = new Calls()
  calls.call('unshare', newUser)
  const inside = calls.call('geteuid')
  openRoot(calls)
  const { events, results } = await stage.recorder.run(calls)
  assert.equal(results[inside.index], nobody)
  expectEvents(events.of('open'), [{ euid: 0, egid: 0 }])
})

test('process and thread have their numbers, here and in their namespace', { skip }, async () => {
  const calls = new Calls()
  calls.call('unshare', api.CLONE_NEWPID)
  calls.fork()
  openRoot(calls)
  calls.call('unshare', api.CLONE_NEWPID)
  calls.fork()
  openRoot(calls)
  calls.thread()
  openRoot(calls)
  calls.exec(nothingProgram(), ['nothing'])
  const { events, pid } = await run(calls)
  const [first, second] = events.of('fork')
  assert.ok(first && second)
  assert.deepEqual([first.childVpid, second.childVpid], [1, 1])
  const [outer, inner, thread] = events.of('open')
  const twice = { pid: second.childPid, ppid: first.childPid, vpid: 1 }
  assert.partialDeepStrictEqual(outer, {
    pid: first.childPid,
    tid: first.childPid,
    ppid: pid,
    vpid: 1,
    vtid: 1,
  })
  assert.partialDeepStrictEqual(inner, { ...twice, tid: second.childPid, vtid: 1 })
  assert.partialDeepStrictEqual(thread, { ...twice, vtid: 2 })
  assert.notEqual(thread?.tid, second.childPid)
  expectEvents(events.of('exec'), [{ ...twice, tid: second.childPid, vtid: 1 }])
})

test('a process group from outside has no number', { skip }, async () => {
  const calls = new Calls()
  calls.call('unshare', api.CLONE_NEWPID)
  calls.fork()
  calls.exec(nothingProgram(), ['nothing'])
  const { events } = await run(calls)
  expectEvents(events.of('exec'), [{ vpid: 1, vpgid: 0 }])
})

test('the name is that of the thread, when it acts', { skip }, async () => {
  const setName = 15
  const calls = new Calls()
  calls.call('prctl', setName, 'sixteen letters!')
  openRoot(calls)
  calls.thread()
  calls.call('prctl', setName, 'worker')
  openRoot(calls)
  const { events } = await run(calls)
  expectEvents(events.of('open'), [{ comm: 'sixteen letters' }, { comm: 'worker' }])
  expectEvents(events.of('exit'), [{}])
})

test('time goes on, and the start of a process stays', { skip }, async () => {
  const calls = new Calls()
  openRoot(calls)
  openRoot(calls)
  const { events } = await run(calls)
  const times = events.all.map(({ timeNs }) => BigInt(timeNs))
  assert.deepEqual(
    times,
    times.toSorted((a, b) => Number(a - b)),
  )
  const starts = new Set(events.all.map(({ startNs }) => startNs))
  assert.equal(starts.size, 1)
  const [start] = starts
  assert.ok(start !== undefined && BigInt(start) < (times[0] ?? 0n))
  assert.ok((times.at(-1) ?? 0n) < clocks().bootNs, 'by the clock that the agent reads')
})

const loginUid = '/proc/self/loginuid'
const skipLogin =
  skip || (existsSync(loginUid) ? false : 'this kernel keeps no login user (no audit)')

test('the login user is told', { skip: skipLogin }, async () => {
  const calls = new Calls()
  const file = calls.call('openat', api.AT_FDCWD, loginUid, api.O_RDWR)
  calls.call('write', file, '4321', 4)
  openRoot(calls)
  const { events } = await run(calls)
  const opened: readonly Recorded<'open'>[] = events.of('open')
  expectEvents(opened, [{}, { loginUid: 4321 }])
})

test("the agent's own events are left out", { skip }, async () => {
  const events = await stage.recorder.record(
    async () => {
      readFileSync('/etc/hosts')
    },
    () => (r) => r.data.getUint32(r.at + 68, true) === process.pid,
  )
  assert.deepEqual(events.all, [])
})
