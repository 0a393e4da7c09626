// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The verifier refuses this one: it reads where it may not. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp")
int astray(void *context)
{
	return *(volatile int *)0x1234;
}
