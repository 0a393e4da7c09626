/**
 * What kind of thing each event is, as rules ask for it (`evt.category`, `evt.is_io`). Facts of
 * Falco's event table; what is not listed is of the category `other`.
 */
const words = (text: string): readonly string[] => text.split(' ')

/** Category of the events of these types; `io`: that of what is behind the descriptor. */
const categories: Readonly<Record<string, readonly string[]>> = {
  file: words(
    'access chdir chmod chown copy_file_range creat fchdir fchmod fchmodat fchown fchownat flock ' +
      'fstat fstat64 getcwd getdents getdents64 lchown link linkat llseek lseek lstat lstat64 ' +
      'mkdir mkdirat mount newfstatat open open_by_handle_at openat openat2 rename renameat ' +
      'renameat2 rmdir stat stat64 symlink symlinkat umount umount2 unlink unlinkat userfaultfd',
  ),
  io: words(
    'close close_range dup dup2 dup3 fcntl io_uring_enter io_uring_register io_uring_setup ioctl ' +
      'pread preadv pwrite pwritev read readv recv recvfrom recvmmsg recvmsg send sendfile ' +
      'sendmmsg sendmsg sendto splice write writev',
  ),
  memory: words(
    'brk memfd_create mlock mlock2 mlockall mmap mmap2 mprotect munlock munlockall munmap',
  ),
  process: words(
    'capset chroot clone clone3 execve execveat fork getrlimit pidfd_getfd pidfd_open prctl ' +
      'prlimit procexit ptrace semctl semget semop setns setpgid setrlimit setsid unshare vfork',
  ),
  net: words(
    'accept accept4 bind connect getpeername getsockname getsockopt listen setsockopt shutdown ' +
      'socket',
  ),
  IPC: words(
    'eventfd eventfd2 futex inotify_init inotify_init1 pipe pipe2 process_vm_readv ' +
      'process_vm_writev socketpair',
  ),
  wait: words('epoll_create epoll_create1 epoll_wait poll ppoll select'),
  signal: words('kill signalfd signalfd4 tgkill tkill'),
  sleep: words('nanosleep'),
  time: words('timerfd_create'),
  user: words(
    'getegid geteuid getgid getresgid getresuid getuid quotactl setgid setregid setresgid ' +
      'setresuid setreuid setuid',
  ),
  system: words('fsconfig'),
}

const categoryOf: ReadonlyMap<string, string> = new Map(
  Object.entries(categories).flatMap(([category, types]) => types.map((type) => [type, category])),
)

/** The category of the events of a type; `io`: that of what is behind the descriptor. */
export const eventCategory = (type: string): string => categoryOf.get(type) ?? 'other'

/** Categories of what is behind a descriptor, by its type (`fd.type`). */
const descriptorCategories: Readonly<Record<string, string | undefined>> = {
  pipe: 'ipc',
  unix: 'ipc',
  event: 'ipc',
  signalfd: 'ipc',
  inotify: 'ipc',
  file: 'file',
  directory: 'file',
  ipv4: 'net',
  ipv6: 'net',
}

/** The category of the events of the category `io`, by the type of their descriptor. */
export const descriptorCategory = (type: string): string => descriptorCategories[type] ?? 'unknown'

/** Types of events that read from a descriptor. */
export const readingTypes: ReadonlySet<string> = new Set(
  words('copy_file_range finit_module pread preadv read readv recv recvfrom recvmmsg recvmsg'),
)

/** Types of events that write to a descriptor. */
export const writingTypes: ReadonlySet<string> = new Set(
  words('copy_file_range pwrite pwritev send sendmmsg sendmsg sendto write writev'),
)

/** Types of events that wait. */
export const waitingTypes: ReadonlySet<string> = new Set(
  words('epoll_wait nanosleep poll ppoll select'),
)
