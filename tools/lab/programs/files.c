// SPDX-License-Identifier: Apache-2.0
/* Verbs on files: open, link, copy into memory. Raw syscalls where libc might pick another. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
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

/* A path that one thread writes again and again while another one opens it. */
static char raced_path[256];
static const char *raced[2];
static atomic_int race_is_over;

static void *rewrite_path(void *unused)
{
	(void)unused;
	for (int i = 0; !race_is_over; i++)
		strcpy(raced_path, raced[i % 2]);
	return NULL;
}

/*
 * Opens a path while another thread keeps changing it between HARMLESS and WANTED (of one length),
 * until the file that it got was WANTED so many times: a sensor must tell each of them.
 */
static void race_open(struct chain *chain)
{
	struct stat wanted, got;
	pthread_t thread;
	long opens_left = 5000000;
	long times;

	raced[0] = next_word(chain);
	raced[1] = next_word(chain);
	times = next_number(chain, 1000);
	if (strlen(raced[0]) != strlen(raced[1]) || strlen(raced[0]) >= sizeof(raced_path))
		fail("race: paths of one length");
	strcpy(raced_path, raced[0]);
	if (stat(raced[1], &wanted) < 0 || pthread_create(&thread, NULL, rewrite_path, NULL))
		fail("race");
	while (times > 0 && opens_left-- > 0) {
		int fd = open(raced_path, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		if (fstat(fd, &got) == 0 && got.st_ino == wanted.st_ino)
			times--;
		close(fd);
	}
	race_is_over = 1;
	pthread_join(thread, NULL);
	if (times > 0)
		fail("race: never won");
}

static void splice_bytes(struct chain *chain)
{
	int ends[2];
	int source = open(next_word(chain), O_RDONLY | O_CLOEXEC);

	if (source < 0 || pipe(ends) < 0)
		fail("splice: open");
	if (splice(source, NULL, ends[1], NULL, next_number(chain, 4096), 0) < 0)
		fail("splice");
}

static void append_text(struct chain *chain)
{
	const char *text;

	chain->fd = open(next_word(chain), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (chain->fd < 0)
		fail("open");
	text = next_word(chain);
	if (write(chain->fd, text, strlen(text)) < 0)
		fail("write");
}

/* Another root directory, as servers take one that shut themselves in. */
static void enter_root(struct chain *chain)
{
	if (chroot(next_word(chain)) < 0 || chdir("/") < 0)
		fail("chroot");
}

/* The same, but the working directory is left outside of it, by an old descriptor. */
static void leave_root(struct chain *chain)
{
	chain->fd = open("/", O_RDONLY | O_DIRECTORY);
	if (chain->fd < 0)
		fail("open /");
	if (chroot(next_word(chain)) < 0 || fchdir(chain->fd) < 0)
		fail("chroot");
}

const struct verb file_verbs[] = {
	{ "open", "PATH", open_file },
	{ "openat2", "PATH", openat2_file },
	{ "enter-root", "FOLDER", enter_root },
	{ "leave-root", "FOLDER", leave_root },
	{ "append", "PATH TEXT", append_text },
	{ "splice", "PATH BYTES", splice_bytes },
	{ "race", "HARMLESS WANTED TIMES", race_open },
	{ "memfd", "PATH", memfd },
	{ "symlink", "TARGET PATH", make_symlink },
	{ "hardlink", "TARGET PATH", make_hardlink },
	{ 0 },
};
