// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The tracepoint backend. `sys_exit` runs on every system call of the machine, so it does nothing
 * but look up a handler by number: one that the agent has not put there costs a look at a bit.
 * What a handler does is in the headers; here are only the forms in which the kernel calls it.
 */
#include "compat.bpf.h"

/* Every handler has the shape that sys_exit has: the kernel ties the prog array to it. In the form
 * BY_PERF (see lifecycle.bpf.h) the record has the result, and the task has the registers. */
#ifdef BY_PERF
#define HANDLER_SECTION "tracepoint/raw_syscalls/sys_exit"
#define HANDLER_CONTEXT struct trace_event_raw_sys_exit
#define REGISTERS_OF(ctx) ((struct pt_regs *)bpf_task_pt_regs(current_task()))
#define RESULT_OF(ctx) ((ctx)->ret)
#else
#define HANDLER_SECTION "tp_btf/sys_exit"
#define HANDLER_CONTEXT unsigned long long
#define REGISTERS_OF(ctx) ((struct pt_regs *)(ctx)[0])
#define RESULT_OF(ctx) ((long)(ctx)[1])
#endif

#define HANDLER(name, ...)                                                                    \
	static __always_inline struct scratch *____##name(HANDLER_CONTEXT *ctx,               \
							  struct pt_regs *regs, long result); \
	SEC(HANDLER_SECTION) int name(HANDLER_CONTEXT *ctx)                                   \
	{                                                                                     \
		return offer(ctx, ____##name(ctx, REGISTERS_OF(ctx), RESULT_OF(ctx)),         \
			     (__VA_ARGS__ + 0));                                              \
	}                                                                                     \
	static __always_inline struct scratch *____##name(HANDLER_CONTEXT *ctx,               \
							  struct pt_regs *regs, long result)

#include "handlers.bpf.h"
#include "io_uring.bpf.h"
#include "lifecycle.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, SYSCALLS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} handlers SEC(".maps"), compat_handlers SEC(".maps");

/* What goes on after on_mmap_used, where a rule wants the call, too: native, and 32-bit. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} after_used SEC(".maps");

#define MAP_ANONYMOUS 0x20
#define MAX_ERRNO 4095

/* In the slots of mmap, and of mmap2. */
SEC(HANDLER_SECTION) int on_mmap_used(HANDLER_CONTEXT *ctx)
{
	struct pt_regs *regs = REGISTERS_OF(ctx);
	struct task_struct *task = current_task();

	if ((SYSCALL_ARG3(regs) & PROT_EXEC) && !(SYSCALL_ARG4(regs) & MAP_ANONYMOUS) &&
	    (unsigned long)RESULT_OF(ctx) < (unsigned long)-MAX_ERRNO) {
		struct file *file = file_of_fd(task, SYSCALL_ARG5(regs));

		if (file)
			on_file_used(task, file);
		else
			count_loss(PLACE_FILE_GONE);
	}
	bpf_tail_call(ctx, &after_used, is_compat_syscall(task));
	return 0;
}

/* By number, a bit for each that has a handler, in one table or the other. */
__u32 handled_calls[SYSCALLS_MAX / 32] = {};

static __always_inline bool is_handled(__u32 number)
{
	__u64 word = number / 32;

	if (number >= SYSCALLS_MAX)
		return true;
	/* Verifier: it has not seen that this follows. */
	asm volatile("" : "+r"(word));
	return (handled_calls[word & (SYSCALLS_MAX / 32 - 1)] >> (number % 32)) & 1;
}

#if defined(__TARGET_ARCH_x86)
/* As in offer(): the numbers of what comes most often. */
#define CALL_DIRECTLY(number)                                 \
	case number:                                          \
		bpf_tail_call_static(ctx, &handlers, number); \
		return NULL;
#define CALL_COMMON_DIRECTLY            \
	CALL_DIRECTLY(257) /* openat */ \
	CALL_DIRECTLY(2) /* open */     \
	CALL_DIRECTLY(41) /* socket */  \
	CALL_DIRECTLY(42) /* connect */ \
	CALL_DIRECTLY(43) /* accept */  \
	CALL_DIRECTLY(288) /* accept4 */
#else
#define CALL_COMMON_DIRECTLY
#endif

HANDLER(on_sys_exit)
{
	__u32 number = table_number(regs);

	/* Before anything is asked of the task: most calls end here. */
	if (!is_handled(number))
		return NULL;
	if (is_compat_syscall(current_task())) {
#if defined(__TARGET_ARCH_x86)
		bpf_tail_call(ctx, &compat_handlers, number);
#else
		count_loss(PLACE_COMPAT_SYSCALL); /* arm64: nobody has asked for them yet */
#endif
		return NULL;
	}
	switch (number) {
		CALL_COMMON_DIRECTLY
	}
	bpf_tail_call(ctx, &handlers, number);
	/* Those that x32 has for itself follow the others, and are told by none. */
	if (number >= SYSCALLS_MAX && number < SYSCALLS_MAX + X32_CALLS)
		count_loss(PLACE_COMPAT_SYSCALL);
	return NULL;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
