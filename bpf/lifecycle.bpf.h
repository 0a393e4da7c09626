/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The tracepoints of processes and cgroups, which are the same whichever way system calls come. */
#pragma once

#include "process.bpf.h"

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	return on_exec_done(task, bprm);
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
	return on_exited(task);
}

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
