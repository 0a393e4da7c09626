/** Arguments of system calls that are told in a shape, as rules name and compare them. */
import { test } from 'node:test'
import { RECORD_COMPAT, RECORD_IO_URING, RECORD_NO_ARGUMENTS } from '@bulwark/schema'
import { eventOf } from './testdata/events.ts'
import { checkFields } from './testdata/fields.ts'

const call = (...values: readonly (number | bigint)[]) => ({
  call: Object.fromEntries(
    values.map((value, index) => [`arg${index}`, BigInt.asUintN(64, BigInt(value))]),
  ),
})

/** The arguments of a call that is told with numbers alone. */
const check = (type: string, args: readonly (number | bigint)[], lines: string): void =>
  checkFields(eventOf('syscall', call(...args), { type }), lines)

test('users: by name, and as they are after the call', () => {
  checkFields(
    eventOf('syscall', { ...call(0), euid: 0, ruid: 0, suid: 4_000_000_123 }, { type: 'setuid' }),
    `
    evt.type      "setuid"
    evt.arg.uid   "root"
    evt.arg[1]    "root"
    evt.arg.res   "0"
    evt.arg.euid  "root"
    evt.arg.suid  "<NA>"
    `,
  )
  check('setresuid', [-1, 0, -1], 'evt.arg.ruid "<NONE>"\nevt.arg.euid "root"')
  check('setuid', [4_000_000_123], 'evt.arg.uid "<NA>"')
  check('setgid', [0], 'evt.arg.gid "root"')
})

test('flags and commands: names, else numbers', () => {
  check('unshare', [0x1002_0000], 'evt.arg.flags "CLONE_NEWNS|CLONE_NEWUSER"')
  check('unshare', [0x8000_0000], 'evt.arg.flags "CLONE_IO"')
  check('unshare', [0], 'evt.arg.flags "0"')
  check('bpf', [5, 0, 0], 'evt.arg.cmd "BPF_PROG_LOAD"\nevt.arg.fd "0"')
  check('bpf', [999, 0xabc, 8], 'evt.arg.cmd "999"\nevt.arg.addr "ABC"\nevt.arg.size "8"')
  check('userfaultfd', [0x80001], 'evt.arg.flags "O_CLOEXEC|UFFD_USER_MODE_ONLY"')
  check('kill', [-1, 9], 'evt.arg.sig "SIGKILL"\nevt.arg.pid "-1"')
  check('kill', [1, 35], 'evt.arg.sig "SIGRTMIN+1"')
  check('prctl', [38, 1], 'evt.arg.option "PR_SET_NO_NEW_PRIVS"\nevt.arg.arg2_str -')
  check('prctl', [0x59616d61, -1], 'evt.arg.option "PR_SET_PTRACER"\nevt.arg.arg2_int "-1"')
  check('keyctl', [11], 'evt.arg.operation "KEYCTL_READ"')
  check('prlimit', [0, 7], 'evt.arg.resource "RLIMIT_NOFILE"\nevt.arg[6] "RLIMIT_NOFILE"')
  check('seccomp', [1, 0], 'evt.arg.op "1"')
  check('futex', [0, 0x89], 'evt.arg.op "FUTEX_PRIVATE_FLAG|FUTEX_WAIT_BITSET"')
  check(
    'getppid',
    [1, 255],
    'evt.arg.arg1 "FF"\nevt.args "res=0 arg0=1 arg1=FF arg2=0 arg3=0 arg4=0 arg5=0"',
  )
})

test('of what passed through io_uring there is the descriptor, or the path, and no other', () => {
  const flags = RECORD_IO_URING | RECORD_NO_ARGUMENTS
  const file = { inode: 1, mode: 0o100644, links: 1 }
  checkFields(
    eventOf('fd_call', { ...call(7, 2, 3), flags, file, path: '/data/x' }, { type: 'fallocate' }),
    'evt.arg.fd "<f>/data/x"\nevt.arg.len -\nevt.arg.mode -\nevt.arg.res "0"',
  )
  checkFields(
    eventOf('path_call', { ...call(1), flags, raw_path: '/a' }, { type: 'setxattr' }),
    'evt.arg.path "/a"\nevt.arg.name -\nevt.arg.size -',
  )
  checkFields(eventOf('syscall', { ...call(5), flags }, { type: 'close' }), 'evt.arg.fd -')
})

test('capabilities are those after the call', () => {
  checkFields(
    eventOf('syscall', { ...call(1, 2), cap_effective: 0x10n }, { type: 'capset' }),
    'evt.arg.cap_effective "10"\nevt.arg.cap_permitted "0"',
  )
})

test('a call on a descriptor', () => {
  const file = { inode: 1, mode: 0o104755, links: 1 }
  const values = { ...call(7, 0o4755), file, path: '/usr/bin/x' }
  checkFields(
    eventOf('fd_call', values, { type: 'fchmod' }),
    `
    fd.num         7
    fd.name        "/usr/bin/x"
    fd.typechar    "f"
    evt.arg.fd     "<f>/usr/bin/x"
    evt.arg.mode   "S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID"
    evt.args       "res=0 fd=7(<f>/usr/bin/x) mode=04755(S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID)"
    `,
  )
  checkFields(
    eventOf('fd_call', { ...call(9), result: -9 }, { type: 'close' }),
    'fd.num 9\nfd.name -\nfd.typechar -\nevt.arg.fd "9"\nevt.res "EBADF"\nevt.arg.res "EBADF"',
  )
  const moved = { ...call(3, 0, 7, 0, 99), file, path: '/a' }
  checkFields(
    eventOf('fd_call', moved, { type: 'copy_file_range' }),
    'fd.num 3\nevt.arg.fdin "<f>/a"\nevt.arg.fdout "7"\nevt.arg.len "99"',
  )
})

test('a call on a path', () => {
  checkFields(
    eventOf('path_call', { ...call(0, 0o755), raw_path: '../b', base: '/x/y' }, { type: 'mkdir' }),
    'evt.arg.path "/x/b"\nevt.arg.mode "1ED"\nevt.arg[1] "/x/b"\nfd.name -',
  )
  checkFields(
    eventOf('path_call', { ...call(-100, 0, 0o4755), raw_path: '/b' }, { type: 'fchmodat' }),
    'evt.arg.filename "/b"\nevt.arg.dirfd "AT_FDCWD"\nevt.arg[3] "S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID"',
  )
  checkFields(
    eventOf('path_call', { ...call(0, 0o60600), raw_path: '/d' }, { type: 'mknod' }),
    'evt.arg.mode "S_IWUSR|S_IRUSR|S_IFBLK"',
  )
  checkFields(
    eventOf('path_call', { ...call(0, 2), raw_path: '/m', text: '' }, { type: 'umount2' }),
    'evt.arg.name "/m"\nevt.arg.flags "DETACH"',
  )
})

test('a call on a name', () => {
  checkFields(
    eventOf('name_call', { ...call(0, 1), text: 'payload', result: 5 }, { type: 'memfd_create' }),
    'evt.arg.fd "5"\nevt.arg.name "payload"\nevt.arg.flags "MFD_CLOEXEC"',
  )
  checkFields(
    eventOf('name_call', { ...call(0, 4), text: 'hostXX' }, { type: 'sethostname' }),
    'evt.arg.name "host"',
  )
})

test('an exec that failed: what was asked for, of the process that goes on', () => {
  const asked = { raw_path: '../b/none', base: '/a', arguments: 'none\0a b\0\0', result: -2 }
  checkFields(
    eventOf('exec_failed', asked, { type: 'execve' }),
    `
    evt.res           "ENOENT"
    evt.rawres        -2
    evt.failed        true
    evt.arg.filename  "/b/none"
    evt.arg.exe       "none"
    evt.arg.args      "a b.."
    evt.arg[0]        "ENOENT"
    `,
  )
})

test('a 32-bit call has its arguments elsewhere, or fewer of them', () => {
  const compat = (
    kind: string,
    [number, type]: readonly [number, string],
    args: readonly number[],
    lines: string,
  ): void =>
    checkFields(
      eventOf(kind, { ...call(...args), syscall: number, flags: RECORD_COMPAT }, { type }),
      lines,
    )
  compat(
    'path_call',
    [339, 'fanotify_mark'],
    [3, 1, 0x20, 1, 0xffff_ff9c],
    'evt.arg.mask "100000020"\nevt.arg.dirfd "AT_FDCWD"',
  )
  compat('path_call', [22, 'umount2'], [0, 2], 'evt.arg.flags "0"')
  compat('path_call', [52, 'umount2'], [0, 2], 'evt.arg.flags "DETACH"')
  compat('fd_call', [194, 'ftruncate'], [3, 5, 1], 'evt.arg.length "4294967301"')
  compat('fd_call', [93, 'ftruncate'], [3, 5, 1], 'evt.arg.length "5"')
  compat('fd_call', [324, 'fallocate'], [3, 1, 2, 0, 4, 0], 'evt.arg.offset "2"\nevt.arg.len "4"')
  compat('syscall', [23, 'setuid'], [0xffff], 'evt.arg.uid "<NONE>"')
  compat('syscall', [213, 'setuid'], [0xffff], 'evt.arg.uid "<NA>"')
})
