// SPDX-License-Identifier: Apache-2.0
/* Verbs on processes and threads: wait, speak, start a program in every way there is. */
#define _GNU_SOURCE
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "act.h"

/* For rules that ask how old a process is; 60 s at most. */
static void wait_ms(struct chain *chain)
{
	long ms = next_number(chain, 60000);
	struct timespec rest = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&rest, &rest) < 0)
		;
}

static void say(struct chain *chain)
{
	puts(next_word(chain));
}

/* A process may call itself what it likes. */
static void rename_self(struct chain *chain)
{
	if (prctl(PR_SET_NAME, next_word(chain), 0, 0, 0) < 0)
		fail("prctl");
}

/* The remaining words are the program and its arguments: the chain ends here. */
static void exec_program(struct chain *chain)
{
	char **argv = chain->words;

	next_word(chain);
	execv(argv[0], argv);
	fail("execve");
}

/* With an empty argv, as only an attacker does. */
static void exec_bare(struct chain *chain)
{
	char *none[] = { NULL };

	execv(next_word(chain), none);
	fail("execve");
}

/* Executes the shared descriptor; the remaining words are its argv. */
static void exec_fd(struct chain *chain)
{
	char **argv = chain->words;

	next_word(chain);
	fexecve(shared_fd(chain), argv, environ);
	fail("fexecve");
}

/* Runs a program as a child and ends with its exit code. */
static void spawn(struct chain *chain)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	if (child == 0)
		exec_program(chain);
	if (waitpid(child, &status, 0) < 0)
		fail("waitpid");
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void *rest_in_thread(void *chain)
{
	run_rest(chain);
}

/* The rest of the chain runs in a second thread, as in every program written in Go. */
static void in_thread(struct chain *chain)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, rest_in_thread, chain))
		fail("pthread_create");
	pthread_join(thread, NULL);
}

/* Whether the first thread of this process is a zombie by now. */
static int leader_is_gone(void)
{
	char state = '?';
	FILE *stat = fopen("/proc/self/stat", "r");

	if (!stat || fscanf(stat, "%*d %*s %c", &state) != 1)
		fail("/proc/self/stat");
	fclose(stat);
	return state == 'Z';
}

static void *rest_without_leader(void *chain)
{
	while (!leader_is_gone())
		sched_yield();
	run_rest(chain);
}

/* As in_thread, but the first thread exits before the rest runs: its pid belongs to a zombie. */
static void without_leader(struct chain *chain)
{
	static struct chain copy;
	pthread_t thread;

	copy = *chain;
	if (pthread_create(&thread, NULL, rest_without_leader, &copy))
		fail("pthread_create");
	syscall(SYS_exit, 0);
}

/*
 * The rest of the chain runs in a grandchild whose parents are gone: fork, setsid, fork. This
 * process ends with it, so that whoever waits has seen all of it.
 */
static void daemonize(struct chain *chain)
{
	int alive[2];
	char byte;
	pid_t between;

	if (pipe(alive) < 0)
		fail("pipe");
	between = fork();
	if (between < 0)
		fail("fork");
	if (between > 0) {
		close(alive[1]);
		waitpid(between, NULL, 0);
		exit(read(alive[0], &byte, 1) == 0 ? 0 : 1);
	}
	setsid();
	between = getpid();
	if (fork() != 0)
		_exit(0);
	while (getppid() == between)
		sched_yield();
	run_rest(chain);
}

/* Goes into the cgroup whose cgroup.procs FILE is. */
static void enter_cgroup(struct chain *chain)
{
	FILE *processes = fopen(next_word(chain), "w");

	if (!processes || fputs("0", processes) < 0 || fclose(processes))
		fail("cgroup.procs");
}

/*
 * PROGRAM runs and ends; then the rest of the chain runs in a new process that is given its pid.
 * By root of the pid name space.
 */
static void in_same_pid(struct chain *chain)
{
	const char *program = next_word(chain);
	struct clone_args arguments = { .exit_signal = SIGCHLD, .set_tid_size = 1 };
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execl(program, program, "say", "first", NULL);
		fail("execve");
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		fail("fork");
	arguments.set_tid = (unsigned long)&pid;
	switch (syscall(SYS_clone3, &arguments, sizeof(arguments))) {
	case -1:
		fail("clone3");
	case 0:
		run_rest(chain);
	}
	if (waitpid(pid, &status, 0) < 0)
		fail("waitpid");
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

const struct verb process_verbs[] = {
	{ "wait", "MILLISECONDS", wait_ms },
	{ "say", "TEXT", say },
	{ "comm", "NAME", rename_self },
	{ "exec", "PROGRAM [ARGUMENT...]", exec_program },
	{ "exec-bare", "PROGRAM", exec_bare },
	{ "fexec", "ARGV0 [ARGUMENT...]", exec_fd },
	{ "spawn", "PROGRAM [ARGUMENT...]", spawn },
	{ "thread", "", in_thread },
	{ "leaderless", "", without_leader },
	{ "daemonize", "", daemonize },
	{ "enter-cgroup", "FILE", enter_cgroup },
	{ "same-pid", "PROGRAM", in_same_pid },
	{ 0 },
};
