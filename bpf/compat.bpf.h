/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All that differs between kernels and machines. Asks for the member, never for the version, and
 * names the change that made the difference.
 */
#pragma once

#include "read.bpf.h"
#include <bpf/bpf_tracing.h>

/* Change times: i_ctime until 6.6 (13bc24457850 "fs: rename i_ctime field to __i_ctime"), then
 * __i_ctime, then seconds and nanoseconds apart since 6.11 (3aa63a569c64 "fs: switch timespec64
 * fields in inode to discrete integers"). i_mtime went the same way in 6.7. Since 6.13 the top
 * bit of i_ctime_nsec is a flag (4e40eff0b573 "fs: add infrastructure for multigrain
 * timestamps"). */
struct timespec64___bulwark {
	__s64 tv_sec;
	long tv_nsec;
} __attribute__((preserve_access_index));

struct inode___times {
	struct timespec64___bulwark i_ctime, __i_ctime, i_mtime, __i_mtime;
	__s64 i_ctime_sec, i_mtime_sec;
	__u32 i_ctime_nsec, i_mtime_nsec;
} __attribute__((preserve_access_index));

#define INODE_TIME_NS(inode, which)                                            \
	({                                                                     \
		struct inode___times *__i = (void *)(inode);                   \
		__u64 __ns = 0;                                                \
		if (bpf_core_field_exists(__i->i_##which##_sec))               \
			__ns = READ(__i, i_##which##_sec) * 1000000000ull +    \
			       (READ(__i, i_##which##_nsec) & 0x7fffffff);     \
		else if (bpf_core_field_exists(__i->__i_##which))              \
			__ns = READ(__i, __i_##which.tv_sec) * 1000000000ull + \
			       READ(__i, __i_##which.tv_nsec);                 \
		else                                                           \
			__ns = READ(__i, i_##which.tv_sec) * 1000000000ull +   \
			       READ(__i, i_##which.tv_nsec);                   \
		__ns;                                                          \
	})

/* Capabilities were two 32-bit words until 6.3 (f122a08b197d "capability: just use a 'u64'
 * instead of a 'u32[2]' array"): the same 8 bytes on a little-endian machine. */
#define CAPABILITIES(cred, which) READ_AT(__u64, &(cred)->which)

/* Nonzero in a 32-bit system call: of a 32-bit program, or through int 0x80 of any other. On arm64
 * there are only 32-bit programs. The value is RECORD_COMPAT where such calls are told: on x86. */
static __always_inline __u64 compat_status(struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86)
	return TASK_VALUE(task, thread_info.status) & TS_COMPAT;
#else
	return TASK_VALUE(task, thread_info.flags) & (1ul << TIF_32BIT);
#endif
}

static __always_inline bool is_compat_syscall(struct task_struct *task)
{
	return compat_status(task) != 0;
}

/* The number of the system call. At sys_exit the argument registers still hold the arguments,
 * but on arm64 the first one is overwritten by the result and kept in orig_x0. */
#if defined(__TARGET_ARCH_x86)
/*
 * Of the register of a 64-bit call and that of a 32-bit one, the one that counts; the upper half of
 * the latter means nothing.
 * Verifier: without a branch, or it would try every handler both ways for each argument.
 */
static __always_inline __u64 argument_of(__u64 native, __u64 compat)
{
	struct task_struct *task = current_task();
	__u64 is_compat = -(compat_status(task) / TS_COMPAT);

	asm("" : "+r"(is_compat));
	return (native & ~is_compat) | (compat & is_compat & 0xffffffff);
}

/* Room for the kernel's own struct pt_regs, up to orig_ax; its members are where its types say. */
#define REGISTERS 16

#define SYSCALL_NUMBER(regs) ((long)(regs)->orig_ax)
#define SYSCALL_ARG1(regs) argument_of((regs)->di, (regs)->bx)
#define SYSCALL_ARG2(regs) argument_of((regs)->si, (regs)->cx)
#define SYSCALL_ARG3(regs) argument_of((regs)->dx, (regs)->dx)
#define SYSCALL_ARG4(regs) argument_of((regs)->r10, (regs)->si)
#define SYSCALL_ARG5(regs) argument_of((regs)->r8, (regs)->di)
#define SYSCALL_ARG6(regs) argument_of((regs)->r9, (regs)->bp)
#elif defined(__TARGET_ARCH_arm64)
#define REGISTERS 42

#define SYSCALL_NUMBER(regs) ((long)(regs)->syscallno)
#define SYSCALL_ARG1(regs) ((regs)->orig_x0)
#define SYSCALL_ARG2(regs) ((regs)->regs[1])
#define SYSCALL_ARG3(regs) ((regs)->regs[2])
#define SYSCALL_ARG4(regs) ((regs)->regs[3])
#define SYSCALL_ARG5(regs) ((regs)->regs[4])
#define SYSCALL_ARG6(regs) ((regs)->regs[5])
#else
#error "build with -D__TARGET_ARCH_x86 or -D__TARGET_ARCH_arm64"
#endif

/* Since 5.15 (dd6e10fbd9fb "bpf: Add bpf_task_pt_regs() helper"): which call an exec came from. */
enum bpf_func_id___compat {
	BPF_FUNC_task_pt_regs___compat = 175,
};

#define HAS_TASK_REGISTERS \
	bpf_core_enum_value_exists(enum bpf_func_id___compat, BPF_FUNC_task_pt_regs___compat)

static __always_inline long syscall_of_task(struct task_struct *task)
{
	struct pt_regs *regs;

	if (!HAS_TASK_REGISTERS)
		return -1;
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	return SYSCALL_NUMBER(regs);
}
