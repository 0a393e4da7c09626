// SPDX-License-Identifier: Apache-2.0
/* The system calls that `calls` knows, by name. Older ones are not on every machine. */
#define _GNU_SOURCE
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include "calls.h"

/* clang-format off */
#define CALL(name) { #name, SYS_##name }

static const struct call calls[] = {
#ifdef SYS_open
	CALL(open),
	CALL(creat),
	CALL(unlink),
	CALL(rename),
	CALL(link),
	CALL(symlink),
	CALL(dup2),
#endif
	CALL(accept),
	CALL(accept4),
	CALL(bind),
	CALL(capset),
	CALL(chdir),
	CALL(chroot),
	CALL(close),
	CALL(connect),
	CALL(dup),
	CALL(dup3),
	CALL(execve),
	CALL(execveat),
	CALL(exit),
	CALL(exit_group),
	CALL(fchdir),
	CALL(fcntl),
	CALL(finit_module),
	CALL(geteuid),
	CALL(getpid),
	CALL(init_module),
	CALL(ioctl),
	CALL(kill),
	CALL(linkat),
	CALL(listen),
	CALL(memfd_create),
	CALL(mkdirat),
	CALL(mount),
	CALL(openat),
	CALL(openat2),
	CALL(pipe2),
	CALL(prctl),
	CALL(ptrace),
	CALL(recvfrom),
	CALL(recvmmsg),
	CALL(recvmsg),
	CALL(renameat),
	CALL(renameat2),
	CALL(sendfile),
	CALL(sendmmsg),
	CALL(sendmsg),
	CALL(sendto),
	CALL(setpgid),
	CALL(setresgid),
	CALL(setresuid),
	CALL(setsid),
	CALL(setsockopt),
	CALL(socket),
	CALL(socketpair),
	CALL(symlinkat),
	CALL(umount2),
	CALL(unlinkat),
	CALL(unshare),
	CALL(wait4),
	CALL(write),
	CALL(writev),
};
/* clang-format on */

const struct call *find_call(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, name) == 0)
			return &calls[i];
	return NULL;
}
