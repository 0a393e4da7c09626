/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel types that the programs read, with only the members they read. Offsets come from the
 * running kernel's BTF at load time (CO-RE), so the order and the sizes here mean nothing. One
 * file for every kernel: members that moved or changed are handled in compat.bpf.h.
 */
#pragma once

typedef unsigned char __u8;
typedef signed char __s8;
typedef short unsigned int __u16;
typedef short int __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef long long unsigned int __u64;
typedef long long int __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
#define NULL ((void *)0)
#define offsetof(type, member) __builtin_offsetof(type, member)
#define true 1
#define false 0

/* Numbers of the user API that no BTF type carries. */
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define EINPROGRESS 115
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define AT_FDCWD -100
#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#define TCP_ESTABLISHED 1
#define CLONE_THREAD 0x00010000
#define PF_KTHREAD 0x00200000
#define SB_RDONLY 1
#define S_IMMUTABLE 8 /* of i_flags */
#define CAP_DAC_OVERRIDE 1
#define PROT_EXEC 0x4
#define MAP_ANONYMOUS 0x20
#define TS_COMPAT 0x0002 /* thread_info.status on x86: a 32-bit system call */
#define TIF_32BIT 22 /* thread_info.flags on arm64: a 32-bit program */
#define X32_BIT 0x40000000 /* of the number of a system call: x86-64 with 32-bit pointers */
#define X32_CALLS 36 /* that there are under this bit alone, from 512 on */

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PROG_ARRAY = 3,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
};

enum { BPF_ANY = 0, BPF_NOEXIST = 1 };

#define BPF_F_NO_PREALLOC 1

enum {
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
};

enum {
	BPF_RB_AVAIL_DATA = 0,
	BPF_RB_RING_SIZE = 1,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long di, si, dx, r10, r8, r9, ax, orig_ax;
	unsigned long bx, cx, bp; /* with others, the arguments of a 32-bit call */
	unsigned long cs;
};
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	__u64 regs[31];
	__u64 orig_x0;
	__s32 syscallno;
};
#endif

struct thread_info {
	unsigned long flags;
	__u32 status;
	__u64 preempt_count; /* arm64 */
};

/* What x86 keeps for each CPU. */
struct pcpu_hot {
	int preempt_count;
};

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	__u32 val;
} kuid_t;

typedef struct {
	__u32 val;
} kgid_t;

typedef struct {
	__u64 val;
} kernel_cap_t;

struct cred {
	kuid_t uid, euid, suid;
	kgid_t gid, egid, sgid;
	kuid_t fsuid;
	kgid_t fsgid;
	kernel_cap_t cap_inheritable, cap_permitted, cap_effective;
};

struct qstr {
	__u32 len;
	const unsigned char *name;
};

struct super_block {
	__u32 s_dev;
	unsigned long s_flags;
	unsigned long s_magic;
};

struct inode {
	__u16 i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	unsigned int i_flags;
	unsigned long i_ino;
	unsigned int i_nlink;
	struct super_block *i_sb;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_mode;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct fs_struct {
	struct path root, pwd;
};

struct pid_namespace {
	struct task_struct *child_reaper;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct tty_driver {
	int major;
	int minor_start;
};

struct tty_struct {
	int index;
	struct tty_driver *driver;
};

struct signal_struct {
	atomic_t live;
	struct pid *pids[4];
	struct tty_struct *tty;
	unsigned is_child_subreaper : 1;
};

struct mm_struct {
	unsigned long start_stack, arg_start, arg_end, env_start, env_end;
	struct file *exe_file;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct css_set {
	struct cgroup_subsys_state *subsys[1]; /* one for each controller of the kernel */
	struct cgroup *dfl_cgrp;
};

struct task_struct {
	struct thread_info thread_info;
	void *stack;
	struct mm_struct *mm;
	unsigned short migration_disabled;
	int exit_code;
	unsigned int flags;
	int pid;
	int tgid;
	char comm[16];
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	__u64 start_boottime;
	const struct cred *cred;
	struct fs_struct *fs;
	struct files_struct *files;
	struct signal_struct *signal;
	kuid_t loginuid;
	struct css_set *cgroups;
};

struct linux_binprm {
	struct file *file;
	int argc;
	const char *filename;
	const char *interp;
};

/* What tracepoints record for perf. */
struct trace_event_raw_sys_exit {
	long ret;
};

struct trace_event_raw_task_newtask {
	int pid;
	unsigned long clone_flags;
};

struct trace_event_raw_task_rename {
	int pid;
	char newcomm[16];
};

struct trace_event_raw_sched_process_exec {
	__u32 __data_loc_filename;
	int old_pid;
};

struct trace_event_raw_sched_process_exit {
	bool group_dead;
};

struct in6_addr {
	__u8 in6_u[16];
};

struct sock_common {
	__u16 skc_family;
	volatile unsigned char skc_state;
	__be16 skc_dport;
	__u16 skc_num;
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct socket;

struct sock {
	struct sock_common __sk_common;
	__u16 sk_type;
	__u16 sk_protocol;
};

struct socket {
	struct sock *sk;
};

struct sockaddr;

struct msghdr {
	void *msg_name;
	int msg_namelen;
};

struct sockaddr_un {
	__u16 sun_family;
	char sun_path[108];
};

struct unix_address {
	int len; /* of all of `name` */
	struct sockaddr_un name[1];
};

struct unix_sock {
	struct unix_address *addr;
	struct sock *peer;
};

struct tcp_sock {
	__u64 bytes_sent;
};

#pragma clang attribute pop

/* Layouts of the user API: read from user memory, so never relocated. */
struct user_sockaddr {
	__u16 family;
	__be16 port;
	__u8 rest[24]; /* as long as sockaddr_in6 */
};

struct user_iovec {
	__u64 base;
	__u64 bytes;
};

/* The first members of a message's header; and of an array of headers with the bytes that each
 * message came to, how far they are apart and where those bytes are. */
struct user_msghdr {
	__u64 name;
	__u32 name_bytes;
	__u32 padding;
	__u64 parts;
	__u64 part_count;
};
#define USER_MMSGHDR_BYTES 64
#define USER_MMSGHDR_PASSED 56

/* The same of 32-bit programs. */
struct user_iovec32 {
	__u32 base, bytes;
};

struct user_msghdr32 {
	__u32 name, name_bytes, parts, part_count;
};
#define USER_MMSGHDR32_BYTES 32
#define USER_MMSGHDR32_PASSED 28

struct user_open_how {
	__u64 flags, mode, resolve;
};

/* The numbers are this kernel's own: fitted at load. */
enum cgroup_subsys_id {
	cpu_cgrp_id,
	memory_cgrp_id,
	devices_cgrp_id,
	freezer_cgrp_id,
	pids_cgrp_id,
};

enum pid_type { PIDTYPE_PGID = 2, PIDTYPE_SID = 3 };
