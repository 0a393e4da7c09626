// SPDX-License-Identifier: Apache-2.0
/* Steps of `calls` that make much happen at once: threads, processes, and a flood of calls. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"

#define PATH_BYTES 4096
#define OPENS_BETWEEN_EXECS 50

void fail(const char *what)
{
	perror(what);
	exit(1);
}

int make_child(void)
{
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}

static void wait_for_children(void)
{
	while (wait(NULL) > 0)
		;
}

static void *wait_for_ever(void *unused)
{
	while (pause() < 0)
		;
	return unused;
}

static void start_threads(long count)
{
	pthread_attr_t small;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 * 1024);
	while (count-- > 0) {
		pthread_t thread;

		if (pthread_create(&thread, &small, wait_for_ever, NULL))
			fail("pthread_create");
	}
}

/* Adds so many threads that only wait, until the process ends. */
void add_threads(void)
{
	start_threads(step_operand());
}

/* So many children, each with so many threads more, which all end at once. */
void make_crowds(void)
{
	long children = step_operand();
	long threads = step_operand();

	for (long i = 0; i < children; i++) {
		if (make_child() != 0)
			continue;
		start_threads(threads);
		_exit(0);
	}
	wait_for_children();
}

/* Opens so many files that are not there: a text, then a number of six digits. */
void open_many(void)
{
	long count = step_operand();
	const char *prefix = (const char *)step_operand();
	char path[PATH_BYTES];

	for (long i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s%06ld", prefix, i);
		if (open(path, O_RDONLY) >= 0)
			fail("expected no such file");
	}
}

static void execute(const char *program, const char *argument)
{
	pid_t child = make_child();

	if (child == 0) {
		execl(program, "nothing", argument, NULL);
		fail("execl");
	}
	waitpid(child, NULL, 0);
}

static _Noreturn void hammer_as_one(long count, const char *folder, const char *program)
{
	char path[PATH_BYTES];
	pid_t pid = getpid();

	for (long i = 0; i < count; i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/%d-%ld", folder, pid, i);
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			fail(path);
		close(fd);
		if (i % OPENS_BETWEEN_EXECS == 0)
			execute(program, path);
	}
	_exit(0);
}

/*
 * So many processes at once, each of which makes so many files FOLDER/PID-NUMBER, and executes
 * PROGRAM with the path of every fiftieth as its argument.
 */
void hammer(void)
{
	long processes = step_operand();
	long count = step_operand();
	const char *folder = (const char *)step_operand();
	const char *program = (const char *)step_operand();

	for (long i = 0; i < processes; i++)
		if (make_child() == 0)
			hammer_as_one(count, folder, program);
	wait_for_children();
}
