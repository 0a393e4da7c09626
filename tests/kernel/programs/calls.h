/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of `calls` share: the names it knows, and the way on. */
#ifndef CALLS_H
#define CALLS_H

/* A system call and its number on this machine. */
struct call {
	const char *name;
	long number;
};

/* What a command line can ask for that is no system call of its own. */
struct step {
	const char *name;
	void (*run)(void);
};

/* NULL when there is none of that name. */
const struct call *find_call(const char *name);
const struct step *find_step(const char *name);

/* Prints a result, and keeps it for operands of the form @N. */
void note_result(long result);
/* The next operand: a number, or the address of a text. */
long step_operand(void);
/* Whether there is one more. */
int has_operand(void);
/* Does what is left of the command line, then ends the process. */
_Noreturn void do_rest(void);

/* Says what failed and why, and ends the process. */
_Noreturn void fail(const char *what);
/* A child that does not outlive its parent; 0 in the child. */
int make_child(void);

/* Steps of which there are many at once: see crowd.c. */
void add_threads(void);
void make_crowds(void);
void open_many(void);
void hammer(void);
void mix(void);

#endif
