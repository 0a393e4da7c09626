// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fills a ring with copies of one record, for bench/ring.ts. Of type `syscall`: it runs by
 * test-run alone, so that the kernel's ring is measured without any tracing.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define RECORD_BYTES_MAX 4096

char LICENSE[] SEC("license") = "GPL";

__u8 payload[RECORD_BYTES_MAX];
__u64 lost;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct production {
	__u64 count;
	__u32 bytes; /* of each record, 8 to RECORD_BYTES_MAX - 1 */
	__u32 padding;
};

static long produce_one(__u32 index, struct production *p)
{
	__u32 bytes = p->bytes & (RECORD_BYTES_MAX - 1);

	if (bpf_ringbuf_output(&ring, payload, bytes, BPF_RB_NO_WAKEUP))
		lost++;
	return 0;
}

SEC("syscall")
int produce(struct production *p)
{
	struct production copy = *p;

	return bpf_loop(copy.count, produce_one, &copy, 0) < 0;
}
