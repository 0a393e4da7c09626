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
#define HANDLER_SECTION "fexit"
#define HANDLER_CONTEXT unsigned long long
#define HANDLER_BODY(name)                                                      \
	static __always_inline struct scratch *____##name(HANDLER_CONTEXT *ctx, \
							  struct pt_regs *regs, long result)

#ifdef DIRECT_READS
#define HANDLER(name, ...)                                                                 \
	HANDLER_BODY(name);                                                                \
	SEC(HANDLER_SECTION) int name(HANDLER_CONTEXT *ctx)                                \
	{                                                                                  \
		return offer(ctx, ____##name(ctx, (struct pt_regs *)ctx[0], (long)ctx[1]), \
			     (__VA_ARGS__ + 0));                                           \
	}                                                                                  \
	HANDLER_BODY(name)
#else
/* The types of 5.10 only declare struct pt_regs where many of these functions are, and a program
 * may not even load an argument of such a type: it gets a copy, which is its own. */
#define REGISTERS_ARE_COPIES
#define HANDLER(name, ...)                                                                \
	HANDLER_BODY(name);                                                               \
	SEC(HANDLER_SECTION) int name(HANDLER_CONTEXT *ctx)                               \
	{                                                                                 \
		struct registers copy;                                                    \
                                                                                          \
		if (!copy_registers(&copy))                                               \
			return 0;                                                         \
		return offer(ctx, ____##name(ctx, (struct pt_regs *)&copy, (long)ctx[1]), \
			     (__VA_ARGS__ + 0));                                          \
	}                                                                                 \
	HANDLER_BODY(name)
#endif

/* LSM hooks tell the names of some calls. */
#define HEARS_NAMES

#include "handlers.bpf.h"
#include "io_uring.bpf.h"
#include "lifecycle.bpf.h"
#include "lsm.bpf.h"

/* Every mapping of a file comes by here: those of mmap, and those that execve makes of a program
 * and of its loader. */
SEC("fentry/security_mmap_file")
int BPF_PROG(on_map_used, struct file *file, unsigned long protection)
{
	if (file && (protection & PROT_EXEC))
		on_file_used(current_task(), file);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
