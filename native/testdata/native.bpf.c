// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the addon's tests load. Programs of type `syscall` run by test-run alone, so that they make
 * records when a test says so, without any tracing.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define RECORD_BYTES_MAX 4096

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 knob = 1;
__u64 wide = 5;
__u32 runs; /* of `on_sys_enter`, for `watched_pid` */
__u32 runs_by_perf; /* of `on_sys_exit`, likewise */
__u32 watched_pid;
__u8 payload[RECORD_BYTES_MAX];

/* Shown to the test of layouts. */
struct sample {
	__u8 tag;
	__u32 narrow : 3;
	__u32 broad : 13;
	union {
		__u64 whole;
		struct {
			__u32 low, high;
		};
	};
	__u16 list[3];
};
struct sample sample;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} lost SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} tails SEC(".maps");

struct production {
	__u64 count; /* 64 bits: the verifier's own bpf_loop compares that many */
	__u32 bytes; /* of each record, 8 to RECORD_BYTES_MAX - 1 */
	__u32 flags; /* BPF_RB_* */
	__u32 discard_every; /* 0: none */
	__u32 first; /* the number of the first one; the others follow */
};

static void count_loss(void)
{
	__u32 key = 1;
	__u32 *count = bpf_map_lookup_elem(&lost, &key);

	if (count)
		*count += 1;
}

static long produce_one(__u32 index, struct production *p)
{
	__u32 bytes = p->bytes & (RECORD_BYTES_MAX - 1);
	__u64 *skipped;

	if (p->discard_every && index % p->discard_every == 0) {
		skipped = bpf_ringbuf_reserve(&ring, 24, 0);
		if (skipped)
			bpf_ringbuf_discard(skipped, p->flags);
	}
	*(__u32 *)payload = p->first + index;
	if (bpf_ringbuf_output(&ring, payload, bytes, p->flags))
		count_loss();
	return 0;
}

SEC("syscall")
int produce(struct production *p)
{
	struct production copy = *p;

	return bpf_loop(copy.count, produce_one, &copy, 0) < 0;
}

SEC("syscall")
int read_knob(void *context)
{
	return knob;
}

SEC("raw_tp")
int call_tail(void *context)
{
	bpf_tail_call(context, &tails, 2);
	return 1; /* nobody is there */
}

SEC("raw_tp")
int answer_tail(void *context)
{
	return 7;
}

SEC("raw_tp/sys_enter")
int on_sys_enter(void *context)
{
	if (bpf_get_current_pid_tgid() >> 32 == watched_pid)
		__sync_fetch_and_add(&runs, 1);
	return 0;
}

SEC("tracepoint/raw_syscalls/sys_exit")
int on_sys_exit(void *context)
{
	if (bpf_get_current_pid_tgid() >> 32 == watched_pid)
		__sync_fetch_and_add(&runs_by_perf, 1);
	return 0;
}

SEC("tracepoint/raw_syscalls/nothing")
int on_nothing(void *context)
{
	return 0;
}

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct seq_file;
struct task_struct {
	int pid;
	int tgid;
};
struct bpf_iter_meta {
	struct seq_file *seq;
};
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};
#pragma clang attribute pop

SEC("iter/task")
int list_tasks(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	__u32 line[2];

	if (!task)
		return 0;
	line[0] = task->tgid;
	line[1] = task->pid;
	bpf_seq_write(context->meta->seq, line, sizeof(line));
	return 0;
}
