/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A copy of the registers that the current task entered the kernel with, for programs that may not
 * read them from their argument.
 */
#pragma once

#include "compat.bpf.h"
#include "loss.bpf.h"

/* THREAD_SIZE of x86-64, which no type tells; twice that under KASAN. On arm64 programs at
 * functions came later than the helper. */
#define STACK_BYTES 16384

struct registers {
	__u64 words[REGISTERS];
};

/* Where they lie: at the top of the task's stack. */
static __always_inline const void *place_of_registers(void)
{
	if (HAS_TASK_REGISTERS)
		return (const void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return TASK_READ(current_task(), stack) + STACK_BYTES - bpf_core_type_size(struct pt_regs);
}

/* False, and counted, when there are none. */
static __always_inline bool copy_registers(struct registers *copy)
{
	const void *from = place_of_registers();
	bool is_whole = !bpf_probe_read_kernel(copy, sizeof(*copy), from);

#if defined(__TARGET_ARCH_x86)
	/* As user_mode() has it: they are of somebody who called. */
	if ((READ((const struct pt_regs *)from, cs) & 3) != 3)
		is_whole = false;
#endif
	if (!is_whole)
		count_loss(PLACE_READ_KERNEL);
	return is_whole;
}
