/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The handlers of calls that mount, and of those that map memory: see handlers.bpf.h. */
#pragma once

#include "space.bpf.h"

NAMED_HANDLER(on_mount)
{
	struct mount_side source = { USER_POINTER(SYSCALL_ARG1(regs)), AT_FDCWD };
	struct mount_side target = { USER_POINTER(SYSCALL_ARG2(regs)), AT_FDCWD };

	return on_mounted(regs, result, &source, &target, USER_POINTER(SYSCALL_ARG3(regs)));
}

NAMED_HANDLER(on_pivot_root)
{
	struct mount_side source = { USER_POINTER(SYSCALL_ARG1(regs)), AT_FDCWD };
	struct mount_side target = { USER_POINTER(SYSCALL_ARG2(regs)), AT_FDCWD };

	return on_mounted(regs, result, &source, &target, NULL);
}

NAMED_HANDLER(on_move_mount)
{
	struct mount_side source = { USER_POINTER(SYSCALL_ARG2(regs)), SYSCALL_ARG1(regs) };
	struct mount_side target = { USER_POINTER(SYSCALL_ARG4(regs)), SYSCALL_ARG3(regs) };

	return on_mounted(regs, result, &source, &target, NULL);
}

HANDLER(on_mmap)
{
	struct mapped m = {
		.address = result,
		.length = SYSCALL_ARG2(regs),
		.protection = SYSCALL_ARG3(regs),
		.flags = SYSCALL_ARG4(regs),
		.fd = SYSCALL_ARG5(regs),
		.offset = SYSCALL_ARG6(regs),
	};

	return on_mapped(regs, result, &m);
}

#if defined(__TARGET_ARCH_x86)
/* Of 32-bit programs: the offset is in pages. */
HANDLER(on_mmap2)
{
	struct mapped m = {
		.address = result,
		.length = SYSCALL_ARG2(regs),
		.protection = SYSCALL_ARG3(regs),
		.flags = SYSCALL_ARG4(regs),
		.fd = SYSCALL_ARG5(regs),
		.offset = SYSCALL_ARG6(regs) << 12,
	};

	return on_mapped(regs, result, &m);
}

/* Of 32-bit programs: the arguments are in memory. */
HANDLER(on_old_mmap)
{
	__u32 a[6] = {};

	if (bpf_probe_read_user(a, sizeof(a), USER_POINTER(SYSCALL_ARG1(regs))))
		count_loss(PLACE_READ_USER);
	struct mapped m = {
		.address = result,
		.length = a[1],
		.protection = a[2],
		.flags = a[3],
		.fd = a[4],
		.offset = a[5],
		.from_user = true,
	};

	return on_mapped(regs, result, &m);
}
#endif

HANDLER(on_mprotect)
{
	struct mapped m = {
		.address = SYSCALL_ARG1(regs),
		.length = SYSCALL_ARG2(regs),
		.protection = SYSCALL_ARG3(regs),
		.fd = -1,
	};

	return on_mapped(regs, result, &m);
}
