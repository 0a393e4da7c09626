/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Security hooks: the kernel asks here, with its own objects, before it acts. They only listen, and
 * always allow. A hook that other security modules have denied before is not asked; the names of
 * such a call are from user memory then, as are those of one that fails earlier.
 */
#pragma once

#include "names.bpf.h"

/* The start of a call that has names. What it attaches to, the agent says. */
SEC("fentry")
int BPF_PROG(on_call, struct pt_regs *regs)
{
	return on_call_begun();
}

/* One name: an entry of a directory on a mount. */
static __always_inline int hear_entry(struct dentry *dentry, struct vfsmount *mnt)
{
	struct call *call = call_under_way();
	struct scratch *s = call ? names_start() : NULL;

	if (!s)
		return 0;
	append_path(s, &((struct names *)s->record)->first, dentry, mnt);
	leave_names(s, call);
	return 0;
}

/* Two names. */
static __always_inline int hear_entries(struct dentry *old_dentry, struct vfsmount *old_mnt,
					struct dentry *new_dentry, struct vfsmount *new_mnt)
{
	struct call *call = call_under_way();
	struct scratch *s = call ? names_start() : NULL;

	if (!s)
		return 0;
	append_path(s, &((struct names *)s->record)->first, old_dentry, old_mnt);
	append_path(s, &((struct names *)s->record)->second, new_dentry, new_mnt);
	leave_names(s, call);
	return 0;
}

SEC("lsm/path_unlink")
int BPF_PROG(hear_path_unlink, const struct path *dir, struct dentry *dentry)
{
	return hear_entry(dentry, dir->mnt);
}

SEC("lsm/path_rmdir")
int BPF_PROG(hear_path_rmdir, const struct path *dir, struct dentry *dentry)
{
	return hear_entry(dentry, dir->mnt);
}

/* An exchange of two names was asked about twice until 5.19 (100f59d96405 "LSM: Remove double
 * path_rename hook calls for RENAME_EXCHANGE"): the second time is the right way round. */
SEC("lsm/path_rename")
int BPF_PROG(hear_path_rename, const struct path *old_dir, struct dentry *old_dentry,
	     const struct path *new_dir, struct dentry *new_dentry)
{
	return hear_entries(old_dentry, old_dir->mnt, new_dentry, new_dir->mnt);
}

/* A hard link never leaves its mount, and the hook tells that of the new name alone. */
SEC("lsm/path_link")
int BPF_PROG(hear_path_link, struct dentry *old_dentry, const struct path *new_dir,
	     struct dentry *new_dentry)
{
	return hear_entries(old_dentry, new_dir->mnt, new_dentry, new_dir->mnt);
}

SEC("lsm/path_symlink")
int BPF_PROG(hear_path_symlink, const struct path *dir, struct dentry *dentry, const char *target)
{
	struct call *call = call_under_way();
	struct scratch *s = call ? names_start() : NULL;

	if (!s)
		return 0;
	text_from_kernel(s, &((struct names *)s->record)->first, target, PATH_BYTES_MAX);
	append_path(s, &((struct names *)s->record)->second, dentry, dir->mnt);
	leave_names(s, call);
	return 0;
}

SEC("lsm/path_mkdir")
int BPF_PROG(hear_path_mkdir, const struct path *dir, struct dentry *dentry)
{
	return hear_entry(dentry, dir->mnt);
}

SEC("lsm/path_mknod")
int BPF_PROG(hear_path_mknod, const struct path *dir, struct dentry *dentry)
{
	return hear_entry(dentry, dir->mnt);
}

/* Of a file that is there. */

SEC("lsm/path_chmod")
int BPF_PROG(hear_path_chmod, const struct path *path)
{
	return hear_entry(path->dentry, path->mnt);
}

SEC("lsm/path_chown")
int BPF_PROG(hear_path_chown, const struct path *path)
{
	return hear_entry(path->dentry, path->mnt);
}

SEC("lsm/path_truncate")
int BPF_PROG(hear_path_truncate, const struct path *path)
{
	return hear_entry(path->dentry, path->mnt);
}

SEC("lsm/path_chroot")
int BPF_PROG(hear_path_chroot, const struct path *path)
{
	return hear_entry(path->dentry, path->mnt);
}

SEC("lsm/sb_umount")
int BPF_PROG(hear_sb_umount, struct vfsmount *mnt)
{
	return hear_entry(mnt->mnt_root, mnt);
}

SEC("lsm/sb_mount")
int BPF_PROG(hear_sb_mount, const char *source, const struct path *target, const char *type)
{
	struct call *call = call_under_way();
	struct scratch *s = call ? names_start() : NULL;

	if (!s)
		return 0;
	text_from_kernel(s, &((struct names *)s->record)->first, source, PATH_BYTES_MAX);
	append_path(s, &((struct names *)s->record)->second, target->dentry, target->mnt);
	text_from_kernel(s, &((struct names *)s->record)->third, type, TYPE_BYTES_MAX);
	leave_names(s, call);
	return 0;
}

SEC("lsm/move_mount")
int BPF_PROG(hear_move_mount, const struct path *from, const struct path *to)
{
	return hear_entries(from->dentry, from->mnt, to->dentry, to->mnt);
}

/* From the new root to where the old one goes. */
SEC("lsm/sb_pivotroot")
int BPF_PROG(hear_sb_pivotroot, const struct path *old_to, const struct path *new_root)
{
	return hear_entries(new_root->dentry, new_root->mnt, old_to->dentry, old_to->mnt);
}

/* The kernel's copy of a socket address. */
static __always_inline int hear_address(const void *address, __s32 bytes)
{
	struct call *call = address ? call_under_way() : NULL;
	__u64 size = bytes;

	if (!call)
		return 0;
	/* Verifier: as in text_from(). */
	asm volatile("" : "+r"(size));
	if (size > ADDRESS_BYTES_MAX)
		return 0;
	if (bpf_probe_read_kernel(call->address, size, address))
		count_loss(PLACE_READ_KERNEL);
	else
		call->address_bytes = size;
	return 0;
}

SEC("lsm/socket_connect")
int BPF_PROG(hear_socket_connect, struct socket *socket, struct sockaddr *address, int bytes)
{
	return hear_address(address, bytes);
}

SEC("lsm/socket_bind")
int BPF_PROG(hear_socket_bind, struct socket *socket, struct sockaddr *address, int bytes)
{
	return hear_address(address, bytes);
}

/* Every message that is sent comes by here, whichever call sends it. */
SEC("lsm/socket_sendmsg")
int BPF_PROG(hear_socket_sendmsg, struct socket *socket, struct msghdr *message)
{
	return hear_address(message->msg_name, message->msg_namelen);
}
