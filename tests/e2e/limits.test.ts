/**
 * `bulwark run` where the kernel has no room for it: no memory for its ring when it starts, none, or
 * no descriptors, for filters when rules change, a rule set that is too large for the verifier. It
 * says so, goes on with what it has, tells what it told before, and leaves nothing behind.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { isLikeBefore, things } from './left.ts'
import type { Running } from '../running.ts'
import { bulwark, end, skip, startRun, timeout, useRareProgram } from '../running.ts'

const ruleOf = (name: string, condition: string): string =>
  `- rule: ${name}\n  desc: d\n  priority: INFO\n  condition: ${condition}\n  output: "%fd.name"\n`

const { folder, rules } = useRareProgram(() => '')
const file = (name: string): string => join(folder, name)
const opened = (name: string, more = ''): string =>
  ruleOf(name, `evt.type = openat and fd.name = ${file(name)}${more}`)

const change = (text: string): void => {
  writeFileSync(`${rules}.new`, text)
  renameSync(`${rules}.new`, rules)
}

/** Opens what a rule is about; the rule that is told of it. */
const judge = async ({ alert }: Running, name: string): Promise<string> => {
  spawnSync('/bin/cat', [file(name)])
  return (JSON.parse(await alert()) as { readonly rule: string }).rule
}

/** Started with a rule on one file, and a filter for opens. */
const startWith = async (t: TestContext, text: string): Promise<Running> => {
  change(text)
  const running = await startRun(t, rules)
  assert.match(await running.said('filters in place'), /: exec, open$/)
  return running
}

/** Linux 5.11 and newer do. */
const chargesMaps = !/^([0-4]\.|5\.([0-9]|10)\.)/.test(release())

const memoryMax = 192 * 1024 * 1024
/** Twice as much as there is memory. */
const ringMib = 256

/** A cgroup with so much memory. */
interface MemoryCgroup {
  /** A command that puts another one into it. */
  readonly by: readonly string[]
  readonly limitBytes: (bytes: number) => void
  readonly usedBytes: () => number
}

/** `undefined` without any. */
const limitedBy = (t: TestContext, bytesMax: number): MemoryCgroup | undefined => {
  const mount = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => /^(?:\S+ ){4}(\S+) .*? - (cgroup2?) \S+ (\S+)$/.exec(line))
    .filter((found) => found !== null)
    .map(([, point = '', type = '', options = '']) => ({ point, type, options }))
    .find(
      ({ point, type, options }) =>
        (type === 'cgroup' && options.split(',').includes('memory')) ||
        (type === 'cgroup2' &&
          readFileSync(`${point}/cgroup.subtree_control`, 'utf8').includes('memory')),
    )
  if (!mount) return undefined
  const path = join(mount.point, `bulwark-limits-${process.pid}`)
  mkdirSync(path)
  t.after(() => rmdirSync(path))
  const isOld = mount.type === 'cgroup'
  const limitBytes = (bytes: number): void =>
    writeFileSync(join(path, isOld ? 'memory.limit_in_bytes' : 'memory.max'), String(bytes))
  limitBytes(bytesMax)
  const used = join(path, isOld ? 'memory.usage_in_bytes' : 'memory.current')
  return {
    by: ['/bin/sh', '-c', `echo $$ >${path}/cgroup.procs && exec "$@"`, 'sh'],
    limitBytes,
    usedBytes: () => Number(readFileSync(used, 'utf8')),
  }
}

test('a ring that there is no memory for', { skip, timeout }, async (t) => {
  const memory = limitedBy(t, memoryMax)
  if (!memory) {
    t.skip('no cgroups that limit memory')
    return
  }
  const earlier = things()
  writeFileSync(rules, opened('first'))
  const run = ['run', '--rules', rules, '--ring-mib', String(ringMib)]
  const { code, stdout, stderr } = await bulwark(run, memory.by)
  assert.deepEqual([code, stdout], [3, ''], stderr)
  assert.match(stderr, /error: .*ENOMEM/)
  await isLikeBefore(earlier, 'without memory for a ring')
})

/**
 * Leaves a running process so many descriptors that it has not used yet. The limit is on their
 * numbers: what was inherited under a high one takes no room below.
 */
const leaveDescriptors = ({ child: { pid } }: Running, count: number): void => {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number))
  let limit = 0
  for (let left = count; left > 0 || used.has(limit); limit += 1) if (!used.has(limit)) left -= 1
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--nofile=${limit}:4096`])
  assert.equal(status, 0, String(stderr))
}

/** Enough to read a file of rules, and not for the maps of a filter or the programs of hooks. */
const descriptorsOfFile = 1

/** So many texts are looked up in a map. */
const looked = Array.from({ length: 100 }, (_, i) => file(`looked-${i}`))
const lookedUp = ruleOf('looked-7', `evt.type = openat and fd.name in (${looked.join(', ')})`)

test('maps of a filter that cannot be made', { skip, timeout }, async (t) => {
  const earlier = things()
  const running = await startWith(t, opened('first'))
  leaveDescriptors(running, descriptorsOfFile)
  change(opened('first') + lookedUp)
  await running.said('warning: no filter for events of open: all of them are delivered')
  await running.said('cannot create map filter_set: ')
  await running.said('  tried again in 1 s, and less and less often')
  assert.match(await running.said('filters in place', 2), /: exec$/)
  await running.said('rules changed:')
  assert.equal(await judge(running, 'looked-7'), 'looked-7')
  assert.equal(await judge(running, 'first'), 'first')
  // There is room again, which is found without a change.
  leaveDescriptors(running, 1000)
  assert.match(await running.said('filters in place', 3), /: exec, open$/)
  assert.equal(await judge(running, 'looked-7'), 'looked-7')
  const said = running.log.filter((line) => line.includes('no filter for events of open'))
  assert.equal(said.length, 1)
  change(opened('second') + lookedUp)
  assert.match(await running.said('filters in place', 4), /: exec, open$/)
  assert.equal(await judge(running, 'second'), 'second')
  assert.equal(await judge(running, 'looked-7'), 'looked-7')
  assert.equal(await end(running.child, 'SIGTERM'), 0)
  await isLikeBefore(earlier, 'when maps could not be made')
})

/** These make a trie of some 5 MiB for each kind of event. For an entry of it the kernel reclaims
 * nothing. */
const begun = Array.from({ length: 5_000 }, (_, i) => `${i}-${'begun'.repeat(44)}/`)
const beginnings = `- list: begun\n  items: [${begun.map(file).join(', ')}]\n${ruleOf(
  'begun',
  `evt.type = openat and fd.name pmatch (begun) or
    evt.type in (unlinkat, mkdirat, renameat2, symlinkat, linkat) and fs.path.name pmatch (begun)`,
)}`
/** The agent needs half of it for these rules. */
const filledBytes = 512 * 1024 * 1024
const unfilledBytes = 2 * 1024 * 1024
const fillMs = 100

/** Lets files that were read fill a cgroup, and what gets free in it, until it is called. */
const keepFilled = (t: TestContext, { by, usedBytes }: MemoryCgroup): (() => void) => {
  const large = file('large')
  writeFileSync(large, '')
  truncateSync(large, filledBytes)
  const [command = '', ...args] = by
  const fill = (): void => {
    if (usedBytes() > filledBytes - unfilledBytes) return
    const { status } = spawnSync(command, [...args, 'cat', large], { stdio: 'ignore' })
    assert.equal(status, 0)
  }
  fill()
  const timer = setInterval(fill, fillMs)
  t.after(() => {
    clearInterval(timer)
    rmSync(large)
  })
  return () => clearInterval(timer)
}

test('a memory limit that a filter does not fit in', { skip, timeout: 2 * timeout }, async (t) => {
  const memory = limitedBy(t, filledBytes)
  if (!memory || !chargesMaps) {
    t.skip(memory ? 'this kernel does not charge maps to cgroups' : 'no cgroups that limit memory')
    return
  }
  const earlier = things()
  change(opened('first'))
  const running = await startRun(t, rules, [], memory.by)
  assert.match(await running.said('filters in place'), /: exec, open$/)
  // The agent's own memory takes the place of theirs, and the kernel's for a map may not.
  const leave = keepFilled(t, memory)
  change(opened('first') + beginnings)
  const refused = /no filter for events of (\w+): all of them are delivered/
  await running.said('warning: no filter for events of')
  await running.said('cannot update map filter_set: Cannot allocate memory (ENOMEM)')
  await running.said('  tried again in 1 s, and less and less often')
  const [, kind = ''] = refused.exec(running.log.find((line) => refused.test(line)) ?? '') ?? []
  const [, first = ''] = (await running.said('filters in place', 2)).split('ms: ')
  assert.ok(!first.split(', ').includes(kind), `${kind} is among ${first}`)
  await running.said('rules changed:')
  assert.equal(await judge(running, `${begun[7]}x`), 'begun')
  assert.equal(await judge(running, 'first'), 'first')
  leave()
  memory.limitBytes(2 * filledBytes)
  const [, then = ''] = (await running.said('filters in place', 3)).split('ms: ')
  assert.ok(then.split(', ').includes(kind), `${kind} is not among ${then}`)
  t.diagnostic(`${first}; then ${then}`)
  assert.equal(await judge(running, `${begun[8]}x`), 'begun')
  assert.equal(await end(running.child, 'SIGTERM'), 0)
  await isLikeBefore(earlier, 'when there was no memory for maps')
})

const moreHooks = ruleOf('more hooks', 'evt.type in (ptrace, connect) and proc.exepath = /nobody')

test('hooks that cannot be loaded change nothing', { skip, timeout }, async (t) => {
  const earlier = things()
  const running = await startWith(t, opened('first'))
  leaveDescriptors(running, descriptorsOfFile)
  change(opened('second') + moreHooks)
  const told = JSON.parse(await running.alert()) as { readonly rule: string; output: string }
  assert.equal(told.rule, 'Bulwark internal: rules not changed')
  assert.match(told.output, /EMFILE/)
  assert.equal(await judge(running, 'first'), 'first')
  leaveDescriptors(running, 1000)
  change(opened('third') + moreHooks)
  await running.said('rules changed:')
  assert.equal(await judge(running, 'third'), 'third')
  assert.equal(await end(running.child, 'SIGTERM'), 0)
  await isLikeBefore(earlier, 'when hooks could not be loaded')
})

/** Rules that must be asked one by one, each with tests of its own. */
const wideRules = (count: number): string =>
  Array.from({ length: count }, (_, i) =>
    ruleOf(
      `wide-${i}`,
      `evt.type = openat and user.uid > ${100_000 + i} and fd.ino < ${7 + i} and fd.num > ${50 + i}`,
    ),
  ).join('')

test('rules too many for one program', { skip, timeout: 2 * timeout }, async (t) => {
  const earlier = things()
  const running = await startWith(t, opened('first'))
  change(opened('first') + wideRules(6_000) + opened('last'))
  assert.match(await running.said('filters in place', 2), /: exec, open$/)
  assert.equal(await judge(running, 'first'), 'first')
  assert.equal(await judge(running, 'last'), 'last')
  const { code, stdout } = await bulwark(['doctor', '--rules', rules])
  assert.equal(code, 0, stdout)
  assert.match(stdout, /^ {2}open: \d+ instructions, in [3-9] programs$/m)
  change(opened('second'))
  assert.match(await running.said('filters in place', 3), /: exec, open$/)
  assert.equal(await judge(running, 'second'), 'second')
  assert.equal(await end(running.child, 'SIGTERM'), 0)
  await isLikeBefore(earlier, 'when a filter had parts')
})
