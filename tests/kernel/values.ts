/** Numbers and structures of the kernel's user API, as system calls take them. Little endian. */
import { constants } from 'node:fs'
import { constants as osConstants } from 'node:os'
import { syscallNumbers } from '@bulwark/schema'
import { probeKernelType } from '@bulwark/native'
import { machineOf } from './inner.ts'

export const AT_FDCWD = -100
export const AT_SYMLINK_NOFOLLOW = 0x100
export const AT_REMOVEDIR = 0x200
export const AT_EMPTY_PATH = 0x1000
export const O_PATH = 0o10000000
export const O_TMPFILE = 0o20200000
export const O_CLOEXEC = 0o2000000
export const { O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants
/** Error numbers, as calls give them when negated. */
export const { EPERM, ENOENT, ENOEXEC, EBADF, EAGAIN, EACCES, EFAULT, EEXIST, EINVAL } =
  osConstants.errno
export const {
  EADDRINUSE,
  EAFNOSUPPORT,
  ECONNREFUSED,
  EINPROGRESS,
  ENAMETOOLONG,
  ENETUNREACH,
  ENOSYS,
  EDESTADDRREQ,
  EIO,
  ESRCH,
  EBADMSG,
} = osConstants.errno

export const AF_UNIX = 1
export const AF_INET = 2
export const AF_INET6 = 10
export const SOCK_STREAM = 1
export const SOCK_DGRAM = 2
export const SOCK_NONBLOCK = 0o4000
export const SOCK_CLOEXEC = O_CLOEXEC

export const CLONE_NEWNS = 0x0002_0000
export const CLONE_NEWUTS = 0x0400_0000
export const CLONE_NEWPID = 0x2000_0000
export const CLONE_NEWNET = 0x4000_0000
export const MNT_DETACH = 2
export const MS_BIND = 4096
export const MS_REC = 16384
export const MS_PRIVATE = 1 << 18

/** Bytes of a structure: each value in as many bytes as it is given. */
export const pack = (...members: readonly (readonly [bytes: 1 | 2 | 4 | 8, value: number])[]) => {
  const bytes = new Uint8Array(members.reduce((sum, [size]) => sum + size, 0))
  let at = 0
  for (const [size, value] of members) {
    let left = BigInt.asUintN(64, BigInt(value))
    for (let i = 0; i < size; i++, left >>= 8n) bytes[at++] = Number(left & 0xffn)
  }
  return bytes
}

/** The number that a system call has on this machine; -1 where it has none. */
export const numberOf = (name: string): number => {
  const machine = machineOf(process.arch)
  return (machine === undefined ? undefined : syscallNumbers[machine][name]) ?? -1
}

/** The number that an exec tells: of its call, where the kernel gives a task's registers. */
export const execNumber = (): number =>
  probeKernelType('bpf_task_pt_regs', 'function') === 'yes' ? numberOf('execve') : -1
