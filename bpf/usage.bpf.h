/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which files of a container run: each that is executed, or mapped so that it can be, is told once
 * by container. No filter sees such a record, because no rule is about it. Loaded only where
 * somebody asks. See docs/adr/0024-files-in-use.md.
 */
#pragma once

#include "file.bpf.h"
#include "filter.bpf.h"

/* The root directory of an agent that is in no container, set before loading: it can be another
 * than that of the machine's first process, where the machine is a container itself. */
const volatile __u64 agent_root_inode = 0;
const volatile __u64 agent_root_magic = 0;
const volatile __u32 agent_root_device = 0;

/* New files that a container may tell at once, and nanoseconds for each further one. */
const volatile __u32 used_files_burst = USED_FILES_BURST;
const volatile __u64 used_file_ns = USED_FILE_NS;

#define EEXIST 17
#define ROOT_CGROUP 1

struct used_key {
	struct cgroup_pair cgroup;
	__u64 inode; /* of a script: a hash of its name */
	__u32 device; /* of a script: the inode of the directory that its name starts from, or 0 */
	__u32 is_script;
};

/* What was told. One that is forgotten is told again, and no more than that. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, USED_FILES_MAX);
	__type(key, struct used_key);
	__type(value, __u32);
} used_files SEC(".maps");

/* Until when a cgroup has used up what it may tell, as in `flood_shares`. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FLOOD_CGROUPS_MAX);
	__type(key, struct cgroup_pair);
	__type(value, __u64);
} used_shares SEC(".maps");

/* For a cgroup alone: the bound by which none takes the room of the others, nor floods the ring. */
static __always_inline bool is_over_used_share(const struct cgroup_pair *cgroup)
{
	return is_over(&used_shares, cgroup, bpf_ktime_get_boot_ns(), used_file_ns,
		       &used_files_burst, &used_file_ns);
}

static __always_inline bool is_host_cgroup(const struct cgroup_pair *cgroup)
{
	__u32 *state = bpf_map_lookup_elem(&cgroup_states, &cgroup->id);

	if (!state || *state != CGROUP_IS_HOST)
		return false;
	if (!cgroup->v1_id)
		return true;
	state = bpf_map_lookup_elem(&old_cgroup_states, &cgroup->v1_id);
	return state && *state == CGROUP_IS_HOST;
}

/* The first process of the machine. */
static __always_inline struct task_struct *first_process(struct task_struct *task)
{
	const void *outermost =
		(void *)TASK_READ(task, thread_pid) + bpf_core_field_offset(struct pid, numbers);
	struct pid_namespace *space =
		(void *)READ_AT(__u64, outermost + bpf_core_field_offset(struct upid, ns));

	return READ(space, child_reaper);
}

/*
 * What is seen from the root directory of the host is a file of the host's, whichever cgroup the
 * process is in. So it is with a runtime that sets a container up.
 */
static __always_inline bool sees_host_root(struct task_struct *task)
{
	struct fs_struct *fs = TASK_READ(task, fs);
	struct dentry *root = READ(fs, root.dentry);
	struct inode *inode = READ(root, d_inode);

	if (root == READ(first_process(task), fs, root.dentry))
		return true;
	return READ(inode, i_ino) == agent_root_inode &&
	       READ(inode, i_sb, s_magic) == agent_root_magic &&
	       READ(inode, i_sb, s_dev) == agent_root_device;
}

/* The cgroup of whom this may be told; false where it is none of a container. */
static __always_inline bool used_by(struct task_struct *task, struct cgroup_pair *cgroup)
{
	cgroup->id = bpf_get_current_cgroup_id();
	cgroup->v1_id = v1_cgroup_id(task);
	return (cgroup->id != ROOT_CGROUP || cgroup->v1_id > ROOT_CGROUP) &&
	       (__u32)TASK_VALUE(task, tgid) != agent_pid;
}

/* Whether to tell of a key that is not known; notes it then. */
static __always_inline bool take_used(struct task_struct *task, const struct used_key *key)
{
	__u32 told = 1;

	if (is_host_cgroup(&key->cgroup) || sees_host_root(task))
		return false;
	if (is_over_used_share(&key->cgroup)) {
		struct shed_key over = { .cgroup = key->cgroup,
					 .hook = LOST_RING_BY_KIND + EVENT_FILE_USED };

		count_shed(&over);
		return false;
	}
	/* Of two that come at once the first tells. */
	return bpf_map_update_elem(&used_files, key, &told, BPF_NOEXIST) != -EEXIST;
}

/* What could not be told is told the next time. */
static __always_inline void tell_used(struct scratch *s, const struct used_key *key)
{
	if (!scratch_output(s))
		bpf_map_delete_elem(&used_files, key);
	scratch_release(s);
}

/* A file that the current process runs. */
static __always_inline void on_file_used(struct task_struct *task, struct file *file)
{
	struct inode *inode = READ(file, f_inode);
	struct event_file_used *e;
	struct used_key key = {};
	struct scratch *s;

	if (!used_by(task, &key.cgroup))
		return;
	key.inode = READ(inode, i_ino);
	key.device = READ(inode, i_sb, s_dev);
	if (bpf_map_lookup_elem(&used_files, &key) || !take_used(task, &key))
		return;
	s = record_start(event_file_used, EVENT_FILE_USED, task);
	if (!s) {
		bpf_map_delete_elem(&used_files, &key);
		return;
	}
	e = (void *)s->record;
	e->use = TASK_READ(task, mm, exe_file) == file ? USE_EXECUTED : USE_MAPPED;
	append_file_path(s, &e->path, file);
	tell_used(s, &key);
}

#define SCRIPT_WORDS 32

/*
 * A script: the kernel runs its interpreter, and has only the name that was given. The first 256
 * bytes of that tell one from another.
 */
static __always_inline void on_script_used(struct task_struct *task, const char *name)
{
	struct fs_struct *fs = TASK_READ(task, fs);
	struct event_file_used *e;
	struct scratch *s;
	struct used_key key = { .is_script = 1, .inode = 14695981039346656037ull };
	__u64 *words;

	if (!used_by(task, &key.cgroup))
		return;
	s = record_start(event_file_used, EVENT_FILE_USED, task);
	if (!s)
		return;
	e = (void *)s->record;
	e->use = USE_EXECUTED;
	words = (void *)&s->record[sizeof(*e)];
	__builtin_memset(words, 0, SCRIPT_WORDS * sizeof(__u64));
	if (bpf_probe_read_kernel_str(words, SCRIPT_WORDS * sizeof(__u64), name) <= 0) {
		count_loss(PLACE_READ_KERNEL);
		scratch_release(s);
		return;
	}
	for (__u32 i = 0; i < SCRIPT_WORDS; i++)
		key.inode = (key.inode ^ words[i]) * 1099511628211ull;
	if (*(char *)words != '/')
		key.device = READ(fs, pwd.dentry, d_inode, i_ino);
	if (bpf_map_lookup_elem(&used_files, &key) || !take_used(task, &key)) {
		scratch_release(s);
		return;
	}
	text_from_kernel(s, &e->path, name, PATH_BYTES_MAX);
	append_cwd(s, &e->base, task);
	tell_used(s, &key);
}
