/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who did it: the header of every record, filled from the current task. Direct loads through
 * pointers that the verifier trusts cost no helper call.
 */
#pragma once

#include "cgroup.bpf.h"

/* The agent's own process, which would otherwise watch itself. Set before loading. */
const volatile __u32 agent_pid = 0;

static __always_inline __u32 number_at_level(struct pid *pid, __u32 level)
{
	return READ_AT(__u32, (void *)pid + bpf_core_field_offset(struct pid, numbers) +
				      level * bpf_core_type_size(struct upid) +
				      bpf_core_field_offset(struct upid, nr));
}

/* The number of `pid` in the namespace of a process; 0 when it is of a namespace outside. */
static __always_inline __u32 number_as_seen_by(struct pid *pid, struct pid *process)
{
	__u32 level = READ(process, level);

	if (READ(pid, level) < level)
		return 0;
	return number_at_level(pid, level);
}

static __always_inline __u32 number_in_own_namespace(struct pid *pid)
{
	return number_at_level(pid, READ(pid, level));
}

static __always_inline __u32 number_in_host(struct pid *pid)
{
	return number_at_level(pid, 0);
}

/* Start of the first process of a process's own namespace. */
static __always_inline __u64 namespace_start_ns(struct task_struct *task)
{
	struct pid *pid = TASK_READ(task, thread_pid);
	const void *own = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
			  READ(pid, level) * bpf_core_type_size(struct upid);
	struct pid_namespace *space =
		(void *)READ_AT(__u64, own + bpf_core_field_offset(struct upid, ns));

	return READ(space, child_reaper, start_boottime);
}

/* The name of the current thread. The helper takes ten times as long as two loads. */
static __always_inline void fill_comm(struct event_header *h, struct task_struct *task)
{
	__u64 words[2];

	_Static_assert(sizeof(words) == sizeof(h->comm), "the whole name is read");
	if (!READS_ARE_LOADS) {
		bpf_get_current_comm(h->comm, sizeof(h->comm));
		return;
	}
	words[0] = ((__u64 *)task->comm)[0];
	words[1] = ((__u64 *)task->comm)[1];
	__builtin_memcpy(h->comm, words, sizeof(words));
}

/* The id in the hierarchy of v2. The helper takes five times as long as three loads. */
static __always_inline __u64 cgroup_id_of_current(struct task_struct *task)
{
	if (!READS_ARE_LOADS)
		return bpf_get_current_cgroup_id();
	return TASK_READ(task, cgroups, dfl_cgrp, kn, id);
}

/* What rules ask most often. Without the time, which is that of sending: what a filter drops needs
 * none. */
static __always_inline void fill_header_first(struct event_header *h, struct task_struct *task,
					      __u16 kind)
{
	const struct cred *cred = TASK_READ(task, cred);

	h->kind = kind;
	h->cgroup_id = cgroup_id_of_current(task);
	h->cgroup_v1_id = v1_cgroup_id(task);
	h->cap_effective = CAPABILITIES(cred, cap_effective);
	h->syscall = -1;
	h->pid = TASK_VALUE(task, tgid);
	h->euid = READ(cred, euid.val);
	fill_comm(h, task);
}

/* What a record may lack until a filter has let it through: `lateFacts` of policy/kernel/late.ts.
 */
static __always_inline void fill_header_rest(struct event_header *h, struct task_struct *task)
{
	const struct cred *cred = TASK_READ(task, cred);

	h->start_ns = TASK_READ(task, group_leader, start_boottime);
	h->cap_permitted = CAPABILITIES(cred, cap_permitted);
	h->cap_inheritable = CAPABILITIES(cred, cap_inheritable);
	h->tid = TASK_VALUE(task, pid);
	h->ppid = TASK_READ(task, real_parent, tgid);
	h->vpid = number_in_own_namespace(TASK_READ(task, group_leader, thread_pid));
	h->vtid = number_in_own_namespace(TASK_READ(task, thread_pid));
	h->egid = READ(cred, egid.val);
	h->login_uid =
		bpf_core_field_exists(task->loginuid) ? TASK_VALUE(task, loginuid.val) : (__u32)-1;
	h->cpu = bpf_get_smp_processor_id() + 1;
}

static __always_inline void fill_header(struct event_header *h, struct task_struct *task,
					__u16 kind)
{
	fill_header_first(h, task, kind);
	fill_header_rest(h, task);
}

#define ___record_start(take, fill, type, kind, task)                          \
	({                                                                     \
		struct scratch *__s = NULL;                                    \
		if ((__u32)TASK_VALUE(task, tgid) != agent_pid)                \
			__s = take(kind);                                      \
		if (__s) {                                                     \
			__builtin_memset(__s->record, 0, sizeof(struct type)); \
			__s->used = sizeof(struct type);                       \
			fill((void *)__s->record, task, kind);                 \
		}                                                              \
		__s;                                                           \
	})

/*
 * Takes a slot and starts a record of `type` in it. The rest of the fixed part is zero. NULL when
 * there is no slot, which is counted, and for the agent's own process.
 */
#define record_start(type, kind, task) ___record_start(scratch_take, fill_header, type, kind, task)

/* The same in a handler of a system call, and in nothing else. */
#define call_record_start(type, kind, task) \
	___record_start(scratch_take_for_call, fill_header, type, kind, task)

/* The same, without what fill_header_rest() fills. */
#define short_record_start(type, kind, task) \
	___record_start(scratch_take_for_call, fill_header_first, type, kind, task)

/* In the number of a call whose arguments were read from memory: see socketcall.bpf.h. */
#define ARGUMENTS_FROM_USER 0x20000000
_Static_assert(ARGUMENTS_FROM_USER == RECORD_USER_MEMORY << 29, "fill_syscall() shifts it");

/* The number as the tables have it: x32 calls have those of the 64-bit ones, and a bit. */
static __always_inline __u32 table_number(struct pt_regs *regs)
{
	return SYSCALL_NUMBER(regs) & ~(X32_BIT | ARGUMENTS_FROM_USER);
}

static __always_inline void fill_syscall(struct scratch *s, struct pt_regs *regs, long result)
{
	struct event_header *h = (void *)s->record;

	h->syscall = table_number(regs);
	h->flags |= compat_status(current_task()) |
		    ((SYSCALL_NUMBER(regs) & ARGUMENTS_FROM_USER) >> 29);
	h->result = result;
}
