/** Which hooks rules need, and which events a machine's hooks see. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventKinds, syscallNumbers } from '@bulwark/schema'
import { asksForEnvironment, wantedTypes, wantsFailedExecs } from '../pipeline.ts'
import { carriedEvents, machineOf, neededKinds, planHooks, tellsSocket } from './hook-plan.ts'
import { ruleText, rulesOf } from '../testdata/rules.ts'
import { wantsOf, wantsOfBoth } from './wants.ts'

const always = 'exec fork exit cgroup chdir comm'

test('kinds that the tables live on are always needed, others when a rule wants them', () => {
  const check = (types: readonly string[] | 'all', expected: string): void => {
    const kinds = neededKinds(types === 'all' ? 'all' : new Set(types))
    assert.deepEqual(kinds.map(({ name }) => name).toSorted(), expected.split(' ').toSorted())
  }
  check([], always)
  check(['execve'], `${always} exec_failed`)
  check(['openat', 'creat'], `${always} open`)
  check(['accept4', 'unlink'], `${always} unlink accept`)
  check(['nothing', 'exit_group'], always)
  check(
    ['read', 'chmod', 'setuid', 'memfd_create'],
    `${always} syscall fd_call path_call name_call`,
  )
  check(['open', 'rmdir'], `${always} open path_call`)
  const own = eventKinds.filter(({ types, state }) => state || types.length > 0)
  check('all', own.map(({ name }) => name).join(' '))
})

test('the kinds that tell of sockets', () => {
  const kinds = eventKinds.filter(tellsSocket).map(({ name }) => name)
  assert.equal(kinds.join(' '), 'connect accept listen send dup fd_call receive bind')
})

test('the types that rules want', () => {
  const check = (conditions: readonly string[], expected: readonly string[] | 'all'): void => {
    const rules = rulesOf(...conditions.map((each, i) => ruleText(`R${i}`, each)))
    const wanted = wantedTypes(rules)
    assert.deepEqual(wanted === 'all' ? wanted : [...wanted].toSorted(), expected)
  }
  check([], [])
  check(['evt.type = open', 'evt.type in (open, dup)'], ['dup', 'open'])
  check(['evt.type = open', 'proc.name = x'], 'all')
})

test('the environment is sent where a condition or an output asks for it', () => {
  const check = (condition: string, output: string, expected: boolean): void => {
    const rules = rulesOf(ruleText('R', condition, output))
    assert.equal(asksForEnvironment(rules), expected, `${condition} ${output}`)
  }
  check('evt.type = execve', '%proc.cmdline', false)
  check('evt.type = execve and proc.env[LD_PRELOAD] != ""', 'x', true)
  check('evt.type = execve and proc.aenv contains A', 'x', true)
  check('evt.type = execve', 'env=%proc.env', true)
})

test('a machine carries the events of its system calls and of tracepoints', () => {
  const x64 = carriedEvents('x64')
  const arm64 = carriedEvents('arm64')
  for (const type of ['execve', 'procexit', 'openat', 'dup3', 'ptrace']) {
    assert.ok(x64.has(type) && arm64.has(type), type)
  }
  for (const type of ['open', 'creat', 'dup2', 'link', 'rename']) {
    assert.deepEqual([x64.has(type), arm64.has(type)], [true, false], type)
  }
  for (const type of ['read', 'setns', 'userfaultfd', 'getppid']) {
    assert.ok(x64.has(type) && arm64.has(type), type)
  }
  for (const type of ['chmod', 'mkdir', 'rmdir']) {
    assert.deepEqual([x64.has(type), arm64.has(type)], [true, false], type)
  }
  for (const type of ['exit', 'rt_sigreturn', 'nothing', 'socketcall']) assert.ok(!x64.has(type))
})

test('each hook is a system call of some machine, and each number has one hook', () => {
  const hooked = eventKinds.flatMap(({ hooks }) =>
    hooks.flatMap((hook) => ('syscalls' in hook ? hook.syscalls : [])),
  )
  assert.equal(new Set(hooked).size, hooked.length)
  for (const name of hooked) assert.ok(name in syscallNumbers.x64, name)
  for (const numbers of Object.values(syscallNumbers)) {
    assert.equal(new Set(Object.values(numbers)).size, Object.keys(numbers).length)
  }
})

test('machines by the name that Node.js has for them', () => {
  assert.deepEqual(['x64', 'arm64', 'arm', 'riscv64'].map(machineOf), [
    'x64',
    'arm64',
    undefined,
    undefined,
  ])
})

test('execs that fail are wanted where a rule can hold on them', () => {
  const check = (condition: string, expected: boolean): void =>
    assert.equal(wantsFailedExecs(rulesOf(ruleText('R', condition))), expected, condition)
  check('evt.type = execve', true)
  check('evt.type in (execve, execveat) and evt.failed = false', false)
  check('evt.type = execveat and evt.res = EACCES', true)
  check('evt.type = open', false)
  check('proc.name = a', true)
  check('proc.name = a and evt.rawres >= 0', false)
})

test('moves of processes are told unless all rules are about execs that come to something', () => {
  const wants = (...conditions: readonly string[]) =>
    wantsOf(rulesOf(...conditions.map((each, i) => ruleText(`R${i}`, each))))
  const calls = (of: ReturnType<typeof wantsOf>): readonly string[] => {
    const { handlers, compat } = planHooks(of, { machine: 'x64' })
    return [...new Set([...handlers, ...compat].map(({ call }) => call))].toSorted()
  }
  const execs = wants('evt.type in (execve, execveat) and evt.failed = false and proc.cwd = /')
  const moves = ['chdir', 'fchdir']
  assert.deepEqual(calls(wants()), [])
  assert.deepEqual(calls(execs), [])
  assert.deepEqual(calls(wants('evt.type = execve')), ['chdir', 'execve', 'fchdir'])
  assert.deepEqual(calls(wants('evt.type = procexit')), moves)
  assert.deepEqual(calls(wants('evt.type = clone')), moves)
  const creations = wants('evt.type = creat')
  assert.deepEqual(calls(creations), ['chdir', 'creat', 'fchdir'])
  assert.deepEqual(calls(wantsOfBoth(execs, creations)), ['chdir', 'creat', 'fchdir'])
  assert.deepEqual(calls(wantsOfBoth(execs, execs)), [])
  assert.deepEqual(calls({ types: new Set() }), moves)
})
