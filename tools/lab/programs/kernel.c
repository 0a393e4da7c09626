// SPDX-License-Identifier: Apache-2.0
/* Verbs that ask the kernel for power over it or over another process. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act.h"

/* A child of our own that only waits, so that no act touches a process it did not make. */
static pid_t start_target(void)
{
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	while (child == 0)
		pause();
	return child;
}

static void stop_target(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void ptrace_attach(struct chain *chain)
{
	pid_t target = start_target();

	(void)chain;
	if (ptrace(PTRACE_ATTACH, target, NULL, NULL) < 0) {
		stop_target(target);
		fail("PTRACE_ATTACH");
	}
	waitpid(target, NULL, 0);
	ptrace(PTRACE_DETACH, target, NULL, NULL);
	stop_target(target);
}

/* Asks to read a word of a process it does not trace; the kernel refuses, and nothing happens. */
static void ptrace_peek(struct chain *chain)
{
	pid_t target = start_target();
	int refused;

	(void)chain;
	errno = 0;
	ptrace(PTRACE_PEEKDATA, target, NULL, NULL);
	refused = errno == ESRCH;
	stop_target(target);
	if (!refused)
		fail("PTRACE_PEEKDATA: expected to be refused");
}

static void ptrace_traceme(struct chain *chain)
{
	(void)chain;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		fail("PTRACE_TRACEME");
}

/* Offers the kernel a module that is none: it must refuse, with or without the capability. */
static void init_module_garbage(struct chain *chain)
{
	static const char garbage[] = "not a kernel module";

	(void)chain;
	if (syscall(SYS_init_module, garbage, sizeof(garbage), "") < 0)
		fail("init_module");
}

static void finit_module_file(struct chain *chain)
{
	if (syscall(SYS_finit_module, shared_fd(chain), "", 0) < 0)
		fail("finit_module");
}

/* The system call itself: libc's function would do it for every thread, or by another name. */
static void set_uid(struct chain *chain)
{
	if (syscall(SYS_setuid, next_number(chain, 65535)) < 0)
		fail("setuid");
}

/* Offers the kernel an empty program: it must refuse, whatever the process may do. */
static void load_bpf_program(struct chain *chain)
{
	union bpf_attr attributes = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER };

	(void)chain;
	if (syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof(attributes)) < 0)
		fail("BPF_PROG_LOAD");
}

static const struct {
	const char *name;
	long number;
} calls[] = {
	{ "bpf", SYS_bpf },	    { "eventfd2", SYS_eventfd2 },
	{ "getppid", SYS_getppid }, { "open_by_handle_at", SYS_open_by_handle_at },
	{ "prctl", SYS_prctl },	    { "process_vm_readv", SYS_process_vm_readv },
	{ "reboot", SYS_reboot },   { "userfaultfd", SYS_userfaultfd },
};

/* A word as an argument: a number where it is one, else the text itself. */
static long argument(char *word)
{
	char *end;
	long number = strtol(word, &end, 0);

	return end == word || *end ? (long)word : number;
}

/*
 * Makes a system call with the remaining words as its arguments, and says its result: what the
 * kernel thinks of them is not the point. The chain ends here.
 */
static void make_call(struct chain *chain)
{
	const char *name = next_word(chain);
	long arguments[6] = { 0 };

	for (int i = 0; i < 6 && *chain->words; i++)
		arguments[i] = argument(*chain->words++);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, name))
			continue;
		printf("%s: %ld\n", name,
		       syscall(calls[i].number, arguments[0], arguments[1], arguments[2],
			       arguments[3], arguments[4], arguments[5]));
		exit(0);
	}
	fprintf(stderr, "act: no call %s\n", name);
	exit(2);
}

/* clang-format off */
const struct verb kernel_verbs[] = {
	{ "ptrace-attach", "", ptrace_attach },
	{ "ptrace-peek", "", ptrace_peek },
	{ "ptrace-traceme", "", ptrace_traceme },
	{ "init-module", "", init_module_garbage },
	{ "call", "NAME [ARGUMENT...]", make_call },
	{ "finit-module", "", finit_module_file },
	{ "setuid", "UID", set_uid },
	{ "bpf-prog-load", "", load_bpf_program },
	{ 0 },
};
