// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The security backend. Each system call that is wanted has a stub at the return of its own
 * function, which the agent makes and which tail-calls the handler; no other call is touched.
 * What a handler does is in the headers; here are only the forms in which the kernel calls it.
 */
#include "compat.bpf.h"
#include "registers.bpf.h"

/* What it attaches to, the agent says before loading: every function of a system call has the
 * arguments (registers), and at its return the result. */
#ifdef DIRECT_READS
#define HANDLER(name) SEC("fexit") int BPF_PROG(name, struct pt_regs *regs, long result)
#else
/* The types of 5.10 only declare struct pt_regs where many of these functions are, and a program
 * may not even load an argument of such a type: it gets a copy, which is its own. */
#define REGISTERS_ARE_COPIES
#define HANDLER(name)                                                                        \
	static __always_inline int ____##name(unsigned long long *ctx, struct pt_regs *regs, \
					      long result);                                  \
	SEC("fexit") int name(unsigned long long *ctx)                                       \
	{                                                                                    \
		struct registers copy;                                                       \
                                                                                             \
		if (!copy_registers(&copy))                                                  \
			return 0;                                                            \
		return ____##name(ctx, (struct pt_regs *)&copy, ctx[1]);                     \
	}                                                                                    \
	static __always_inline int ____##name(unsigned long long *ctx, struct pt_regs *regs, \
					      long result)
#endif

/* LSM hooks tell the names of some calls. */
#define HEARS_NAMES

#include "handlers.bpf.h"
#include "io_uring.bpf.h"
#include "lifecycle.bpf.h"
#include "lsm.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
