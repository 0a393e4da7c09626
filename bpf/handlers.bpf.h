/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One handler a system call, in the form (registers, result): that of `tp_btf/sys_exit`, and that
 * of a system call's own function at its return. So the backends share them; each defines HANDLER
 * as the section that it attaches them by, and takes the kind of its records where that comes
 * often. A handler gives the slot with its record, or NULL. What a handler does is in the headers
 * it includes.
 */
#pragma once

#include "filter.bpf.h"

#define USER_POINTER(argument) ((const void *)(argument))

#include "call.bpf.h"
#include "exec.bpf.h"
#include "network_handlers.bpf.h"
#include "process.bpf.h"
#include "space_handlers.bpf.h"

HANDLER(on_chdir)
{
	return on_directory_changed(regs, result);
}

HANDLER(on_execve)
{
	return on_exec_failed(regs, result, AT_FDCWD, USER_POINTER(SYSCALL_ARG1(regs)),
			      USER_POINTER(SYSCALL_ARG2(regs)), 0);
}

HANDLER(on_execveat)
{
	return on_exec_failed(regs, result, SYSCALL_ARG1(regs), USER_POINTER(SYSCALL_ARG2(regs)),
			      USER_POINTER(SYSCALL_ARG3(regs)), SYSCALL_ARG5(regs));
}

HANDLER(on_open, EVENT_OPEN)
{
	return on_opened(regs, result, AT_FDCWD, USER_POINTER(SYSCALL_ARG1(regs)),
			 SYSCALL_ARG2(regs), SYSCALL_ARG3(regs));
}

HANDLER(on_creat, EVENT_OPEN)
{
	const __u32 o_creat_wronly_trunc = 0100 | 01 | 01000;

	return on_opened(regs, result, AT_FDCWD, USER_POINTER(SYSCALL_ARG1(regs)),
			 o_creat_wronly_trunc, SYSCALL_ARG2(regs));
}

HANDLER(on_openat, EVENT_OPEN)
{
	return on_opened(regs, result, SYSCALL_ARG1(regs), USER_POINTER(SYSCALL_ARG2(regs)),
			 SYSCALL_ARG3(regs), SYSCALL_ARG4(regs));
}

HANDLER(on_openat2, EVENT_OPEN)
{
	struct user_open_how how = {};

	if (bpf_probe_read_user(&how, sizeof(how), USER_POINTER(SYSCALL_ARG3(regs))))
		count_loss(PLACE_READ_USER);
	return on_opened(regs, result, SYSCALL_ARG1(regs), USER_POINTER(SYSCALL_ARG2(regs)),
			 how.flags, how.mode);
}

HANDLER(on_open_by_handle_at, EVENT_OPEN)
{
	return on_opened(regs, result, SYSCALL_ARG1(regs), NULL, SYSCALL_ARG3(regs), 0);
}

NAMED_HANDLER(on_unlink)
{
	return on_unlinked(regs, result, AT_FDCWD, USER_POINTER(SYSCALL_ARG1(regs)), 0);
}

NAMED_HANDLER(on_unlinkat)
{
	return on_unlinked(regs, result, SYSCALL_ARG1(regs), USER_POINTER(SYSCALL_ARG2(regs)),
			   SYSCALL_ARG3(regs));
}

/* The forms without directory descriptors: (old, new). */
#define TWO_PATHS(kind, text)                                 \
	struct two_paths p = {                                \
		.old_dirfd = AT_FDCWD,                        \
		.new_dirfd = AT_FDCWD,                        \
		.old_path = USER_POINTER(SYSCALL_ARG1(regs)), \
		.new_path = USER_POINTER(SYSCALL_ARG2(regs)), \
		.old_is_text = text,                          \
	};                                                    \
	return on_two_paths(regs, result, kind, &p)

/* The forms with them: (old directory, old, new directory, new[, flags]). */
#define TWO_PATHS_AT(kind, flags)                             \
	struct two_paths p = {                                \
		.old_dirfd = SYSCALL_ARG1(regs),              \
		.old_path = USER_POINTER(SYSCALL_ARG2(regs)), \
		.new_dirfd = SYSCALL_ARG3(regs),              \
		.new_path = USER_POINTER(SYSCALL_ARG4(regs)), \
		.call_flags = flags,                          \
	};                                                    \
	return on_two_paths(regs, result, kind, &p)

NAMED_HANDLER(on_rename)
{
	TWO_PATHS(EVENT_RENAME, false);
}

NAMED_HANDLER(on_renameat)
{
	TWO_PATHS_AT(EVENT_RENAME, 0);
}

NAMED_HANDLER(on_renameat2)
{
	TWO_PATHS_AT(EVENT_RENAME, SYSCALL_ARG5(regs));
}

NAMED_HANDLER(on_link)
{
	TWO_PATHS(EVENT_LINK, false);
}

NAMED_HANDLER(on_linkat)
{
	TWO_PATHS_AT(EVENT_LINK, SYSCALL_ARG5(regs));
}

NAMED_HANDLER(on_symlink)
{
	TWO_PATHS(EVENT_SYMLINK, true);
}

NAMED_HANDLER(on_symlinkat)
{
	struct two_paths p = {
		.old_path = USER_POINTER(SYSCALL_ARG1(regs)),
		.new_dirfd = SYSCALL_ARG2(regs),
		.new_path = USER_POINTER(SYSCALL_ARG3(regs)),
		.old_is_text = true,
	};
	return on_two_paths(regs, result, EVENT_SYMLINK, &p);
}

HANDLER(on_dup)
{
	return on_duplicated(regs, result, -1);
}

HANDLER(on_dup2)
{
	return on_duplicated(regs, result, SYSCALL_ARG2(regs));
}

HANDLER(on_ptrace)
{
	return on_ptraced(regs, result);
}

HANDLER(on_init_module)
{
	return on_module_loaded(regs, result, false);
}

HANDLER(on_finit_module)
{
	return on_module_loaded(regs, result, true);
}

HANDLER(on_syscall)
{
	return on_plain_call(regs, result);
}

HANDLER(on_fd_call)
{
	return on_descriptor_call(regs, result);
}

NAMED_HANDLER(on_path_call)
{
	return on_path_given(regs, result);
}

HANDLER(on_name_call)
{
	return on_name_given(regs, result);
}

#include "socketcall.bpf.h"

SEC(HANDLER_SECTION) int on_offered(HANDLER_CONTEXT *ctx)
{
	return send_offered(ctx);
}

SEC(HANDLER_SECTION) int on_looked(HANDLER_CONTEXT *ctx)
{
	return look_again(ctx);
}
