/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The types of io_uring that the programs read, with only the members they read: see vmlinux.h.
 * The part of a request that is its operation's own (io_open and so on) lies over its beginning.
 */
#pragma once

#include "vmlinux.h"

/* Bits of io_kiocb.flags that are those of the user API (IOSQE_*). */
#define URING_FIXED_FILE (1u << 0)
#define URING_BUFFER_SELECT (1u << 5)
#define URING_SKIP_SUCCESS (1u << 6)
/* Of a completion: the request has more to come. */
#define URING_MORE (1u << 1)

/* Operations, as IORING_OP_*. */
enum uring_operation {
	URING_SENDMSG = 9,
	URING_RECVMSG = 10,
	URING_ACCEPT = 13,
	URING_CONNECT = 16,
	URING_OPENAT = 18,
	URING_STATX = 21,
	URING_SEND = 26,
	URING_RECV = 27,
	URING_OPENAT2 = 28,
	URING_RENAMEAT = 35,
	URING_UNLINKAT = 36,
	URING_MKDIRAT = 37,
	URING_SYMLINKAT = 38,
	URING_LINKAT = 39,
	URING_SETXATTR = 42,
	URING_GETXATTR = 44,
	URING_SOCKET = 45,
	URING_SEND_ZC = 47,
	URING_SENDMSG_ZC = 48,
	URING_BIND = 56,
	URING_LISTEN = 57,
	URING_RECV_ZC = 58,
	URING_OPERATIONS = 64,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct io_cqe {
	__u64 user_data;
	__s32 res;
	int fd; /* the descriptor, until the flags of the completion take its place */
};

struct io_ring_ctx;

struct io_uring_task {
	struct task_struct *task;
};

struct io_kiocb {
	struct file *file;
	__u8 opcode;
	__u32 flags;
	struct io_cqe cqe;
	struct io_ring_ctx *ctx;
	struct io_uring_task *tctx;
	void *async_data;
};

/* Before a request held its task's io_uring_task (6.13). */
struct io_kiocb___task {
	struct task_struct *task;
};

/* What the tracepoints record for perf; a request's address without its type. */
struct trace_event_raw_io_uring_submit_req {
	void *req;
};

struct trace_event_raw_io_uring_complete {
	void *ctx, *req;
	__u64 user_data;
	int res;
	__u32 cflags;
};

struct trace_event_raw_io_uring_cqe_overflow {
	void *ctx;
	__u64 user_data;
	int res;
	__u32 cflags;
};

struct io_uring_cqe {
	__u64 user_data;
	__s32 res;
	__u32 flags;
};

struct filename {
	const char *name;
};

/* Since 7.0 the name in a request is wrapped, so that nothing takes it for one of now. */
struct delayed_filename {
	struct filename *__incomplete_filename;
};

struct open_how {
	__u64 flags, mode;
};

struct io_open {
	int dfd;
	__u32 file_slot;
	struct filename *filename;
	struct open_how how;
};

struct io_open___delayed {
	struct delayed_filename filename;
};

struct io_unlink {
	int dfd, flags;
	struct filename *filename;
};

struct io_unlink___delayed {
	struct delayed_filename filename;
};

struct io_mkdir {
	int dfd;
	__u16 mode;
	struct filename *filename;
};

struct io_mkdir___delayed {
	struct delayed_filename filename;
};

struct io_statx {
	int dfd;
	struct filename *filename;
};

struct io_statx___delayed {
	struct delayed_filename filename;
};

struct io_xattr {
	struct filename *filename;
};

struct io_xattr___delayed {
	struct delayed_filename filename;
};

struct io_rename {
	int old_dfd, new_dfd, flags;
	struct filename *oldpath, *newpath;
};

struct io_rename___delayed {
	struct delayed_filename oldpath, newpath;
};

struct io_link {
	int old_dfd, new_dfd, flags;
	struct filename *oldpath, *newpath;
};

struct io_link___delayed {
	struct delayed_filename oldpath, newpath;
};

struct io_socket {
	int domain, type, protocol;
	__u32 file_slot;
};

struct io_accept {
	__u32 file_slot;
};

struct io_connect {
	void *addr;
	int addr_len;
};

struct io_listen {
	int backlog;
};

struct io_sr_msg {
	void *buf; /* in a union with that of a message header */
	int len;
	unsigned int msg_flags;
};

/* Before the address was copied when the request is made (6.10): the process's own memory. */
struct io_sr_msg___address {
	void *addr;
	__u16 addr_len; /* libbpf fits the size of a load only where both are unsigned */
};

struct __kernel_sockaddr_storage {
	char __data[126];
};

struct io_async_msghdr {
	struct msghdr msg;
	struct __kernel_sockaddr_storage addr;
};

#pragma clang attribute pop
