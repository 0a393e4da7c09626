/** Which hierarchies tell containers apart, from the texts of real machines of each kind. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cgroups } from './cgroups.ts'
import { cgroupMode, cgroupPathIn, cgroupsFrom, readCgroups } from './cgroups.ts'

const id = 'a1'.repeat(32)

const unified = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n'
const hybrid = '42 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n'
const old = `31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
33 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:11 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
36 31 0:33 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
`
const own = '9:name=systemd:/\n8:pids:/\n4:memory:/\n2:cpu,cpuacct:/\n'

const text = (cgroups: Cgroups): string => {
  const mounts = cgroups.unified.mounts.map(({ point, root }) => `${point}=${root}`).join(' ')
  const of = cgroups.old
  return `${cgroupMode(cgroups)} ${mounts || '-'} ${of ? `${of.number} ${of.controller}` : '-'}`
}

test('the ways a machine can be set up', () => {
  const check = (mountinfo: string, line: string, expected: string): void => {
    assert.equal(text(cgroupsFrom(mountinfo, line, () => [])), expected, mountinfo)
  }
  check(unified, '0::/user.slice\n', 'v2 /sys/fs/cgroup=/ -')
  check(old + hybrid, `${own}0::/\n`, 'hybrid /sys/fs/cgroup/unified=/ 4 memory')
  check(old, own, 'v1 - 4 memory')
  check(old.replace(/.*memory.*\n/, ''), own, 'v1 - 8 pids')
  check(old.replace(/.*(?:memory|pids).*\n/g, ''), own, 'v1 - 2 cpu')
  // Only systemd's own tree: the kernel side has no controller to follow there.
  check(unified + (old.split('\n')[4] ?? ''), own, 'v2 /sys/fs/cgroup=/ -')
  check('', '', 'none - -')
  check('garbage\n - \n 1 2 3 - cgroup2\n', 'garbage\n::\n', 'none - -')
  const part = unified.replace(' / /sys', ' /docker/x\\040y /with\\040blank')
  check(part, '', 'v2 /with blank/fs/cgroup=/docker/x y -')
})

test('of v1 hierarchies that one in which the containers are', () => {
  const inPids = `8:pids:/docker/${id}\n4:memory:/\n`
  const inBoth = `8:pids:/docker/${id}\n4:memory:/docker/${id}\n`
  const check = (texts: readonly string[], expected: string): void => {
    assert.equal(cgroupsFrom(old, own, () => texts).old?.controller, expected)
  }
  check([inBoth, own, 'garbage'], 'memory')
  check([inBoth, inPids, own], 'pids')
  assert.equal(
    cgroupsFrom(unified, '0::/\n', () => assert.fail('no process is looked at')).old,
    undefined,
  )
})

test('the path of a process in a hierarchy', () => {
  const check = (line: string, hierarchy: number, expected: string | undefined): void => {
    assert.equal(cgroupPathIn(line, hierarchy), expected, line)
  }
  check('0::/a\n', 0, '/a')
  check('12:cpu,cpuacct:/x\n0::/a/b\n', 0, '/a/b')
  check('12:cpu,cpuacct:/x\n0::/a/b\n', 12, '/x')
  check('12:cpu:/x\n2:name=systemd:/y\n', 0, undefined)
  check('0::/a:b:c\n', 0, '/a:b:c')
  check('0::/a (deleted)\n', 0, '/a')
  check('', 0, undefined)
  check('\n\n', 0, undefined)
  check('garbage', 0, undefined)
})

test('this machine is one of them', () => {
  assert.match(cgroupMode(readCgroups()), /^(?:v2|hybrid|v1|none)$/)
})
