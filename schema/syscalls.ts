/**
 * Numbers of the system calls that hooks handle, by machine. x86-64: the kernel's
 * arch/x86/entry/syscalls/syscall_64.tbl; arm64: include/uapi/asm-generic/unistd.h. A call that a
 * machine does not have is not listed for it.
 */

/** Machines that the sensor runs on, as `process.arch` names them. */
export type Machine = 'x64' | 'arm64'

/** Number of each call, by machine and name. */
export const syscallNumbers: Readonly<Record<Machine, Readonly<Record<string, number>>>> = {
  x64: {
    open: 2,
    dup: 32,
    dup2: 33,
    socket: 41,
    connect: 42,
    accept: 43,
    sendto: 44,
    sendmsg: 46,
    listen: 50,
    execve: 59,
    chdir: 80,
    fchdir: 81,
    rename: 82,
    creat: 85,
    link: 86,
    unlink: 87,
    symlink: 88,
    ptrace: 101,
    init_module: 175,
    openat: 257,
    unlinkat: 263,
    renameat: 264,
    linkat: 265,
    symlinkat: 266,
    accept4: 288,
    dup3: 292,
    finit_module: 313,
    renameat2: 316,
    execveat: 322,
    openat2: 437,
  },
  arm64: {
    dup: 23,
    dup3: 24,
    unlinkat: 35,
    symlinkat: 36,
    linkat: 37,
    renameat: 38,
    chdir: 49,
    fchdir: 50,
    openat: 56,
    init_module: 105,
    ptrace: 117,
    socket: 198,
    listen: 201,
    accept: 202,
    connect: 203,
    sendto: 206,
    sendmsg: 211,
    execve: 221,
    accept4: 242,
    finit_module: 273,
    renameat2: 276,
    execveat: 281,
    openat2: 437,
  },
}
