// SPDX-License-Identifier: Apache-2.0
/* The chain itself: finds each verb and runs it. What an act is stands in act.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act.h"

static const struct verb *const tables[] = {
	file_verbs, network_verbs, process_verbs, kernel_verbs, gate_verbs,
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < TABLES; i++)
		for (const struct verb *verb = tables[i]; verb->name; verb++)
			if (strcmp(verb->name, name) == 0)
				return verb;
	return NULL;
}

static _Noreturn void usage(void)
{
	fputs("usage: act VERB [OPERAND...] [VERB [OPERAND...]]...\n", stderr);
	for (size_t i = 0; i < TABLES; i++)
		for (const struct verb *verb = tables[i]; verb->name; verb++)
			fprintf(stderr, "  %s %s\n", verb->name, verb->operands);
	exit(2);
}

char *next_word(struct chain *chain)
{
	if (!*chain->words)
		usage();
	return *chain->words++;
}

long next_number(struct chain *chain, long max)
{
	const char *word = next_word(chain);
	char *end;
	long number = strtol(word, &end, 10);

	if (end == word || *end || number < 0 || number > max) {
		fprintf(stderr, "act: expected a number from 0 to %ld, found %s\n", max, word);
		exit(2);
	}
	return number;
}

int shared_fd(const struct chain *chain)
{
	if (chain->fd < 0) {
		fputs("act: no verb before this one made a descriptor\n", stderr);
		exit(2);
	}
	return chain->fd;
}

void fail(const char *what)
{
	fprintf(stderr, "act: %s: %s\n", what, strerror(errno));
	exit(1);
}

void run_rest(struct chain *chain)
{
	while (*chain->words) {
		const struct verb *verb = find_verb(next_word(chain));

		if (!verb)
			usage();
		verb->run(chain);
	}
	exit(0);
}

int main(int argc, char **argv)
{
	struct chain chain = { .words = argv + 1, .fd = -1 };

	if (argc < 2)
		usage();
	/* What a verb says is awaited by whoever started it: never hold it back. */
	setvbuf(stdout, NULL, _IONBF, 0);
	run_rest(&chain);
}
