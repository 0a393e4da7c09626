/**
 * Operations of io_uring that stand for system calls: what rules over those calls have to see, too.
 * Numbers are IORING_OP_*, those of the user API. `bpf/uring_types.h` has the ones that it tells
 * apart.
 */

/** Kinds in which operations are told whose requests say too little for a record of their own. */
export type UringShape = 'fd_call' | 'syscall'

/**
 * The number of an operation, and the system call that it is told as. With a shape, without the
 * arguments of the call: `fd_call` has its descriptor, `syscall` has none.
 */
export type UringOperation = readonly [operation: number, type: string, shape?: UringShape]

/** By number; of several forms of a call the one that has the most arguments. */
export const uringOperations: readonly UringOperation[] = [
  [1, 'readv', 'fd_call'],
  [2, 'writev', 'fd_call'],
  [3, 'fsync', 'fd_call'],
  [4, 'read', 'fd_call'],
  [5, 'write', 'fd_call'],
  [8, 'sync_file_range', 'fd_call'],
  [9, 'sendmsg'],
  [10, 'recvmsg'],
  [13, 'accept4'],
  [16, 'connect'],
  [17, 'fallocate', 'fd_call'],
  [18, 'openat'],
  [19, 'close', 'syscall'],
  [21, 'statx'],
  [22, 'read', 'fd_call'],
  [23, 'write', 'fd_call'],
  [24, 'fadvise64', 'fd_call'],
  [25, 'madvise', 'syscall'],
  [26, 'sendto'],
  [27, 'recvfrom'],
  [28, 'openat2'],
  [29, 'epoll_ctl', 'syscall'],
  [30, 'splice', 'syscall'],
  [33, 'tee', 'syscall'],
  [34, 'shutdown', 'fd_call'],
  [35, 'renameat2'],
  [36, 'unlinkat'],
  [37, 'mkdirat'],
  [38, 'symlinkat'],
  [39, 'linkat'],
  [41, 'fsetxattr', 'fd_call'],
  [42, 'setxattr'],
  [43, 'fgetxattr', 'fd_call'],
  [44, 'getxattr'],
  [45, 'socket'],
  [47, 'sendto'],
  [48, 'sendmsg'],
  [49, 'read', 'fd_call'],
  [50, 'waitid', 'syscall'],
  [51, 'futex_wait', 'syscall'],
  [52, 'futex_wake', 'syscall'],
  [53, 'futex_waitv', 'syscall'],
  [55, 'ftruncate', 'fd_call'],
  [56, 'bind'],
  [57, 'listen'],
  [58, 'recvfrom'],
  [59, 'epoll_wait', 'fd_call'],
  [60, 'readv', 'fd_call'],
  [61, 'writev', 'fd_call'],
  [62, 'pipe2', 'syscall'],
]
