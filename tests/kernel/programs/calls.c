// SPDX-License-Identifier: Apache-2.0
/*
 * calls: does the system calls that its command line names, in order, and prints the result of
 * each on a line: a number, or minus errno. It opens, connects and starts nothing on its own.
 *
 *     calls openat %-100 =/etc/hosts %0 dup2 @0 %7
 *
 * A call is a name, or #N for its number.
 * Operands: %N a number; =TEXT a pointer to a text; :HEX a pointer to bytes; @N the result of
 * call N, from 0; [ OPERAND... ] a pointer to an array of 64-bit words. What else a command line
 * may hold, besides calls, stands in `steps` below.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"

#define OPERANDS_MAX 1024
#define RESULTS_MAX 4096

static char **words;
static long results[RESULTS_MAX];
static int result_count;

static _Noreturn void refuse(const char *what, const char *word)
{
	fprintf(stderr, "calls: %s: %s\n", what, word ? word : "the end");
	exit(2);
}

static int is_operand(const char *word)
{
	return word && strchr("%=:@[", word[0]) && word[0];
}

static long bytes_of(const char *hex)
{
	size_t count = strlen(hex) / 2;
	unsigned char *bytes = calloc(1, count + 1);

	for (size_t i = 0; i < count; i++)
		if (sscanf(hex + 2 * i, "%2hhx", &bytes[i]) != 1)
			refuse("expected bytes in hexadecimal digits, found", hex);
	return (long)bytes;
}

static long next_operand(void);

static long next_array(void)
{
	long *array = calloc(OPERANDS_MAX, sizeof(long));

	for (int i = 0; *words && strcmp(*words, "]"); i++) {
		if (i == OPERANDS_MAX)
			refuse("too long an array at", *words);
		array[i] = next_operand();
	}
	if (!*words++)
		refuse("expected ], found", NULL);
	return (long)array;
}

static long next_operand(void)
{
	char *word = *words++;
	long number;

	switch (word[0]) {
	case '%':
		return strtoul(word + 1, NULL, 10);
	case '=':
		return (long)(word + 1);
	case ':':
		return bytes_of(word + 1);
	case '@':
		number = strtol(word + 1, NULL, 10);
		if (number >= 0 && number < result_count)
			return results[number];
		refuse("no such result", word);
	case '[':
		return next_array();
	}
	refuse("expected an operand, found", word);
}

void note_result(long result)
{
	if (result_count == RESULTS_MAX)
		refuse("too many calls", NULL);
	results[result_count++] = result;
	dprintf(STDOUT_FILENO, "%ld\n", result);
}

int has_operand(void)
{
	return is_operand(*words);
}

long step_operand(void)
{
	if (!is_operand(*words))
		refuse("expected an operand, found", *words);
	return next_operand();
}

static void do_call(const struct call *call)
{
	long operands[6] = { 0 };
	long result;

	for (int i = 0; i < 6 && is_operand(*words); i++)
		operands[i] = next_operand();
	result = syscall(call->number, operands[0], operands[1], operands[2], operands[3],
			 operands[4], operands[5]);
	note_result(result == -1 ? -errno : result);
}

void do_rest(void)
{
	while (*words) {
		const char *name = *words++;
		const struct call *call = find_call(name);
		const struct step *step = call ? NULL : find_step(name);

		struct call numbered = { name, strtol(name + 1, NULL, 10) };

		if (name[0] == '#')
			do_call(&numbered);
		else if (call)
			do_call(call);
		else if (step)
			step->run();
		else
			refuse("no such call or step", name);
	}
	exit(0);
}

int main(int argc, char **argv)
{
	(void)argc;
	words = argv + 1;
	do_rest();
}
