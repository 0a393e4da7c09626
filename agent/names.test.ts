/** The text forms of numbers, as the rule files of Falco spell them. */
import assert from 'node:assert/strict'
import { constants } from 'node:fs'
import { constants as constantsOfSystem } from 'node:os'
import { test } from 'node:test'
import { callNames } from '@bulwark/schema'
import {
  capabilityNames,
  errnoName,
  l4Protocol,
  opensDirectory,
  opensForRead,
  opensForWrite,
  opensToCreate,
  resultName,
} from './names.ts'

const { families, openFlags, ptraceRequests } = callNames

test('flags of open', () => {
  const check = (flags: number, expected: string, asks: string): void => {
    const tests = { r: opensForRead, w: opensForWrite, c: opensToCreate }
    const found = Object.entries(tests).filter(([, ask]) => ask(flags))
    assert.equal(openFlags.x64.text(flags), expected)
    assert.equal(found.map(([letter]) => letter).join(''), asks, expected)
  }
  check(0, 'O_RDONLY', 'r')
  check(1, 'O_WRONLY', 'w')
  check(2, 'O_RDWR', 'rw')
  check(0o1101, 'O_TRUNC|O_CREAT|O_WRONLY', 'wc')
  check(0o2302, 'O_EXCL|O_APPEND|O_CREAT|O_RDWR', 'rwc')
  check(0o2000000, 'O_RDONLY|O_CLOEXEC', 'r')
})

test('flags of open that machines have different numbers for', () => {
  const names = 'O_LARGEFILE|O_DIRECTORY|O_DIRECT|O_RDONLY|O_NOFOLLOW'
  assert.equal(openFlags.x64.text(0o740000), names)
  assert.equal(openFlags.arm64.text(0o740000), names)
  assert.equal(openFlags.x64.text(0o200000), 'O_DIRECTORY|O_RDONLY')
  assert.equal(openFlags.arm64.text(0o40000), 'O_DIRECTORY|O_RDONLY')
  assert.equal(openFlags.arm64.text(0o500000), 'O_LARGEFILE|O_RDONLY|O_NOFOLLOW')
  const { O_DIRECTORY } = constants
  assert.ok(opensDirectory(O_DIRECTORY, process.arch === 'arm64' ? 'arm64' : 'x64'))
  assert.ok(!opensDirectory(0o40000, 'x64') && !opensDirectory(0o200000, 'arm64'))
})

test('errors and results', () => {
  const check = (result: number, expected: string): void => {
    assert.equal(resultName(result), expected)
  }
  check(0, 'SUCCESS')
  check(7, 'SUCCESS')
  check(-1, 'EPERM')
  check(-2, 'ENOENT')
  check(-11, 'EAGAIN')
  check(-115, 'EINPROGRESS')
  check(-512, '512') // ERESTARTSYS never reaches a program
  assert.equal(errnoName(13), 'EACCES')
  const { errno } = constantsOfSystem
  const others = Object.entries(errno).filter(([name, number]) => errnoName(number) !== name)
  assert.deepEqual(
    others.map(([name]) => name).toSorted(),
    // Second names of EAGAIN and EOPNOTSUPP.
    ['ENOTSUP', 'EWOULDBLOCK'],
  )
})

test('capabilities', () => {
  const check = (mask: number | bigint, expected: string): void => {
    assert.equal(capabilityNames(mask), expected)
  }
  check(0, '')
  check(1, 'CAP_CHOWN')
  check(2 ** 21 + 1, 'CAP_CHOWN CAP_SYS_ADMIN')
  check(1n << 40n, 'CAP_CHECKPOINT_RESTORE')
  check(1n << 41n, '')
  assert.equal(capabilityNames((1n << 41n) - 1n).split(' ').length, 41)
  assert.equal(capabilityNames(2n ** 64n - 1n).split(' ').length, 41)
})

test('families, requests and protocols', () => {
  const names = [1, 2, 10, 16, 17, 40, 45].map(families.text)
  const expected =
    'AF_LOCAL|AF_UNIX AF_INET AF_INET6 AF_ROUTE|AF_NETLINK AF_PACKET AF_VSOCK AF_MCTP'
  assert.equal(names.join(' '), expected)
  assert.deepEqual([0, 16, 0x4206, 77].map(ptraceRequests.text), [
    'PTRACE_TRACEME',
    'PTRACE_ATTACH',
    'PTRACE_SEIZE',
    undefined,
  ])
  assert.deepEqual(
    [
      [6, 1],
      [17, 2],
      [1, 3],
      [58, 3],
      [255, 3],
      [132, 1],
    ].map(([protocol = 0, type = 0]) => l4Protocol(protocol, type)),
    ['tcp', 'udp', 'icmp', 'icmp', 'raw', undefined],
  )
})
