// SPDX-License-Identifier: Apache-2.0
/*
 * Removes files by a name that another thread writes over all the time:
 *
 *   race FOLDER COUNT
 *
 * Each round makes the files `a` and `b` and removes the one whose name the kernel happens to read.
 * Prints one letter a round: which one is gone.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static char name[] = "a";
static volatile int done;

static void *change_name(void *unused)
{
	(void)unused;
	while (!done)
		*(volatile char *)name ^= 'a' ^ 'b';
	return NULL;
}

static void make(const char *file)
{
	int fd = open(file, O_CREAT | O_WRONLY, 0600);

	if (fd < 0 || close(fd) != 0) {
		perror(file);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	pthread_t changer;
	int rounds = argc == 3 ? atoi(argv[2]) : 0;

	if (rounds <= 0 || chdir(argv[1]) != 0 || pthread_create(&changer, NULL, change_name, NULL))
		return 2;
	for (int i = 0; i < rounds; i++) {
		make("a");
		make("b");
		if (syscall(SYS_unlinkat, AT_FDCWD, name, 0) != 0)
			return 1;
		putchar(access("a", F_OK) != 0 ? 'a' : 'b');
	}
	putchar('\n');
	done = 1;
	pthread_join(changer, NULL);
	return 0;
}
