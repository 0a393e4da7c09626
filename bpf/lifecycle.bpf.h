/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The tracepoints of processes and cgroups, which are the same whichever way system calls come. In
 * two forms: BY_PERF is for kernels that preempt programs at tracepoints, but not those of perf,
 * which get what the tracepoint records in place of its arguments. See
 * docs/adr/0011-preempted-programs.md.
 */
#pragma once

#include "filter.bpf.h"
#include "rename.bpf.h"
#include "usage.bpf.h"

/*
 * Whether it was the last thread of its process. Before the tracepoint said so, two that ended at
 * the same time could both find that none is left.
 */
#define IS_LAST_THREAD(task, said)                                                               \
	(bpf_core_field_exists(((struct trace_event_raw_sched_process_exit *)ctx)->group_dead) ? \
		 (said) :                                                                        \
		 TASK_READ(task, signal, live.counter) == 0)

#ifdef BY_PERF

/* The arguments of a program lie below the number of them that it starts with. */
static __always_inline __u32 argument_count_of(struct task_struct *task)
{
	__u32 count = 0;

	if (bpf_probe_read_user(&count, sizeof(count), (void *)TASK_READ(task, mm, start_stack)))
		count_loss(PLACE_READ_USER);
	return count;
}

SEC("tracepoint/sched/sched_process_exec")
int on_exec(struct trace_event_raw_sched_process_exec *ctx)
{
	struct task_struct *task = current_task();

	return offer_exec(ctx, on_exec_done(task, TASK_READ(task, mm, exe_file),
					    argument_count_of(task), ctx->old_pid));
}

SEC("tracepoint/sched/sched_process_exec")
int on_exec_offered(struct trace_event_raw_sched_process_exec *ctx)
{
	return send_offered_exec(ctx);
}

SEC("tracepoint/sched/sched_process_exec")
int on_exec_looked(struct trace_event_raw_sched_process_exec *ctx)
{
	return look_again_at_exec(ctx);
}

/* Whether it was a script, the record does not say: its name is told, whatever it is. */
SEC("tracepoint/sched/sched_process_exec")
int on_exec_used(struct trace_event_raw_sched_process_exec *ctx)
{
	struct task_struct *task = current_task();

	on_file_used(task, TASK_READ(task, mm, exe_file));
	on_script_used(task, (void *)ctx + (ctx->__data_loc_filename & 0xffff));
	return 0;
}

SEC("tracepoint/task/task_newtask")
int on_fork(struct trace_event_raw_task_newtask *ctx)
{
	struct task_struct *child = bpf_task_from_pid(ctx->pid);

	if (!child) {
		count_loss(PLACE_READ_KERNEL);
		return 0;
	}
	on_forked(current_task(), child, ctx->clone_flags);
	bpf_task_release(child);
	return 0;
}

SEC("tracepoint/sched/sched_process_exit")
int on_exit(struct trace_event_raw_sched_process_exit *ctx)
{
	struct task_struct *task = current_task();

	return on_exited(task, IS_LAST_THREAD(task, ctx->group_dead));
}

/* Of a task that another thread of its process names there is but a number. */
SEC("tracepoint/task/task_rename")
int on_rename_task(struct trace_event_raw_task_rename *ctx)
{
	struct task_struct *task = current_task();

	if (bpf_core_field_exists(ctx->pid) && ctx->pid != TASK_READ(task, pid))
		return 0;
	return on_renamed(task, ctx->newcomm);
}

#else

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	return offer_exec(ctx, on_exec_done(task, bprm->file, bprm->argc, old_pid));
}

SEC("tp_btf/sched_process_exec")
int on_exec_offered(unsigned long long *ctx)
{
	return send_offered_exec(ctx);
}

SEC("tp_btf/sched_process_exec")
int on_exec_looked(unsigned long long *ctx)
{
	return look_again_at_exec(ctx);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec_used, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	on_file_used(task, bprm->file);
	if (bprm->interp != bprm->filename)
		on_script_used(task, bprm->filename);
	return 0;
}

/* Before the child runs, and in its cgroup already: copy_process() comes to it last. */
SEC("tp_btf/task_newtask")
int BPF_PROG(on_fork, struct task_struct *child, unsigned long clone_flags)
{
	return on_forked(current_task(), child, clone_flags);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	return on_exited(task, IS_LAST_THREAD(task, ctx[1] & 1));
}

SEC("tp_btf/task_rename")
int BPF_PROG(on_rename_task, struct task_struct *task, const char *name)
{
	return on_renamed(task, name);
}

#endif

/* These run under a spin lock of the kernel's: nothing preempts them. */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(on_cgroup_mkdir, struct cgroup *cgroup, const char *path)
{
	return on_cgroup_changed(cgroup, path);
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(on_cgroup_rmdir, struct cgroup *cgroup)
{
	return on_cgroup_changed(cgroup, NULL);
}
