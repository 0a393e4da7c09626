/**
 * Numbers of the system calls, by table, under the names that `evt.type` has for them. From the
 * kernel: arch/x86/entry/syscalls/syscall_64.tbl and syscall_32.tbl, and for arm64
 * include/uapi/asm-generic/unistd.h. Calls that no kernel implements are left out.
 */

/** Machines that the sensor runs on, as `process.arch` names them. */
export type Machine = 'x64' | 'arm64'

/** Tables of numbers: that of each machine, and that of 32-bit programs on x86-64. */
export type SyscallTable = Machine | 'ia32'

/** One past the largest number of any table. */
export const syscallsMax = 512

/*
 * Names in the order of their numbers; a number in between is that of the name after it.
 *
 * ia32: calls that differ from one of x86-64 only in the width of their structures have its name,
 * so that a rule need not know that there are such programs; `umount` is `umount2` without flags.
 * The last three are no numbers of the kernel: they stand for sub-calls of socketcall(2) that have
 * none of their own.
 */
const packed: Readonly<Record<SyscallTable, string>> = {
  x64:
    '0 read write open close stat fstat lstat poll lseek mmap mprotect munmap brk rt_sigaction ' +
    'rt_sigprocmask rt_sigreturn ioctl pread pwrite readv writev access pipe select sched_yield ' +
    'mremap msync mincore madvise shmget shmat shmctl dup dup2 pause nanosleep getitimer alarm ' +
    'setitimer getpid sendfile socket connect accept sendto recvfrom sendmsg recvmsg shutdown ' +
    'bind listen getsockname getpeername socketpair setsockopt getsockopt clone fork vfork ' +
    'execve exit wait4 kill uname semget semop semctl shmdt msgget msgsnd msgrcv msgctl fcntl ' +
    'flock fsync fdatasync truncate ftruncate getdents getcwd chdir fchdir rename mkdir rmdir ' +
    'creat link unlink symlink readlink chmod fchmod chown fchown lchown umask gettimeofday ' +
    'getrlimit getrusage sysinfo times ptrace getuid syslog getgid setuid setgid geteuid getegid ' +
    'setpgid getppid getpgrp setsid setreuid setregid getgroups setgroups setresuid getresuid ' +
    'setresgid getresgid getpgid setfsuid setfsgid getsid capget capset rt_sigpending ' +
    'rt_sigtimedwait rt_sigqueueinfo rt_sigsuspend sigaltstack utime mknod uselib personality ' +
    'ustat statfs fstatfs sysfs getpriority setpriority sched_setparam sched_getparam ' +
    'sched_setscheduler sched_getscheduler sched_get_priority_max sched_get_priority_min ' +
    'sched_rr_get_interval mlock munlock mlockall munlockall vhangup modify_ldt pivot_root ' +
    '_sysctl prctl arch_prctl adjtimex setrlimit chroot sync acct settimeofday mount umount2 ' +
    'swapon swapoff reboot sethostname setdomainname iopl ioperm create_module init_module ' +
    'delete_module get_kernel_syms query_module quotactl nfsservctl getpmsg 186 gettid readahead ' +
    'setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr ' +
    'removexattr lremovexattr fremovexattr tkill time futex sched_setaffinity sched_getaffinity ' +
    'set_thread_area io_setup io_destroy io_getevents io_submit io_cancel get_thread_area ' +
    'lookup_dcookie epoll_create epoll_ctl_old epoll_wait_old remap_file_pages getdents64 ' +
    'set_tid_address restart_syscall semtimedop fadvise64 timer_create timer_settime ' +
    'timer_gettime timer_getoverrun timer_delete clock_settime clock_gettime clock_getres ' +
    'clock_nanosleep exit_group epoll_wait epoll_ctl tgkill utimes 237 mbind set_mempolicy ' +
    'get_mempolicy mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr ' +
    'kexec_load waitid add_key request_key keyctl ioprio_set ioprio_get inotify_init ' +
    'inotify_add_watch inotify_rm_watch migrate_pages openat mkdirat mknodat fchownat futimesat ' +
    'newfstatat unlinkat renameat linkat symlinkat readlinkat fchmodat faccessat pselect6 ppoll ' +
    'unshare set_robust_list get_robust_list splice tee sync_file_range vmsplice move_pages ' +
    'utimensat epoll_pwait signalfd timerfd_create eventfd fallocate timerfd_settime ' +
    'timerfd_gettime accept4 signalfd4 eventfd2 epoll_create1 dup3 pipe2 inotify_init1 preadv ' +
    'pwritev rt_tgsigqueueinfo perf_event_open recvmmsg fanotify_init fanotify_mark prlimit ' +
    'name_to_handle_at open_by_handle_at clock_adjtime syncfs sendmmsg setns getcpu ' +
    'process_vm_readv process_vm_writev kcmp finit_module sched_setattr sched_getattr renameat2 ' +
    'seccomp getrandom memfd_create kexec_file_load bpf execveat userfaultfd membarrier mlock2 ' +
    'copy_file_range preadv2 pwritev2 pkey_mprotect pkey_alloc pkey_free statx io_pgetevents ' +
    'rseq uretprobe uprobe 424 pidfd_send_signal io_uring_setup io_uring_enter io_uring_register ' +
    'open_tree move_mount fsopen fsconfig fsmount fspick pidfd_open clone3 close_range openat2 ' +
    'pidfd_getfd faccessat2 process_madvise epoll_pwait2 mount_setattr quotactl_fd ' +
    'landlock_create_ruleset landlock_add_rule landlock_restrict_self memfd_secret ' +
    'process_mrelease futex_waitv set_mempolicy_home_node cachestat fchmodat2 map_shadow_stack ' +
    'futex_wake futex_wait futex_requeue statmount listmount lsm_get_self_attr lsm_set_self_attr ' +
    'lsm_list_modules mseal setxattrat getxattrat listxattrat removexattrat open_tree_attr ' +
    'file_getattr file_setattr listns rseq_slice_yield',
  arm64:
    '0 io_setup io_destroy io_submit io_cancel io_getevents setxattr lsetxattr fsetxattr ' +
    'getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr removexattr lremovexattr ' +
    'fremovexattr getcwd lookup_dcookie eventfd2 epoll_create1 epoll_ctl epoll_pwait dup dup3 ' +
    'fcntl inotify_init1 inotify_add_watch inotify_rm_watch ioctl ioprio_set ioprio_get flock ' +
    'mknodat mkdirat unlinkat symlinkat linkat renameat umount2 mount pivot_root nfsservctl ' +
    'statfs fstatfs truncate ftruncate fallocate faccessat chdir fchdir chroot fchmod fchmodat ' +
    'fchownat fchown openat close vhangup pipe2 quotactl getdents64 lseek read write readv ' +
    'writev pread pwrite preadv pwritev sendfile pselect6 ppoll signalfd4 vmsplice splice tee ' +
    'readlinkat newfstatat fstat sync fsync fdatasync sync_file_range timerfd_create ' +
    'timerfd_settime timerfd_gettime utimensat acct capget capset personality exit exit_group ' +
    'waitid set_tid_address unshare futex set_robust_list get_robust_list nanosleep getitimer ' +
    'setitimer kexec_load init_module delete_module timer_create timer_gettime timer_getoverrun ' +
    'timer_settime timer_delete clock_settime clock_gettime clock_getres clock_nanosleep syslog ' +
    'ptrace sched_setparam sched_setscheduler sched_getscheduler sched_getparam ' +
    'sched_setaffinity sched_getaffinity sched_yield sched_get_priority_max ' +
    'sched_get_priority_min sched_rr_get_interval restart_syscall kill tkill tgkill sigaltstack ' +
    'rt_sigsuspend rt_sigaction rt_sigprocmask rt_sigpending rt_sigtimedwait rt_sigqueueinfo ' +
    'rt_sigreturn setpriority getpriority reboot setregid setgid setreuid setuid setresuid ' +
    'getresuid setresgid getresgid setfsuid setfsgid times setpgid getpgid getsid setsid ' +
    'getgroups setgroups uname sethostname setdomainname getrlimit setrlimit getrusage umask ' +
    'prctl getcpu gettimeofday settimeofday adjtimex getpid getppid getuid geteuid getgid ' +
    'getegid gettid sysinfo mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify ' +
    'mq_getsetattr msgget msgctl msgrcv msgsnd semget semctl semtimedop semop shmget shmctl ' +
    'shmat shmdt socket socketpair bind listen accept connect getsockname getpeername sendto ' +
    'recvfrom setsockopt getsockopt shutdown sendmsg recvmsg readahead brk munmap mremap add_key ' +
    'request_key keyctl clone execve mmap fadvise64 swapon swapoff mprotect msync mlock munlock ' +
    'mlockall munlockall mincore madvise remap_file_pages mbind get_mempolicy set_mempolicy ' +
    'migrate_pages move_pages rt_tgsigqueueinfo perf_event_open accept4 recvmmsg 260 wait4 ' +
    'prlimit fanotify_init fanotify_mark name_to_handle_at open_by_handle_at clock_adjtime ' +
    'syncfs setns sendmmsg process_vm_readv process_vm_writev kcmp finit_module sched_setattr ' +
    'sched_getattr renameat2 seccomp getrandom memfd_create bpf execveat userfaultfd membarrier ' +
    'mlock2 copy_file_range preadv2 pwritev2 pkey_mprotect pkey_alloc pkey_free statx ' +
    'io_pgetevents rseq kexec_file_load 424 pidfd_send_signal io_uring_setup io_uring_enter ' +
    'io_uring_register open_tree move_mount fsopen fsconfig fsmount fspick pidfd_open clone3 ' +
    'close_range openat2 pidfd_getfd faccessat2 process_madvise epoll_pwait2 mount_setattr ' +
    'quotactl_fd landlock_create_ruleset landlock_add_rule landlock_restrict_self memfd_secret ' +
    'process_mrelease futex_waitv set_mempolicy_home_node cachestat fchmodat2 map_shadow_stack ' +
    'futex_wake futex_wait futex_requeue statmount listmount lsm_get_self_attr lsm_set_self_attr ' +
    'lsm_list_modules mseal setxattrat getxattrat listxattrat removexattrat open_tree_attr ' +
    'file_getattr file_setattr listns rseq_slice_yield',
  ia32:
    '0 restart_syscall exit fork read write open close waitpid creat link unlink execve chdir ' +
    'time mknod chmod lchown 18 oldstat lseek getpid mount umount2 setuid getuid stime ptrace ' +
    'alarm oldfstat pause utime 33 access nice 36 sync kill rename mkdir rmdir dup pipe times 45 ' +
    'brk setgid getgid signal geteuid getegid acct umount2 54 ioctl fcntl 57 setpgid 59 ' +
    'oldolduname umask chroot ustat dup2 getppid getpgrp setsid sigaction sgetmask ssetmask ' +
    'setreuid setregid sigsuspend sigpending sethostname setrlimit getrlimit getrusage ' +
    'gettimeofday settimeofday getgroups setgroups select symlink oldlstat readlink uselib ' +
    'swapon reboot readdir mmap munmap truncate ftruncate fchmod fchown getpriority setpriority ' +
    '99 statfs fstatfs ioperm socketcall syslog setitimer getitimer stat lstat fstat olduname ' +
    'iopl vhangup idle vm86 wait4 swapoff sysinfo ipc fsync sigreturn clone setdomainname uname ' +
    'modify_ldt adjtimex mprotect sigprocmask create_module init_module delete_module ' +
    'get_kernel_syms quotactl getpgid fchdir bdflush sysfs personality 138 setfsuid setfsgid ' +
    'llseek getdents _newselect flock msync readv writev getsid fdatasync _sysctl mlock munlock ' +
    'mlockall munlockall sched_setparam sched_getparam sched_setscheduler sched_getscheduler ' +
    'sched_yield sched_get_priority_max sched_get_priority_min sched_rr_get_interval nanosleep ' +
    'mremap setresuid getresuid vm86 query_module poll nfsservctl setresgid getresgid prctl ' +
    'rt_sigreturn rt_sigaction rt_sigprocmask rt_sigpending rt_sigtimedwait rt_sigqueueinfo ' +
    'rt_sigsuspend pread pwrite chown getcwd capget capset sigaltstack sendfile getpmsg 190 ' +
    'vfork getrlimit mmap truncate ftruncate stat lstat fstat lchown getuid getgid geteuid ' +
    'getegid setreuid setregid getgroups setgroups fchown setresuid getresuid setresgid ' +
    'getresgid chown setuid setgid setfsuid setfsgid pivot_root mincore madvise getdents64 fcntl ' +
    '224 gettid readahead setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr ' +
    'llistxattr flistxattr removexattr lremovexattr fremovexattr tkill sendfile futex ' +
    'sched_setaffinity sched_getaffinity set_thread_area get_thread_area io_setup io_destroy ' +
    'io_getevents io_submit io_cancel fadvise64 252 exit_group lookup_dcookie epoll_create ' +
    'epoll_ctl epoll_wait remap_file_pages set_tid_address timer_create timer_settime ' +
    'timer_gettime timer_getoverrun timer_delete clock_settime clock_gettime clock_getres ' +
    'clock_nanosleep statfs64 fstatfs64 tgkill utimes fadvise64 274 mbind get_mempolicy ' +
    'set_mempolicy mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr ' +
    'kexec_load waitid 286 add_key request_key keyctl ioprio_set ioprio_get inotify_init ' +
    'inotify_add_watch inotify_rm_watch migrate_pages openat mkdirat mknodat fchownat futimesat ' +
    'newfstatat unlinkat renameat linkat symlinkat readlinkat fchmodat faccessat pselect6 ppoll ' +
    'unshare set_robust_list get_robust_list splice sync_file_range tee vmsplice move_pages ' +
    'getcpu epoll_pwait utimensat signalfd timerfd_create eventfd fallocate timerfd_settime ' +
    'timerfd_gettime signalfd4 eventfd2 epoll_create1 dup3 pipe2 inotify_init1 preadv pwritev ' +
    'rt_tgsigqueueinfo perf_event_open recvmmsg fanotify_init fanotify_mark prlimit ' +
    'name_to_handle_at open_by_handle_at clock_adjtime syncfs sendmmsg setns process_vm_readv ' +
    'process_vm_writev kcmp finit_module sched_setattr sched_getattr renameat2 seccomp getrandom ' +
    'memfd_create bpf execveat socket socketpair bind connect listen accept4 getsockopt ' +
    'setsockopt getsockname getpeername sendto sendmsg recvfrom recvmsg shutdown userfaultfd ' +
    'membarrier mlock2 copy_file_range preadv2 pwritev2 pkey_mprotect pkey_alloc pkey_free statx ' +
    'arch_prctl io_pgetevents rseq 393 semget semctl shmget shmctl shmat shmdt msgget msgsnd ' +
    'msgrcv msgctl clock_gettime clock_settime clock_adjtime clock_getres clock_nanosleep ' +
    'timer_gettime timer_settime timerfd_gettime timerfd_settime utimensat pselect6 ppoll 416 ' +
    'io_pgetevents recvmmsg mq_timedsend mq_timedreceive semtimedop rt_sigtimedwait futex ' +
    'sched_rr_get_interval pidfd_send_signal io_uring_setup io_uring_enter io_uring_register ' +
    'open_tree move_mount fsopen fsconfig fsmount fspick pidfd_open clone3 close_range openat2 ' +
    'pidfd_getfd faccessat2 process_madvise epoll_pwait2 mount_setattr quotactl_fd ' +
    'landlock_create_ruleset landlock_add_rule landlock_restrict_self memfd_secret ' +
    'process_mrelease futex_waitv set_mempolicy_home_node cachestat fchmodat2 map_shadow_stack ' +
    'futex_wake futex_wait futex_requeue statmount listmount lsm_get_self_attr lsm_set_self_attr ' +
    'lsm_list_modules mseal setxattrat getxattrat listxattrat removexattrat open_tree_attr ' +
    'file_getattr file_setattr listns rseq_slice_yield 509 accept send recv',
}

/** What socketcall(2) of 32-bit programs stands for, by its first argument. */
export const socketcalls: readonly string[] = (
  'none socket bind connect listen accept getsockname getpeername socketpair send recv sendto ' +
  'recvfrom shutdown setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg'
).split(' ')

const unpack = (text: string): readonly (string | undefined)[] => {
  const names: (string | undefined)[] = Array.from({ length: syscallsMax })
  let next = 0
  for (const word of text.split(' ')) {
    const number = Number(word)
    if (Number.isNaN(number)) names[next++] = word
    else next = number
  }
  return names
}

/** Name of each call, by table and number. */
export const syscallsByNumber: Readonly<Record<SyscallTable, readonly (string | undefined)[]>> = {
  x64: unpack(packed.x64),
  arm64: unpack(packed.arm64),
  ia32: unpack(packed.ia32),
}

const numbersOf = (table: SyscallTable): Readonly<Record<string, number>> =>
  Object.fromEntries(
    syscallsByNumber[table].flatMap((name, number) => (name === undefined ? [] : [[name, number]])),
  )

/** Number of each call, by machine and name. */
export const syscallNumbers: Readonly<Record<Machine, Readonly<Record<string, number>>>> = {
  x64: numbersOf('x64'),
  arm64: numbersOf('arm64'),
}

const allNumbers = (table: SyscallTable): ReadonlyMap<string, readonly number[]> => {
  const found = new Map<string, number[]>()
  for (const [number, name] of syscallsByNumber[table].entries()) {
    if (name !== undefined) found.set(name, [...(found.get(name) ?? []), number])
  }
  return found
}

const numbersByName: Readonly<Record<SyscallTable, ReadonlyMap<string, readonly number[]>>> = {
  x64: allNumbers('x64'),
  arm64: allNumbers('arm64'),
  ia32: allNumbers('ia32'),
}

/** All numbers that a name has in a table: in that of 32-bit programs, some have several. */
export const numbersNamed = (table: SyscallTable, name: string): readonly number[] =>
  numbersByName[table].get(name) ?? []
