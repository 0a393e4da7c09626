/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The handlers of the calls on sockets: see handlers.bpf.h. */
#pragma once

#include "network.bpf.h"

HANDLER(on_socket, EVENT_SOCKET)
{
	return on_socket_made(regs, result);
}

NAMED_HANDLER(on_connect, EVENT_CONNECT)
{
	return on_connected(regs, result);
}

NAMED_HANDLER(on_bind)
{
	return on_bound(regs, result);
}

HANDLER(on_accept, EVENT_ACCEPT)
{
	return on_local_end(regs, result, EVENT_ACCEPT, result, 0);
}

HANDLER(on_listen)
{
	return on_local_end(regs, result, EVENT_LISTEN, SYSCALL_ARG1(regs), SYSCALL_ARG2(regs));
}

NAMED_HANDLER(on_sendto)
{
	struct message m = {
		.named = { USER_POINTER(SYSCALL_ARG5(regs)), SYSCALL_ARG6(regs) },
		.kind = EVENT_SEND,
		.flags = SYSCALL_ARG4(regs),
		.count = result >= 0,
		.whole = { SYSCALL_ARG2(regs), SYSCALL_ARG3(regs) },
	};

	return on_named_message(regs, result, &m);
}

NAMED_HANDLER(on_sendmsg)
{
	struct message m = { .kind = EVENT_SEND, .flags = SYSCALL_ARG3(regs) };

	return on_one_message(regs, result, &m, USER_POINTER(SYSCALL_ARG2(regs)));
}

HANDLER(on_sendmmsg)
{
	return on_messages(regs, result, EVENT_SEND);
}

HANDLER(on_write)
{
	struct message m = {
		.kind = EVENT_SEND,
		.count = result >= 0,
		.whole = { SYSCALL_ARG2(regs), SYSCALL_ARG3(regs) },
	};

	if (is_wanted_message(regs, result))
		return on_message(regs, result, &m);
	return tell_writes & WRITES_ELSEWHERE ? on_descriptor_call(regs, result) : NULL;
}

HANDLER(on_writev)
{
	struct message m = {
		.parts = USER_POINTER(SYSCALL_ARG2(regs)),
		.part_count = SYSCALL_ARG3(regs),
		.kind = EVENT_SEND,
		.count = result >= 0,
	};

	if (is_wanted_message(regs, result))
		return on_message(regs, result, &m);
	return tell_writes & WRITES_ELSEWHERE ? on_descriptor_call(regs, result) : NULL;
}

HANDLER(on_recvfrom)
{
	const void *user_bytes = USER_POINTER(SYSCALL_ARG6(regs));
	struct message m = {
		.kind = EVENT_RECEIVE,
		.flags = SYSCALL_ARG4(regs),
		.count = result >= 0,
		.whole = { SYSCALL_ARG2(regs), SYSCALL_ARG3(regs) },
	};

	/* The address is filled in, and its length, only with a message. */
	if (result >= 0 && SYSCALL_ARG5(regs) && user_bytes) {
		m.named.address = USER_POINTER(SYSCALL_ARG5(regs));
		if (bpf_probe_read_user(&m.named.bytes, sizeof(m.named.bytes), user_bytes))
			count_loss(PLACE_READ_USER);
	}
	return on_message(regs, result, &m);
}

HANDLER(on_recvmsg)
{
	struct message m = { .kind = EVENT_RECEIVE, .flags = SYSCALL_ARG3(regs) };

	return on_one_message(regs, result, &m, USER_POINTER(SYSCALL_ARG2(regs)));
}

HANDLER(on_recvmmsg)
{
	return on_messages(regs, result, EVENT_RECEIVE);
}
