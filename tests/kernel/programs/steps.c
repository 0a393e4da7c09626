// SPDX-License-Identifier: Apache-2.0
/* Steps of `calls` that make processes and threads, or enter the kernel another way. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"

static _Noreturn void wait_as(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			fail("waitpid");
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* The rest is done by a child; this process waits and ends as it does. */
static void in_child(void)
{
	pid_t child = make_child();

	if (child == 0)
		do_rest();
	wait_as(child);
}

/* As `fork`, but the child gets a certain pid, which must be free. */
static void in_child_as(void)
{
	pid_t wanted = step_operand();
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (__u64)&wanted,
		.set_tid_size = 1,
	};
	long child = syscall(SYS_clone3, &args, sizeof(args));

	if (child < 0)
		fail("clone3");
	if (child == 0)
		do_rest();
	wait_as(child);
}

/* Makes a child that only waits; its pid is a result. For calls that need another process. */
static void make_waiter(void)
{
	pid_t child = make_child();

	while (child == 0)
		pause();
	note_result(child);
}

static void *rest(void *unused)
{
	(void)unused;
	do_rest();
}

/* The rest is done by a second thread. */
static void in_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, rest, NULL))
		fail("pthread_create");
	pthread_join(thread, NULL);
}

/* /proc/self/stat, opened before the first thread ends, shows when it has. */
static int own_stat;

static char state_of_leader(void)
{
	char line[512] = "";
	char *end;

	if (pread(own_stat, line, sizeof(line) - 1, 0) < 0)
		fail("/proc/self/stat");
	end = strrchr(line, ')');
	return end ? end[2] : '?';
}

static void *rest_without_leader(void *unused)
{
	(void)unused;
	while (state_of_leader() != 'Z')
		sched_yield();
	do_rest();
}

/* As `thread`, but the first thread has ended when the rest begins. */
static void without_leader(void)
{
	pthread_t thread;

	own_stat = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	if (own_stat < 0)
		fail("/proc/self/stat");
	if (pthread_create(&thread, NULL, rest_without_leader, NULL))
		fail("pthread_create");
	syscall(SYS_exit, 0);
}

/* A 32-bit system call, by its number there. Bytes are where it can point to; texts are not. */
static void compat_call(void)
{
	long number = step_operand();
	long a[6] = { 0 };
#ifdef __x86_64__
	register long sixth asm("r12");
	long result;

	for (int i = 0; i < 6 && has_operand(); i++)
		a[i] = step_operand();

	/* The 32-bit entry clobbers r8 to r11; rbp, which is no operand, takes the last one. */
	sixth = a[5];
	asm volatile("xchg %%rbp, %%r12\n\tint $0x80\n\txchg %%rbp, %%r12"
		     : "=a"(result), "+r"(sixth)
		     : "a"(number), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4])
		     : "memory", "r8", "r9", "r10", "r11");
	note_result((int)result);
#else
	(void)number, (void)a;
	note_result(-ENOSYS);
#endif
}

/* clang-format off */
static const struct step steps[] = {
	{ "fork", in_child },
	{ "fork-as", in_child_as },
	{ "waiter", make_waiter },
	{ "thread", in_thread },
	{ "leaderless", without_leader },
	{ "threads", add_threads },
	{ "crowds", make_crowds },
	{ "opens", open_many },
	{ "hammer", hammer },
	{ "mix", mix },
	{ "compat", compat_call },
};
/* clang-format on */

const struct step *find_step(const char *name)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (strcmp(steps[i].name, name) == 0)
			return &steps[i];
	return NULL;
}
