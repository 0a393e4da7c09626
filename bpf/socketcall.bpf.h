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

/* The number of each in the 32-bit table; the three of 509 and more only the schema has. */
const __u16 socketcall_numbers[32] = {
	0,   359, 361, 362, 363, 509, 367, 368, 360, 510, 511,
	369, 371, 373, 366, 365, 370, 372, 364, 337, 345,
};

/* Room for the kernel's own struct pt_regs, whose members are where its types say. */
#define REGISTERS 21

#define BIT(n) (1u << (n))

/* What BPF_PROG makes of a handler: the same, inlined. */
#define SOCKETCALLS(bits, handler)                   \
	if ((socketcalls & (bits)) && (is & (bits))) \
	return ____##handler(ctx, call, result)

HANDLER(on_socketcall)
{
	__u64 made_up[REGISTERS] = {};
	struct pt_regs *call = (void *)made_up;
	const __u32 *arguments = USER_POINTER(SYSCALL_ARG2(regs));
	__u32 which = SYSCALL_ARG1(regs);
	__u32 a[6] = {};
	__u32 is;

	if (which >= 32)
		return 0; /* the call has failed with EINVAL */
	is = BIT(which);
	if (!(is & socketcalls))
		return 0;
	/* One by one: behind the last one of a call there may be no memory. */
	for (int i = 0; i < 6; i++)
		bpf_probe_read_user(&a[i], sizeof(a[i]), arguments + i);
	if (is & (BIT(9) | BIT(10)))
		a[4] = a[5] = 0; /* send and recv: what is there is no address */
	call->orig_ax = socketcall_numbers[which & 31] | ARGUMENTS_FROM_USER;
	call->bx = a[0];
	call->cx = a[1];
	call->dx = a[2];
	call->si = a[3];
	call->di = a[4];
	call->bp = a[5];
	SOCKETCALLS(BIT(1), on_socket);
	SOCKETCALLS(BIT(2), on_bind);
	SOCKETCALLS(BIT(3), on_connect);
	SOCKETCALLS(BIT(4), on_listen);
	SOCKETCALLS(BIT(5) | BIT(18), on_accept);
	SOCKETCALLS(BIT(6) | BIT(7) | BIT(13) | BIT(14) | BIT(15), on_fd_call);
	SOCKETCALLS(BIT(8), on_syscall);
	SOCKETCALLS(BIT(9) | BIT(11), on_sendto);
	SOCKETCALLS(BIT(10) | BIT(12), on_recvfrom);
	SOCKETCALLS(BIT(16), on_sendmsg);
	SOCKETCALLS(BIT(17), on_recvmsg);
	SOCKETCALLS(BIT(19), on_recvmmsg);
	SOCKETCALLS(BIT(20), on_sendmmsg);
	return 0;
}

#endif
