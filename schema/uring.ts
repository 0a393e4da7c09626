/**
 * Operations of io_uring that stand for system calls: what rules over those calls have to see, too.
 * Numbers are IORING_OP_*, those of the user API. `bpf/uring_types.h` has the ones that it tells
 * apart.
 */

/** The number of an operation, and the system call that it is told as. */
export type UringOperation = readonly [operation: number, type: string]

/** One past the largest number that the kernel side looks at. */
export const uringOperationsMax = 64

/** By number; of several forms of a call the one that has the most arguments. */
export const uringOperations: readonly UringOperation[] = [
  [9, 'sendmsg'],
  [10, 'recvmsg'],
  [13, 'accept4'],
  [16, 'connect'],
  [18, 'openat'],
  [26, 'sendto'],
  [27, 'recvfrom'],
  [28, 'openat2'],
  [35, 'renameat2'],
  [36, 'unlinkat'],
  [37, 'mkdirat'],
  [38, 'symlinkat'],
  [39, 'linkat'],
  [45, 'socket'],
  [47, 'sendto'],
  [48, 'sendmsg'],
  [56, 'bind'],
  [57, 'listen'],
  [58, 'recvfrom'],
]
