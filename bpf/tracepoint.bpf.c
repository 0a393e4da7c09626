// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The tracepoint backend. `sys_exit` runs on every system call of the machine, so it does nothing
 * but look up a handler by number: one the agent has not put there costs one failed tail call.
 * What a handler does is in the headers; here are only the forms in which the kernel calls it.
 */
#include "compat.bpf.h"

/* Every handler has the shape that sys_exit has: the kernel ties the prog array to it. In the form
 * BY_PERF (see lifecycle.bpf.h) the record has the result, and the task has the registers. */
#ifdef BY_PERF
#define HANDLER(name)                                                                       \
	static __always_inline int ____##name(struct trace_event_raw_sys_exit *ctx,         \
					      struct pt_regs *regs, long result);           \
	SEC("tracepoint/raw_syscalls/sys_exit")                                             \
	int name(struct trace_event_raw_sys_exit *ctx)                                      \
	{                                                                                   \
		struct task_struct *task = bpf_get_current_task_btf();                      \
                                                                                            \
		return ____##name(ctx, (struct pt_regs *)bpf_task_pt_regs(task), ctx->ret); \
	}                                                                                   \
	static __always_inline int ____##name(struct trace_event_raw_sys_exit *ctx,         \
					      struct pt_regs *regs, long result)
#else
#define HANDLER(name) SEC("tp_btf/sys_exit") int BPF_PROG(name, struct pt_regs *regs, long result)
#endif

#include "handlers.bpf.h"
#include "io_uring.bpf.h"
#include "lifecycle.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, SYSCALLS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} handlers SEC(".maps"), compat_handlers SEC(".maps");

HANDLER(on_sys_exit)
{
	__u32 number = table_number(regs);

	if (is_compat_syscall(current_task())) {
#if defined(__TARGET_ARCH_x86)
		bpf_tail_call(ctx, &compat_handlers, number);
#else
		count_loss(PLACE_COMPAT_SYSCALL); /* arm64: nobody has asked for them yet */
#endif
		return 0;
	}
	bpf_tail_call(ctx, &handlers, number);
	/* Those that x32 has for itself follow the others, and are told by none. */
	if (number >= SYSCALLS_MAX && number < SYSCALLS_MAX + X32_CALLS)
		count_loss(PLACE_COMPAT_SYSCALL);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
