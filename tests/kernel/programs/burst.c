// SPDX-License-Identifier: Apache-2.0
/*
 * Many short containers at once, made as a container runtime makes them but without its cost: the
 * cgroup under its path in every given hierarchy, name spaces of its own, into the cgroup, then the
 * program; and in the end the cgroup away.
 *
 *   burst COUNT AT-ONCE MILLISECONDS SLICE ROOT...
 *
 * writes each container's id on a line. In the container the program is this one again, as
 * `burst in MILLISECONDS ID`: it opens a file, sleeps, opens it twice more.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ID_BYTES 32
#define AT_ONCE_MAX 256

struct container {
	char id[2 * ID_BYTES + 1];
	pid_t pid;
};

static char *const *roots;
static const char *slice, *milliseconds;

static void open_file(void)
{
	int file = open("/etc/hosts", O_RDONLY | O_CLOEXEC);

	if (file < 0)
		err(1, "/etc/hosts");
	close(file);
}

static int inside(const char *ms)
{
	long all = atol(ms);
	struct timespec rest = { all / 1000, all % 1000 * 1000000 };

	open_file();
	while (nanosleep(&rest, &rest) && errno == EINTR)
		;
	open_file();
	open_file();
	return 0;
}

static void cgroup_path(char *path, size_t bytes, const char *root, const char *id,
			const char *file)
{
	snprintf(path, bytes, "%s%s/cri-containerd-%s.scope%s", root, slice, id, file);
}

static void enter(const struct container *c)
{
	char path[4096], text[32];
	int bytes = snprintf(text, sizeof(text), "%d", c->pid);

	for (char *const *root = roots; *root; root++) {
		int file;

		cgroup_path(path, sizeof(path), *root, c->id, "/cgroup.procs");
		file = open(path, O_WRONLY);
		if (file < 0 || write(file, text, bytes) != bytes)
			err(1, "%s", path);
		close(file);
	}
}

static void begin(struct container *c)
{
	unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | SIGCHLD;
	unsigned char random[ID_BYTES];
	char path[4096];
	int gate[2];

	if (getrandom(random, sizeof(random), 0) != sizeof(random) || pipe2(gate, O_CLOEXEC))
		err(1, "cannot begin");
	for (int i = 0; i < ID_BYTES; i++)
		sprintf(c->id + 2 * i, "%02x", random[i]);
	puts(c->id);
	fflush(stdout);
	for (char *const *root = roots; *root; root++) {
		cgroup_path(path, sizeof(path), *root, c->id, "");
		if (mkdir(path, 0755))
			err(1, "%s", path);
	}
	c->pid = syscall(SYS_clone, flags, 0, 0, 0, 0);
	if (c->pid < 0)
		err(1, "clone");
	if (c->pid == 0) {
		char go;

		close(gate[1]);
		if (read(gate[0], &go, 1) != 1)
			_exit(1); /* the parent has failed */
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
		execl("/proc/self/exe", "burst", "in", milliseconds, c->id, NULL);
		err(1, "exec");
	}
	close(gate[0]);
	enter(c);
	if (write(gate[1], "g", 1) != 1)
		err(1, "pipe");
	close(gate[1]);
}

static void end(const struct container *c)
{
	char path[4096];
	int status;

	if (waitpid(c->pid, &status, 0) != c->pid || status != 0)
		errx(1, "%s: status %x", c->id, status);
	for (char *const *root = roots; *root; root++) {
		cgroup_path(path, sizeof(path), *root, c->id, "");
		if (rmdir(path))
			err(1, "%s", path);
	}
}

int main(int argc, char *argv[])
{
	static struct container containers[AT_ONCE_MAX];
	int count, at_once;

	if (argc == 4 && !strcmp(argv[1], "in"))
		return inside(argv[2]);
	if (argc < 6)
		errx(2, "usage: burst COUNT AT-ONCE MILLISECONDS SLICE ROOT...");
	count = atoi(argv[1]);
	at_once = atoi(argv[2]);
	milliseconds = argv[3];
	slice = argv[4];
	roots = argv + 5;
	if (at_once < 1 || at_once > AT_ONCE_MAX)
		errx(2, "AT-ONCE is 1 to %d", AT_ONCE_MAX);
	while (count > 0) {
		int some = count < at_once ? count : at_once;

		for (int i = 0; i < some; i++)
			begin(&containers[i]);
		for (int i = 0; i < some; i++)
			end(&containers[i]);
		count -= some;
	}
	return 0;
}
