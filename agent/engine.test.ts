/** Rules over events: which alert, what an alert says, and that a rule that fails harms none. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventNumber, recordShapes } from '@bulwark/schema'
import type { IpAddress, RecordValues } from '@bulwark/schema'
import type { Alert } from './alert.ts'
import { newContainer } from './container/container.ts'
import type { Process } from './process.ts'
import { unknownProcess } from './process.ts'
import { newCounters } from './counters.ts'
import type { RuleMatching } from './engine.ts'
import { Engine } from './engine.ts'
import { limits } from './limits.ts'
import type { LiveEvent } from './live-event.ts'
import type { Around } from './testdata/events.ts'
import { eventOf } from './testdata/events.ts'
import { ruleText, rulesOf } from './testdata/rules.ts'
import { Users } from './users.ts'

/** An engine over rules, and what came of it. */
const engineOf = (texts: readonly string[], matching: RuleMatching = 'first') => {
  const alerts: Alert[] = []
  const log: string[] = []
  const counters = newCounters()
  const asked: string[] = []
  const engine = new Engine({
    rules: rulesOf(...texts),
    matching,
    surroundings: { users: new Users(), hostname: 'node1' },
    counters,
    resolve: (name) => {
      asked.push(name)
      return () => new Set<IpAddress>([0x7f000001])
    },
    onAlert: (alert) => alerts.push(alert),
    log: (line) => log.push(line),
  })
  const run = (event: LiveEvent): string => {
    alerts.length = 0
    engine.run(event)
    return alerts.map(({ rule }) => rule).join(' ')
  }
  return { engine, alerts, log, counters, asked, run }
}

const open = (path: string, values: RecordValues = {}, around: Around = {}): LiveEvent =>
  eventOf('open', { path, comm: 'cat', result: 3, ...values }, { type: 'openat', ...around })

test('the first rule that matches alerts, or all of them', () => {
  const texts = [
    ruleText('A', 'evt.type = openat and fd.name startswith /etc'),
    ruleText('B', 'evt.type in (open, openat) and fd.name = /etc/shadow'),
    ruleText('C', 'evt.type = execve'),
    ruleText('D', 'evt.type in (openat, execve) and proc.name = cat'),
  ]
  const check = (event: LiveEvent, first: string, all: string): void => {
    assert.equal(engineOf(texts, 'first').run(event), first)
    assert.equal(engineOf(texts, 'all').run(event), all)
  }
  check(open('/etc/shadow'), 'A', 'A B D')
  check(open('/etc/hosts'), 'A', 'A D')
  check(open('/tmp/x'), 'D', 'D')
  check(open('/tmp/x', { comm: 'dog' }), '', '')
  check(open('/etc/shadow', {}, { type: 'open' }), 'B', 'B')
  check(eventOf('exec', { comm: 'cat', syscall: -1 }, { type: 'execve' }), 'C', 'C D')
  check(eventOf('fork', { comm: 'cat' }, { type: 'clone' }), '', '')
})

test('types that rules do not tell apart share what was compiled, and those that they do have their own', () => {
  const { run } = engineOf([
    ruleText('A', 'evt.type in (open, openat) and fd.name = /etc/shadow'),
    ruleText('B', 'evt.type in (open, openat, openat2) and (evt.type = open or proc.name = dog)'),
  ])
  for (const type of ['openat', 'open', 'openat2', 'openat', 'open']) {
    const of = (path: string, comm: string): string => run(open(path, { comm }, { type }))
    assert.equal(of('/etc/shadow', 'cat'), { openat: 'A', open: 'A', openat2: '' }[type])
    assert.equal(of('/tmp/x', 'cat'), type === 'open' ? 'B' : '')
    assert.equal(of('/tmp/x', 'dog'), 'B')
  }
})

test('only rules that run are active', () => {
  const off = ruleText('B', 'evt.type = openat').replace('tags:', 'enabled: false\n  tags:')
  const { engine, run } = engineOf([off, ruleText('A', 'evt.type = openat')])
  assert.deepEqual(
    engine.active.map(({ name }) => name),
    ['A'],
  )
  assert.equal(run(open('/x')), 'A')
})

test('an alert says all that its rule asks for', () => {
  const output = 'opened %fd.name by %proc.name as %user.uid of %proc.pname at %evt.time'
  const { run, alerts } = engineOf([ruleText('A', 'evt.type = openat', output)])
  const container = newContainer({ id: 'a1'.repeat(32), podUid: 'p', runtime: 'containerd' })
  run(
    open(
      '/etc/\xc3\xa9\xff',
      { euid: 33, flags: 1 },
      { container, process: { truncated: ['cwd'] } },
    ),
  )
  const [alert] = alerts
  assert.ok(alert)
  const { uuid, output: text, message, ...rest } = alert
  assert.match(uuid, /^[0-9a-f-]{36}$/)
  const [clock = ''] = /^\d\d:\d\d:12\.000000345/.exec(text) ?? []
  assert.equal(text, `${clock}: Warning opened /etc/é\ufffd by cat as 33 of <NA> at ${clock}`)
  assert.ok(text.endsWith(`: Warning ${message}`))
  assert.deepEqual(rest, {
    rule: 'A',
    priority: 'Warning',
    source: 'syscall',
    tags: ['a', 'b'],
    hostname: 'node1',
    timeNs: 1_795_428_672_000_000_345n,
    time: '2026-11-23T10:11:12.000000345Z',
    outputFields: new Map<string, unknown>([
      ['fd.name', '/etc/é\ufffd'],
      ['proc.name', 'cat'],
      ['user.uid', 33],
      ['proc.pname', null],
      ['evt.time', 1_795_428_672_000_000_345n],
    ]),
    bulwark: {
      pid: 10,
      containerId: 'a1'.repeat(32),
      podUid: 'p',
      truncated: ['cwd'],
      fromUserMemory: true,
    },
    subject: {
      namespace: undefined,
      podName: undefined,
      container: undefined,
      imageDigest: undefined,
      programs: [],
      outcome: 'done',
      act: { type: 'openat', files: ['/etc/é\ufffd'], isWrite: false, peer: undefined },
    },
  })
})

test('an alert has the programs of its process and of those above it in the container', () => {
  const { run, alerts } = engineOf([ruleText('A', 'evt.type = openat')])
  const container = newContainer({ id: 'a1'.repeat(32), podUid: 'p', runtime: 'containerd' })
  const above = (facts: Partial<Process>): Process => ({ ...unknownProcess(1, 1), ...facts })
  const shim = above({ exePath: '/usr/bin/containerd-shim', cgroupId: 7 })
  const java = above({
    exePath: '/usr/bin/java',
    exe: 'java',
    args: ['-jar', 'app.jar'],
    cwd: '/srv',
    cgroupId: 8,
    parent: shim,
  })
  const process = { exePath: '/bin/sh', exe: 'sh', args: [], cwd: '/', cgroupId: 8, parent: java }
  run(open('/etc/x', { result: -13 }, { container, process }))
  assert.equal(alerts[0]?.subject?.outcome, 'failed')
  assert.deepEqual(alerts[0]?.subject?.programs, [
    { executable: '/bin/sh', programArguments: ['sh'], workingDirectory: '/' },
    {
      executable: '/usr/bin/java',
      programArguments: ['java', '-jar', 'app.jar'],
      workingDirectory: '/srv',
    },
  ])
})

test('addresses are printed as text, also of lists', () => {
  const output = '%fd.sip %fd.ip %fd.sport %fd.name'
  const { run, alerts } = engineOf([ruleText('A', 'evt.type = connect', output)])
  const socket = {
    family: 2,
    type: 1,
    protocol: 6,
    local_port: 40000,
    remote_port: 443,
    remote_source: 1,
    local_address: Uint8Array.of(10, 0, 0, 1),
    remote_address: Uint8Array.of(192, 0, 2, 7),
  }
  run(eventOf('connect', { socket, fd: 5 }))
  const expected = '192.0.2.7 (10.0.0.1,192.0.2.7) 443 10.0.0.1:40000->192.0.2.7:443'
  assert.ok(alerts[0]?.output.endsWith(`Warning ${expected}`), alerts[0]?.output)
  assert.deepEqual(alerts[0]?.outputFields.get('fd.ip'), ['10.0.0.1', '192.0.2.7'])
})

test('what was cut of an event is said', () => {
  const check = (event: LiveEvent, expected: readonly string[]): void => {
    const { run, alerts } = engineOf([ruleText('A', 'evt.type in (openat, execve)')])
    run(event)
    assert.deepEqual(alerts[0]?.bulwark.truncated, expected)
  }
  const cut = { text: '/a', trueBytes: 5000 }
  check(open('/a'), [])
  check(open('/a', { path: cut }), ['event'])
  check(open('/a', { path: { text: '/a', trueBytes: undefined } }), ['event'])
  check(open('/a', { path: cut }, { process: { truncated: ['exe_path'] } }), ['event', 'exe_path'])
  const process = { truncated: ['arguments'] }
  check(eventOf('exec', { arguments: cut }, { type: 'execve', process }), ['arguments'])
})

test('host names are asked for once, and compared by address', () => {
  const condition = 'evt.type = connect and fd.sip.name = api.example'
  const { run, asked } = engineOf([ruleText('A', condition), ruleText('B', condition)], 'all')
  const to = (remote: readonly number[]): LiveEvent => {
    const socket = { family: 2, remote_port: 443, remote_source: 1 }
    return eventOf('connect', { socket: { ...socket, remote_address: Uint8Array.from(remote) } })
  }
  assert.equal(run(to([127, 0, 0, 1])), 'A B')
  assert.equal(run(to([127, 0, 0, 2])), '')
  assert.deepEqual(asked, ['api.example'])
})

/** An open whose path lies outside of its record: reading it throws. */
const broken = (): LiveEvent => {
  const event = open('/etc/shadow')
  event.record.data.setUint16(recordShapes[EventNumber.open]?.texts[0] ?? 0, 60_000, true)
  return event
}

test('a rule that fails is counted, said, and disabled in the end; the others go on', () => {
  const { engine, run, log, counters } = engineOf([
    ruleText('Fails', 'evt.type = openat and fd.name = /etc/shadow'),
    ruleText('Works', 'evt.type = openat and proc.name = cat'),
  ])
  assert.equal(run(open('/etc/shadow')), 'Fails')
  for (let i = 1; i < limits.ruleFaultsMax; i++) {
    assert.equal(run(broken()), 'Works')
    assert.equal(counters.ruleFaults, i)
  }
  assert.equal(run(open('/etc/shadow')), 'Fails', 'not yet')
  assert.equal(run(broken()), 'Works')
  assert.equal(counters.ruleFaults, limits.ruleFaultsMax)
  assert.deepEqual(
    engine.active.map(({ name }) => name),
    ['Works'],
  )
  assert.equal(run(open('/etc/shadow')), 'Works')
  assert.equal(run(broken()), 'Works')
  assert.equal(counters.ruleFaults, limits.ruleFaultsMax)
  assert.equal(
    log.filter((line) => line.startsWith('rule "Fails" failed on an event: text at')).length,
    3,
  )
  assert.match(log.at(-1) ?? '', /^rule "Fails" is disabled after 3 failures/)
})

test('a rule whose output fails is a rule that fails', () => {
  const { engine, run, counters } = engineOf([
    ruleText('Fails', 'evt.type = openat and proc.name = cat', '%fd.name'),
    ruleText('Works', 'evt.type = openat', '%proc.name'),
  ])
  for (let i = 0; i < limits.ruleFaultsMax; i++) assert.equal(run(broken()), 'Works')
  assert.equal(counters.ruleFaults, limits.ruleFaultsMax)
  assert.equal(engine.active.length, 1)
})

test('rules for all events are tried on each', () => {
  const { run } = engineOf([ruleText('A', 'proc.name = cat')])
  assert.equal(run(open('/x')), 'A')
  assert.equal(run(eventOf('fork', { comm: 'cat' })), 'A')
  assert.equal(run(eventOf('fork', { comm: 'dog' })), '')
})
