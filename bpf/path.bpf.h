/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Paths as the process sees them: from a dentry up to the root directory of the process, across
 * mounts, as d_path() does it, which tracepoint programs may not call. Written from the end of
 * `scratch.path` forwards, then appended to the record. A path that is too deep loses its
 * beginning and is counted and flagged; its text then does not start with "/".
 */
#pragma once

#include "scratch.bpf.h"

static __always_inline struct mount *mount_of(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

/* One step up. Returns false when the root is reached. */
static __always_inline bool walk_step(struct scratch *s)
{
	struct walk *w = &s->walk;
	/* Copies, because BPF_CORE_READ relocates every member that its argument names. */
	struct dentry *dentry = w->dentry, *parent, *mount_root;
	struct mount *mount = w->mount;
	const unsigned char *name;
	__u32 length, at;

	if (dentry == w->root_dentry && mount == w->root_mount)
		return false;
	mount_root = BPF_CORE_READ(mount, mnt.mnt_root);
	parent = BPF_CORE_READ(dentry, d_parent);
	if (dentry == mount_root || dentry == parent) {
		struct mount *mount_parent = BPF_CORE_READ(mount, mnt_parent);

		if (dentry != mount_root || mount_parent == mount)
			return false; /* the root of all, or something that is in no tree */
		w->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		w->mount = mount_parent;
		return true;
	}
	length = BPF_CORE_READ(dentry, d_name.len);
	name = BPF_CORE_READ(dentry, d_name.name);
	w->dentry = parent;
	w->bytes += length + 1;
	if (w->full || length >= NAME_BYTES_MAX || length + 1 >= w->at) {
		w->full = true;
		return true;
	}
	at = w->at - length - 1;
	w->at = at;
	/* Verifier: masked, though `at` is below the size already. */
	at &= PATH_BYTES_MAX - 1;
	s->path[at] = '/';
	length &= NAME_BYTES_MAX - 1;
	if (bpf_probe_read_kernel(&s->path[at + 1], length, name))
		count_loss(PLACE_READ_KERNEL);
	return true;
}

/* Appends what was walked. */
static __always_inline void walk_append(struct scratch *s, struct text *slot)
{
	__u32 at = s->used;
	__u32 from = s->walk.at;
	__u32 bytes;

	/* Without its first "/" when it was cut: see above. */
	if (from < PATH_BYTES_MAX && (s->walk.full || !s->walk.whole))
		from++;
	bytes = PATH_BYTES_MAX - from;
	if (record_full(s, PATH_BYTES_MAX))
		return;
	asm volatile("" : "+r"(at));
	if (at > RECORD_BYTES_MAX - PATH_BYTES_MAX)
		return;
	if (bytes == 0) {
		s->record[at] = '/';
		text_written(s, slot, 1, 1);
		return;
	}
	bytes &= PATH_BYTES_MAX - 1;
	from &= PATH_BYTES_MAX - 1;
	bpf_probe_read_kernel(&s->record[at], bytes, &s->path[from]);
	text_written(s, slot, bytes, s->walk.whole ? s->walk.bytes : TEXT_LENGTH_UNKNOWN);
}

/*
 * Appends the path of `dentry` on `mnt`.
 * Verifier: not inlined, so that its loop is verified once a use and its code is there once. The
 * state of the walk is in the map and not on the stack: the verifier does not track it there, so
 * that the ways through one step meet again before the next.
 */
static __noinline void append_path(struct scratch *s, struct text *slot, struct dentry *dentry,
				   struct vfsmount *mnt)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	struct walk *w = &s->walk;

	/* In no tree at all: memfd, pipe, socket. Its name is all that there is. */
	if (dentry == BPF_CORE_READ(dentry, d_parent) && dentry != BPF_CORE_READ(mnt, mnt_root)) {
		text_from_kernel(s, slot, BPF_CORE_READ(dentry, d_name.name), NAME_BYTES_MAX);
		return;
	}
	w->dentry = dentry;
	w->mount = mount_of(mnt);
	w->root_dentry = BPF_CORE_READ(fs, root.dentry);
	w->root_mount = mount_of(BPF_CORE_READ(fs, root.mnt));
	w->at = PATH_BYTES_MAX;
	w->bytes = w->full = w->whole = 0;
	/* Once more than there are components: the last step finds that the root is reached. */
	for (int i = 0; i <= PATH_COMPONENTS_MAX; i++) {
		if (!walk_step(s)) {
			w->whole = true;
			break;
		}
	}
	if (!w->whole)
		count_loss(PLACE_PATH_DEEP);
	walk_append(s, slot);
}

static __always_inline void append_file_path(struct scratch *s, struct text *slot,
					     struct file *file)
{
	append_path(s, slot, BPF_CORE_READ(file, f_path.dentry), BPF_CORE_READ(file, f_path.mnt));
}
