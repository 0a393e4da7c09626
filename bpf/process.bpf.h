/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes and cgroups: exec, fork, exit, chdir, ptrace, modules. */
#pragma once

#include "file.bpf.h"
#include "hold.bpf.h"

/* Whether some rule asks for the environment of programs. Set at any time. */
volatile __u32 send_environment = 0;

static __always_inline __u32 terminal_of(struct signal_struct *signal)
{
	struct tty_struct *tty = READ(signal, tty);

	if (!tty)
		return 0;
	return READ(tty, driver, major) << 8 | (READ(tty, driver, minor_start) + READ(tty, index));
}

/*
 * Strings that the kernel has just put there and the program has not seen yet: its arguments, its
 * environment. `bytes_max` is a constant, and a power of two.
 */
static __always_inline void append_strings(struct scratch *s, struct text *slot,
					   unsigned long start, unsigned long end,
					   const __u32 bytes_max)
{
	__u32 true_bytes = end - start;
	__u32 bytes = true_bytes;
	__u32 at = s->used;

	if (record_full(s, bytes_max))
		return;
	if (bytes > bytes_max - 1)
		bytes = bytes_max - 1;
	/* Verifier: the compiler would take either for checked already, in another register. */
	asm volatile("" : "+r"(at), "+r"(bytes));
	if (at > RECORD_BYTES_MAX - bytes_max)
		return;
	bytes &= bytes_max - 1;
	if (bpf_probe_read_user(&s->record[at], bytes, (void *)start)) {
		count_loss(PLACE_READ_USER);
		return;
	}
	text_written(s, slot, bytes, true_bytes);
}

/*
 * Whether a process may write a file: its owner, whoever the permissions let, and root. Access
 * lists and groups besides the one that it acts as are not looked at.
 */
static __always_inline __u32 is_writable(struct task_struct *task, struct inode *inode)
{
	const struct cred *cred = TASK_READ(task, cred);
	__u32 mode = READ(inode, i_mode);

	if ((READ(inode, i_sb, s_flags) & SB_RDONLY) || (READ(inode, i_flags) & S_IMMUTABLE))
		return 0;
	if (READ(cred, fsuid.val) == READ(inode, i_uid.val))
		return FILE_WRITABLE;
	if (READ(cred, fsgid.val) == READ(inode, i_gid.val))
		mode >>= 3;
	if ((mode & 2) || (CAPABILITIES(cred, cap_effective) & (1 << CAP_DAC_OVERRIDE)))
		return FILE_WRITABLE;
	return 0;
}

/* `old_pid` is that of the thread that called, which has the pid of its process by now. */
static __always_inline struct scratch *on_exec_done(struct task_struct *task, struct file *file,
						    __u32 argument_count, int old_pid)
{
	struct scratch *s = record_start(event_exec, EVENT_EXEC, task);
	struct event_exec *e = s ? (void *)s->record : NULL;
	struct inode *inode = READ(file, f_inode);
	struct signal_struct *signal = TASK_READ(task, signal);

	if (!e)
		return NULL;
	e->header.syscall = syscall_of_task(task);
	e->header.flags |= compat_status(task);
	if (old_pid != TASK_READ(task, pid))
		e->header.flags |= RECORD_BY_THREAD;
	fill_file(&e->exe, file);
	e->exe.file_flags |= is_writable(task, inode);
	e->namespace_start_ns = namespace_start_ns(task);
	e->exe_ctime_ns = INODE_TIME_NS(inode, ctime);
	e->exe_mtime_ns = INODE_TIME_NS(inode, mtime);
	e->tty = terminal_of(signal);
	e->pgid = number_in_host(READ(signal, pids[PIDTYPE_PGID]));
	e->vpgid = number_as_seen_by(READ(signal, pids[PIDTYPE_PGID]),
				     TASK_READ(task, group_leader, thread_pid));
	e->sid = number_in_host(READ(signal, pids[PIDTYPE_SID]));
	e->argument_count = argument_count;
	append_file_path(s, &e->exe_path, file);
	append_cwd(s, &e->cwd, task);
	append_strings(s, &e->arguments, TASK_READ(task, mm, arg_start),
		       TASK_READ(task, mm, arg_end), ARGUMENTS_BYTES_MAX);
	e->environment.true_bytes = TEXT_LENGTH_UNKNOWN;
	if (send_environment)
		append_strings(s, &e->environment, TASK_READ(task, mm, env_start),
			       TASK_READ(task, mm, env_end), ENVIRONMENT_BYTES_MAX);
	return s;
}

static __always_inline int on_forked(struct task_struct *parent, struct task_struct *child,
				     __u64 clone_flags)
{
	struct scratch *s;
	struct event_fork *e;

	if (child->pid != child->tgid)
		return 0; /* a thread: the process table is by process */
	s = record_start(event_fork, EVENT_FORK, parent);
	if (!s)
		return 0;
	e = (void *)s->record;
	e->child_pid = child->tgid;
	e->child_start_ns = child->start_boottime;
	e->child_cgroup_id = child->cgroups->dfl_cgrp->kn->id;
	e->child_vpid = number_in_own_namespace(child->thread_pid);
	e->clone_flags = clone_flags;
	/* A thread of the kernel has come from no system call. */
	if (!(TASK_READ(parent, flags) & PF_KTHREAD)) {
		e->header.syscall = syscall_of_task(parent);
		e->header.flags |= compat_status(parent);
	}
	e->header.result =
		number_as_seen_by(child->thread_pid, TASK_READ(parent, group_leader, thread_pid));
	return hold_fork(s);
}

static __always_inline int on_exited(struct task_struct *task, bool is_last)
{
	struct scratch *s;

	if (!is_last)
		return 0; /* other threads go on, whichever of them this one was */
	if (hold_back && !hold_exit(task))
		return 0;
	s = record_start(event_exit, EVENT_EXIT, task);
	if (!s)
		return 0;
	((struct event_exit *)s->record)->exit_code = task->exit_code;
	return scratch_send(s);
}

/* `path` is NULL when the cgroup was removed. */
static __always_inline int on_cgroup_changed(struct cgroup *cgroup, const char *path)
{
	struct scratch *s;
	struct event_cgroup *e;

	if (!is_hierarchy_looked_at(cgroup))
		return 0;
	s = record_start(event_cgroup, EVENT_CGROUP, current_task());
	if (!s)
		return 0;
	e = (void *)s->record;
	e->made_id = cgroup->kn->id;
	e->hierarchy = cgroup->root->hierarchy_id;
	e->removed = !path;
	text_from_kernel(s, &e->path, path, PATH_BYTES_MAX);
	return told_send(s);
}

static __always_inline struct scratch *on_directory_changed(struct pt_regs *regs, long result)
{
	struct task_struct *task = current_task();
	struct scratch *s;

	if (result != 0)
		return NULL;
	s = record_start(event_chdir, EVENT_CHDIR, task);
	if (!s)
		return NULL;
	fill_syscall(s, regs, result);
	append_cwd(s, &((struct event_chdir *)s->record)->cwd, task);
	hold_moved(&s->event.header);
	return s;
}

static __always_inline struct scratch *on_ptraced(struct pt_regs *regs, long result)
{
	struct scratch *s = record_start(event_ptrace, EVENT_PTRACE, current_task());
	struct event_ptrace *e = s ? (void *)s->record : NULL;

	if (!e)
		return NULL;
	fill_syscall(s, regs, result);
	e->request = SYSCALL_ARG1(regs);
	e->target_vpid = SYSCALL_ARG2(regs);
	e->address = SYSCALL_ARG3(regs);
	e->data = SYSCALL_ARG4(regs);
	return s;
}

static __always_inline struct scratch *on_module_loaded(struct pt_regs *regs, long result,
							bool from_fd)
{
	struct task_struct *task = current_task();
	struct scratch *s = record_start(event_module, EVENT_MODULE, task);
	struct event_module *e = s ? (void *)s->record : NULL;

	if (!e)
		return NULL;
	fill_syscall(s, regs, result);
	e->fd = -1;
	if (from_fd) {
		struct file *file;

		e->fd = SYSCALL_ARG1(regs);
		e->call_flags = SYSCALL_ARG3(regs);
		text_from_user(s, &e->parameters, (void *)SYSCALL_ARG2(regs), PATH_BYTES_MAX);
		file = file_of_fd(task, e->fd);
		if (file)
			append_file_path(s, &e->path, file);
	} else {
		e->image_bytes = SYSCALL_ARG2(regs);
		text_from_user(s, &e->parameters, (void *)SYSCALL_ARG3(regs), PATH_BYTES_MAX);
	}
	return s;
}
