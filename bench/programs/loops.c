/*
 * The loops that bench/workloads.ts times, each as small as it can be, so that what a sensor adds
 * to a system call stands out. Prints one line of JSON: what was done, and the seconds it took by
 * the clock, in user mode and in the kernel, children included.
 *
 *   loops open|exec|connect|getppid|miss|map|load COUNT [RATE]
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Each returns 0 when it worked. */
static int open_once(const char *path)
{
	char bytes[256];
	int fd = open(path, O_RDONLY);
	ssize_t got = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

	return fd < 0 || close(fd) || got < 0;
}

static int exec_once(const char *path)
{
	char *const argv[] = { (char *)path, NULL };
	char *const environment[] = { NULL };
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		execve(path, argv, environment);
		_exit(127);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid || status != 0;
}

static int listener = -1;
static struct sockaddr_in address;

static int listen_on_loopback(void)
{
	socklen_t bytes = sizeof(address);

	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return bind(listener, (void *)&address, bytes) || listen(listener, 128) ||
	       getsockname(listener, (void *)&address, &bytes);
}

/* Closed by a reset: no port waits in TIME_WAIT, so that a long run is like a short one. */
static int connect_once(const char *path)
{
	const struct linger reset = { 1, 0 };
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int failed = setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) ||
		     connect(client, (void *)&address, sizeof(address));
	int server = failed ? -1 : accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	(void)path;
	close(client);
	return server < 0 || close(server);
}

static int getppid_once(const char *path)
{
	(void)path;
	return syscall(SYS_getppid) < 0;
}

/* The cheapest call that is an event with a path: one of a file that is not there. */
static int miss_once(const char *path)
{
	return open(path, O_RDONLY) >= 0;
}

#define MAPPED_BYTES 4096

/* Memory alone, as allocators do it. */
static int map_once(const char *path)
{
	void *at = mmap(NULL, MAPPED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);

	(void)path;
	return at == MAP_FAILED || munmap(at, MAPPED_BYTES);
}

/* Code, as loaders do it. */
static int load_once(const char *path)
{
	int fd = open(path, O_RDONLY);
	void *at = mmap(NULL, MAPPED_BYTES, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	return fd < 0 || at == MAP_FAILED || munmap(at, MAPPED_BYTES) || close(fd);
}

static const struct {
	const char *name;
	int (*once)(const char *path);
	const char *path;
} loops[] = {
	{ "open", open_once, "/etc/hostname" },
	{ "exec", exec_once, "/bin/true" },
	{ "connect", connect_once, NULL },
	{ "getppid", getppid_once, NULL },
	{ "miss", miss_once, "/bulwark-benchmark-missing" },
	{ "map", map_once, NULL },
	{ "load", load_once, "/proc/self/exe" },
};

static double seconds_of(struct timeval time)
{
	return time.tv_sec + time.tv_usec * 1e-6;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec * 1e-9;
}

/* Between looks at the clock, which takes no system call, when there is a rate. */
#define TURNS_UNTIMED 64

static int run(int (*once)(const char *path), long count, const char *path, double rate)
{
	struct rusage own, children;
	double begin = now();
	long failed = 0;

	for (long i = 0; i < count; i++) {
		failed += once(path);
		while (rate > 0 && i % TURNS_UNTIMED == 0 && now() < begin + i / rate)
			;
	}
	double wall = now() - begin;

	getrusage(RUSAGE_SELF, &own);
	getrusage(RUSAGE_CHILDREN, &children);
	printf("{\"count\":%ld,\"failed\":%ld,\"wall_s\":%.6f,\"user_s\":%.6f,\"system_s\":%.6f}\n",
	       count, failed, wall, seconds_of(own.ru_utime) + seconds_of(children.ru_utime),
	       seconds_of(own.ru_stime) + seconds_of(children.ru_stime));
	return failed != 0;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 2 && i < sizeof(loops) / sizeof(loops[0]); i++) {
		if (strcmp(argv[1], loops[i].name) != 0)
			continue;
		if (loops[i].once == connect_once && listen_on_loopback()) {
			perror("listen");
			return 2;
		}
		return run(loops[i].once, atol(argv[2]), loops[i].path,
			   argc > 3 ? atof(argv[3]) : 0);
	}
	fprintf(stderr, "usage: loops open|exec|connect|getppid|miss|map|load COUNT [RATE]\n");
	return 2;
}
