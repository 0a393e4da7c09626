// SPDX-License-Identifier: Apache-2.0
/* Verbs on files: open, link, copy into memory. Raw syscalls where libc might pick another. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"

static void open_file(struct chain *chain)
{
	chain->fd = open(next_word(chain), O_RDONLY | O_CLOEXEC);
	if (chain->fd < 0)
		fail("open");
}

static void openat2_file(struct chain *chain)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC };

	chain->fd = syscall(SYS_openat2, AT_FDCWD, next_word(chain), &how, sizeof(how));
	if (chain->fd < 0)
		fail("openat2");
}

/* An anonymous file in memory with the content of PATH: what fileless malware downloads into. */
static void memfd(struct chain *chain)
{
	struct stat info;
	int source = open(next_word(chain), O_RDONLY | O_CLOEXEC);

	if (source < 0 || fstat(source, &info) < 0)
		fail("memfd: open");
	chain->fd = memfd_create("payload", MFD_CLOEXEC);
	if (chain->fd < 0)
		fail("memfd_create");
	for (off_t done = 0; done < info.st_size;) {
		ssize_t sent = sendfile(chain->fd, source, NULL, info.st_size - done);

		if (sent <= 0)
			fail("memfd: copy");
		done += sent;
	}
	close(source);
}

static void make_symlink(struct chain *chain)
{
	const char *target = next_word(chain);

	if (syscall(SYS_symlinkat, target, AT_FDCWD, next_word(chain)) < 0)
		fail("symlinkat");
}

static void make_hardlink(struct chain *chain)
{
	const char *target = next_word(chain);

	if (syscall(SYS_linkat, AT_FDCWD, target, AT_FDCWD, next_word(chain), 0) < 0)
		fail("linkat");
}

const struct verb file_verbs[] = {
	{ "open", "PATH", open_file },
	{ "openat2", "PATH", openat2_file },
	{ "memfd", "PATH", memfd },
	{ "symlink", "TARGET PATH", make_symlink },
	{ "hardlink", "TARGET PATH", make_hardlink },
	{ 0 },
};
