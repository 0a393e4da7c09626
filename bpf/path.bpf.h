/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Paths as the process sees them: from a dentry up to the root directory of the process, across
 * mounts, as d_path() does it, which tracepoint programs may not call. One walk up collects the
 * components; then their names are written into the record, the first one first. A path that is
 * too deep or too long loses its beginning and is counted and flagged; its text then does not
 * start with "/".
 */
#pragma once

#include "text.bpf.h"

static __always_inline struct mount *mount_of(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

static __always_inline void walk_enter(struct walk *w, void *dentry, struct mount *mount)
{
	w->dentry = dentry;
	w->mount = mount;
	w->mount_root = READ(mount, mnt.mnt_root);
}

static __always_inline long walk_ends(struct walk *w)
{
	w->whole = true;
	return 1;
}

/* One step up. Ends when the root is reached. */
STEP(walk_step)
{
	struct scratch *s = STEP_SCRATCH;
	struct dentry *dentry, *parent;
	struct mount *mount, *mount_parent;
	struct walk *w;
	__u32 bytes, at;

	if (!s)
		return 1;
	w = &s->walk;
	/* Copies, because READ relocates every member that its argument names. */
	dentry = w->dentry;
	mount = w->mount;
	if (dentry == w->root_dentry && mount == w->root_mount)
		return walk_ends(w);
	parent = READ(dentry, d_parent);
	if (dentry == w->mount_root || dentry == parent) {
		mount_parent = READ(mount, mnt_parent);
		if (dentry != w->mount_root || mount_parent == mount) {
			w->outside = true; /* the root of all, or something that is in no tree */
			return walk_ends(w);
		}
		walk_enter(w, READ(mount, mnt_mountpoint), mount_parent);
		return 0;
	}
	bytes = READ(dentry, d_name.len) + 1;
	w->dentry = parent;
	w->bytes += bytes;
	at = w->count;
	if (w->full || bytes > NAME_BYTES_MAX || w->bytes >= PATH_BYTES_MAX ||
	    at >= PATH_COMPONENTS_MAX) {
		w->full = true;
		return 0;
	}
	w->components[at] = dentry;
	w->count = at + 1;
	return 0;
}

#define NAME_WORDS_MAX 4

/*
 * Writes "/" and the name of a dentry at an offset of the record; gives that of its end. A name of
 * up to 32 bytes goes word by word, which costs less than a call: there are always whole words to
 * read, because names lie in the dentry, which has room for that many and more, or in memory from
 * kmalloc(). What is written too much is written over by the next one, or not sent.
 */
static __always_inline __u64 put_component(struct scratch *s, __u64 at, struct dentry *dentry,
					   bool slash)
{
	__u64 length = READ(dentry, d_name.len), end;
	const unsigned char *name = READ(dentry, d_name.name);
	__u8 *to;

	/* Verifier: as in text_from(); and the compiler must not see that words are unaligned. */
	asm volatile("" : "+r"(at), "+r"(length));
	if (at > RECORD_BYTES_MAX - NAME_BYTES_MAX - 1 || length >= NAME_BYTES_MAX)
		return at;
	to = &s->record[at];
	/* Verifier: before it knows more of the length. */
	end = at + slash + length;
	asm volatile("" : "+r"(end));
	if (slash)
		*to++ = '/';
	if (READS_ARE_LOADS && length <= NAME_WORDS_MAX * sizeof(__u64)) {
		asm volatile("" : "+r"(to));
		for (__u32 i = 0; i < NAME_WORDS_MAX; i++) {
			if (length > i * sizeof(__u64))
				((__u64 *)to)[i] = READ_AT(__u64, name + i * sizeof(__u64));
		}
	} else if (bpf_probe_read_kernel(to, length, name)) {
		count_loss(PLACE_READ_KERNEL);
	}
	return end;
}

STEP(append_step)
{
	struct scratch *s = STEP_SCRATCH;
	struct walk *w;
	__u32 from_end;

	if (!s)
		return 1;
	w = &s->walk;
	from_end = w->count - 1 - i;
	if (from_end >= PATH_COMPONENTS_MAX)
		return 1;
	/* Without its first "/" when it was cut: see above. */
	s->used =
		put_component(s, s->used, w->components[from_end], i > 0 || (w->whole && !w->full));
	return 0;
}

/* Appends what was walked. */
static __always_inline void walk_append(struct scratch *s, struct text *slot)
{
	struct walk *w = &s->walk;
	__u32 begin = s->used;

	if (record_full(s, PATH_BYTES_MAX))
		return;
	REPEAT(PATH_COMPONENTS_MAX, append_step, s);
	if (s->used == begin && begin < RECORD_BYTES_MAX) {
		s->record[begin] = '/';
		s->used = begin + 1;
		w->bytes = 1;
	}
	slot->offset = begin;
	slot->bytes = s->used - begin;
	slot->true_bytes = w->whole ? w->bytes : TEXT_LENGTH_UNKNOWN;
}

/*
 * Appends the path of `dentry` on `mnt`.
 * Verifier: not inlined, so that its loops are verified once a use and its code is there once. The
 * state of the walk is in the map and not on the stack: the verifier does not track it there, so
 * that the ways through one step meet again before the next.
 */
static __noinline void append_path(struct scratch *s, struct text *slot, struct dentry *dentry,
				   struct vfsmount *mnt)
{
	struct fs_struct *fs = TASK_READ(current_task(), fs);
	struct walk *w = &s->walk;

	w->outside = 0;
	/* In no tree at all: memfd, pipe, socket. Its name is all that there is. */
	if (dentry == READ(dentry, d_parent) && dentry != READ(mnt, mnt_root)) {
		text_from_kernel(s, slot, READ(dentry, d_name.name), NAME_BYTES_MAX);
		return;
	}
	walk_enter(w, dentry, mount_of(mnt));
	w->root_dentry = READ(fs, root.dentry);
	w->root_mount = mount_of(READ(fs, root.mnt));
	w->count = w->bytes = w->full = w->whole = 0;
	/* Once more than there are components: the last step finds that the root is reached. */
	REPEAT(PATH_COMPONENTS_MAX + 1, walk_step, s);
	if (!w->whole)
		count_loss(PLACE_PATH_DEEP);
	walk_append(s, slot);
}

#define NEAR_STEPS 10

/*
 * Appends the path of a file that few steps lead to, as those of most do, with no call; false, and
 * nothing is appended, where it is another. For what is opened alone: it is verified once a step.
 */
static __always_inline bool append_near_path(struct scratch *s, struct text *slot,
					     struct file *file)
{
	struct dentry *dentry = READ(file, f_path.dentry), *root_dentry, *mount_root, *parent;
	struct mount *mount = mount_of(READ(file, f_path.mnt)), *root_mount, *mount_parent;
	struct fs_struct *fs = TASK_READ(current_task(), fs);
	struct walk *w = &s->walk;
	__u64 begin = s->used, at, left;
	__u32 steps;

	if (!READS_ARE_LOADS || begin > RECORD_BYTES_MAX - PATH_BYTES_MAX)
		return false;
	root_dentry = READ(fs, root.dentry);
	root_mount = mount_of(READ(fs, root.mnt));
	mount_root = READ(mount, mnt.mnt_root);
	for (steps = 0; dentry != root_dentry || mount != root_mount; steps++) {
		if (steps == NEAR_STEPS)
			return false;
		parent = READ(dentry, d_parent);
		if (dentry != mount_root && dentry != parent) {
			w->components[steps] = dentry;
			dentry = parent;
			continue;
		}
		mount_parent = READ(mount, mnt_parent);
		if (dentry != mount_root || mount_parent == mount)
			return false;
		w->components[steps] = NULL;
		dentry = READ(mount, mnt_mountpoint);
		mount = mount_parent;
		mount_root = READ(mount, mnt.mnt_root);
	}
	/* Verifier: by way of memory, or it would go on once for each number of steps. */
	w->count = steps;
	barrier();
	left = w->count;
	at = begin;
	for (__u32 i = 0; i < NEAR_STEPS; i++) {
		left--;
		asm volatile("" : "+r"(left));
		if (left >= NEAR_STEPS)
			break;
		if (w->components[left])
			at = put_component(s, at, w->components[left], true);
	}
	if (at == begin)
		return false; /* the root directory */
	s->used = at;
	slot->offset = begin;
	slot->bytes = slot->true_bytes = at - begin;
	return true;
}

static __always_inline void append_file_path(struct scratch *s, struct text *slot,
					     struct file *file)
{
	append_path(s, slot, READ(file, f_path.dentry), READ(file, f_path.mnt));
}

/* The working directory. It can lie outside of the root: of a descriptor that was left open, or
 * since chroot(2). */
static __always_inline void append_cwd(struct scratch *s, struct text *slot,
				       struct task_struct *task)
{
	append_path(s, slot, TASK_READ(task, fs, pwd.dentry), TASK_READ(task, fs, pwd.mnt));
	if (s->walk.outside)
		s->event.header.flags |= RECORD_OUTSIDE_ROOT;
}
