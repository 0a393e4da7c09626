// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The least that a sensor can do at the end of system calls, for bench/floor.ts: nothing at all;
 * of an open, to find out below which directory of the root the file lies, which takes its
 * descriptor, its file and a walk up to the root; and beside that to read the path as the process
 * gave it. No record, no filter, nothing of who did it.
 */
#include "compat.bpf.h"

#define SYS_OPEN 2
#define SYS_OPENAT 257
#define STEPS_MAX 10
#define PATH_BYTES_MAX 256

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Opens of files below /etc: what was found out must go somewhere. */
__u64 found = 0;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u8[PATH_BYTES_MAX]);
} given SEC(".maps");

SEC("tp_btf/sys_exit")
int nothing(void *ctx)
{
	return 0;
}

static __always_inline bool is_open(struct pt_regs *regs, long result)
{
	long number = SYSCALL_NUMBER(regs);

	return (number == SYS_OPENAT || number == SYS_OPEN) && result >= 0;
}

/* Whether the file of a descriptor lies below /etc, as the process sees it. */
static __always_inline bool is_below_etc(long fd)
{
	struct task_struct *task = current_task();
	struct fdtable *table = TASK_READ(task, files, fdt);
	struct fs_struct *fs = TASK_READ(task, fs);
	struct dentry *root = READ(fs, root.dentry), *dentry, *parent, *top = NULL;
	struct mount *root_mount, *mount;
	struct file *file;

	if (fd >= READ(table, max_fds))
		return false;
	file = (struct file *)READ_AT(__u64, READ(table, fd) + fd);
	dentry = READ(file, f_path.dentry);
	mount = (void *)READ(file, f_path.mnt) - bpf_core_field_offset(struct mount, mnt);
	root_mount = (void *)READ(fs, root.mnt) - bpf_core_field_offset(struct mount, mnt);
	for (__u32 i = 0; i < STEPS_MAX; i++) {
		if (dentry == root && mount == root_mount)
			break;
		parent = READ(dentry, d_parent);
		if (dentry != parent && dentry != READ(mount, mnt.mnt_root)) {
			top = dentry;
			dentry = parent;
			continue;
		}
		dentry = READ(mount, mnt_mountpoint);
		mount = READ(mount, mnt_parent);
	}
	return top && READ(top, d_name.len) == 3 &&
	       (READ_AT(__u32, READ(top, d_name.name)) & 0xffffff) == 0x637465; /* "etc" */
}

SEC("tp_btf/sys_exit")
int BPF_PROG(directory, struct pt_regs *regs, long result)
{
	if (is_open(regs, result) && is_below_etc(result))
		found++;
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(directory_and_given, struct pt_regs *regs, long result)
{
	__u32 zero = 0;
	void *path;

	if (!is_open(regs, result) || !is_below_etc(result))
		return 0;
	path = bpf_map_lookup_elem(&given, &zero);
	if (path && bpf_probe_read_user_str(path, PATH_BYTES_MAX,
					    (void *)(SYSCALL_NUMBER(regs) == SYS_OPEN ?
							     SYSCALL_ARG1(regs) :
							     SYSCALL_ARG2(regs))) > 0)
		found++;
	return 0;
}
