/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The tracepoints of io_uring, in the forms that they had: the agent loads those that fit. What is
 * done through a ring passes no system call, and is told as the call that it stands for.
 */
#pragma once

#include "uring_begin.bpf.h"

/* As the kernel has filled it in. */
struct user_io_uring_params {
	__u32 sq_entries, cq_entries, flags, sq_thread_cpu, sq_thread_idle, features;
};

HANDLER(on_io_uring_setup)
{
	struct scratch *s = record_start(event_io_uring, EVENT_IO_URING, current_task());
	struct event_io_uring *e = s ? (void *)s->record : NULL;
	struct user_io_uring_params params = {};

	if (!e)
		return NULL;
	fill_syscall(s, regs, result);
	if (bpf_probe_read_user(&params, sizeof(params), USER_POINTER(SYSCALL_ARG2(regs))))
		count_loss(PLACE_READ_USER);
	s->event.header.flags |= RECORD_USER_MEMORY;
	e->entries = SYSCALL_ARG1(regs);
	e->submission_entries = params.sq_entries;
	e->completion_entries = params.cq_entries;
	e->setup_flags = params.flags;
	e->thread_cpu = params.sq_thread_cpu;
	e->thread_idle_ms = params.sq_thread_idle;
	e->features = params.features;
	return s;
}

#ifdef BY_PERF

/* Of the forms that the tracepoints had, those of kernels that preempt in them. */
SEC("tracepoint/io_uring/io_uring_submit_req")
int on_uring_submit_req(struct trace_event_raw_io_uring_submit_req *ctx)
{
	return on_submitted(ctx->req);
}

SEC("tracepoint/io_uring/io_uring_complete")
int on_uring_complete_cqe(struct trace_event_raw_io_uring_complete *ctx)
{
	return on_completed(ctx->ctx, ctx->req, ctx->user_data, ctx->res, ctx->cflags);
}

SEC("tracepoint/io_uring/io_uring_cqe_overflow")
int on_uring_overflow(struct trace_event_raw_io_uring_cqe_overflow *ctx)
{
	return on_completed(ctx->ctx, NULL, ctx->user_data, ctx->res, ctx->cflags);
}

#else

/*
 * Verifier: at raw tracepoints, whose arguments are numbers to it and not pointers that it trusts:
 * functions that it goes through once, whoever calls them, take nothing else.
 */

/* Since 6.3. */
SEC("raw_tp/io_uring_submit_req")
int BPF_PROG(on_uring_submit_req, struct io_kiocb *req)
{
	return on_submitted(req);
}

/* From 6.0 to 6.2. */
SEC("raw_tp/io_uring_submit_sqe")
int BPF_PROG(on_uring_submit_sqe, struct io_kiocb *req)
{
	return on_submitted(req);
}

/* From 5.14 to 5.19 the parts of a request lie elsewhere for each operation: only counted. */
SEC("tp_btf/io_uring_submit_sqe")
int BPF_PROG(on_uring_count_request, void *ring, struct io_kiocb *req)
{
	if (call_of_operation(READ(req, opcode)) >= 0)
		count_loss(PLACE_URING_UNSEEN);
	return 0;
}

/* Before that it does not even say of which request it is. */
SEC("tp_btf/io_uring_submit_sqe")
int BPF_PROG(on_uring_count_operation, void *ring, __u8 operation)
{
	if (call_of_operation(operation) >= 0)
		count_loss(PLACE_URING_UNSEEN);
	return 0;
}

/* The completion as a whole. */
SEC("raw_tp/io_uring_complete")
int BPF_PROG(on_uring_complete_cqe, void *ring, void *req, struct io_uring_cqe *cqe)
{
	return on_completed(ring, req, READ(cqe, user_data), READ(cqe, res), READ(cqe, flags));
}

/* Before that, its members. */
SEC("raw_tp/io_uring_complete")
int BPF_PROG(on_uring_complete, void *ring, void *req, __u64 user_data, int result, __u32 flags)
{
	return on_completed(ring, req, user_data, result, flags);
}

/* A completion that found no room in the ring, which an attacker can see to. */
SEC("raw_tp/io_uring_cqe_overflow")
int BPF_PROG(on_uring_overflow, void *ring, unsigned long long user_data, int result, __u32 flags)
{
	return on_completed(ring, NULL, user_data, result, flags);
}

#endif
