// SPDX-License-Identifier: Apache-2.0
/* A step of `calls`: threads of one CPU that interrupt each other in the middle of their calls. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"

#define KINDS 4
#define PATH_BYTES 512
#define PAUSE_NS 30000

static const char *folder;
static long rounds;

static void name(char path[PATH_BYTES], const char *call, long round)
{
	snprintf(path, PATH_BYTES, "%s/%s-%d-%ld", folder, call, gettid(), round);
}

/* Each is told by an event of another kind. */
static void do_call(int kind, long round)
{
	char path[PATH_BYTES], second[PATH_BYTES];

	switch (kind) {
	case 0:
		name(path, "open", round);
		close(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
		break;
	case 1:
		name(path, "mkdir", round);
		mkdirat(AT_FDCWD, path, 0700);
		break;
	case 2:
		name(path, "unlink", round);
		unlinkat(AT_FDCWD, path, 0);
		break;
	default:
		name(path, "from", round);
		name(second, "to", round);
		syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, second, 0);
	}
}

/* Calls without a pause. */
static void *run(void *kind)
{
	for (long i = 0; i < rounds; i++)
		do_call((long)kind, i);
	return NULL;
}

/* The same after a short sleep each: whoever wakes up comes first, wherever the others are. */
static void *interrupt(void *kind)
{
	const struct sched_param first = { .sched_priority = 1 + (long)kind };
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &first))
		fail("SCHED_FIFO");
	for (long i = 0; i < rounds; i++) {
		nanosleep(&pause, NULL);
		do_call((long)kind, i);
	}
	return NULL;
}

/* So many calls of each thread, with the names CALL-THREAD-NUMBER in FOLDER: two threads a kind. */
void mix(void)
{
	pthread_t threads[2 * KINDS];
	cpu_set_t cpus;

	rounds = step_operand();
	folder = (const char *)step_operand();
	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		fail("sched_setaffinity");
	for (long i = 0; i < 2 * KINDS; i++)
		if (pthread_create(&threads[i], NULL, i < KINDS ? run : interrupt,
				   (void *)(i % KINDS)))
			fail("pthread_create");
	for (int i = 0; i < 2 * KINDS; i++)
		pthread_join(threads[i], NULL);
}
