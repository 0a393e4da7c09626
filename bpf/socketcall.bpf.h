/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * socketcall(2) of 32-bit programs: one call for all of those on sockets, with their arguments in
 * memory. What it stands for is told by the handler of that call, from registers that are made up
 * here; its number is that of the 32-bit table, or one of the three that the schema adds to it.
 */
#pragma once

#if defined(__TARGET_ARCH_x86)

/* Bit N: call N is wanted. Set before loading; what is not wanted is not even verified. */
const volatile __u32 socketcalls = 0;

/* Room for the kernel's own struct pt_regs, whose members are where its types say. */
#define REGISTERS 21

#define SOCKETCALL(n, number, handler)                                     \
	case n:                                                            \
		if (!(socketcalls & (1u << (n))))                          \
			return 0;                                          \
		call->orig_ax = (number) | ARGUMENTS_FROM_USER;            \
		/* What BPF_PROG makes of a handler: the same, inlined. */ \
		return ____##handler(ctx, call, result)

HANDLER(on_socketcall)
{
	__u64 made_up[REGISTERS] = {};
	struct pt_regs *call = (void *)made_up;
	const __u32 *arguments = USER_POINTER(SYSCALL_ARG2(regs));
	__u32 a[6] = {};

	/* One by one: behind the last one of a call there may be no memory. */
	for (int i = 0; i < 6; i++)
		bpf_probe_read_user(&a[i], sizeof(a[i]), arguments + i);
	call->bx = a[0];
	call->cx = a[1];
	call->dx = a[2];
	call->si = a[3];
	call->di = a[4];
	call->bp = a[5];
	switch (SYSCALL_ARG1(regs)) {
		SOCKETCALL(1, 359, on_socket);
		SOCKETCALL(2, 361, on_bind);
		SOCKETCALL(3, 362, on_connect);
		SOCKETCALL(4, 363, on_listen);
		SOCKETCALL(5, 509, on_accept);
		SOCKETCALL(6, 367, on_fd_call);
		SOCKETCALL(7, 368, on_fd_call);
		SOCKETCALL(8, 360, on_syscall);
	case 9: /* send and recv: without an address, and what is there is none */
	case 10:
		call->di = call->bp = 0;
		break;
		SOCKETCALL(11, 369, on_sendto);
		SOCKETCALL(12, 371, on_recvfrom);
		SOCKETCALL(13, 373, on_fd_call);
		SOCKETCALL(14, 366, on_fd_call);
		SOCKETCALL(15, 365, on_fd_call);
		SOCKETCALL(16, 370, on_sendmsg);
		SOCKETCALL(17, 372, on_recvmsg);
		SOCKETCALL(18, 364, on_accept);
		SOCKETCALL(19, 337, on_recvmmsg);
		SOCKETCALL(20, 345, on_sendmmsg);
	}
	switch (SYSCALL_ARG1(regs)) {
		SOCKETCALL(9, 510, on_sendto);
		SOCKETCALL(10, 511, on_recvfrom);
	}
	return 0;
}

#endif
