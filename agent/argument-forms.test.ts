/**
 * The text forms of arguments, a line a case: a call with its arguments in hexadecimal digits, the
 * parameter, its text, and the number that rules compare; `-` for none.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callShapeOf } from '@bulwark/schema'
import type { RecordValues } from '@bulwark/schema'
import { eventOf } from './testdata/events.ts'
import { readField } from './testdata/fields.ts'

const forms = `
setns 0 10000000 . nstype CLONE_NEWUSER 1048576
unshare 6c020000 . flags CLONE_NEWIPC|CLONE_NEWNET|CLONE_NEWNS|CLONE_NEWPID|CLONE_NEWUTS 248
unshare 2000000 . flags CLONE_NEWCGROUP 268435456
umount2 0 a . flags DETACH|NOFOLLOW 10
memfd_create 0 3 . flags MFD_CLOEXEC|MFD_ALLOW_SEALING 3
epoll_create1 80000 . flags EPOLL_CLOEXEC 1
eventfd2 5 80800 . flags O_NONBLOCK|O_CLOEXEC 4160
eventfd2 5 80800 . initval 5 5
inotify_init1 0 . flags O_NONE 0
signalfd4 ffffffff 0 8 80000 . flags O_CLOEXEC 4096
signalfd4 ffffffff 0 8 80000 . fd EPERM -1
pipe2 0 84000 . flags O_DIRECT|O_CLOEXEC 4608
pidfd_open 1 800 . flags PIDFD_NONBLOCK 1
close_range 3 ffffffff 4 . flags CLOSE_RANGE_CLOEXEC 4
close_range 3 ffffffff 4 . last -1 -1
delete_module 0 a00 . flags O_NONBLOCK|O_TRUNC 3
flock 3 6 . operation LOCK_EX|LOCK_NB 6
flock 3 0 . operation LOCK_NONE 0
access 0 5 . mode R_OK|X_OK 5
access 0 0 . mode F_OK 0
fcntl 3 0 0 . cmd F_DUPFD 1
fcntl 3 406 0 . cmd F_DUPFD_CLOEXEC 26
fcntl 3 ff 0 . cmd 255 255
lseek 3 ffffffffffffffff 2 . whence SEEK_END 2
lseek 3 ffffffffffffffff 2 . offset -1 -1
shutdown 3 2 . how SHUT_RDWR 2
setsockopt 3 1 2 0 4 . level SOL_SOCKET 1
setsockopt 3 1 2 0 4 . optname SO_REUSEADDR 2
setsockopt 3 6 2 0 4 . level SOL_TCP 2
setsockopt 3 6 2 0 4 . optname 2 2
socketpair 1 80001 0 . domain AF_LOCAL|AF_UNIX 1
socketpair 10 3 0 . domain AF_ROUTE|AF_NETLINK 16
mknod 0 1a4 0 . mode S_IROTH|S_IRGRP|S_IWUSR|S_IRUSR|S_IFREG 33188
mknod 0 2180 105 . mode S_IWUSR|S_IRUSR|S_IFCHR 8576
mknod 0 2180 105 . dev 261 261
chmod 0 9ed . mode S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID 2541
chmod 0 81a4 . mode S_IROTH|S_IRGRP|S_IWUSR|S_IRUSR 420
mkdir 0 1ed . mode 1ED 493
chown 0 0 ffffffff . gid -1 -1
fchownat ffffff9c 0 0 0 100 . dirfd AT_FDCWD -100
fchownat ffffff9c 0 0 0 1100 . flags AT_EMPTY_PATH|AT_SYMLINK_NOFOLLOW 4352
faccessat fffffff7 0 0 . dirfd EBADF -9
newfstatat 5 0 0 1000 . flags AT_EMPTY_PATH 4096
setuid 0 . uid root 0
setresuid ffffffff 0 0 . ruid <NONE> 4294967295
setresgid 0 0 0 . sgid root 0
getuid . uid root 0
getresuid 0 0 0 . euid root 0
kill 1 f . sig SIGTERM 15
tgkill 1 2 22 . sig SIGRTMIN+0 34
prctl f 0 . option PR_SET_NAME 15
bpf a 0 0 . cmd BPF_PROG_TEST_RUN|BPF_PROG_RUN 10
bpf 5 0 0 . cmd BPF_PROG_LOAD 5
seccomp 1 2 . op 1 1
seccomp 1 12 . flags 12 18
keyctl b 9 ffffffffffffffff . operation KEYCTL_READ 11
keyctl b 9 ffffffffffffffff . arg3 -1 -
prlimit 0 7 . resource RLIMIT_NOFILE 7
futex 0 89 . op FUTEX_PRIVATE_FLAG|FUTEX_WAIT_BITSET 137
futex 0 80 . op FUTEX_PRIVATE_FLAG 128
futex 0 0 . op FUTEX_WAIT 0
mlockall 3 . flags MCL_CURRENT|MCL_FUTURE 3
splice 3 0 4 0 10 5 . flags SPLICE_F_MOVE|SPLICE_F_MORE 5
ioctl 3 5401 ff . request 5401 21505
semget 1 1 6b6 . semflg IPC_EXCL|IPC_CREAT 24576
semctl 0 0 10 1 . cmd SETVAL 4096
quotactl 80000200 0 0 . cmd Q_QUOTAON 1
quotactl 80000201 0 0 . type GRPQUOTA 2
io_uring_enter 3 1 1 1 . flags IORING_ENTER_GETEVENTS 1
io_uring_register 3 2 0 1 . opcode IORING_REGISTER_FILES 2
fsconfig 3 6 0 0 0 . cmd FSCONFIG_CMD_CREATE 6
nanosleep 7f0000001000 . interval - -
getppid ff . arg0 FF -
`

const valuesOf = (args: readonly string[]): RecordValues => ({
  call: Object.fromEntries(args.map((each, index) => [`arg${index}`, BigInt(`0x${each}`)])),
})

const lines = forms.trim().split('\n')

test(`${lines.length} arguments of system calls in the words of Falco`, () => {
  for (const line of lines) {
    const [call = '', which = ''] = line.split(' . ')
    const [type = '', ...args] = call.split(' ')
    const [name = '', text, number] = which.split(' ')
    const event = eventOf(callShapeOf(type).shape, valuesOf(args), { type })
    assert.equal(readField(event, `evt.arg.${name}`) ?? '-', text, line)
    const raw = readField(event, `evt.rawarg[${name}]`)
    assert.equal(typeof raw === 'string' ? '-' : String(raw ?? '-'), number, line)
  }
})
