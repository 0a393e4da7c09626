/** Probes, kernel types and clocks, on the kernel of this machine. */
import { deepEqual, equal, match, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import {
  clocks,
  findKernelType,
  hasKernelTypes,
  kernelMemberOffset,
  possibleCpus,
  probeHelper,
  probeKernelType,
  probeMapType,
  probeProgramType,
  readKernelFile,
  readKernelTypes,
  wallOffsetNs,
} from './index.ts'
import { skip } from './testdata/object.ts'

const noTypes = hasKernelTypes() ? false : 'needs kernel types: /sys/kernel/btf/vmlinux'

test('probes: what every kernel has, and what none has', { skip }, () => {
  equal(probeMapType(2), 'yes')
  deepEqual(probeMapType(9999), { unknown: 'ENOTSUP' })
  equal(probeProgramType(17), 'yes')
  deepEqual(probeProgramType(9999), { unknown: 'ENOTSUP' })
  equal(probeHelper(17, 1), 'yes')
  equal(probeHelper(17, 9999), 'no')
  deepEqual(probeHelper(26, 1), { unknown: 'ENOTSUP' })
})

test('types of the kernel', { skip: noTypes }, async () => {
  ok((findKernelType('task_struct', 'struct') ?? 0) > 0)
  equal(findKernelType('task_struct', 'function'), undefined)
  equal(probeKernelType('btf_trace_sched_process_exec', 'typedef'), 'yes')
  equal(probeKernelType('nothing_like_it', 'struct'), 'no')
  await new Promise(setImmediate) // They are read again in another turn.
  equal(kernelMemberOffset('list_head', 'next'), 0)
  equal(kernelMemberOffset('list_head', 'prev'), 8)
  ok((kernelMemberOffset('task_struct', 'tgid') ?? 0) > 0)
  ok(kernelMemberOffset('sock_common', 'skc_daddr') === 0) // inside anonymous ones
  equal(kernelMemberOffset('task_struct', 'nothing'), undefined)
  equal(kernelMemberOffset('nothing', 'next'), undefined)
  equal(kernelMemberOffset('task_struct', ''), undefined)
})

test(
  'types that were read aside are there for the questions that follow',
  { skip: noTypes },
  async () => {
    const before = process.cpuUsage()
    await Promise.all([readKernelTypes(), readKernelTypes()])
    const read = process.cpuUsage(before)
    const asked = process.cpuUsage()
    ok((findKernelType('task_struct', 'struct') ?? 0) > 0)
    const { user, system } = process.cpuUsage(asked)
    ok(user + system < (read.user + read.system) / 2, 'they are not read once more')
  },
)

test('names with a NUL are refused, not cut', () => {
  throws(() => kernelMemberOffset('list_head\0x', 'next'), { code: 'BAD_ARGUMENT' })
})

test('clocks', () => {
  const { bootNs, realNs } = clocks()
  ok(bootNs > 0n)
  ok(Math.abs(Number(realNs / 1_000_000n) - Date.now()) < 1000)
  const drift = wallOffsetNs() - (realNs - bootNs)
  ok(drift < 1_000_000n && drift > -1_000_000n)
})

test("files of the kernel's own file systems, mounted or not", { skip }, () => {
  match(readKernelFile('tracefs', 'events/raw_syscalls/sys_exit/id'), /^\d+\n$/)
  throws(() => readKernelFile('tracefs', 'events/nothing'), { code: 'ENOENT' })
  throws(() => readKernelFile('nothing', 'id'), { code: 'ENODEV' })
})

test('CPUs', () => {
  ok(possibleCpus() >= 1)
})
