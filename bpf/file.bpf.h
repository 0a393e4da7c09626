/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Facts of files: from a descriptor to its file, and from a file to its inode and layer. */
#pragma once

#include "names.bpf.h"
#include "task.bpf.h"

/* In f_mode: this open made the file. Since 4.19 (73a09dd94377 "introduce FMODE_CREATED"). */
#define FMODE_CREATED 0x100000u

/* The file behind a descriptor of the current process; NULL when there is none. */
static __always_inline struct file *file_of_fd(struct task_struct *task, __s32 fd)
{
	struct fdtable *table = TASK_READ(task, files, fdt);

	if (fd < 0 || (__u32)fd >= READ(table, max_fds))
		return NULL;
	return (struct file *)READ_AT(__u64, READ(table, fd) + fd);
}

/* The file behind the descriptor that a call has returned; NULL when it failed. */
static __always_inline struct file *file_of_result(struct task_struct *task, long result)
{
	struct file *file = result < 0 ? NULL : file_of_fd(task, result);

	if (!file && result >= 0)
		count_loss(PLACE_FILE_GONE); /* closed by another thread meanwhile */
	return file;
}

/*
 * Which layer of an overlay an inode is on. The pointer to the upper layer's dentry follows the
 * inode in struct ovl_inode since 4.13 (09d8b586731b "ovl: move __upperdentry to ovl_inode"),
 * which only overlay's own module declares.
 */
static __always_inline __u32 overlay_layer(struct inode *inode)
{
	const void *upper = (void *)inode + bpf_core_type_size(struct inode);

	if (READ(inode, i_sb, s_magic) != OVERLAYFS_SUPER_MAGIC)
		return 0;
	return READ_AT(__u64, upper) ? FILE_UPPER_LAYER : FILE_LOWER_LAYER;
}

/* A file made by memfd_create(2): named so, and in no directory tree. */
static __always_inline __u32 is_memfd(struct dentry *dentry)
{
	const __u64 six_bytes = (1ull << 48) - 1;
	const __u64 memfd = 0x3a64666d656dull; /* "memfd:" on a little-endian machine */

	if (READ(dentry, d_parent) != dentry)
		return 0;
	/* A name has room for eight bytes at least: see append_component(). */
	return (READ_AT(__u64, READ(dentry, d_name.name)) & six_bytes) == memfd ? FILE_MEMFD : 0;
}

static __always_inline void fill_file(struct file_facts *facts, struct file *file)
{
	struct inode *inode = READ(file, f_inode);

	facts->inode = READ(inode, i_ino);
	facts->device = READ(inode, i_sb, s_dev);
	facts->mode = READ(inode, i_mode);
	facts->links = READ(inode, i_nlink);
	facts->file_flags = overlay_layer(inode) | is_memfd(READ(file, f_path.dentry)) |
			    (facts->links == 0 ? FILE_DELETED : 0);
}

/* The directory that a relative path of a system call starts from. */
static __always_inline void append_base(struct scratch *s, struct text *slot,
					struct task_struct *task, __s32 dirfd,
					const void *user_path)
{
	char first = 0;

	if (bpf_probe_read_user(&first, 1, user_path) == 0 && first == '/')
		return;
	if (dirfd == AT_FDCWD) {
		append_path(s, slot, TASK_READ(task, fs, pwd.dentry), TASK_READ(task, fs, pwd.mnt));
		return;
	}
	struct file *file = file_of_fd(task, dirfd);

	if (file)
		append_file_path(s, slot, file);
	else
		count_loss(PLACE_FILE_GONE);
}

/* Whether records of opens come to their filter without what it reads seldom. Set at any time: a
 * filter that reads it all the same lets such a record through. */
volatile __u32 are_opens_short = 0;

static __always_inline void fill_opened(struct event_open *e, struct file *file)
{
	fill_file(&e->file, file);
	if (READ(file, f_mode) & FMODE_CREATED)
		e->file.file_flags |= FILE_CREATED;
}

/* Fills what the record of an open lacks, when somebody wants it. */
static __always_inline void fill_lacking(struct scratch *s)
{
	struct event_open *e = (void *)s->record;
	__u32 lacks = s->lacks;

	if (!lacks)
		return;
	s->lacks = 0;
	if (lacks & LACKS_FACTS) {
		fill_header_rest(&e->header, current_task());
		if (s->file)
			fill_opened(e, s->file);
	}
	if (lacks & LACKS_RAW_PATH)
		text_from_user(s, &e->raw_path, s->user_path, PATH_BYTES_MAX);
}

/* What every form of open(2) ends in. */
static __always_inline struct scratch *on_opened(struct pt_regs *regs, long result, __s32 dirfd,
						 const void *user_path, __u32 open_flags,
						 __u32 open_mode)
{
	struct task_struct *task = current_task();
	struct scratch *s = short_record_start(event_open, EVENT_OPEN, task);
	struct event_open *e = s ? (void *)s->record : NULL;
	struct file *file;

	if (!e)
		return NULL;
	fill_syscall(s, regs, result);
	e->open_flags = open_flags;
	e->open_mode = open_mode;
	file = file_of_result(task, result);
	if (file) {
		e->file.mode = READ(file, f_inode, i_mode);
		if (!append_near_path(s, &e->path, file))
			append_file_path(s, &e->path, file);
	} else {
		append_base(s, &e->base, task, dirfd, user_path);
	}
	s->file = file;
	s->user_path = user_path;
	s->lacks = LACKS_FACTS;
	if (user_path) {
		s->lacks |= LACKS_RAW_PATH;
		s->event.header.flags |= RECORD_USER_MEMORY;
	}
	if (!are_opens_short)
		fill_lacking(s);
	return s;
}

/* Of names that the kernel has resolved, what the process gave is told too, but judged by none. */
static __always_inline void names_are_kernels(struct scratch *s)
{
	s->event.header.flags &= ~RECORD_USER_MEMORY;
}

static __always_inline struct scratch *on_unlinked(struct pt_regs *regs, long result, __s32 dirfd,
						   const void *user_path, __u32 call_flags)
{
	struct task_struct *task = current_task();
	struct scratch *s = record_start(event_unlink, EVENT_UNLINK, task);
	struct event_unlink *e = s ? (void *)s->record : NULL;
	struct names *heard;

	if (!e)
		return NULL;
	fill_syscall(s, regs, result);
	e->call_flags = call_flags;
	text_from_user(s, &e->raw_path, user_path, PATH_BYTES_MAX);
	append_base(s, &e->base, task, dirfd, user_path);
	/* Verifier: not before here, or it would walk the paths once more for each outcome. */
	heard = take_names();
	if (heard && append_heard_path(s, &e->path, heard, &heard->first))
		names_are_kernels(s);
	return s;
}

struct two_paths {
	__s32 old_dirfd, new_dirfd;
	const void *old_path, *new_path;
	__u32 call_flags;
	bool old_is_text; /* what a symbolic link points to: no path of now */
};

/* rename, link and symlink: their records have the same members. */
static __always_inline struct scratch *on_two_paths(struct pt_regs *regs, long result, __u16 kind,
						    const struct two_paths *p)
{
	struct task_struct *task = current_task();
	struct scratch *s = record_start(event_rename, kind, task);
	struct event_rename *e = s ? (void *)s->record : NULL;
	struct names *heard;

	if (!e)
		return NULL;
	fill_syscall(s, regs, result);
	e->call_flags = p->call_flags;
	text_from_user(s, &e->old_path, p->old_path, PATH_BYTES_MAX);
	if (!p->old_is_text)
		append_base(s, &e->old_base, task, p->old_dirfd, p->old_path);
	text_from_user(s, &e->new_path, p->new_path, PATH_BYTES_MAX);
	append_base(s, &e->new_base, task, p->new_dirfd, p->new_path);
	heard = take_names();
	if (heard && append_heard_path(s, &e->old_resolved, heard, &heard->first) &&
	    append_heard_path(s, &e->new_resolved, heard, &heard->second))
		names_are_kernels(s);
	return s;
}
