// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Asks this kernel where it may preempt a program: the agent attaches one at each place for a
 * moment, and calls the kernel itself. See agent/sensor/preemption.ts.
 */
#include "compat.bpf.h"

#define TASK_PREEMPT_COUNT 0xff /* of the count, what preempt_disable() adds to */

/* Of this process, what is done in it alone. Set before loading. */
const volatile __u32 watched_pid = 0;

/* By place: how often a program ran, and how often with preemption off. */
__u32 tracepoint_runs = 0, tracepoint_held = 0;
__u32 unpinned_runs = 0, unpinned_held = 0;
__u32 perf_runs = 0, perf_held = 0;
__u32 function_runs = 0, function_held = 0;

#if defined(__TARGET_ARCH_x86)
/* From 6.2 to 6.14 a member (64701838bf05 "x86/percpu: Move preempt_count next to current_task",
 * 01c7bc5198e9 "x86/smp: Move preempt count to percpu hot section"), else on its own. */
extern const int __preempt_count __ksym __weak;
extern const struct pcpu_hot pcpu_hot __ksym __weak;

static __always_inline int preempt_count(void)
{
	if (&__preempt_count)
		return *(int *)bpf_this_cpu_ptr(&__preempt_count);
	if (&pcpu_hot)
		return ((struct pcpu_hot *)bpf_this_cpu_ptr(&pcpu_hot))->preempt_count;
	return 0;
}
#else
static __always_inline int preempt_count(void)
{
	return TASK_READ(current_task(), thread_info.preempt_count);
}
#endif

static __always_inline int look(__u32 *runs, __u32 *held)
{
	if (bpf_get_current_pid_tgid() >> 32 != watched_pid)
		return 0;
	__sync_fetch_and_add(runs, 1);
	if (preempt_count() & TASK_PREEMPT_COUNT)
		__sync_fetch_and_add(held, 1);
	return 0;
}

SEC("tp_btf/sys_exit")
int at_tracepoint(void *ctx)
{
	return look(&tracepoint_runs, &tracepoint_held);
}

/* For kernels that do not say where they count. The kernel keeps a program on its CPU in one of two
 * ways: it pins the thread, which every task counts for itself, or it switches preemption off. So
 * where the thread is not pinned, preemption is off; where it is, this says nothing. Kernels for
 * one CPU need neither: the agent does not ask them. */
SEC("tp_btf/sys_exit")
int at_tracepoint_unpinned(void *ctx)
{
	struct task_struct *task = current_task();

	if (bpf_get_current_pid_tgid() >> 32 != watched_pid)
		return 0;
	__sync_fetch_and_add(&unpinned_runs, 1);
	if (bpf_core_field_exists(task->migration_disabled) &&
	    TASK_READ(task, migration_disabled) == 0)
		__sync_fetch_and_add(&unpinned_held, 1);
	return 0;
}

SEC("tracepoint/raw_syscalls/sys_exit")
int by_perf(void *ctx)
{
	return look(&perf_runs, &perf_held);
}

/* Of some system call; the agent says which. */
SEC("fexit")
int at_function(void *ctx)
{
	return look(&function_runs, &function_held);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
