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

#define BIT(n) (1u << (n))

/* What BPF_PROG makes of a handler: the same, inlined. */
#define SOCKETCALLS(bits, handler)                   \
	if ((socketcalls & (bits)) && (is & (bits))) \
	return ____##handler(ctx, call, result)

/* An argument; 0 where there is no memory, as there may be none behind the last one of a call. */
static __always_inline __u32 word_at(const __u32 *user)
{
	__u32 word = 0;

	bpf_probe_read_user(&word, sizeof(word), user);
	return word;
}

HANDLER(on_socketcall)
{
#ifdef REGISTERS_ARE_COPIES
	struct pt_regs *call = regs;
#else
	__u64 made_up[REGISTERS] = {};
	struct pt_regs *call = (void *)made_up;
#endif
	const __u32 *arguments = USER_POINTER(SYSCALL_ARG2(regs));
	__u32 which = SYSCALL_ARG1(regs);
	__u32 is;

	if (which >= 32)
		return NULL; /* the call has failed with EINVAL */
	is = BIT(which);
	if (!(is & socketcalls))
		return NULL;
	call->orig_ax = socketcall_numbers[which & 31] | ARGUMENTS_FROM_USER;
	call->bx = word_at(arguments);
	call->cx = word_at(arguments + 1);
	call->dx = word_at(arguments + 2);
	call->si = word_at(arguments + 3);
	/* Of send and recv what is there is no address. */
	call->di = is & (BIT(9) | BIT(10)) ? 0 : word_at(arguments + 4);
	call->bp = is & (BIT(9) | BIT(10)) ? 0 : word_at(arguments + 5);
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
	return NULL;
}

#endif
